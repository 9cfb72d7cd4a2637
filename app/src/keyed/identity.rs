//! Another encryption key, another identity, or the end of one.

use chat_domain::Refusal;
use chat_domain::keyed::{
    DirectoryRecord, RecoveryRecord, SealedKey, SealedKeys, SealedState, ShownKey, SignedStatement,
};
use chat_e2ee::ed25519::Signature;
use chat_e2ee::identity::{Identity, Signed};
use chat_e2ee::ids::InstanceId;
use chat_ports::{Conflict, IdentityChange, KeyStore as _, NewKeys, NewSecrets, Ports, StoreError};

use super::registration::first_identity;
use super::state::fits as fits_state;
use super::{KEY_BOX, MASTER_BOX, NewPassword, TRIES, of_identity};
use crate::{App, Error, Origin, SignedIn};

/// Encryption keys that an account may have had.
const MOST_KEYS: usize = 1_000;

/// What comes with a new statement.
#[derive(Debug, Clone)]
pub enum Renewal {
    /// The first identity, of an account whose keys were awaited. How the client derives stays as it was.
    First {
        /// The master key under the password.
        master: Vec<u8>,
        /// The recovery code's part.
        recovery: RecoveryRecord,
        /// The signing key in its box.
        signing: SealedKey,
        /// The encryption key in its box.
        agreement: SealedKey,
    },
    /// Another encryption key under the same identity.
    Rotate {
        /// The key in its box.
        agreement: SealedKey,
    },
    /// Another identity, under a new master key; old encryption keys that could still be opened are sealed anew.
    Reset {
        /// The password's part.
        password: NewPassword,
        /// The recovery code's part.
        recovery: RecoveryRecord,
        /// All keys that the account has from now on.
        keys: SealedKeys,
        /// The account's state, sealed under the new master key; without it the account begins with none.
        state: Option<SealedState>,
    },
    /// The account is closed: no statement follows.
    Close,
}

