//! The real clock, the real entropy and the in-process event bus.

mod clock;
mod entropy;
mod event_bus;

pub use clock::SystemClock;
pub use entropy::SystemEntropy;
pub use event_bus::LocalBus;
