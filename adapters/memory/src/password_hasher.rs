//! A hasher that does not hash.

use chat_domain::{Password, PasswordHash};
use chat_ports::{HasherError, PasswordHasher};

/// Keeps the password as it is: for tests of everything but hashing.
#[derive(Debug, Clone, Copy)]
pub struct PlainHasher;

impl PasswordHasher for PlainHasher {
    async fn hash(&self, password: Password) -> Result<PasswordHash, HasherError> {
        Ok(PasswordHash::from_phc(format!("$plain${}", password.expose())))
    }

    async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<bool, HasherError> {
        Ok(hash.is_some_and(|hash| hash.expose() == format!("$plain${}", password.expose())))
    }
}
