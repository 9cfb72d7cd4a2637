//! How a store fails.

use std::error::Error;

use chat_domain::EventId;

/// A call on a store that was not carried out. Nothing of it has happened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What the caller had read is no longer so.
    #[error("conflict: {0}")]
    Conflict(#[from] Conflict),
    /// Too much is waiting; trying again in a moment may succeed.
    #[error("the store is busy")]
    Busy,
    /// The disk is full. Reading still works, and writing will again once there is room.
    #[error("the storage is full")]
    Full,
    /// Anything else; the source is for the log only.
    #[error("the store failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// Wraps whatever a driver reports.
    pub fn failed(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(source.into())
    }
}

/// What was no longer so when the write came to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Somebody has this name, whatever the case.
    #[error("the username is taken")]
    UsernameTaken,
    /// The author used this client id in this room for another content.
    #[error("the client id was used for another message")]
    ClientIdReused {
        /// The message that has it.
        stored: EventId,
    },
    /// The author is no member of the room (any more).
    #[error("not a member of the room")]
    NotMember,
    /// The message that is answered is not in this room.
    #[error("the message that is answered is not in this room")]
    UnknownTarget,
    /// Who acts has lost the role that it needs.
    #[error("not allowed any more")]
    NotAllowed,
    /// There is no such room, or it cannot be entered any more.
    #[error("no room that can be entered")]
    RoomClosed,
    /// Who enters is a member already.
    #[error("a member already")]
    AlreadyMember,
    /// Who enters is a member of as many rooms as anybody may be.
    #[error("a member of too many rooms")]
    TooManyRooms,
    /// The message has as many different reactions as it can hold.
    #[error("too many different reactions")]
    TooManyReactions,
    /// The user has as many tokens, or the room as many webhooks, as there may be.
    #[error("too many tokens")]
    TooManyTokens,
    /// There is no such account.
    #[error("no such account")]
    UnknownUser,
    /// Nobody would be left who administers the server.
    #[error("the last administrator")]
    LastAdmin,
    /// The directory has a record where one was to be appended.
    #[error("the directory has moved on")]
    DirectoryMoved,
    /// Another state of the account was stored meanwhile.
    #[error("another state was stored")]
    StateMoved,
    /// There is no such link, it was used, or its time is over.
    #[error("the link is worth nothing")]
    DeadLink,
    /// The user is gone or banned.
    #[error("the user is gone or banned")]
    UserInactive,
}
