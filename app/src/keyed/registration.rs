//! Register a keyed account, in two steps: the client needs its id and the installation's before it can make keys.

use std::time::Duration;

use chat_domain::keyed::{
    Derivation, DirectoryRecord, PasswordRecord, RecoveryRecord, SealedKey, ShownKey, SignedStatement,
};
use chat_domain::{Refusal, Timestamp, User, UserId, Username};
use chat_e2ee::directory::{NO_HEAD, head_bytes, link};
use chat_e2ee::ed25519::Signature;
use chat_e2ee::identity::{Identity, Signed};
use chat_e2ee::ids::{InstanceId, UserId as ProtocolId};
use chat_e2ee::secret::constant_time_eq;
use chat_e2ee::server_record;
use chat_ports::{
    AccountSecrets as _, Conflict, KeyStore as _, NewKeyedUser, Ports, StoreError, UserStore as _,
};

use super::token::RegistrationToken;
use super::{KEY_BOX, MASTER_BOX, TRIES, of_identity};
use crate::{App, Error, Origin, SignedInNow};

/// How long a client may take between the two steps.
const PATIENCE: Duration = Duration::from_mins(10);
/// How far a client's clock may be off.
const SKEW: Duration = Duration::from_mins(10);
/// Ids that are set aside at once.
const IDS: u64 = 1_000;

/// The first step's answer.
#[derive(Debug, Clone)]
pub struct Begun {
    /// The installation's id.
    pub instance: [u8; 16],
    /// The account's id to be.
    pub user: UserId,
    /// What the second step is to show.
    pub token: String,
}

/// The second step: everything that the client has made.
#[derive(Debug, Clone)]
pub struct KeyedRegistration {
    /// What the first step gave.
    pub token: String,
    /// How the client derives.
    pub derivation: Derivation,
    /// What it will show at sign-in.
    pub shown: ShownKey,
    /// The master key under the password.
    pub master: Vec<u8>,
    /// What is kept of the recovery code.
    pub recovery: RecoveryRecord,
    /// The signing key in its box.
    pub signing: Vec<u8>,
    /// The encryption key in its box.
    pub agreement: SealedKey,
    /// The identity.
    pub statement: SignedStatement,
}

impl<P: Ports> App<P> {
    /// Sets an id aside for a name that nobody has yet. Nothing is held: the name can be gone at the second step.
    ///
    /// # Errors
    /// `username_taken`; `rate_limited` by address.
    pub async fn begin_registration(&self, username: Username, origin: &Origin) -> Result<Begun, Error> {
        self.quotas
            .registration(origin.network(), self.settings.registrations, self.now())?;
        if self.ports.users().credential(&username).await?.is_some() {
            return Err(Refusal::UsernameTaken.into());
        }
        let token = RegistrationToken {
            user: self.next_user_id().await?,
            username,
            expires: self.now().after(PATIENCE),
        };
        let text = token.reveal(|message| self.ports.secrets().mac(message));
        Ok(Begun {
            instance: *self.instance_id().await?.as_bytes(),
            user: token.user,
            token: text.ok_or(Refusal::Malformed)?,
        })
    }

    /// Makes the account, all of it or nothing, and signs it in.
    ///
    /// # Errors
    /// `username_taken` if somebody was quicker; `malformed`, `weak_key`, `bad_signature`, `clock_skew` for what the
    /// protocol does not allow; `forbidden` for a token that is none or too old.
    pub async fn finish_registration(
        &self,
        asked: KeyedRegistration,
        origin: &Origin,
    ) -> Result<(SignedInNow, DirectoryRecord), Error> {
        let secrets = self.ports.secrets();
        let token = RegistrationToken::read(&asked.token, |message| secrets.mac(message))
            .filter(|token| self.now() < token.expires)
            .ok_or(Refusal::Forbidden)?;
        asked.check_sizes()?;
        let instance = self.instance_id().await?;
        let identity = first_identity(&asked.statement, instance, token.user, &token.username)?;
        self.is_now(identity.statement().at)?;
        let password = self
            .password_record(asked.shown, token.user, asked.derivation, Some(&asked.master))
            .await?;
        let new = NewKeyedUser {
            id: token.user,
            username: token.username,
            password,
            recovery: asked.recovery,
            signing: SealedKey {
                number: 1,
                sealed: asked.signing,
            },
            agreement: asked.agreement,
            record: self
                .next_record(instance, token.user, asked.statement, &identity)
                .await?,
            joins: self.plain_room().await?,
            at: self.now(),
        };
        let (user, record) = self.store_keyed(new, instance, &identity).await?;
        self.tell_of_record(&record);
        Ok((self.open_session(user, origin).await?, record))
    }

