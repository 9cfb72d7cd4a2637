//! SHA-256, HMAC-SHA-256 and HKDF-SHA-256.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// SHA-256 (FIPS 180-4).
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// HMAC-SHA-256 (RFC 2104) under a 32-byte key.
#[must_use]
pub fn hmac_sha256(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // HMAC fills a key shorter than the hash's block up with zeros; done here, there is no length to fail on.
    let mut block = [0; 64];
    for (place, byte) in block.iter_mut().zip(key) {
        *place = *byte;
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// HKDF-SHA-256 (RFC 5869) with 32 bytes of output. An empty salt is the RFC's 32 zero bytes.
#[must_use]
pub fn hkdf<K: Secret>(ikm: &[u8], salt: &[u8], info: &[u8]) -> K {
    let mut output = zeroize::Zeroizing::new([0; 32]);
    // 32 bytes are one block of SHA-256; only more than 255 blocks would be refused.
    let _ = Hkdf::<Sha256>::new(Some(salt), ikm).expand(info, output.as_mut());
    K::from_bytes(*output)
}
