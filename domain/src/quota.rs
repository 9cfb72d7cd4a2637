//! Quotas: how much and how often. Policy only; who keeps the counters hands the time in.

use std::time::Duration;

use crate::Timestamp;

/// So many in so long, with the whole number as the burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many; at least 1.
    pub count: u32,
    /// In how long; longer than nothing.
    pub window: Duration,
}

impl Rate {
    /// The pause that one of them costs in the long run, in microseconds.
    fn pause_micros(self) -> u64 {
        let window = u64::try_from(self.window.as_micros()).unwrap_or(u64::MAX);
        (window / u64::from(self.count.max(1))).max(1)
    }
}

/// A token bucket in the form of GCRA (ITU-T I.371): it needs one number, the moment at which the bucket will be
/// full again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bucket {
    full_at_micros: u64,
}

impl Bucket {
    /// Takes one token, or says how long until there is one.
    ///
    /// # Errors
    /// The time to wait, rounded up to the millisecond. The bucket is then unchanged: trying too early costs
    /// nothing.
    pub fn take(&mut self, rate: Rate, now: Timestamp) -> Result<(), Duration> {
        let now = now.millis().saturating_mul(1_000);
        let pause = rate.pause_micros();
        let burst = pause.saturating_mul(u64::from(rate.count.max(1)));
        let latest = now.saturating_add(burst);
        // It is never later than that, unless the clock was set back: then nobody is to wait for the old time.
        self.full_at_micros = self.full_at_micros.min(latest);
        let full_at = self.full_at_micros.max(now).saturating_add(pause);
        let excess = full_at.saturating_sub(latest);
        if excess > 0 {
            return Err(Duration::from_millis(excess.div_ceil(1_000)));
        }
        self.full_at_micros = full_at;
        Ok(())
    }

    /// Whether the bucket is full, and may therefore be forgotten.
    #[must_use]
    pub fn is_full(&self, now: Timestamp) -> bool {
        self.full_at_micros <= now.millis().saturating_mul(1_000)
    }
}

/// How who guesses passwords is slowed down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Failures after which one has to wait: people mistype.
    pub free_failures: u32,
    /// The longest wait; at most [`SignInBackoff::FORGET`].
    pub longest_wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            free_failures: 5,
            longest_wait: Duration::from_mins(15),
        }
    }
}

/// Slows down who guesses passwords: after [`Patience::free_failures`] one waits a second, and each further failure
/// doubles the wait, up to [`Patience::longest_wait`]. Counted by address and by account; a success clears only the account's
/// own count, so that a guesser cannot clear the address with an account of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SignInBackoff {
    failures: u32,
    last: Timestamp,
}

impl SignInBackoff {
    /// After so long without a failure everything is forgotten.
    pub const FORGET: Duration = Duration::from_hours(1);

    /// Whether another attempt may be made.
    ///
    /// # Errors
    /// The time to wait.
    pub fn permit(&mut self, patience: Patience, now: Timestamp) -> Result<(), Duration> {
        // It was never later than now, unless the clock was set back: then nobody is to wait for the old time.
        self.last = self.last.min(now);
        let left = self.wait(patience).saturating_sub(now.since(self.last));
        if self.is_forgotten(now) || left.is_zero() {
            Ok(())
        } else {
            Err(left)
        }
    }

    /// Counts a failure.
    pub fn failed(&mut self, now: Timestamp) {
        if self.is_forgotten(now) {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.last = now;
    }

    /// Takes a failure back that was none.
    pub const fn take_back(&mut self) {
        self.failures = self.failures.saturating_sub(1);
    }

    /// Whether nothing of it matters any more.
    #[must_use]
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.failures == 0 || now.since(self.last) >= Self::FORGET
    }

