//! Private keys in the one form of PKCS#8 (RFC 8410) that a browser unwraps straight into a key it never shows again.

use crate::secret::Secret;

/// Which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Signs.
    Ed25519,
    /// Agrees.
    X25519,
}

/// Not the fixed form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a private key in the prescribed form")]
pub struct BadKey;

const fn prefix(kind: Kind) -> [u8; 16] {
    let oid = match kind {
        Kind::Ed25519 => 0x70,
        Kind::X25519 => 0x6e,
    };
    [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, oid, 0x04, 0x22, 0x04, 0x20,
    ]
}

/// Writes the 48 bytes.
#[must_use]
pub fn encode(kind: Kind, secret: &impl Secret) -> [u8; 48] {
    let mut bytes = [0; 48];
    let (head, tail) = bytes.split_at_mut(16);
    head.copy_from_slice(&prefix(kind));
    tail.copy_from_slice(secret.expose());
    bytes
}

/// Reads them.
///
/// # Errors
/// [`BadKey`] for any other encoding, also one that PKCS#8 allows.
pub fn parse<K: Secret>(kind: Kind, bytes: &[u8]) -> Result<K, BadKey> {
    let secret = bytes.strip_prefix(&prefix(kind)).ok_or(BadKey)?;
    Ok(K::from_bytes(secret.try_into().map_err(|_| BadKey)?))
}
