//! Another encryption key, another identity, or the end of one.

use chat_domain::keyed::{DirectoryRecord, RecoveryRecord, SealedKey, SealedKeys, ShownKey, SignedStatement};
use chat_domain::{Refusal, UserId};
use chat_e2ee::ed25519::Signature;
use chat_e2ee::identity::{Identity, Signed};
use chat_e2ee::ids::InstanceId;
use chat_ports::{Conflict, IdentityChange, KeyStore as _, NewKeys, NewSecrets, Ports, StoreError};

use super::{KEY_BOX, MASTER_BOX, NewPassword, of_identity};
use crate::{App, Error, Origin, SignedIn};

/// How often a place in the directory is fought for.
const TRIES: usize = 20;
/// Encryption keys that an account may have had.
const MOST_KEYS: usize = 1_000;

/// What comes with a new statement.
#[derive(Debug, Clone)]
pub enum Renewal {
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
    },
    /// The account is closed: no statement follows.
    Close,
}

impl<P: Ports> App<P> {
    /// Accepts another statement of who is signed in and shows what is shown at sign-in, with what comes with it, all of
    /// it or nothing. A reset signs out everywhere else.
    ///
    /// # Errors
    /// As [`App::unlock`]; `malformed`, `weak_key`, `bad_signature`, `clock_skew` for what the protocol does not allow;
    /// `identity_conflict` for a statement that does not follow from the last one, or is of another kind than what comes
    /// with it.
    pub async fn renew_identity(
        &self,
        who: &SignedIn,
        shown: ShownKey,
        statement: SignedStatement,
        renewal: Renewal,
        origin: &Origin,
    ) -> Result<DirectoryRecord, Error> {
        renewal.check_sizes()?;
        self.unlock(who, shown, origin).await?;
        let user = who.user().id;
        let instance = self.instance_id().await?;
        let secrets = match &renewal {
            Renewal::Reset {
                password, recovery, ..
            } => NewSecrets {
                password: Some(
                    self.password_record(
                        password.shown.clone(),
                        user,
                        password.derivation.clone(),
                        &password.master,
                    )
                    .await?,
                ),
                recovery: Some(recovery.clone()),
            },
            Renewal::Rotate { .. } | Renewal::Close => NewSecrets {
                password: None,
                recovery: None,
            },
        };
        let keep = Some(who.session().id);
        for _ in 0..TRIES {
            let identity = self.next_identity(user, instance, &statement, &renewal).await?;
            let record = self
                .next_record(instance, user, statement.clone(), &identity)
                .await?;
            let change = IdentityChange {
                record: record.clone(),
                keys: renewal.keys(),
                secrets: secrets.clone(),
            };
            match self.ports.keys().append_identity(change, keep).await {
                Ok(ended) => {
                    self.tell_of_ended(user, &ended);
                    return Ok(record);
                }
                Err(StoreError::Conflict(Conflict::DirectoryMoved)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Busy)
    }

    /// The statement's identity, if it follows from the account's last one in the way that `renewal` says.
    async fn next_identity(
        &self,
        user: UserId,
        instance: InstanceId,
        statement: &SignedStatement,
        renewal: &Renewal,
    ) -> Result<Identity, Error> {
        let last = self
            .ports
            .keys()
            .record_of(user)
            .await?
            .ok_or(Refusal::NeedsIdentity)?;
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
    fn keys(&self) -> NewKeys {
        match self {
            Self::Rotate { agreement } => NewKeys::Another(agreement.clone()),
            Self::Reset { keys, .. } => NewKeys::Anew(keys.clone()),
            Self::Close => NewKeys::Same,
        }
    }

    fn check_sizes(&self) -> Result<(), Refusal> {
        let is_box = |key: &SealedKey| key.sealed.len() == KEY_BOX;
        let fits = match self {
            Self::Rotate { agreement } => is_box(agreement),
            Self::Reset {
                password,
                recovery,
                keys,
            } => {
                password.master.len() == MASTER_BOX
                    && recovery.sealed.len() == MASTER_BOX
                    && keys.signing.iter().chain(&keys.agreement).all(is_box)
                    && keys.agreement.len() <= MOST_KEYS
                    && keys.agreement.is_sorted_by(|one, next| one.number < next.number)
            }
            Self::Close => true,
        };
        if fits { Ok(()) } else { Err(Refusal::Malformed) }
    }
}
