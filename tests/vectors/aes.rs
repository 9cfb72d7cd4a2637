//! AES-256-GCM by itself, to seal what no client would.

use aes_gcm::{
    Aes256Gcm,
    aead::{Aead, KeyInit, Payload},
};

pub(crate) fn seal(key: &[u8; 32], iv: &[u8; 12], plaintext: &[u8], aad: &[u8]) -> Vec<u8> {
    let payload = Payload { msg: plaintext, aad };
    Aes256Gcm::new(key.into()).encrypt(iv.into(), payload).unwrap()
}
