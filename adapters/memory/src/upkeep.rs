//! Nothing to be kept in shape.

use chat_ports::{StoreError, Upkeep};

use crate::MemoryStore;

impl Upkeep for MemoryStore {
    async fn optimise(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
