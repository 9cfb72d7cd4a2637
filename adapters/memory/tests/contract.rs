//! The memory store keeps the promises of the ports.

use chat_memory::MemoryStore;

async fn fresh() -> Box<MemoryStore> {
    Box::default()
}

chat_contract::store_contract!(fresh);
