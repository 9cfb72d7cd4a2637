//! Checkpoints: what the write-ahead log holds goes into the database, away from the writer's thread.
//!
//! A passive checkpoint holds up nobody, but it cannot start the log over while somebody writes. So after it has
//! copied nearly everything the writer does the rest between two batches, which is little then, and cuts the log off.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use crate::{
    error::OpenError,
    schema,
    writer::{Watch, WeakWriter},
};

/// The log is copied when it has so many bytes, and cut off when that is done.
const LARGE: u64 = 4 * 1024 * 1024;
/// From so many bytes on the writer waits for the copying, whatever is left of it.
const TOO_LARGE: u64 = 32 * 1024 * 1024;
/// Pages that are left for the writer to copy.
const LEFTOVER: i64 = 256;
/// How long the writer waits for readers when it cuts off the log; it tries again at a later commit.
const PATIENCE: Duration = Duration::from_millis(200);

/// Notes down that the log has grown.
pub(crate) struct Growth {
    log: PathBuf,
    is_due: Mutex<bool>,
    wake: Condvar,
    ended: AtomicBool,
}

impl Growth {
    pub(crate) fn of(database: &Path) -> Arc<Self> {
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        Arc::new(Self {
            log: log.into(),
            is_due: Mutex::new(false),
            wake: Condvar::new(),
            ended: AtomicBool::new(false),
        })
    }

    fn size(&self) -> u64 {
        std::fs::metadata(&self.log).map_or(0, |found| found.len())
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
        if self.size() >= LARGE {
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
            while growth.wait() {
                copy(&connection, &growth, &writer);
            }
        });
    started
        .map(drop)
        .map_err(|error: io::Error| OpenError::io(path, error))
}

fn copy(connection: &Connection, growth: &Arc<Growth>, writer: &WeakWriter) {
    let left = match checkpoint(connection, "PASSIVE") {
        Ok(left) => left,
        Err(error) => {
            tracing::error!(%error, "the write-ahead log could not be copied into the database; trying again later");
            return;
        }
    };
    let size = growth.size();
    if size >= LARGE && (left <= LEFTOVER || size >= TOO_LARGE) {
        writer.between(cut_off);
    }
}

/// Copies what is left and cuts off the log, if no reader is in the way.
fn cut_off(connection: &Connection) {
    let done = connection
        .busy_timeout(PATIENCE)
        .and_then(|()| checkpoint(connection, "TRUNCATE"));
    if let Err(error) = done.and(connection.busy_timeout(schema::BUSY_TIMEOUT)) {
        tracing::error!(%error, "the write-ahead log could not be cut off; trying again later");
    }
}

/// Returns how many pages of the log are not in the database yet.
fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<i64> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        let (pages, copied): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(pages - copied)
    })
}
