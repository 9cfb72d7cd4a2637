//! The machine's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use chat_domain::Timestamp;
use chat_ports::Clock;

/// The machine's clock, which may jump when somebody sets it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the time comes from"
    )]
    fn now(&self) -> Timestamp {
        // A clock that stands before 1970 is set wrongly; zero is as good as any other wrong time.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}
