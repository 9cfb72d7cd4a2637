//! Checkpoints: what the write-ahead log holds goes into the database, away from the writer's thread.
//!
//! A passive checkpoint holds up nobody, but it cannot start the log over while somebody writes. So after it has
//! copied nearly everything the writer does the rest between two batches, which is little then, and cuts the log off.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use chat_ports::StoreError;
use rusqlite::Connection;

use crate::{
    error::OpenError,
    log::Log,
    schema,
    writer::{Watch, WeakWriter},
};

/// The log is copied when it has so many bytes, and cut off when that is done.
const LARGE: u64 = 4 * 1024 * 1024;
/// From so many bytes on the writer waits for the copying, whatever is left of it.
const TOO_LARGE: u64 = 32 * 1024 * 1024;
/// Pages that are left for the writer to copy.
const LEFTOVER: i64 = 256;

/// Notes down that the log has grown.
pub(crate) struct Growth {
    log: Arc<Log>,
    is_due: Mutex<bool>,
    wake: Condvar,
    ended: AtomicBool,
}

impl Growth {
    pub(crate) fn of(log: Arc<Log>) -> Arc<Self> {
        Arc::new(Self {
            log,
            is_due: Mutex::new(false),
            wake: Condvar::new(),
            ended: AtomicBool::new(false),
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

    /// Returns when the log is worth copying; false at the end.
    fn wait(&self) -> bool {
        let is_due = self.is_due.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.wake.wait_while(is_due, |due| !*due);
        *waited.unwrap_or_else(PoisonError::into_inner) = false;
        !self.ended.load(Ordering::Relaxed)
    }
}

impl Watch for Growth {
    fn committed(&self) {
        if self.log.size() >= LARGE {
            self.due();
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
                let copied = copy(&connection, &growth.log, &writer);
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

fn copy(connection: &Connection, log: &Arc<Log>, writer: &WeakWriter) -> Result<(), StoreError> {
    let left = log.copy(connection)?;
    let size = log.size();
    if size >= LARGE && (left <= LEFTOVER || size >= TOO_LARGE) {
        let log = Arc::clone(log);
        writer.between(move |connection| {
            // What stands in its way stands in the way of the next copying too, which says so.
            let _ = log.cut_off(connection);
        });
    }
    Ok(())
}
