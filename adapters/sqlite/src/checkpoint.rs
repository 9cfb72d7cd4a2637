//! Checkpoints: what the write-ahead log holds goes into the database, away from the writer's thread.
//!
//! A passive checkpoint holds up nobody, but it cannot start the log over while somebody writes. So after it has
//! copied nearly everything the writer does the rest between two batches, which is little then, and starts it over.
//!
//! As long as a reader holds on to what it saw, the log cannot be started over and grows. From a size on the writer
//! therefore waits, in the end until all reads of ours have ended, and none begins meanwhile; so the log stays below
//! 64 MiB. If that was in vain, the reader is somebody else's: then it is tried again from time to time, and the log grows
//! rather than that everybody waits for a stranger.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock, mpsc};
use std::time::Duration;

use chat_ports::StoreError;
use rusqlite::Connection;

use crate::{
    error::OpenError,
    log::Log,
    schema,
    writer::{Watch, WeakWriter},
};

/// The log is copied when it has so many bytes, and started over when that is done.
const LARGE: u64 = 4 * 1024 * 1024;
/// From so many bytes on the writer waits for the copying, whatever is left of it, and for a moment for readers.
const TOO_LARGE: u64 = 32 * 1024 * 1024;
/// From so many bytes on it waits until all reads have ended: there is room for one more batch of the longest messages.
const HUGE: u64 = 44 * 1024 * 1024;
/// Pages that are left for the writer to copy.
const LEFTOVER: i64 = 256;
/// Commits after which it tries again if a stranger was in the way.
const PAUSE: u32 = 500;
/// After so long what could not be done is tried again, also when nothing is written any more.
const AGAIN: Duration = Duration::from_secs(1);

/// Notes down that the log has grown.
pub(crate) struct Growth {
    log: Arc<Log>,
    is_due: Mutex<bool>,
    wake: Condvar,
    ended: AtomicBool,
    /// Commits for which nothing is tried, because a stranger was in the way.
    paused: AtomicU32,
    /// Held by every read of ours.
    reads: Arc<RwLock<()>>,
}

impl Growth {
    pub(crate) fn of(log: Arc<Log>, reads: Arc<RwLock<()>>) -> Arc<Self> {
        Arc::new(Self {
            log,
            is_due: Mutex::new(false),
            wake: Condvar::new(),
            ended: AtomicBool::new(false),
            paused: AtomicU32::new(0),
            reads,
        })
    }

    fn due(&self) {
        *self.is_due.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.wake.notify_one();
    }

    /// Ends the checkpointer.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
        self.due();
    }

    /// Returns when the log is worth copying, or may be, because it was left large; false at the end.
    fn wait(&self) -> bool {
        let patience = if self.log.used() >= LARGE {
            AGAIN
        } else {
            Duration::MAX
        };
        let is_due = self.is_due.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.wake.wait_timeout_while(is_due, patience, |due| !*due);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
        !self.ended.load(Ordering::Relaxed)
    }

    fn is_paused(&self) -> bool {
        let paused = self.paused.load(Ordering::Relaxed);
        self.paused.store(paused.saturating_sub(1), Ordering::Relaxed);
        paused > 0
    }

    /// Copies, on a thread of its own, what can be copied without holding up anybody.
    fn copy(&self, connection: &Connection, writer: &WeakWriter) -> Result<(), StoreError> {
        if self.log.used() < LARGE {
            return Ok(());
        }
        if self.log.copy(connection)? <= LEFTOVER {
            let log = Arc::clone(&self.log);
            let (done, is_done) = mpsc::channel::<()>();
            writer.between(move |connection| {
                // What stands in its way stands in the way of the next copying too, which says so.
                let _ = log.start_over(connection);
                drop(done);
            });
            // Who copied on meanwhile would himself be in the way.
            let _ = is_done.recv();
        }
        Ok(())
    }
}

impl Watch for Growth {
    fn committed(&self, connection: &Connection) {
        self.log.note();
        let size = self.log.used();
        if size < LARGE {
            return;
        }
        self.due();
        if size < TOO_LARGE || self.is_paused() {
            return;
        }
        let no_reads = || self.reads.write().unwrap_or_else(PoisonError::into_inner);
        let _no_reads = (size >= HUGE).then(no_reads);
        if self.log.begin_anew(connection).is_err() && size >= HUGE {
            self.paused.store(PAUSE, Ordering::Relaxed);
            tracing::warn!(
                size,
                "something is in the way of starting the write-ahead log over, and it grows: another program that reads?"
            );
        }
    }
}

/// Starts the checkpointer's thread. It ends with [`Growth::end`].
pub(crate) fn start(path: &Path, growth: Arc<Growth>, writer: WeakWriter) -> Result<(), OpenError> {
    let connection = schema::open_for_writing(path)?;
    let started = std::thread::Builder::new()
        .name("sqlite-checkpoint".to_owned())
        .spawn(move || {
            // A disk that is full stays so for a while; it is not to be filled further by lines about it.
            let mut is_failing = false;
            while growth.wait() {
                let copied = growth.copy(&connection, &writer);
                if let Err(error) = &copied
                    && !is_failing
                {
                    tracing::error!(
                        ?error,
                        "the log cannot be copied into the database; trying again with every commit"
                    );
                }
                is_failing = copied.is_err();
            }
        });
    started
        .map(drop)
        .map_err(|error: io::Error| OpenError::io(path, error))
}
