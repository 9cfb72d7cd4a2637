//! A clock that is moved by hand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chat_domain::Timestamp;
use chat_ports::Clock;

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct HandClock(AtomicU64);

impl HandClock {
    /// A clock that shows 2026-01-01 00:00 UTC.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU64::new(1_767_225_600_000))
    }

    /// Moves the hand forward.
    pub fn advance(&self, span: Duration) {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        self.0.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Default for HandClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}
