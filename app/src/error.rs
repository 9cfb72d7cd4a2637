//! The one error of all use cases, free of any transport.

use std::time::Duration;

use chat_domain::Refusal;
use chat_ports::{Conflict, HasherError, StoreError};

/// Why a use case did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too much is going on; trying again in a moment may succeed.
    #[error("The server is busy. Try again in a moment.")]
    Busy,
    /// The disk is full: nothing can be stored until the operator makes room.
    #[error("The server cannot store anything at the moment.")]
    StorageFull,
    /// Something broke. The source is for the log, never for the answer.
    #[error("Something went wrong on the server.")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// The stable name of the error, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal_code(refusal),
            Self::Busy => "unavailable",
            Self::StorageFull => "storage_full",
            Self::Internal(_) => "internal",
        }
    }

    /// When it is worth to try again, where that is known.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(Refusal::RateLimited { retry_after }) => Some(*retry_after),
            Self::Busy => Some(Duration::from_secs(1)),
            Self::Refused(_) | Self::StorageFull | Self::Internal(_) => None,
        }
    }
}

const fn refusal_code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Unauthenticated => "unauthenticated",
        Refusal::InvalidCredentials | Refusal::DeadLink => "invalid_credentials",
        Refusal::Banned { .. } => "banned",
        Refusal::Forbidden | Refusal::RegistrationClosed => "forbidden",
        Refusal::NotFound | Refusal::UnknownTarget => "not_found",
        Refusal::UsernameTaken => "username_taken",
        Refusal::ClientIdConflict { .. } => "client_id_conflict",
        Refusal::RoomIsE2ee => "room_is_e2ee",
        Refusal::RoomIsPlain => "room_is_plain",
        Refusal::NoPlainRoom => "no_plain_room",
        Refusal::LastAdmin => "last_admin",
        Refusal::AlreadyMember => "already_member",
        Refusal::TooManyRooms => "too_many_rooms",
        Refusal::TooManyReactions => "too_many_reactions",
        Refusal::InsufficientScope(_) => "insufficient_scope",
        Refusal::TooManyTokens => "too_many_tokens",
        Refusal::Oneself | Refusal::BasicAccount => "conflict",
        Refusal::KeyedAccount => "derived_auth_required",
        Refusal::Malformed => "malformed",
        Refusal::TooLarge { .. } => "payload_too_large",
        Refusal::UnsupportedSuite => "unsupported_suite",
        Refusal::BadSignature => "bad_signature",
        Refusal::WeakKey => "weak_key",
        Refusal::ClockSkew { .. } => "clock_skew",
        Refusal::IdentityConflict => "identity_conflict",
        Refusal::StateConflict { .. } => "state_conflict",
        Refusal::NeedsIdentity => "needs_identity",
        Refusal::RateLimited { .. } => "rate_limited",
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(conflict) => Self::Refused(conflict.into_refusal()),
            StoreError::Busy => Self::Busy,
            StoreError::Full => Self::StorageFull,
            StoreError::Failed(source) => Self::Internal(source),
        }
    }
}

impl From<HasherError> for Error {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Busy => Self::Busy,
            HasherError::Failed(source) => Self::Internal(source),
        }
    }
}

trait IntoRefusal {
    fn into_refusal(self) -> Refusal;
}

impl IntoRefusal for Conflict {
    fn into_refusal(self) -> Refusal {
        match self {
            Self::UsernameTaken => Refusal::UsernameTaken,
            Self::ClientIdReused { stored } => Refusal::ClientIdConflict { stored },
            // Who is no member (any more) learns what a stranger learns.
            Self::NotMember | Self::RoomClosed | Self::UnknownUser => Refusal::NotFound,
            Self::LastAdmin => Refusal::LastAdmin,
            Self::NotAllowed => Refusal::Forbidden,
            Self::AlreadyMember => Refusal::AlreadyMember,
            Self::TooManyRooms => Refusal::TooManyRooms,
            Self::TooManyReactions => Refusal::TooManyReactions,
            Self::TooManyTokens => Refusal::TooManyTokens,
            Self::UnknownTarget => Refusal::UnknownTarget,
            Self::UserInactive => Refusal::Unauthenticated,
            Self::DeadLink => Refusal::DeadLink,
            // The first is tried again a few times before anybody hears of it, the second is answered with the state.
            Self::DirectoryMoved | Self::StateMoved => Refusal::IdentityConflict,
        }
    }
}
