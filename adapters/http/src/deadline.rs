//! Deadlines for what a client does.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use chat_domain::limit;
use tokio::time::{Instant, Sleep, sleep_until};

/// How long clients may take for what.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// To send a request's head, from its first byte or from the connection's beginning.
    pub head: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// Between two requests, for a trusted proxy.
    pub idle_of_proxies: Duration,
    /// To send anything of a body, or to take anything of an answer. What a client sends or takes wins it as much
    /// time as [`limit::SLOWEST`] would need.
    pub stall: Duration,
    /// To read the answer that ends a connection, while it still sends.
    pub goodbye: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: limit::HEAD_DEADLINE,
            idle: limit::IDLE_DEADLINE,
            idle_of_proxies: limit::IDLE_DEADLINE_OF_PROXIES,
            stall: limit::STALL_DEADLINE,
            goodbye: Duration::from_secs(2),
        }
    }
}

/// A deadline that can be set, moved and lifted.
#[derive(Default)]
pub(crate) struct Deadline {
    timer: Option<Pin<Box<Sleep>>>,
    is_set: bool,
}

impl Deadline {
    /// Sets it, unless it is set.
    pub(crate) fn set(&mut self, within: Duration) {
        if self.is_set {
            return;
        }
        self.is_set = true;
        let end = Instant::now() + within;
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(end),
            None => self.timer = Some(Box::pin(sleep_until(end))),
        }
    }

    /// Moves it, if it is set, by the time that so many bytes take at the slowest pace: to `most` from now at the
    /// latest.
    pub(crate) fn earn(&mut self, bytes: usize, most: Duration) {
        let Some(timer) = self.timer.as_mut().filter(|_| self.is_set) else {
            return;
        };
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let earned = Duration::from_secs(1) * bytes / limit::SLOWEST;
        let end = (timer.deadline() + earned).min(Instant::now() + most);
        timer.as_mut().reset(end);
    }

    pub(crate) const fn lift(&mut self) {
        self.is_set = false;
    }

    /// Whether it is set and over; if not, the task is woken when it is.
    pub(crate) fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        match &mut self.timer {
            Some(timer) if self.is_set => timer.as_mut().poll(context).is_ready(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    const STALL: Duration = Duration::from_secs(10);

    fn is_over(deadline: &mut Deadline) -> bool {
        deadline.is_over(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_over_when_its_time_has_come_and_not_when_it_is_lifted() {
        let mut deadline = Deadline::default();
        assert!(!is_over(&mut deadline));
        deadline.set(STALL);
        tokio::time::advance(STALL / 2).await;
        deadline.set(STALL);
        assert!(!is_over(&mut deadline));
        tokio::time::advance(STALL / 2 + Duration::from_millis(10)).await;
        assert!(is_over(&mut deadline), "setting it again does not move it");
        deadline.lift();
        assert!(!is_over(&mut deadline));
        deadline.set(STALL);
        assert!(!is_over(&mut deadline));
    }

    #[tokio::test(start_paused = true)]
    async fn who_keeps_the_pace_may_go_on_and_who_does_not_is_late() {
        for (bytes, keeps_up) in [(limit::SLOWEST, true), (limit::SLOWEST / 2, false), (1, false)] {
            let mut deadline = Deadline::default();
            deadline.set(STALL);
            let mut in_time = true;
            for _ in 0..100 {
                tokio::time::advance(Duration::from_secs(1)).await;
                in_time &= !is_over(&mut deadline);
                deadline.earn(usize::try_from(bytes).unwrap(), STALL);
            }
            assert_eq!(in_time, keeps_up, "{bytes} bytes a second");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn haste_wins_no_more_than_the_whole_time() {
        let mut deadline = Deadline::default();
        deadline.set(STALL);
        deadline.earn(1_000_000_000, STALL);
        tokio::time::advance(STALL + Duration::from_millis(10)).await;
        assert!(is_over(&mut deadline));
    }
}
