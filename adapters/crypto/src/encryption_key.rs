//! A key at rest that the operator keeps, instead of the keyring.

use chat_e2ee::at_rest::OperatorKey;
use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

/// What the key at rest is derived from. Neither it nor the text is printed, or kept anywhere.
#[derive(Clone)]
pub struct EncryptionKey {
    key: Zeroizing<[u8; 32]>,
    id: String,
}

/// A text that is too easy to guess, or endless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 32 to 1024 characters")]
pub struct EncryptionKeyLength;

impl EncryptionKey {
    /// Takes the text that the operator keeps.
    ///
    /// # Errors
    /// [`EncryptionKeyLength`].
    pub fn parse(text: &str) -> Result<Self, EncryptionKeyLength> {
        if !(32..=1_024).contains(&text.chars().count()) {
            return Err(EncryptionKeyLength);
        }
        let derived = OperatorKey::derive(text.as_bytes());
        Ok(Self {
            key: Zeroizing::new(derived.key),
            id: HEXLOWER.encode(&derived.id),
        })
    }

    /// By what it is known again: 16 hexadecimal digits that tell nothing of it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn secret(&self) -> Zeroizing<[u8; 32]> {
        self.key.clone()
    }
}

impl std::fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EncryptionKey({})", self.id)
    }
}
