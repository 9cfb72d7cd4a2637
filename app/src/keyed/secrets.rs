//! Another password, another recovery code, and the way back in with the code.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chat_domain::keyed::{Derivation, RecoveryRecord, SealedKeys, SealedState, ShownKey};
use chat_domain::{Refusal, Timestamp, TokenHash, User, UserId, Username};
use chat_e2ee::recovery;
use chat_e2ee::secret::{RecoveryAuth, Secret as _, constant_time_eq};
use chat_ports::{KeyStore as _, NewSecrets, Notice, Ports, UserStore as _};

use super::MASTER_BOX;
use crate::{App, Error, Origin, SessionToken, SignedIn, SignedInNow};

/// How long a recovery may take between its two steps.
const PATIENCE: Duration = Duration::from_mins(10);
/// Recoveries that are under way at once; the one that was begun first makes room.
const MOST: usize = 1_000;

/// A new password, as the client has made it.
#[derive(Debug, Clone)]
pub struct NewPassword {
    /// How the client derives.
    pub derivation: Derivation,
    /// What it will show at sign-in.
    pub shown: ShownKey,
    /// The master key under the password.
    pub master: Vec<u8>,
}

/// What who has the recovery code is given to open the account with.
#[derive(Debug, Clone)]
pub struct Recovering {
    /// The installation's id.
    pub instance: [u8; 16],
    /// Whose account it is.
    pub user: User,
    /// What the second step is to show, once.
    pub token: String,
    /// The master key in the box that the code opens.
    pub master: Vec<u8>,
    /// The private keys in their boxes.
    pub keys: SealedKeys,
    /// The sealed state, if there is one.
    pub state: Option<SealedState>,
}

/// Recoveries that were begun, by the hash of their token. A restart forgets them.
#[derive(Default)]
pub(crate) struct Recoveries(Mutex<HashMap<TokenHash, (UserId, Timestamp)>>);

impl Recoveries {
    fn begin(&self, token: TokenHash, user: UserId, now: Timestamp) {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        begun.retain(|_, (_, ends)| now < *ends);
        if begun.len() >= MOST {
            let first = begun
                .iter()
                .min_by_key(|(_, (_, ends))| *ends)
                .map(|(token, _)| *token);
            first.map(|token| begun.remove(&token));
        }
        begun.insert(token, (user, now.after(PATIENCE)));
    }

    /// Whose recovery it is; a token is good once.
    fn take(&self, token: &TokenHash, now: Timestamp) -> Option<UserId> {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (user, ends) = begun.remove(token)?;
        (now < ends).then_some(user)
    }
}

fn check(master: &[u8], recovery: Option<&RecoveryRecord>) -> Result<(), Refusal> {
    let fits = master.len() == MASTER_BOX && recovery.is_none_or(|it| it.sealed.len() == MASTER_BOX);
    if fits { Ok(()) } else { Err(Refusal::Malformed) }
}

impl<P: Ports> App<P> {
    /// Puts a new password in the place of the old one, which has to be shown, and signs out everywhere else.
    ///
    /// # Errors
    /// As [`App::unlock`]; `malformed` for boxes of another size.
    pub async fn change_password(
        &self,
        who: &SignedIn,
        old: ShownKey,
        new: NewPassword,
        origin: &Origin,
    ) -> Result<(), Error> {
        check(&new.master, None)?;
        self.with_keys(who, old, origin).await?;
        let user = who.user().id;
        let password = self
            .password_record(new.shown, user, new.derivation, Some(&new.master))
            .await?;
        let secrets = NewSecrets {
            password: Some(password),
            recovery: None,
        };
        let keep = Some(who.session().id);
        let ended = self.ports.keys().replace_secrets(user, secrets, keep).await?;
        self.tell_of_ended(user, &ended);
        Ok(())
    }

    /// Whether the owner of an account that has keys is there.
    pub(super) async fn with_keys(
        &self,
        who: &SignedIn,
        shown: ShownKey,
        origin: &Origin,
    ) -> Result<(), Error> {
        let unlocked = self.unlock(who, shown, origin).await?;
        match unlocked.master {
            Some(_) => Ok(()),
            None => Err(Refusal::NeedsIdentity.into()),
        }
    }

