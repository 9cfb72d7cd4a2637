//! The record in which the server seals a value for its place on the disk.
//!
//! ```text
//! record = "RS" || u8 1 || u8 alg || u32 kid || nonce || ciphertext and tag
//! aad    = L("at-rest-aad") || first 8 bytes of the record || LP("table.column") || LP(u64 row id)
//! subkey = HKDF-SHA-256(key, "", L("at-rest") || LP("table.column"))
//! ```
//!
//! The associated data binds a value to its row: whoever can write the database can destroy a value, but not move
//! it to another row, column or table. This protects a stolen database or backup whose keyring was not stolen
//! with it; it is no protection against the server itself.

use aes_gcm::Aes256Gcm;
use chacha20poly1305::{
    XChaCha20Poly1305,
    aead::{Aead, KeyInit, Payload},
};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::ZeroizeOnDrop;

use crate::label::{Label, length_prefixed};

const MAGIC: [u8; 2] = *b"RS";
const VERSION: u8 = 1;
const HEADER: usize = 8;
const TAG: usize = 16;

/// The cipher of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// XChaCha20-Poly1305 with a random nonce of 24 bytes: no practical limit on the records of a key.
    XChaCha20Poly1305,
    /// AES-256-GCM with a random nonce of 12 bytes, for installations that must use AES: at most 2³² records of a
    /// key.
    Aes256Gcm,
}

impl Algorithm {
    const fn number(self) -> u8 {
        match self {
            Self::XChaCha20Poly1305 => 1,
            Self::Aes256Gcm => 2,
        }
    }

    const fn of_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::XChaCha20Poly1305),
            2 => Some(Self::Aes256Gcm),
            _ => None,
        }
    }

    /// Bytes of the nonce that [`seal`] is to be given, freshly random.
    #[must_use]
    pub const fn nonce_len(self) -> usize {
        match self {
            Self::XChaCha20Poly1305 => 24,
            Self::Aes256Gcm => 12,
        }
    }
}

/// A record that was not opened, or a value that was not sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AtRestError {
    /// Not a record of a known version and algorithm.
    #[error("not a sealed record")]
    Malformed,
    /// Another key, another place, or changed bytes: a cipher cannot tell which.
    #[error("the record was changed, moved, or sealed under another key")]
    Forged,
    /// The nonce has not the length that the algorithm wants, or the value is too long.
    #[error("the value cannot be sealed")]
    Unsealable,
}

/// The key of one column. Never printed; wiped when it is dropped.
#[derive(ZeroizeOnDrop)]
pub struct SubKey([u8; 32]);

impl std::fmt::Debug for SubKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SubKey([redacted])")
    }
}

impl SubKey {
    /// Derives the key of a column, named `table.column`, from a key of the keyring (RFC 5869).
    #[must_use]
    pub fn derive(key: &[u8; 32], column: &str) -> Self {
        let mut info = Label::AtRest.encode();
        length_prefixed(&mut info, column.as_bytes());
        let mut subkey = Self([0; 32]);
        // 32 bytes are one block of SHA-256; only more than 255 blocks would be refused.
        let _ = Hkdf::<Sha256>::new(None, key).expand(&info, &mut subkey.0);
        subkey
    }
}

/// A key that is derived from a text which the operator keeps (RFC 5869), and a number by which it is known again.
///
/// ```text
/// key = HKDF-SHA-256(text, "", L("at-rest-env"))
/// id  = HKDF-SHA-256(text, "", L("at-rest-env") || LP("id")), 8 bytes
/// ```
///
/// The text is taken as it is: it has to be as hard to guess as a key.
#[derive(ZeroizeOnDrop)]
pub struct OperatorKey {
    /// The key.
    pub key: [u8; 32],
    /// Tells nothing of the key.
    pub id: [u8; 8],
}

impl OperatorKey {
    /// Derives both.
    #[must_use]
    pub fn derive(text: &[u8]) -> Self {
        let mut derived = Self {
            key: [0; 32],
            id: [0; 8],
        };
        let expander = Hkdf::<Sha256>::new(None, text);
        let mut info = Label::AtRestEnv.encode();
        // As above: one block is never refused.
        let _ = expander.expand(&info, &mut derived.key);
        length_prefixed(&mut info, b"id");
        let _ = expander.expand(&info, &mut derived.id);
        derived
    }
}

/// The place that a value is sealed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// `table.column`
    pub column: &'a str,
    /// The row's id.
    pub row: u64,
}

