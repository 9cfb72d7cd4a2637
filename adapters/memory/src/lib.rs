//! Stores, clock, entropy and news in memory: for tests, and the oracle that the real stores are compared with.

mod clock;
mod entropy;
mod event_bus;
mod key_store;
mod message_store;
mod moderation_store;
mod password_hasher;
mod room_store;
mod session_store;
mod state;
mod upkeep;
mod user_store;

pub use clock::HandClock;
pub use entropy::SeededEntropy;
pub use event_bus::Recorder;
pub use password_hasher::PlainHasher;
pub use state::MemoryStore;
