//! What a store does for itself.

use std::future::Future;

use crate::StoreError;

/// Keeps a store in good shape.
pub trait Upkeep: Send + Sync + 'static {
    /// Brings what the store goes by when it looks for something up to date (its statistics). Nothing that is stored
    /// changes, and nobody waits for it but the caller; it is worth to be done once a day.
    fn optimise(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}
