//! Keyed accounts: their password stays with the client, and what is sealed for them is opened there alone
//! (`docs/protocol-encryption.md`, 4.3 to 4.5).

mod awaited;
mod directory;
mod drafts;
mod identity;
mod instance;
mod registration;
mod reset;
pub(crate) mod secrets;
mod sign_in;
mod standing;
mod state;
mod token;

pub use directory::DirectoryPage;
pub use identity::Renewal;
pub use instance::Instance;
pub use registration::{Begun, KeyedRegistration};
pub use reset::{KeyedReset, Resetting};
pub use secrets::{NewPassword, Recovering};
pub use sign_in::{KeyedAttempt, Unlocked};
pub use standing::Standing;
pub use token::RegistrationToken;

use chat_domain::Refusal;
use chat_e2ee::encoding::Unreadable;
use chat_e2ee::identity::NotAnIdentity;

/// Bytes of a box around a master key.
pub const MASTER_BOX: usize = 61;
/// Bytes of a box around a private key.
pub const KEY_BOX: usize = 77;
/// The most bytes of an account's sealed state.
pub const STATE_BYTES: usize = 1 << 20;

/// The most bytes of an account's sealed drafts.
pub const DRAFTS_BYTES: usize = 256 << 10;
/// How often a place in the directory is fought for.
const TRIES: usize = 20;

/// The protocol's refusals in the words of the rules.
const fn of_identity(error: NotAnIdentity) -> Refusal {
    match error {
        NotAnIdentity::Malformed => Refusal::Malformed,
        NotAnIdentity::UnsupportedSuite => Refusal::UnsupportedSuite,
        NotAnIdentity::WeakKey => Refusal::WeakKey,
        NotAnIdentity::Conflict => Refusal::IdentityConflict,
        NotAnIdentity::BadSignature => Refusal::BadSignature,
    }
}

const fn unreadable(error: Unreadable) -> Refusal {
    match error {
        Unreadable::Malformed => Refusal::Malformed,
        Unreadable::UnsupportedSuite => Refusal::UnsupportedSuite,
    }
}