    fn wait(&self, patience: Patience) -> Duration {
        let Some(beyond) = self.failures.checked_sub(patience.free_failures) else {
            return Duration::ZERO;
        };
        Duration::from_secs(1u64 << beyond.min(16)).min(patience.longest_wait)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: Rate = Rate {
        count: 5,
        window: Duration::from_secs(10),
    };

    #[test]
    fn a_burst_and_then_one_at_a_time() {
        let mut bucket = Bucket::default();
        let start = Timestamp::from_millis(1_000_000);
        for _ in 0..5 {
            assert_eq!(bucket.take(RATE, start), Ok(()));
        }
        assert_eq!(bucket.take(RATE, start), Err(Duration::from_secs(2)));
        let later = start.after(Duration::from_secs(2));
        assert_eq!(bucket.take(RATE, later), Ok(()));
        assert!(bucket.take(RATE, later).is_err());
        assert!(bucket.is_full(later.after(Duration::from_secs(10))));
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_wait_for_the_old_time() {
        let mut bucket = Bucket::default();
        let start = Timestamp::from_millis(10_000_000);
        for _ in 0..5 {
            assert_eq!(bucket.take(RATE, start), Ok(()));
        }
        let an_hour_back = Timestamp::from_millis(10_000_000 - 3_600_000);
        assert_eq!(bucket.take(RATE, an_hour_back), Err(Duration::from_secs(2)));
        assert_eq!(
            bucket.take(RATE, an_hour_back.after(Duration::from_secs(2))),
            Ok(())
        );
    }

    proptest! {
        /// In no window of time do more pass than the burst and what trickles in.
        #[test]
        fn never_more_than_the_rate(
            count in 1..50u32,
            window in 1..60_000u64,
            pauses in prop::collection::vec(0..5_000u64, 1..300),
        ) {
            let rate = Rate { count, window: Duration::from_millis(window) };
            let mut bucket = Bucket::default();
            let mut now = Timestamp::from_millis(1_000);
            let mut passed = Vec::new();
            for pause in pauses {
                now = now.after(Duration::from_millis(pause));
                if bucket.take(rate, now).is_ok() { passed.push(now.millis()); }
            }
            for (i, start) in passed.iter().enumerate() {
                let within = passed[i..].iter().filter(|at| **at < start + window).count();
                prop_assert!(within <= 2 * count as usize, "{within} of {count}");
            }
        }

        /// Who waits as long as told is let through.
        #[test]
        fn the_wait_is_enough(count in 1..50u32, window in 1..60_000u64, tries in 1..100usize) {
            let rate = Rate { count, window: Duration::from_millis(window) };
            let (mut bucket, mut now) = (Bucket::default(), Timestamp::from_millis(1_000));
            for _ in 0..tries {
                if let Err(wait) = bucket.take(rate, now) {
                    now = now.after(wait);
                    prop_assert_eq!(bucket.take(rate, now), Ok(()));
                }
            }
        }
    }

    #[test]
    fn guessing_becomes_slow_and_is_forgotten() {
        let patience = Patience::default();
        let mut backoff = SignInBackoff::default();
        let mut now = Timestamp::from_millis(0);
        for _ in 0..4 {
            assert_eq!(backoff.permit(patience, now), Ok(()));
            backoff.failed(now);
        }
        assert_eq!(backoff.permit(patience, now), Ok(()));
        backoff.failed(now);
        assert_eq!(backoff.permit(patience, now), Err(Duration::from_secs(1)));
        now = now.after(Duration::from_secs(1));
        assert_eq!(backoff.permit(patience, now), Ok(()));
        backoff.failed(now);
        assert_eq!(backoff.permit(patience, now), Err(Duration::from_secs(2)));
        for _ in 0..100 {
            backoff.failed(now);
        }
        let longest = patience.longest_wait;
        assert_eq!(backoff.permit(patience, now), Err(longest));
        assert_eq!(backoff.permit(patience, now.after(longest)), Ok(()));
        assert!(backoff.is_forgotten(now.after(SignInBackoff::FORGET)));
    }

    #[test]
    fn the_operator_says_how_patient_it_is() {
        let patience = Patience {
            free_failures: 1,
            longest_wait: Duration::from_secs(3),
        };
        let (mut backoff, now) = (SignInBackoff::default(), Timestamp::from_millis(0));
        let mut waits = Vec::new();
        for _ in 0..4 {
            backoff.failed(now);
            waits.push(backoff.permit(patience, now).unwrap_err().as_secs());
        }
        assert_eq!(waits, [1, 2, 3, 3]);
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_guesser_wait_for_the_old_time() {
        let patience = Patience::default();
        let mut backoff = SignInBackoff::default();
        let start = Timestamp::from_millis(10_000_000);
        for _ in 0..6 {
            backoff.failed(start);
        }
        let an_hour_back = Timestamp::from_millis(10_000_000 - 3_600_000);
        let wait = Duration::from_secs(2);
        assert_eq!(backoff.permit(patience, an_hour_back), Err(wait));
        assert_eq!(backoff.permit(patience, an_hour_back.after(wait)), Ok(()));
        assert!(backoff.is_forgotten(an_hour_back.after(SignInBackoff::FORGET)));
    }
}
