//! Accounts.

use std::future::Future;

use chat_domain::{
    AccountKind, Event, PasswordHash, RoomId, Timestamp, User, UserId, Username, keyed::PasswordRecord,
    moderation::Actor,
};

use crate::StoreError;

/// Keeps accounts.
pub trait UserStore: Send + Sync + 'static {
    /// Makes an account and, if `joins` names a group, a member of that group of it, with the event that tells the
    /// others, in one commit. If somebody else than its owner makes it, a line in the audit log says so.
    ///
    /// # Errors
    /// `Conflict::UsernameTaken` if somebody has the name, whatever the case; `Conflict::UserInactive` or
    /// `Conflict::NotAllowed` if the administrator who makes it is banned, or is none any more; it fails if there is no
    /// such group.
    fn register(&self, user: NewUser) -> impl Future<Output = Result<Registered, StoreError>> + Send;

    /// Makes the first administrator like [`UserStore::register`], unless there is any account already: then
    /// nothing happens and `None` comes back. Of many calls at once one wins.
    fn register_first(
        &self,
        user: NewUser,
    ) -> impl Future<Output = Result<Option<Registered>, StoreError>> + Send;

    /// The account of this name, whatever the case, with what proves its owner.
    fn credential(
        &self,
        username: &Username,
    ) -> impl Future<Output = Result<Option<Credential>, StoreError>> + Send;

    /// The account.
    fn user(&self, id: UserId) -> impl Future<Output = Result<Option<User>, StoreError>> + Send;

    /// How many accounts there are.
    fn count_users(&self) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Its name.
    pub username: Username,
    /// Keyed or basic.
    pub kind: AccountKind,
    /// The hash of a basic account's password.
    pub password: Option<PasswordHash>,
    /// Whether it administers the server.
    pub is_admin: bool,
    /// The group that it becomes a member of at once.
    pub joins: Option<RoomId>,
    /// Who makes it; `None`: its owner.
    pub made_by: Option<Actor>,
    /// If keys are awaited from its first sign-in: the id that was set aside for it, and what is kept of the password until
    /// then.
    pub awaited: Option<(UserId, PasswordRecord)>,
    /// Now.
    pub at: Timestamp,
}

/// An account that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The account.
    pub user: User,
    /// The event of its joining, if it joined a room.
    pub joined: Option<Event>,
}

/// An account with what proves its owner.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The account.
    pub user: User,
    /// The hash of its password, if it is a basic account.
    pub password: Option<PasswordHash>,
}