impl<P: Ports> App<P> {
    /// Accepts another statement of who is signed in and shows what is shown at sign-in, with what comes with it, all of
    /// it or nothing. A reset signs out everywhere else.
    ///
    /// # Errors
    /// As [`App::unlock`]; `needs_identity` for another than the first one of an account that has none; `malformed`, `weak_key`, `bad_signature`, `clock_skew` for what the protocol does not allow;
    /// `identity_conflict` for a statement that does not follow from the last one, or is of another kind than what comes
    /// with it; `state_conflict` as [`App::put_state`].
    pub async fn renew_identity(
        &self,
        who: &SignedIn,
        shown: ShownKey,
        statement: SignedStatement,
        renewal: Renewal,
        origin: &Origin,
    ) -> Result<DirectoryRecord, Error> {
        renewal.check_sizes()?;
        let user = who.user().id;
        let instance = self.instance_id().await?;
        let unlocked = self.unlock(who, shown.clone(), origin).await?;
        let is_first = matches!(renewal, Renewal::First { .. });
        match (unlocked.master.is_some(), is_first) {
            (true, true) => return Err(Refusal::IdentityConflict.into()),
            (false, false) => return Err(Refusal::NeedsIdentity.into()),
            (true, false) | (false, true) => {}
        }
        let secrets = self.new_secrets(who, shown, &renewal).await?;
        let keep = Some(who.session().id);
        for _ in 0..TRIES {
            // The directory's end is looked at before the account's last statement: who gets in between is found by the
            // store, which takes the record after this end only.
            let newest = self.ports.keys().newest_record().await?;
            let identity = self.next_identity(who, instance, &statement, &renewal).await?;
            let record = self.record_after(newest.as_ref(), instance, user, statement.clone(), &identity);
            let change = IdentityChange {
                record: record.clone(),
                keys: renewal.keys(),
                secrets: secrets.clone(),
                state: renewal.state(),
            };
            match self.ports.keys().append_identity(change, keep).await {
                Ok(ended) => {
                    if is_first {
                        // It is a keyed account from here on.
                        self.forget_user(user);
                    }
                    self.tell_of_ended(user, &ended);
                    self.tell_of_record(&record);
                    return Ok(record);
                }
                Err(StoreError::Conflict(Conflict::DirectoryMoved)) => {}
                Err(StoreError::Conflict(Conflict::StateMoved)) => {
                    return Err(self.state_moved(user).await?);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Busy)
    }

    /// What takes the place of the account's secrets.
    async fn new_secrets(
        &self,
        who: &SignedIn,
        shown: ShownKey,
        renewal: &Renewal,
    ) -> Result<NewSecrets, Error> {
        let user = who.user().id;
        let (shown, derivation, master, recovery) = match renewal {
            Renewal::First { master, recovery, .. } => {
                let awaited = self.ports.keys().password_record(user).await?;
                let awaited = awaited.ok_or(Refusal::NeedsIdentity)?;
                (shown, awaited.derivation, master, recovery)
            }
            Renewal::Reset {
                password, recovery, ..
            } => (
                password.shown.clone(),
                password.derivation.clone(),
                &password.master,
                recovery,
            ),
            Renewal::Rotate { .. } | Renewal::Close => {
                return Ok(NewSecrets {
                    password: None,
                    recovery: None,
                });
            }
        };
        let password = self.password_record(shown, user, derivation, Some(master));
        Ok(NewSecrets {
            password: Some(password.await?),
            recovery: Some(recovery.clone()),
        })
    }

    /// The statement's identity, if it follows from the account's last one in the way that `renewal` says.
    async fn next_identity(
        &self,
        who: &SignedIn,
        instance: InstanceId,
        statement: &SignedStatement,
        renewal: &Renewal,
    ) -> Result<Identity, Error> {
        let last = self.ports.keys().record_of(who.user().id).await?;
        if let Renewal::First { agreement, .. } = renewal {
            let user = who.user();
            let identity = first_identity(statement, instance, user.id, &user.username)?;
            self.is_now(identity.statement().at)?;
            let fits = last.is_none() && agreement.number == identity.statement().kem;
            return if fits {
                Ok(identity)
            } else {
                Err(Refusal::IdentityConflict.into())
            };
        }
        let last = last.ok_or(Refusal::NeedsIdentity)?;
        let last = Identity::accepted_before(&last.statement.bytes, instance).map_err(of_identity)?;
        let signed = Signed {
            bytes: statement.bytes.clone(),
            signature: Signature(statement.signature),
            continuation: statement.continuation.map(Signature),
        };
        let identity = Identity::check(&signed, instance, Some(&last)).map_err(of_identity)?;
        self.is_now(identity.statement().at)?;
        let (new, old) = (identity.statement(), last.statement());
        let (is_new, is_closed) = (new.generation > old.generation, new.closed);
        let fits = match renewal {
            Renewal::First { .. } => false,
            Renewal::Rotate { agreement } => !is_new && !is_closed && agreement.number == new.kem,
            Renewal::Reset { keys, .. } => {
                is_new
                    && keys.signing.iter().map(|key| key.number).eq([new.generation])
                    && keys.agreement.last().is_some_and(|key| key.number == new.kem)
            }
            Renewal::Close => is_closed,
        };
        if fits {
            Ok(identity)
        } else {
            Err(Refusal::IdentityConflict.into())
        }
    }
}

impl Renewal {
    fn state(&self) -> Option<SealedState> {
        match self {
            Self::Reset { state, .. } => state.clone(),
            Self::First { .. } | Self::Rotate { .. } | Self::Close => None,
        }
    }

    fn keys(&self) -> NewKeys {
        match self {
            Self::First {
                signing, agreement, ..
            } => NewKeys::Anew(SealedKeys {
                signing: vec![signing.clone()],
                agreement: vec![agreement.clone()],
            }),
            Self::Rotate { agreement } => NewKeys::Another(agreement.clone()),
            Self::Reset { keys, .. } => NewKeys::Anew(keys.clone()),
            Self::Close => NewKeys::Same,
        }
    }

    fn check_sizes(&self) -> Result<(), Refusal> {
        let is_box = |key: &SealedKey| key.sealed.len() == KEY_BOX;
        let fits = match self {
            Self::First {
                master,
                recovery,
                signing,
                agreement,
            } => {
                master.len() == MASTER_BOX
                    && recovery.sealed.len() == MASTER_BOX
                    && is_box(signing)
                    && is_box(agreement)
            }
            Self::Rotate { agreement } => is_box(agreement),
            Self::Reset {
                password,
                recovery,
                keys,
                state,
            } => {
                password.master.len() == MASTER_BOX
                    && recovery.sealed.len() == MASTER_BOX
                    && keys.signing.iter().chain(&keys.agreement).all(is_box)
                    && keys.agreement.len() <= MOST_KEYS
                    && state.as_ref().is_none_or(fits_state)
                    && keys.agreement.is_sorted_by(|one, next| one.number < next.number)
            }
            Self::Close => true,
        };
        if fits { Ok(()) } else { Err(Refusal::Malformed) }
    }
}
