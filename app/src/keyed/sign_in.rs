//! Sign in to a keyed account: the client shows what it derived, and gets what it alone can open.

use chat_domain::keyed::{Derivation, SealedKeys, SealedState, ShownKey};
use chat_domain::{Refusal, User, Username};
use chat_e2ee::account::Iterations;
use chat_e2ee::ids::Usr;
use chat_e2ee::server_record::{fake_salt_message, salt_of};
use chat_ports::{AccountSecrets as _, KeyStore as _, KeyedCredential, Ports};

use super::registration::Opened;
use crate::{App, Error, Origin, SignedIn, SignedInNow};

/// A name and what was derived from a password. A name that cannot be one is tried all the same.
#[derive(Debug)]
pub struct KeyedAttempt {
    /// The name, if it can be one.
    pub username: Option<Username>,
    /// What is shown.
    pub shown: ShownKey,
}

/// What the owner of an account needs to open it.
#[derive(Debug, Clone)]
pub struct Unlocked {
    /// The master key in the box that the password opens; `None`: the account has no keys yet, and the client makes them
    /// now ([`crate::keyed::Renewal::First`]).
    pub master: Option<Vec<u8>>,
    /// The private keys in their boxes.
    pub keys: SealedKeys,
    /// The sealed state, if there is one.
    pub state: Option<SealedState>,
}

impl<P: Ports> App<P> {
    /// How a client has to derive for this name. A name that nobody has, or that is a basic account's, gets a salt like
    /// a real one, always the same, by the same steps.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn prelogin(&self, username: Option<&Username>) -> Result<Derivation, Error> {
        let known = match username {
            Some(username) => self.ports.keys().keyed_credential(username).await?,
            None => None,
        };
        let key = username.map(Username::key).unwrap_or_default();
        // Of a name that cannot be one there is no form that the protocol has; any other one does.
        let usr = Usr::parse(key.as_bytes()).or_else(|_| Usr::parse(b"no_name"));
        let usr = usr.map_err(super::unreadable)?;
        let salt = salt_of(self.ports.secrets().mac(&fake_salt_message(&usr)));
        let made_up = Derivation {
            iterations: Iterations::DEFAULT.get(),
            salt,
        };
        Ok(known.map_or(made_up, |known| known.password.derivation))
    }

    /// Signs in. An unknown name, a basic account's and a wrong password are told apart by neither words nor time.
    ///
    /// # Errors
    /// `invalid_credentials`; `banned`, to who proved the password only; `rate_limited` after many failures from this
    /// address or for this name.
    pub async fn sign_in_keyed(
        &self,
        attempt: KeyedAttempt,
        origin: &Origin,
    ) -> Result<(SignedInNow, Unlocked), Error> {
        let name = attempt.username.as_ref().map(Username::key).unwrap_or_default();
        let (from, patience) = (origin.network(), self.settings.patience);
        self.quotas.sign_in(from, &name, patience, self.now())?;
        let proved = match self.keyed_proved(attempt).await {
            Ok(Some(proved)) => proved,
            Ok(None) => {
                self.quotas.sign_in_failed(from, self.now());
                return Err(Refusal::InvalidCredentials.into());
            }
            Err(error) => {
                self.quotas.sign_in_not_tried(name);
                return Err(error);
            }
        };
        self.quotas.sign_in_succeeded(name);
        let (user, opened) = proved;
        user.admit(self.now())?;
        let unlocked = self.unlocked(&user, opened).await?;
        Ok((self.open_session(user, origin).await?, unlocked))
    }

    /// The same for who is signed in, and wants the master key again: to change the password, to make a new key.
    ///
    /// # Errors
    /// `invalid_credentials`; `rate_limited`; `needs_identity` for an account that has no keys and awaits none.
    pub async fn unlock(&self, who: &SignedIn, shown: ShownKey, origin: &Origin) -> Result<Unlocked, Error> {
        let (from, name) = (origin.network(), who.user().username.key());
        self.quotas
            .sign_in(from, &name, self.settings.patience, self.now())?;
        let record = self.ports.keys().password_record(who.user().id).await?;
        let Some(record) = record else {
            self.quotas.sign_in_not_tried(name);
            return Err(Refusal::NeedsIdentity.into());
        };
        let known = KeyedCredential {
            user: who.user().clone(),
            password: record,
        };
        let Some(opened) = self.opened(shown, Some(&known)).await? else {
            self.quotas.sign_in_failed(from, self.now());
            return Err(Refusal::InvalidCredentials.into());
        };
        self.quotas.sign_in_succeeded(name);
        self.unlocked(who.user(), opened).await
    }

    /// The private keys of who is signed in, in their boxes.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn sealed_keys(&self, who: &SignedIn) -> Result<SealedKeys, Error> {
        Ok(self.ports.keys().sealed_keys(who.user().id).await?)
    }

    async fn keyed_proved(&self, attempt: KeyedAttempt) -> Result<Option<(User, Opened)>, Error> {
        let known = match &attempt.username {
            Some(username) => self.ports.keys().keyed_credential(username).await?,
            None => None,
        };
        let opened = self.opened(attempt.shown, known.as_ref()).await?;
        Ok(opened.and_then(|opened| known.map(|known| (known.user, opened))))
    }

    /// What is behind the outer lock, if what was shown opens it.
    async fn opened(
        &self,
        shown: ShownKey,
        known: Option<&KeyedCredential>,
    ) -> Result<Option<Opened>, Error> {
        let how = known.map(|known| (known.user.id, known.password.stretching.clone()));
        let stretched = self.ports.secrets().stretch(shown, how).await?;
        match (known, stretched) {
            (Some(known), Some(stretched)) => Self::unlock_record(&known.password, known.user.id, &stretched),
            _ => Ok(None),
        }
    }

    async fn unlocked(&self, user: &User, Opened { master }: Opened) -> Result<Unlocked, Error> {
        Ok(Unlocked {
            master,
            keys: self.ports.keys().sealed_keys(user.id).await?,
            state: self.ports.keys().state(user.id).await?,
        })
    }
}