impl Place<'_> {
    fn aad(&self, header: &[u8]) -> Vec<u8> {
        let mut aad = Label::AtRestAad.encode();
        aad.extend_from_slice(header);
        length_prefixed(&mut aad, self.column.as_bytes());
        length_prefixed(&mut aad, &self.row.to_be_bytes());
        aad
    }
}

/// A record's parts, as they stand in its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The cipher.
    pub algorithm: Algorithm,
    /// The keyring's number of the key.
    pub kid: u32,
    header: &'a [u8],
    nonce: &'a [u8],
    ciphertext: &'a [u8],
}

impl<'a> Record<'a> {
    /// Reads a record's outside; nothing of it is proved yet.
    ///
    /// # Errors
    /// [`AtRestError::Malformed`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, AtRestError> {
        let (header, rest) = bytes.split_at_checked(HEADER).ok_or(AtRestError::Malformed)?;
        let &[m0, m1, version, algorithm, k0, k1, k2, k3] = header else {
            return Err(AtRestError::Malformed);
        };
        if [m0, m1] != MAGIC || version != VERSION {
            return Err(AtRestError::Malformed);
        }
        let algorithm = Algorithm::of_number(algorithm).ok_or(AtRestError::Malformed)?;
        let (nonce, ciphertext) = rest
            .split_at_checked(algorithm.nonce_len())
            .ok_or(AtRestError::Malformed)?;
        if ciphertext.len() < TAG {
            return Err(AtRestError::Malformed);
        }
        Ok(Self {
            algorithm,
            kid: u32::from_be_bytes([k0, k1, k2, k3]),
            header,
            nonce,
            ciphertext,
        })
    }

    /// Opens the record with the subkey of `place.column` under [`Record::kid`].
    ///
    /// # Errors
    /// [`AtRestError::Forged`].
    pub fn open(&self, subkey: &SubKey, place: Place<'_>) -> Result<Vec<u8>, AtRestError> {
        let payload = Payload {
            msg: self.ciphertext,
            aad: &place.aad(self.header),
        };
        let opened = match self.algorithm {
            Algorithm::XChaCha20Poly1305 => {
                let nonce = self.nonce.try_into().map_err(|_| AtRestError::Malformed)?;
                XChaCha20Poly1305::new((&subkey.0).into()).decrypt(nonce, payload)
            }
            Algorithm::Aes256Gcm => {
                let nonce = self.nonce.try_into().map_err(|_| AtRestError::Malformed)?;
                Aes256Gcm::new((&subkey.0).into()).decrypt(nonce, payload)
            }
        };
        opened.map_err(|_| AtRestError::Forged)
    }
}

