//! X25519 (RFC 7748): key agreement, and the public keys that are refused.

use crate::curve::{WeakKey, is_canonical};
use crate::secret::{AgreementScalar, Secret};

/// A public key with which something can be agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

/// A scalar that everybody knows, to see whether a key agrees on zero whatever is done.
const PROBE: [u8; 32] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
    29, 30, 31, 32,
];

impl PublicKey {
    /// Takes the bytes.
    ///
    /// # Errors
    /// [`WeakKey`] if they are not canonical or of small order. With such a key in a member's statement every seal
    /// to it would fail, and with it every epoch of its rooms.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, WeakKey> {
        let key = Self(bytes);
        if !is_canonical(&bytes) {
            return Err(WeakKey);
        }
        agree(&AgreementScalar::from_bytes(PROBE), &key)?;
        Ok(key)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The public half of a private key.
    ///
    /// # Errors
    /// [`WeakKey`], which a clamped scalar does not give.
    pub fn of(private: &AgreementScalar) -> Result<Self, WeakKey> {
        let base = x25519_dalek::X25519_BASEPOINT_BYTES;
        Self::from_bytes(x25519_dalek::x25519(*private.expose(), base))
    }
}

/// The shared secret (RFC 7748, 6.1).
///
/// # Errors
/// [`WeakKey`] if it is all zero.
pub fn agree(private: &AgreementScalar, public: &PublicKey) -> Result<[u8; 32], WeakKey> {
    let shared = x25519_dalek::x25519(*private.expose(), public.0);
    if shared == [0; 32] {
        return Err(WeakKey);
    }
    Ok(shared)
}
