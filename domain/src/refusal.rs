//! The vocabulary of "no": why the rules turn a request down. Every transport says each of them in its own way.

use std::time::Duration;

use crate::{
    EventId, Timestamp,
    grant::{Need, Scope},
    keyed::SealedState,
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
    /// A way back in for an account that has a password which others can set.
    #[error("This is a basic account: it is given another password instead.")]
    BasicAccount,
    /// A link that is none, was used, or is too old: which of them is told to nobody.
    #[error("This link is worth nothing any more.")]
    DeadLink,
    /// Bytes that are not what the encryption protocol prescribes.
    #[error("This is not in the form that the encryption protocol prescribes.")]
    Malformed,
    /// Bytes of a version of the encryption protocol that this server does not know.
    #[error("This server does not know this version of the encryption protocol.")]
    UnsupportedSuite,
    /// More bytes than are kept.
    #[error("This is larger than what is kept: {most} bytes at most.")]
    TooLarge {
        /// How many are.
        most: usize,
    },
    /// A signature that does not fit.
    #[error("The signature does not fit.")]
    BadSignature,
    /// A key with which nothing can be kept secret or proved.
    #[error("This key must not be used.")]
    WeakKey,
    /// A clock that is too far from the server's.
    #[error("The clock of this device is more than ten minutes off.")]
    ClockSkew {
        /// The server's time.
        now: Timestamp,
    },
    /// An identity statement that does not follow from the account's last one.
    #[error("This account's identity has changed meanwhile.")]
    IdentityConflict,
    /// Another version of the account's state was stored meanwhile.
    #[error("Another browser has stored a newer state.")]
    StateConflict {
        /// The one that is there; version 0: none.
        kept: Box<SealedState>,
    },
    /// The account has no identity, which this takes.
    #[error("This account has no encryption keys yet.")]
    NeedsIdentity,
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
