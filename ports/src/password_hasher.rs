//! Hashing the passwords of basic accounts.

use std::error::Error;
use std::future::Future;

use chat_domain::{Password, PasswordHash};

/// Hashes passwords with Argon2id, away from the runtime's threads and only so many at once: a storm of sign-ins
/// must neither stall the chat nor fill the memory.
pub trait PasswordHasher: Send + Sync + 'static {
    /// Hashes a new password under a fresh salt.
    ///
    /// # Errors
    /// [`HasherError::Busy`] when too many wait already.
    fn hash(&self, password: Password) -> impl Future<Output = Result<PasswordHash, HasherError>> + Send;

    /// Whether the password is the one that was hashed. With no hash (no such account) it works as long as with
    /// one and says no, so that the time tells nobody which names exist.
    ///
    /// # Errors
    /// [`HasherError::Busy`] when too many wait already.
    fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> impl Future<Output = Result<bool, HasherError>> + Send;
}

/// A password that was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum HasherError {
    /// Too many are waiting.
    #[error("too many passwords are being hashed")]
    Busy,
    /// Anything else; the source is for the log only.
    #[error("hashing failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}