    /// Puts another recovery code in the place of the old one; what is shown at sign-in has to be shown.
    ///
    /// # Errors
    /// As [`App::change_password`].
    pub async fn change_recovery(
        &self,
        who: &SignedIn,
        shown: ShownKey,
        recovery: RecoveryRecord,
        origin: &Origin,
    ) -> Result<(), Error> {
        check(&[0; MASTER_BOX], Some(&recovery))?;
        self.with_keys(who, shown, origin).await?;
        let secrets = NewSecrets {
            password: None,
            recovery: Some(recovery),
        };
        self.ports
            .keys()
            .replace_secrets(who.user().id, secrets, None)
            .await?;
        Ok(())
    }

    /// Begins a recovery: who shows what comes of the code is given the boxes that the code opens.
    ///
    /// # Errors
    /// `invalid_credentials` for every failure alike; `rate_limited`; `banned`, to who has the code only.
    pub async fn begin_recovery(
        &self,
        username: Option<&Username>,
        shown: [u8; 32],
        origin: &Origin,
    ) -> Result<Recovering, Error> {
        let name = format!("recovery of {}", username.map(Username::key).unwrap_or_default());
        let (from, patience) = (origin.network(), self.settings.patience);
        self.quotas.sign_in(from, &name, patience, self.now())?;
        let known = match username {
            Some(username) => self.ports.keys().recovery_record(username).await?,
            None => None,
        };
        let verifier = recovery::verifier(&RecoveryAuth::from_bytes(shown));
        let expected = known.as_ref().map_or([0; 32], |(_, record)| record.verifier);
        let is_right = constant_time_eq(&verifier, &expected);
        let Some((user, record)) = known.filter(|_| is_right) else {
            self.quotas.sign_in_failed(from, self.now());
            return Err(Refusal::InvalidCredentials.into());
        };
        self.quotas.sign_in_succeeded(name);
        user.admit(self.now())?;
        let token = SessionToken::draw(self.ports.entropy());
        self.recoveries.begin(token.hash(), user.id, self.now());
        Ok(Recovering {
            instance: *self.instance_id().await?.as_bytes(),
            token: token.reveal(),
            master: record.sealed,
            keys: self.ports.keys().sealed_keys(user.id).await?,
            state: self.ports.keys().state(user.id).await?,
            user,
        })
    }

    /// Ends a recovery: the account has a new password and a new code, is signed out everywhere, and signed in here.
    ///
    /// # Errors
    /// `forbidden` for a token that is none, was used, or is too old; `malformed` for boxes of another size.
    pub async fn finish_recovery(
        &self,
        token: &SessionToken,
        new: NewPassword,
        recovery: RecoveryRecord,
        origin: &Origin,
    ) -> Result<SignedInNow, Error> {
        check(&new.master, Some(&recovery))?;
        let user = self
            .recoveries
            .take(&token.hash(), self.now())
            .ok_or(Refusal::Forbidden)?;
        let password = self
            .password_record(new.shown, user, new.derivation, Some(&new.master))
            .await?;
        let secrets = NewSecrets {
            password: Some(password),
            recovery: Some(recovery),
        };
        let ended = self.ports.keys().replace_secrets(user, secrets, None).await?;
        self.publish(Notice::Recovered {
            user_id: user,
            ended: ended.clone(),
        });
        self.tell_of_ended(user, &ended);
        let user = self.ports.users().user(user).await?.ok_or(Refusal::Forbidden)?;
        user.admit(self.now())?;
        self.open_session(user, origin).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(byte: u8) -> TokenHash {
        TokenHash::from_bytes([byte; 32])
    }

    #[test]
    fn a_recovery_is_good_once_and_not_for_long() {
        let recoveries = Recoveries::default();
        let user = UserId::parse(7).unwrap();
        let now = Timestamp::from_millis(1_000);
        recoveries.begin(token(1), user, now);
        recoveries.begin(token(2), user, now);
        assert_eq!(recoveries.take(&token(1), now), Some(user));
        assert_eq!(recoveries.take(&token(1), now), None);
        assert_eq!(recoveries.take(&token(3), now), None);
        assert_eq!(recoveries.take(&token(2), now.after(PATIENCE)), None);
    }
}
