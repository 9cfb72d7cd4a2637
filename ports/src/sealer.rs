//! Sealing what lies on the disk.

/// The place that a value is sealed for: moved to another one, it does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Column(&'static str);

impl Column {
    /// `table.column`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// `table.column`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// Seals values for the store (message text, addresses …), so that a stolen database or backup shows nothing.
/// Synchronous and fast: the store's writer calls it once it knows the row.
pub trait Sealer: Send + Sync + 'static {
    /// Seals `plaintext` for this column and row.
    ///
    /// # Errors
    /// [`SealError::Failed`].
    fn seal(&self, column: Column, row: u64, plaintext: &[u8]) -> Result<Vec<u8>, SealError>;

    /// Opens what was sealed for this column and row.
    ///
    /// # Errors
    /// [`SealError`]; never an empty value instead.
    fn open(&self, column: Column, row: u64, record: &[u8]) -> Result<Vec<u8>, SealError>;
}

/// A value that could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not a sealed record.
    #[error("not a sealed record")]
    Malformed,
    /// Sealed under a key that the keyring does not hold.
    #[error("sealed under key {0}, which the keyring does not hold")]
    UnknownKey(u32),
    /// Changed, or moved from another place.
    #[error("the sealed record was changed or moved")]
    Forged,
    /// The cipher refused.
    #[error("sealing failed")]
    Failed,
}
