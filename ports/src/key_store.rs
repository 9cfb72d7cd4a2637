//! Keyed accounts: their records, their sealed keys, the directory of their identities, their sealed state.

use std::future::Future;

use chat_domain::keyed::{
    DirectoryRecord, PasswordRecord, RecoveryRecord, SealedKey, SealedKeys, SealedState,
};
use chat_domain::{RoomId, SessionId, Timestamp, TokenHash, User, UserId, Username};

use crate::{Registered, StoreError};

/// Keeps what keyed accounts consist of.
pub trait KeyStore: Send + Sync + 'static {
    /// The installation's id: `fresh` the first time that anybody asks, and the same ever after.
    fn instance(&self, fresh: [u8; 16]) -> impl Future<Output = Result<[u8; 16], StoreError>> + Send;

    /// Sets so many ids of users aside, which no other account gets: the first of them. What is not used is a gap.
    fn reserve_users(&self, count: u64) -> impl Future<Output = Result<UserId, StoreError>> + Send;

    /// Makes an account under an id that was set aside, with its keys, its record in the directory, and membership of
    /// a group, in one commit.
    ///
    /// # Errors
    /// `Conflict::UsernameTaken`, also for an id that an account has; `Conflict::DirectoryMoved` if the directory does
    /// not end before the record's place; it fails if there is no such group.
    fn register_keyed(
        &self,
        account: NewKeyedUser,
    ) -> impl Future<Output = Result<Registered, StoreError>> + Send;

    /// The keyed account of this name, whatever the case, with its password record; also one whose keys are awaited.
    fn keyed_credential(
        &self,
        username: &Username,
    ) -> impl Future<Output = Result<Option<KeyedCredential>, StoreError>> + Send;

    /// The password record of a keyed account.
    fn password_record(
        &self,
        user: UserId,
    ) -> impl Future<Output = Result<Option<PasswordRecord>, StoreError>> + Send;

    /// The keyed account of this name, whatever the case, with what is kept of its recovery code.
    fn recovery_record(
        &self,
        username: &Username,
    ) -> impl Future<Output = Result<Option<(User, RecoveryRecord)>, StoreError>> + Send;

    /// Puts new secrets in the place of a keyed account's. With another password those of its sessions that are good for
    /// everything end, but for `keep`, in the same commit. Returns what has ended, in no order.
    ///
    /// # Errors
    /// `Conflict::UnknownUser` if there is no such keyed account.
    fn replace_secrets(
        &self,
        user: UserId,
        secrets: NewSecrets,
        keep: Option<SessionId>,
    ) -> impl Future<Output = Result<Vec<SessionId>, StoreError>> + Send;

    /// Keeps of a basic account's password what its first sign-in with keys is proved with, in the place of what was kept.
    /// Another password that is set for the account makes it forgotten.
    ///
    /// # Errors
    /// `Conflict::UnknownUser` if there is no such basic account.
    fn await_keys(
        &self,
        user: UserId,
        password: PasswordRecord,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// An account's sealed keys, by their numbers; none of somebody who has none.
    fn sealed_keys(&self, user: UserId) -> impl Future<Output = Result<SealedKeys, StoreError>> + Send;

    /// Records of the directory from a place on, at most `limit`, in their order.
    fn directory(
        &self,
        from: u64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<DirectoryRecord>, StoreError>> + Send;

    /// The newest record of the directory.
    fn newest_record(&self) -> impl Future<Output = Result<Option<DirectoryRecord>, StoreError>> + Send;

    /// The newest record of an account.
    fn record_of(
        &self,
        user: UserId,
    ) -> impl Future<Output = Result<Option<DirectoryRecord>, StoreError>> + Send;

    /// Appends another statement of an account to the directory, with the keys and secrets that come with it, in one
    /// commit. A basic account whose keys were awaited becomes a keyed one. With [`NewKeys::Anew`] sealed state and drafts go, which
    /// nobody could open any more, or the new state takes the old one's place. With another password its other sign-ins end, as by [`KeyStore::replace_secrets`]. Returns what has ended.
    ///
    /// # Errors
    /// `Conflict::UnknownUser` if there is no such keyed account; `Conflict::DirectoryMoved` if the directory does not end
    /// before the record's place; `Conflict::StateMoved` if the state's version is not one more than the stored one's.
    fn append_identity(
        &self,
        change: IdentityChange,
        keep: Option<SessionId>,
    ) -> impl Future<Output = Result<Vec<SessionId>, StoreError>> + Send;

    /// Whose link this is, if it was issued, not used, and its time is not over at `at`.
    fn reset_link(
        &self,
        token: TokenHash,
        at: Timestamp,
    ) -> impl Future<Output = Result<Option<User>, StoreError>> + Send;

    /// Uses a link up and appends the statement that its owner begins anew with, as [`KeyStore::append_identity`] does, in one
    /// commit. Returns the sign-ins that have ended: all of the owner's
    /// that are good for everything.
    ///
    /// # Errors
    /// `Conflict::DeadLink` unless the link is this account's, as [`KeyStore::reset_link`] has it; `Conflict::DirectoryMoved` if
    /// the directory does not end before the record's place: then the link can still be used.
    fn use_reset_link(
        &self,
        token: TokenHash,
        at: Timestamp,
        change: IdentityChange,
    ) -> impl Future<Output = Result<Vec<SessionId>, StoreError>> + Send;

    /// An account's sealed state.
    fn state(&self, user: UserId) -> impl Future<Output = Result<Option<SealedState>, StoreError>> + Send;

    /// The version of an account's sealed state, without the state.
    fn state_version(&self, user: UserId) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;

    /// Puts a state in the place of the one before, whose version is one less; the first has version 1. `Some`: another
    /// was put there meanwhile, this one, and nothing has changed.
    fn put_state(
        &self,
        user: UserId,
        state: SealedState,
    ) -> impl Future<Output = Result<Option<SealedState>, StoreError>> + Send;

    /// What an account has begun to write, sealed.
    fn drafts(&self, user: UserId) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// Puts drafts in the place of those that are there, whoever has written them.
    fn put_drafts(
        &self,
        user: UserId,
        sealed: Vec<u8>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// A keyed account to be made.
#[derive(Debug, Clone)]
pub struct NewKeyedUser {
    /// The id that was set aside for it.
    pub id: UserId,
    /// Its name.
    pub username: Username,
    /// What is kept of the password.
    pub password: PasswordRecord,
    /// What is kept of the recovery code.
    pub recovery: RecoveryRecord,
    /// The signing key in its box.
    pub signing: SealedKey,
    /// The encryption key in its box.
    pub agreement: SealedKey,
    /// The statement as the directory's next record.
    pub record: DirectoryRecord,
    /// The group that it becomes a member of at once.
    pub joins: Option<RoomId>,
    /// Now.
    pub at: Timestamp,
}

/// What takes the place of an account's secrets.
#[derive(Debug, Clone)]
pub struct NewSecrets {
    /// What is kept of the password.
    pub password: Option<PasswordRecord>,
    /// What is kept of the recovery code.
    pub recovery: Option<RecoveryRecord>,
}

/// A change of an account's identity.
#[derive(Debug, Clone)]
pub struct IdentityChange {
    /// The statement as the directory's next record.
    pub record: DirectoryRecord,
    /// Which keys the account has afterwards.
    pub keys: NewKeys,
    /// What takes the place of its secrets.
    pub secrets: NewSecrets,
    /// With [`NewKeys::Anew`]: the account's state, sealed anew, in the place of the one before.
    pub state: Option<SealedState>,
}

/// What becomes of an account's sealed keys.
#[derive(Debug, Clone)]
pub enum NewKeys {
    /// They stay as they are.
    Same,
    /// This encryption key comes to them.
    Another(SealedKey),
    /// These take the place of all of them.
    Anew(SealedKeys),
}

/// A keyed account with what proves its owner.
#[derive(Debug, Clone)]
pub struct KeyedCredential {
    /// The account.
    pub user: User,
    /// What is kept of its password.
    pub password: PasswordRecord,
}
