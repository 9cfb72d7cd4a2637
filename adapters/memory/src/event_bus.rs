//! A bus that remembers what was published.

use std::sync::{Mutex, PoisonError};

use chat_ports::{EventBus, Notice};

/// Keeps every notice, in the order of publishing.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<Notice>>);

impl Recorder {
    /// Gives out, and forgets, what was published so far.
    pub fn take(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl EventBus for Recorder {
    fn publish(&self, notice: Notice) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
    }
}
