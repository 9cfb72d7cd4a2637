//! Passwords of basic accounts. (A keyed account's password never reaches the server.)

use std::fmt;

use crate::{Username, common_password::is_common, limit, secret::Secret};

/// A password that keeps the rules for new ones, or an attempt at one. Never printed.
#[derive(Debug, Clone)]
pub struct Password(Secret<String>);

/// Why a text may not become a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than 8 characters.
    #[error("must have at least 8 characters")]
    TooShort,
    /// More than 1024 bytes.
    #[error("must have at most 1024 bytes")]
    TooLong,
    /// One of those that are tried first.
    #[error("is one of those that are tried first: choose another")]
    Common,
    /// The account's own name.
    #[error("must not be the username")]
    IsUsername,
}

impl Password {
    /// Reads a password that somebody chooses for an account.
    ///
    /// # Errors
    /// [`PasswordError`] says which rule it breaks.
    pub fn choose(text: String, owner: &Username) -> Result<Self, PasswordError> {
        if text.chars().count() < limit::PASSWORD_MIN_CHARS {
            return Err(PasswordError::TooShort);
        }
        if text.eq_ignore_ascii_case(owner.as_str()) {
            return Err(PasswordError::IsUsername);
        }
        if is_common(&text) {
            return Err(PasswordError::Common);
        }
        Self::attempt(text)
    }

    /// Reads a password that somebody tries at sign-in: only the length that a hash may cost is checked.
    ///
    /// # Errors
    /// [`PasswordError::TooLong`].
    pub fn attempt(text: String) -> Result<Self, PasswordError> {
        if text.len() > limit::PASSWORD_MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        Ok(Self(Secret::new(text)))
    }

    /// The password itself, for the hash function alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// A password hash in PHC string format (`$argon2id$v=19$…`). Never printed: offline guessing starts from it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a PHC string; only the adapter that verifies it knows whether it is one.
    #[must_use]
    pub const fn from_phc(text: String) -> Self {
        Self(text)
    }

    /// The PHC string.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> Username {
        Username::parse("Ada_Lovelace").unwrap()
    }

    #[test]
    fn rules_for_a_new_password() {
        let choose = |text: &str| Password::choose(text.to_owned(), &ada()).map(|_| ());
        assert_eq!(choose("1234567"), Err(PasswordError::TooShort));
        assert_eq!(choose("ax3 wq9z"), Ok(()));
        assert_eq!(choose("Passw0rd1"), Err(PasswordError::Common));
        assert_eq!(choose("ключключ"), Ok(()));
        assert_eq!(choose("ada_lovelace"), Err(PasswordError::IsUsername));
        assert_eq!(choose(&"x".repeat(1024)), Ok(()));
        assert_eq!(choose(&"x".repeat(1025)), Err(PasswordError::TooLong));
    }

    #[test]
    fn an_attempt_may_be_short_but_not_endless() {
        assert!(Password::attempt(String::new()).is_ok());
        assert!(Password::attempt("x".repeat(1025)).is_err());
    }

    #[test]
    fn neither_is_ever_printed() {
        let shown = format!(
            "{:?} {:?}",
            Password::attempt("hunter22".into()).unwrap(),
            PasswordHash::from_phc("$argon2id$hunter22".into())
        );
        assert!(!shown.contains("hunter22"), "{shown}");
    }
}
