//! The vocabulary of "no": why the rules turn a request down. Every transport says each of them in its own way.

use std::time::Duration;

use crate::{
    EventId, Timestamp,
    grant::{Need, Scope},
};

/// A request that the rules turn down. `Display` is for people and holds no internals.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not signed in, or not any more.
    #[error("You are not signed in.")]
    Unauthenticated,
    /// Wrong name or wrong password: which of the two is told to nobody.
    #[error("Username or password is not right.")]
    InvalidCredentials,
    /// The account is banned. Told only to who has proved to be its owner.
    #[error("This account has been banned.")]
    Banned {
        /// What the administrator gave as reason.
        reason: Option<String>,
        /// When it ends; `None`: it does not end by itself.
        until: Option<Timestamp>,
    },
    /// Signed in, but without the right to do this.
    #[error("You are not allowed to do this.")]
    Forbidden,
    /// A token that is not good for this.
    #[error("This token is not good for this: {}.", told(*.0))]
    InsufficientScope(Need),
    /// As many tokens as a user, or webhooks as a room, may have.
    #[error("There are as many of them as there may be. Revoke one first.")]
    TooManyTokens,
    /// There is no such thing, or it is not for the asker's eyes: the two look alike.
    #[error("There is nothing here.")]
    NotFound,
    /// The name is somebody's already (whatever the case).
    #[error("This username is taken.")]
    UsernameTaken,
    /// The client's message id was used for a message of another content.
    #[error("This client_id was used for another message.")]
    ClientIdConflict {
        /// The message that has it.
        stored: EventId,
    },
    /// A message id that is not of this room, or is no message (`reply_to`).
    #[error("This message is not in this room.")]
    UnknownTarget,
    /// Plaintext for a room whose messages are envelopes.
    #[error("This room is end-to-end encrypted.")]
    RoomIsE2ee,
    /// An envelope for a room that takes plain text.
    #[error("This room is not end-to-end encrypted.")]
    RoomIsPlain,
    /// The call names no room, and there is no plain room that would stand in.
    #[error("Name a room: this server has no plain room.")]
    NoPlainRoom,
    /// Somebody who is in the room already.
    #[error("They are in this room already.")]
    AlreadyMember,
    /// In as many rooms as anybody may be.
    #[error("A user may be in 1000 rooms at most.")]
    TooManyRooms,
    /// As many different emoji as a message may have.
    #[error("This message has as many different reactions as it can hold.")]
    TooManyReactions,
    /// Nobody would administer the server any more.
    #[error("The last administrator cannot be removed.")]
    LastAdmin,
    /// An administrator turning on themselves.
    #[error("You cannot do this to yourself.")]
    Oneself,
    /// A password for an account that never shows its own to the server.
    #[error("This is a keyed account: its password never reaches the server.")]
    KeyedAccount,
    /// Accounts are not made by strangers here.
    #[error("Registration is closed.")]
    RegistrationClosed,
    /// Too much, too often.
    #[error("Too many requests. Wait a moment.")]
    RateLimited {
        /// When to try again.
        retry_after: Duration,
    },
}

const fn told(need: Need) -> &'static str {
    match need {
        Need::Full => "it takes a sign-in with the password",
        Need::Scope(Scope::Read) => "it lacks the scope read",
        Need::Scope(Scope::Write) => "it lacks the scope write",
        Need::Scope(Scope::Rooms) => "it lacks the scope rooms",
    }
}