/// Seals a value for its place. The nonce must be drawn anew for every call.
///
/// # Errors
/// [`AtRestError::Unsealable`].
pub fn seal(
    algorithm: Algorithm,
    kid: u32,
    subkey: &SubKey,
    place: Place<'_>,
    nonce: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, AtRestError> {
    let mut record = Vec::with_capacity(HEADER + nonce.len() + plaintext.len() + TAG);
    record.extend_from_slice(&MAGIC);
    record.extend_from_slice(&[VERSION, algorithm.number()]);
    record.extend_from_slice(&kid.to_be_bytes());
    let payload = Payload {
        msg: plaintext,
        aad: &place.aad(&record),
    };
    let sealed = match algorithm {
        Algorithm::XChaCha20Poly1305 => {
            let nonce = nonce.try_into().map_err(|_| AtRestError::Unsealable)?;
            XChaCha20Poly1305::new((&subkey.0).into()).encrypt(nonce, payload)
        }
        Algorithm::Aes256Gcm => {
            let nonce = nonce.try_into().map_err(|_| AtRestError::Unsealable)?;
            Aes256Gcm::new((&subkey.0).into()).encrypt(nonce, payload)
        }
    };
    let sealed = sealed.map_err(|_| AtRestError::Unsealable)?;
    record.extend_from_slice(nonce);
    record.extend_from_slice(&sealed);
    Ok(record)
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    use super::*;

    const PLACE: Place<'_> = Place {
        column: "messages.content",
        row: 7,
    };

    fn key() -> [u8; 32] {
        std::array::from_fn(|i| u8::try_from(i).unwrap())
    }

    fn nonce(algorithm: Algorithm) -> Vec<u8> {
        (0x40..).take(algorithm.nonce_len()).collect()
    }

    fn sealed(algorithm: Algorithm, plaintext: &[u8]) -> Vec<u8> {
        let subkey = SubKey::derive(&key(), PLACE.column);
        seal(algorithm, 9, &subkey, PLACE, &nonce(algorithm), plaintext).unwrap()
    }

    fn open(record: &[u8], place: Place<'_>) -> Result<Vec<u8>, AtRestError> {
        Record::parse(record)?.open(&SubKey::derive(&key(), place.column), place)
    }

    const BOTH: [Algorithm; 2] = [Algorithm::XChaCha20Poly1305, Algorithm::Aes256Gcm];

    /// The values were computed apart from this code, with Python's `hmac` and `PyCryptodome`.
    /// Computed with another implementation of HKDF (Python's `hmac` and `hashlib`).
    #[test]
    fn the_operators_key() {
        let derived = OperatorKey::derive(b"0123456789abcdef0123456789abcdef");
        assert_eq!(
            HEXLOWER.encode(&derived.key),
            "79bb54a8c3c6cb803ab6180183e03630d4c64ba46d886ca5a95da6af157b3d80"
        );
        assert_eq!(HEXLOWER.encode(&derived.id), "dde7d81ddd26695d");
    }

    #[test]
    fn h_1_known_answers() {
        assert_eq!(HEXLOWER.encode(&SubKey::derive(&key(), PLACE.column).0), SUBKEY);
        assert_eq!(
            HEXLOWER.encode(&sealed(Algorithm::XChaCha20Poly1305, b"hello")),
            XCHACHA
        );
        assert_eq!(HEXLOWER.encode(&sealed(Algorithm::Aes256Gcm, b"hello")), AES);
    }

    const SUBKEY: &str = "9477c83adb70767fbd2bbba2cec0e580e915e988f71f373d688eec8333a7adb3";
    const XCHACHA: &str = "5253010100000009404142434445464748494a4b4c4d4e4f5051525354555657287ebc7b4a99132ac0e0683761b3bd3a42b0e6e567";
    const AES: &str = "5253010200000009404142434445464748494a4bb7dba9cbbe49fa8c03970a53f7ca5b9e55e9f2bb99";

    #[test]
    fn h_1_a_record_opens_in_its_place_only() {
        for algorithm in BOTH {
            let record = sealed(algorithm, b"hello");
            assert_eq!(open(&record, PLACE), Ok(b"hello".to_vec()));
            for elsewhere in [
                Place { row: 8, ..PLACE },
                Place {
                    column: "messages.context",
                    ..PLACE
                },
                Place {
                    column: "users.content",
                    ..PLACE
                },
            ] {
                assert_eq!(
                    open(&record, elsewhere),
                    Err(AtRestError::Forged),
                    "{elsewhere:?}"
                );
            }
        }
    }

    #[test]
    fn neither_too_short_nor_of_another_kind() {
        let record = sealed(Algorithm::Aes256Gcm, b"");
        for length in 0..record.len() {
            assert_eq!(
                open(&record[..length], PLACE),
                Err(AtRestError::Malformed),
                "{length}"
            );
        }
        for (at, value) in [(0, b'X'), (1, b'X'), (2, 0), (2, 2), (3, 0), (3, 3)] {
            let mut other = record.clone();
            other[at] = value;
            assert_eq!(open(&other, PLACE), Err(AtRestError::Malformed));
        }
        let subkey = SubKey::derive(&key(), PLACE.column);
        let short = seal(Algorithm::XChaCha20Poly1305, 1, &subkey, PLACE, &[0; 12], b"x");
        assert_eq!(short, Err(AtRestError::Unsealable));
    }

    #[test]
    fn keys_are_not_printed() {
        assert_eq!(
            format!("{:?}", SubKey::derive(&key(), "a.b")),
            "SubKey([redacted])"
        );
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_and_not_a_bit_may_change(
            plaintext in prop::collection::vec(any::<u8>(), 0..200),
            aes in any::<bool>(),
            bit in any::<prop::sample::Index>(),
        ) {
            let mut record = sealed(BOTH[usize::from(aes)], &plaintext);
            prop_assert_eq!(open(&record, PLACE).unwrap(), plaintext);
            let bit = bit.index(record.len() * 8);
            record[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(open(&record, PLACE).is_err());
        }

        #[test]
        fn parsing_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Record::parse(&bytes);
        }
    }
}
