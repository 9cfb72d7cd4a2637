//! Sealing values for the database, under the keyring.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chat_e2ee::at_rest::{Algorithm, AtRestError, Place, Record, SubKey, seal};
use chat_ports::{Column, Entropy, SealError, Sealer};

use crate::keyring::{Keyring, Purpose};

/// Seals with the keyring's active key and opens with every key that is not retired.
pub struct AtRestSealer {
    keyring: Keyring,
    entropy: Arc<dyn Entropy>,
    /// A column's key costs two HMACs to derive and is the same for every row.
    subkeys: RwLock<HashMap<(u32, Column), Arc<SubKey>>>,
}

impl AtRestSealer {
    const ALGORITHM: Algorithm = Algorithm::XChaCha20Poly1305;
    const NONCE: usize = Self::ALGORITHM.nonce_len();

    /// A sealer under this keyring.
    #[must_use]
    pub fn new(keyring: Keyring, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            keyring,
            entropy,
            subkeys: RwLock::default(),
        }
    }

    fn subkey(&self, kid: u32, secret: &[u8; 32], column: Column) -> Arc<SubKey> {
        let known = self
            .subkeys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&(kid, column))
            .cloned();
        known.unwrap_or_else(|| {
            let derived = Arc::new(SubKey::derive(secret, column.name()));
            let mut subkeys = self.subkeys.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(subkeys.entry((kid, column)).or_insert(derived))
        })
    }
}

impl Sealer for AtRestSealer {
    fn seal(&self, column: Column, row: u64, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        let key = self.keyring.active(Purpose::AtRest).ok_or(SealError::Failed)?;
        let subkey = self.subkey(key.kid, key.secret(), column);
        let nonce = self.entropy.draw::<{ Self::NONCE }>();
        let place = Place {
            column: column.name(),
            row,
        };
        seal(Self::ALGORITHM, key.kid, &subkey, place, &nonce, plaintext).map_err(|_| SealError::Failed)
    }

    fn open(&self, column: Column, row: u64, record: &[u8]) -> Result<Vec<u8>, SealError> {
        let record = Record::parse(record).map_err(|_| SealError::Malformed)?;
        let key = self.keyring.opening(Purpose::AtRest, record.kid);
        let key = key.ok_or(SealError::UnknownKey(record.kid))?;
        let subkey = self.subkey(key.kid, key.secret(), column);
        record
            .open(
                &subkey,
                Place {
                    column: column.name(),
                    row,
                },
            )
            .map_err(|error| match error {
                AtRestError::Malformed => SealError::Malformed,
                AtRestError::Forged => SealError::Forged,
                AtRestError::Unsealable => SealError::Failed,
            })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use chat_domain::Timestamp;
    use tempfile::TempDir;

    use super::*;

    struct Counting(AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    const CONTENT: Column = Column::new("messages.content");
    const REASON: Column = Column::new("users.ban_reason");

    fn sealer(first: u8) -> AtRestSealer {
        let directory = TempDir::new().unwrap();
        let entropy = Arc::new(Counting(first.into()));
        let path = directory.path().join("keyring.json");
        AtRestSealer::new(
            Keyring::create(&path, None, &*entropy, Timestamp::default()).unwrap(),
            entropy,
        )
    }

    #[test]
    fn a_value_opens_in_its_place_only() {
        let sealer = sealer(1);
        let record = sealer.seal(CONTENT, 7, b"hello").unwrap();
        assert!(!record.windows(5).any(|bytes| bytes == b"hello"));
        assert_eq!(sealer.open(CONTENT, 7, &record), Ok(b"hello".to_vec()));
        assert_eq!(sealer.open(CONTENT, 8, &record), Err(SealError::Forged));
        assert_eq!(sealer.open(REASON, 7, &record), Err(SealError::Forged));
        assert_eq!(sealer.open(CONTENT, 7, b"hello"), Err(SealError::Malformed));
        assert_ne!(
            sealer.seal(CONTENT, 7, b"hello").unwrap(),
            record,
            "each nonce is drawn anew"
        );
    }

    #[test]
    fn another_keyring_opens_nothing() {
        let record = sealer(1).seal(CONTENT, 7, b"hello").unwrap();
        assert_eq!(sealer(100).open(CONTENT, 7, &record), Err(SealError::Forged));
        let mut foreign = record;
        foreign[7] = 99;
        assert_eq!(
            sealer(1).open(CONTENT, 7, &foreign),
            Err(SealError::UnknownKey(99))
        );
    }
}