    /// Appends to the directory, trying again while others do the same.
    async fn store_keyed(
        &self,
        mut new: NewKeyedUser,
        instance: InstanceId,
        identity: &Identity,
    ) -> Result<(User, DirectoryRecord), Error> {
        for _ in 0..TRIES {
            match self.ports.keys().register_keyed(new.clone()).await {
                Ok(registered) => return Ok((self.announce(registered), new.record)),
                Err(StoreError::Conflict(Conflict::DirectoryMoved)) => {
                    new.record = self
                        .next_record(instance, new.id, new.record.statement, identity)
                        .await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Busy)
    }

    /// The statement as the record after the directory's newest one.
    pub(super) async fn next_record(
        &self,
        instance: InstanceId,
        user: UserId,
        statement: SignedStatement,
        identity: &Identity,
    ) -> Result<DirectoryRecord, Error> {
        let newest = self.ports.keys().newest_record().await?;
        Ok(self.record_after(newest.as_ref(), instance, user, statement, identity))
    }

    /// The statement as the record after this one.
    pub(super) fn record_after(
        &self,
        newest: Option<&DirectoryRecord>,
        instance: InstanceId,
        user: UserId,
        statement: SignedStatement,
        identity: &Identity,
    ) -> DirectoryRecord {
        let (i, before) = newest.map_or((0, NO_HEAD), |newest| (newest.i + 1, newest.head));
        let at = self.now();
        let head = link(instance, i, at.millis(), &before, identity.hash());
        let signed = head_bytes(instance, i, &head, at.millis());
        DirectoryRecord {
            i,
            user,
            at,
            statement,
            head,
            head_signature: self.ports.secrets().sign(&signed),
        }
    }

    /// What is kept of a password: Argon2id over what was shown, and the box behind the outer lock, if there is one yet.
    pub(super) async fn password_record(
        &self,
        shown: ShownKey,
        user: UserId,
        derivation: Derivation,
        master: Option<&[u8]>,
    ) -> Result<PasswordRecord, Error> {
        let (stretching, stretched) = self.ports.secrets().stretch_anew(shown, user).await?;
        let (verifier, key) = server_record::split(stretched.expose());
        let nonce = self.ports.entropy().draw();
        let owner = protocol_id(user)?;
        let locked = master.map(|master| server_record::lock(&key, owner, &nonce, master));
        let locked = locked
            .transpose()
            .map_err(|error| Error::Internal(Box::new(error)))?;
        Ok(PasswordRecord {
            derivation,
            stretching,
            verifier,
            locked,
        })
    }

    /// Opens what [`App::password_record`] locked, if what was shown is right. Of an account whose keys are awaited nothing
    /// was locked.
    pub(super) fn unlock_record(
        record: &PasswordRecord,
        user: UserId,
        stretched: &chat_domain::keyed::Stretched,
    ) -> Result<Option<Opened>, Error> {
        let (verifier, key) = server_record::split(stretched.expose());
        if !constant_time_eq(&verifier, &record.verifier) {
            return Ok(None);
        }
        let Some(locked) = &record.locked else {
            return Ok(Some(Opened { master: None }));
        };
        let master = server_record::unlock(&key, protocol_id(user)?, locked)
            .map_err(|error| Error::Internal(Box::new(error)))?;
        Ok(Some(Opened { master: Some(master) }))
    }

    pub(crate) async fn next_user_id(&self) -> Result<UserId, Error> {
        if let Some(id) = self.spare_ids().next() {
            return UserId::parse(id).map_err(|error| Error::Internal(Box::new(error)));
        }
        let first = self.ports.keys().reserve_users(IDS).await?;
        *self.spare_ids() = first.number() + 1..first.number() + IDS;
        Ok(first)
    }

    pub(super) fn is_now(&self, at: u64) -> Result<(), Refusal> {
        let (now, at) = (self.now(), Timestamp::from_millis(at));
        if now.since(at).max(at.since(now)) > SKEW {
            return Err(Refusal::ClockSkew { now });
        }
        Ok(())
    }
}

impl KeyedRegistration {
    fn check_sizes(&self) -> Result<(), Refusal> {
        let fits = self.master.len() == MASTER_BOX
            && self.recovery.sealed.len() == MASTER_BOX
            && self.signing.len() == KEY_BOX
            && self.agreement.sealed.len() == KEY_BOX
            && self.agreement.number == 1;
        if fits { Ok(()) } else { Err(Refusal::Malformed) }
    }
}

/// What was behind the outer lock.
pub(super) struct Opened {
    /// The client's box around the master key; `None`: keys are awaited.
    pub(super) master: Option<Vec<u8>>,
}

/// The identity in a statement that begins an account.
pub(super) fn first_identity(
    statement: &SignedStatement,
    instance: InstanceId,
    user: UserId,
    username: &Username,
) -> Result<Identity, Refusal> {
    let signed = Signed {
        bytes: statement.bytes.clone(),
        signature: Signature(statement.signature),
        continuation: statement.continuation.map(Signature),
    };
    let identity = Identity::check(&signed, instance, None).map_err(of_identity)?;
    let said = identity.statement();
    let is_theirs = said.user.get() == user.number() && said.usr.as_str() == username.key();
    if is_theirs {
        Ok(identity)
    } else {
        Err(Refusal::Malformed)
    }
}

pub(super) fn protocol_id(user: UserId) -> Result<ProtocolId, Error> {
    ProtocolId::new(user.number()).map_err(|error| super::unreadable(error).into())
}
