//! AES-256-GCM with a 96-bit IV, the tag appended (NIST SP 800-38D).

use aes_gcm::{
    Aes256Gcm,
    aead::{Aead, KeyInit, Payload},
};

/// Bytes of an IV.
pub(crate) const IV: usize = 12;

/// Nothing was opened: another key, other associated data, or changed bytes; a cipher cannot tell which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forged;

/// Seals. The IV must never be used twice under one key.
#[must_use]
pub(crate) fn seal(key: &[u8; 32], iv: &[u8; IV], plaintext: &[u8], aad: &[u8]) -> Vec<u8> {
    let payload = Payload { msg: plaintext, aad };
    // AES-GCM refuses only texts beyond 64 GiB, which no caller has.
    Aes256Gcm::new(key.into())
        .encrypt(iv.into(), payload)
        .unwrap_or_default()
}

/// Opens.
///
/// # Errors
/// [`Forged`].
pub(crate) fn open(key: &[u8; 32], iv: &[u8; IV], ciphertext: &[u8], aad: &[u8]) -> Result<Vec<u8>, Forged> {
    let payload = Payload { msg: ciphertext, aad };
    Aes256Gcm::new(key.into())
        .decrypt(iv.into(), payload)
        .map_err(|_| Forged)
}
