//! The recovery code: 136 random bits that people can write down, and what opens an account without its password
//! (specification, 4.3). The server keeps a hash of what it is shown; a slow one is not needed.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::encoding::Writer;
use crate::hash::{hkdf, sha256};
use crate::ids::{InstanceId, Usr};
use crate::label::Label;
use crate::secret::{RecoveryAuth, RecoveryWrap, Secret};

const ENTROPY: usize = 17;
const CHECK: usize = 3;
const GROUP: usize = 4;
/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A recovery code. Wiped, never printed by `Debug`.
#[derive(Clone, Zeroize, ZeroizeOnDrop, PartialEq, Eq)]
pub struct RecoveryCode([u8; ENTROPY]);

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCode([redacted])")
    }
}

/// Not a recovery code: too short, too long, or mistyped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a recovery code: look for a mistyped character")]
pub struct BadRecoveryCode;

impl RecoveryCode {
    /// From fresh randomness.
    #[must_use]
    pub const fn from_entropy(entropy: [u8; ENTROPY]) -> Self {
        Self(entropy)
    }

    /// The random bytes.
    #[must_use]
    pub const fn entropy(&self) -> &[u8; ENTROPY] {
        &self.0
    }

    fn check(&self) -> [u8; CHECK] {
        let hash = sha256(&Writer::new(Label::RecCheck).raw(&self.0).finish());
        let [a, b, c, ..] = hash;
        [a, b, c]
    }

    /// What people write down: eight groups of four characters.
    #[must_use]
    pub fn to_text(&self) -> String {
        let bytes: Vec<u8> = self.0.iter().copied().chain(self.check()).collect();
        let mut text = String::new();
        for (i, digit) in five_bits(&bytes).enumerate() {
            if i > 0 && i % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(
                ALPHABET.get(usize::from(digit)).copied().unwrap_or(b'?'),
            ));
        }
        text
    }

    /// Reads what people type: small letters, spaces, hyphens, O for 0, I and L for 1.
    ///
    /// # Errors
    /// [`BadRecoveryCode`].
    pub fn parse(typed: &str) -> Result<Self, BadRecoveryCode> {
        let mut digits = Vec::new();
        for c in typed.chars().filter(|c| !matches!(c, ' ' | '-')) {
            if digits.len() == (ENTROPY + CHECK) * 8 / 5 {
                return Err(BadRecoveryCode);
            }
            digits.push(digit(c).ok_or(BadRecoveryCode)?);
        }
        let bytes = whole_bytes(&digits);
        let (entropy, check) = bytes.split_first_chunk().ok_or(BadRecoveryCode)?;
        let code = Self(*entropy);
        if code.check().as_slice() == check {
            Ok(code)
        } else {
            Err(BadRecoveryCode)
        }
    }

    /// What is sent to the server at recovery.
    #[must_use]
    pub fn auth(&self, instance: InstanceId, usr: &Usr) -> RecoveryAuth {
        hkdf(&self.0, &salt(instance, usr), &Label::RecAuth.encode())
    }

    /// What opens the box around the master key.
    #[must_use]
    pub fn wrap_key(&self, instance: InstanceId, usr: &Usr) -> RecoveryWrap {
        hkdf(&self.0, &salt(instance, usr), &Label::RecWrap.encode())
    }
}

/// What the server keeps of a recovery code.
#[must_use]
pub fn verifier(auth: &RecoveryAuth) -> [u8; 32] {
    sha256(&Writer::new(Label::RecVerifier).raw(auth.expose()).finish())
}

fn salt(instance: InstanceId, usr: &Usr) -> [u8; 32] {
    sha256(
        &Writer::new(Label::RecSalt)
            .raw(instance.as_bytes())
            .prefixed(usr.as_bytes())
            .finish(),
    )
}

fn digit(c: char) -> Option<u8> {
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    };
    let place = ALPHABET.iter().position(|&known| char::from(known) == c)?;
    u8::try_from(place).ok()
}

/// The bits of the bytes, five at a time.
fn five_bits(bytes: &[u8]) -> impl Iterator<Item = u8> {
    bytes.chunks(5).flat_map(|chunk| {
        let whole = chunk
            .iter()
            .fold(0_u64, |bits, &byte| bits << 8 | u64::from(byte));
        (0..chunk.len() * 8 / 5).rev().map(move |i| {
            let [.., digit] = ((whole >> (i * 5)) & 31).to_be_bytes();
            digit
        })
    })
}

/// The way back: eight digits are five bytes.
fn whole_bytes(digits: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for chunk in digits.chunks_exact(8) {
        let whole = chunk
            .iter()
            .fold(0_u64, |bits, &digit| bits << 5 | u64::from(digit));
        let [_, _, _, five @ ..] = whole.to_be_bytes();
        bytes.extend(five);
    }
    bytes
}
