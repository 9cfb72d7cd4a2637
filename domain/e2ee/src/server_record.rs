//! What the server keeps of a password (specification, 4.4.2). Argon2id's output is used twice: its first half
//! proves a sign-in, its second half is the *outer lock* around the box that the password opens. Whoever steals the
//! database therefore pays Argon2id for every guess, and PBKDF2 too; and without the pepper cannot guess at all.

use chacha20poly1305::{
    XChaCha20Poly1305,
    aead::{Aead, KeyInit, Payload},
};

use crate::encoding::Writer;
use crate::hash::{hmac_sha256, sha256};
use crate::ids::{UserId, Usr};
use crate::label::Label;
use crate::secret::{OuterKey, Secret};

/// Bytes of Argon2id's output.
pub const ARGON_OUT: usize = 64;
/// Bytes of the outer lock's nonce.
pub const NONCE: usize = 24;

/// The associated data of Argon2id: exactly 32 bytes.
#[must_use]
pub fn argon_associated_data(user: UserId) -> Vec<u8> {
    Writer::new(Label::SrvAuth).u64(user.get()).finish()
}

/// Splits Argon2id's output: what is stored and compared, and the key that is never stored.
#[must_use]
pub fn split(argon_out: &[u8; ARGON_OUT]) -> ([u8; 32], OuterKey) {
    let (proof, lock) = argon_out.split_at(32);
    let verifier = sha256(&Writer::new(Label::SrvVerifier).raw(proof).finish());
    let mut key = zeroize::Zeroizing::new([0; 32]);
    key.copy_from_slice(lock);
    (verifier, OuterKey::from_bytes(*key))
}

/// The outer lock does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the outer lock was made for another account or password, or was changed")]
pub struct BadOuterLock;

fn aad(user: UserId) -> Vec<u8> {
    Writer::new(Label::SrvOuter).u64(user.get()).finish()
}

/// Locks the account's box: `nonce || ciphertext`. The nonce is drawn anew every time.
///
/// # Errors
/// [`BadOuterLock`] for a box beyond 256 GiB, which no account has.
pub fn lock(
    key: &OuterKey,
    user: UserId,
    nonce: &[u8; NONCE],
    amk_pw: &[u8],
) -> Result<Vec<u8>, BadOuterLock> {
    let payload = Payload {
        msg: amk_pw,
        aad: &aad(user),
    };
    let ciphertext = XChaCha20Poly1305::new(key.expose().into())
        .encrypt(nonce.into(), payload)
        .map_err(|_| BadOuterLock)?;
    Ok([nonce.as_slice(), &ciphertext].concat())
}

/// Unlocks it.
///
/// # Errors
/// [`BadOuterLock`].
pub fn unlock(key: &OuterKey, user: UserId, locked: &[u8]) -> Result<Vec<u8>, BadOuterLock> {
    let (nonce, ciphertext) = locked.split_first_chunk::<NONCE>().ok_or(BadOuterLock)?;
    let payload = Payload {
        msg: ciphertext,
        aad: &aad(user),
    };
    XChaCha20Poly1305::new(key.expose().into())
        .decrypt(nonce.into(), payload)
        .map_err(|_| BadOuterLock)
}

/// The salt that is answered for a name nobody has: always the same one, like a real one (4.4.2, `prelogin`).
#[must_use]
pub fn fake_salt(prelogin_key: &[u8; 32], usr: &Usr) -> [u8; 16] {
    salt_of(hmac_sha256(prelogin_key, &fake_salt_message(usr)))
}

/// What that salt is the beginning of the MAC of, for who has the key elsewhere.
#[must_use]
pub fn fake_salt_message(usr: &Usr) -> Vec<u8> {
    Writer::new(Label::FakeSalt).prefixed(usr.as_bytes()).finish()
}

/// The salt in the MAC of [`fake_salt_message`].
#[must_use]
pub fn salt_of(mac: [u8; 32]) -> [u8; 16] {
    let mut salt = [0; 16];
    for (place, byte) in salt.iter_mut().zip(mac) {
        *place = byte;
    }
    salt
}

/// What the MAC of a registration that was begun covers: nothing of it is stored until it is finished (4.4.1).
#[must_use]
pub fn registration_message(user: UserId, username: &str, expires: u64) -> Vec<u8> {
    Writer::new(Label::RegToken)
        .u64(user.get())
        .prefixed(username.as_bytes())
        .u64(expires)
        .finish()
}
