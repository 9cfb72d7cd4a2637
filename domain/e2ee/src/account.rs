//! From a password to keys (specification, 4.3). The password stays where it was typed: the server is shown a value
//! derived from it, and never the one that opens anything.

use sha2::Sha256;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::encoding::Writer;
use crate::hash::{hkdf, sha256};
use crate::ids::{InstanceId, Usr};
use crate::label::Label;
use crate::secret::{AuthKey, KeyEncryptionKey, LocalKey, MasterKey, PasswordKey, Secret, StateKey, WrapKey};

/// Iterations of PBKDF2 for new secrets, and the fewest that a client accepts from a server (the OWASP figure for
/// HMAC-SHA-256).
pub const MIN_ITERATIONS: u32 = 600_000;
/// The most that a client accepts: beyond it a server could stall every sign-in.
pub const MAX_ITERATIONS: u32 = 10_000_000;
const MIN_CHARACTERS: usize = 8;
const MAX_BYTES: usize = 1024;

/// Parameters or a password that are refused before anything is computed or sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KdfRefused {
    /// Fewer than 600,000 iterations would make guessing cheap, more than 10,000,000 would stall the client.
    #[error("between {MIN_ITERATIONS} and {MAX_ITERATIONS} iterations are accepted")]
    Iterations,
    /// Fewer than 8 characters.
    #[error("a password has at least {MIN_CHARACTERS} characters")]
    TooShort,
    /// More than 1,024 bytes.
    #[error("a password has at most {MAX_BYTES} bytes")]
    TooLong,
}

/// A number of iterations within the client's bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Iterations(u32);

impl Iterations {
    /// What new secrets get.
    pub const DEFAULT: Self = Self(MIN_ITERATIONS);

    /// Checks the bounds.
    ///
    /// # Errors
    /// [`KdfRefused::Iterations`].
    pub const fn new(iterations: u32) -> Result<Self, KdfRefused> {
        if iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS {
            return Err(KdfRefused::Iterations);
        }
        Ok(Self(iterations))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// A password, normalised (NFKC) and of a lawful length. Wiped, never printed.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Normalises: what looks the same and is typed on another keyboard is the same password.
    ///
    /// # Errors
    /// [`KdfRefused::TooShort`], [`KdfRefused::TooLong`].
    pub fn new(typed: &str) -> Result<Self, KdfRefused> {
        // Normalising can make a text longer, at most eighteen times: nothing longer than this fits afterwards.
        if typed.len() > MAX_BYTES * 18 {
            return Err(KdfRefused::TooLong);
        }
        let normalised = Zeroizing::new(typed.nfkc().collect::<String>());
        if normalised.len() > MAX_BYTES {
            return Err(KdfRefused::TooLong);
        }
        if normalised.chars().count() < MIN_CHARACTERS {
            return Err(KdfRefused::TooShort);
        }
        Ok(Self(normalised))
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password([redacted])")
    }
}

/// What a password's derivation is bound to: instance and name stop a server from giving everybody one salt and
/// trying a dictionary once.
#[must_use]
pub fn pbkdf2_salt(instance: InstanceId, usr: &Usr, salt: &[u8; 16]) -> [u8; 32] {
    sha256(
        &Writer::new(Label::PwSalt)
            .raw(instance.as_bytes())
            .prefixed(usr.as_bytes())
            .raw(salt)
            .finish(),
    )
}

impl PasswordKey {
    /// PBKDF2-HMAC-SHA-256 (RFC 8018). Takes a sixth of a second and more: not for a thread that answers others.
    #[must_use]
    pub fn derive(
        password: &Password,
        instance: InstanceId,
        usr: &Usr,
        salt: &[u8; 16],
        iterations: Iterations,
    ) -> Self {
        let salt = pbkdf2_salt(instance, usr, salt);
        let mut key = Zeroizing::new([0; 32]);
        pbkdf2::pbkdf2_hmac::<Sha256>(password.0.as_bytes(), &salt, iterations.get(), key.as_mut());
        Self::from_bytes(*key)
    }

    /// What is shown to the server.
    #[must_use]
    pub fn auth_key(&self) -> AuthKey {
        hkdf(self.expose(), &[], &Label::Auth.encode())
    }

    /// What opens the box around the master key.
    #[must_use]
    pub fn wrap_key(&self) -> WrapKey {
        hkdf(self.expose(), &[], &Label::Wrap.encode())
    }
}

impl MasterKey {
    /// The key of the boxes around the private keys.
    #[must_use]
    pub fn key_encryption_key(&self) -> KeyEncryptionKey {
        hkdf(self.expose(), &[], &Label::KekIdentity.encode())
    }

    /// The key of the account's state and drafts.
    #[must_use]
    pub fn state_key(&self) -> StateKey {
        hkdf(self.expose(), &[], &Label::State.encode())
    }

    /// The key of what a browser keeps for itself: outbox, search index, read cache.
    #[must_use]
    pub fn local_key(&self) -> LocalKey {
        hkdf(self.expose(), &[], &Label::Local.encode())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_below_the_floor() {
        assert_eq!(Iterations::new(599_999), Err(KdfRefused::Iterations));
        assert_eq!(Iterations::new(10_000_001), Err(KdfRefused::Iterations));
        assert!(Iterations::new(MIN_ITERATIONS).is_ok());
    }

    #[test]
    fn characters_are_counted_after_normalising() {
        assert_eq!(Password::new("1234567").err(), Some(KdfRefused::TooShort));
        // One ligature is three characters afterwards.
        assert!(Password::new("12345ﬃ").is_ok());
        // "e" and its accent are one.
        assert_eq!(Password::new("123456e\u{301}").err(), Some(KdfRefused::TooShort));
        assert_eq!(Password::new(&"x".repeat(1025)).err(), Some(KdfRefused::TooLong));
        assert!(Password::new(&"x".repeat(1024)).is_ok());
    }

    #[test]
    fn a_password_is_not_printed() {
        let password = Password::new("correct horse").map(|it| format!("{it:?}"));
        assert_eq!(password.as_deref(), Ok("Password([redacted])"));
    }
}
