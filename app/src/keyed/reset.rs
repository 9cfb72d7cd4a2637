//! Begin anew with another identity, by a link that an administrator has issued: for who has lost password and recovery
//! code. What was sealed to the old identity is lost with it.

use chat_domain::keyed::{DirectoryRecord, RecoveryRecord, SealedKey, SealedKeys, SignedStatement};
use chat_domain::{Refusal, User};
use chat_e2ee::ed25519::Signature;
use chat_e2ee::identity::{Identity, Signed};
use chat_e2ee::ids::InstanceId;
use chat_ports::{Conflict, IdentityChange, KeyStore as _, NewKeys, NewSecrets, Ports, StoreError};

use super::{KEY_BOX, MASTER_BOX, NewPassword, TRIES, of_identity};
use crate::{App, Error, Origin, SessionToken, SignedInNow};

/// What who has a link needs to make the new identity.
#[derive(Debug, Clone)]
pub struct Resetting {
    /// The installation's id.
    pub instance: [u8; 16],
    /// Whose account it is.
    pub user: User,
    /// The identity that the new one follows.
    pub previous: Identity,
}

/// Everything that the client has made.
#[derive(Debug, Clone)]
pub struct KeyedReset {
    /// The link's token; `None`: what was shown cannot be one.
    pub token: Option<SessionToken>,
    /// The new password.
    pub password: NewPassword,
    /// What is kept of the new recovery code.
    pub recovery: RecoveryRecord,
    /// The new signing key in its box.
    pub signing: Vec<u8>,
    /// The new encryption key in its box.
    pub agreement: SealedKey,
    /// The new identity: nobody is left who could confirm it by the old one.
    pub statement: SignedStatement,
}

impl<P: Ports> App<P> {
    /// What the link's owner makes the new identity from. The link can be shown again.
    ///
    /// # Errors
    /// `invalid_credentials` for a link that is none, was used, or is too old; `banned`, to who has the link only;
    /// `rate_limited` after many failures from this address.
    pub async fn begin_reset(
        &self,
        token: Option<&SessionToken>,
        origin: &Origin,
    ) -> Result<Resetting, Error> {
        let user = self.owner_of_link(token, origin).await?;
        let instance = self.instance_id().await?;
        Ok(Resetting {
            instance: *instance.as_bytes(),
            previous: self.last_identity(&user, instance).await?,
            user,
        })
    }

    /// Puts another identity, password and recovery code in the place of the account's, uses the link up, signs out
    /// everywhere, and in here: all of it or nothing.
    ///
    /// # Errors
    /// As [`App::begin_reset`]; `malformed`, `weak_key`, `bad_signature`, `clock_skew` for what the protocol does not allow;
    /// `identity_conflict` for a statement that does not follow from the last one.
    pub async fn finish_reset(
        &self,
        asked: KeyedReset,
        origin: &Origin,
    ) -> Result<(SignedInNow, DirectoryRecord), Error> {
        asked.check_form()?;
        let user = self.owner_of_link(asked.token.as_ref(), origin).await?;
        let token = asked.token.clone().ok_or(Refusal::DeadLink)?;
        let instance = self.instance_id().await?;
        asked.follows(&self.last_identity(&user, instance).await?, instance)?;
        let secrets = self.secrets_of_reset(&user, asked.password.clone(), asked.recovery.clone());
        let secrets = secrets.await?;
        for _ in 0..TRIES {
            // As in `renew_identity`: the directory's end first, the account's last statement second.
            let newest = self.ports.keys().newest_record().await?;
            let last = self.last_identity(&user, instance).await?;
            let identity = asked.follows(&last, instance)?;
            self.is_now(identity.statement().at)?;
            let statement = asked.statement.clone();
            let record = self.record_after(newest.as_ref(), instance, user.id, statement, &identity);
            let change = IdentityChange {
                record: record.clone(),
                keys: asked.keys(&identity),
                secrets: secrets.clone(),
                state: None,
            };
            let stored = self.ports.keys().use_reset_link(token.hash(), self.now(), change);
            match stored.await {
                Ok(ended) => {
                    self.tell_of_ended(user.id, &ended);
                    self.tell_of_record(&record);
                    return Ok((self.open_session(user, origin).await?, record));
                }
                Err(StoreError::Conflict(Conflict::DirectoryMoved)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Busy)
    }

    async fn owner_of_link(&self, token: Option<&SessionToken>, origin: &Origin) -> Result<User, Error> {
        let from = origin.network();
        self.quotas
            .nameless_sign_in(from, self.settings.patience, self.now())?;
        let found = match token {
            Some(token) => self.ports.keys().reset_link(token.hash(), self.now()).await?,
            None => None,
        };
        let Some(user) = found else {
            self.quotas.sign_in_failed(from, self.now());
            return Err(Refusal::DeadLink.into());
        };
        user.admit(self.now())?;
        Ok(user)
    }

    async fn last_identity(&self, user: &User, instance: InstanceId) -> Result<Identity, Error> {
        let last = self.ports.keys().record_of(user.id).await?;
        let last = last.ok_or(Refusal::NeedsIdentity)?;
        Ok(Identity::accepted_before(&last.statement.bytes, instance).map_err(of_identity)?)
    }

    async fn secrets_of_reset(
        &self,
        user: &User,
        new: NewPassword,
        recovery: RecoveryRecord,
    ) -> Result<NewSecrets, Error> {
        let password = self.password_record(new.shown, user.id, new.derivation, Some(&new.master));
        Ok(NewSecrets {
            password: Some(password.await?),
            recovery: Some(recovery),
        })
    }
}

impl KeyedReset {
    fn check_form(&self) -> Result<(), Refusal> {
        let fits = self.password.master.len() == MASTER_BOX
            && self.recovery.sealed.len() == MASTER_BOX
            && self.signing.len() == KEY_BOX
            && self.agreement.sealed.len() == KEY_BOX
            && self.statement.continuation.is_none();
        if fits { Ok(()) } else { Err(Refusal::Malformed) }
    }

    /// The new identity, if it follows the last one as another generation.
    fn follows(&self, last: &Identity, instance: InstanceId) -> Result<Identity, Refusal> {
        let signed = Signed {
            bytes: self.statement.bytes.clone(),
            signature: Signature(self.statement.signature),
            continuation: None,
        };
        let identity = Identity::check(&signed, instance, Some(last)).map_err(of_identity)?;
        let is_another = identity.statement().generation > last.statement().generation;
        if is_another && self.agreement.number == identity.statement().kem {
            Ok(identity)
        } else {
            Err(Refusal::IdentityConflict)
        }
    }

    fn keys(&self, identity: &Identity) -> NewKeys {
        NewKeys::Anew(SealedKeys {
            signing: vec![SealedKey {
                number: identity.statement().generation,
                sealed: self.signing.clone(),
            }],
            agreement: vec![self.agreement.clone()],
        })
    }
}
