//! The write-ahead log: how it gets into the database, and what a failed sync of the disk means for it.
//!
//! When a sync fails the system may mark what it could not write as written: a later sync then succeeds, and the disk
//! lacks it all the same. So after a failed sync nothing may rest on what was not synced before it
//! (`docs/adr/0010-failed-syncs.md`).

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use chat_ports::StoreError;
use rusqlite::Connection;

use crate::{error, health::Record, schema};

/// How long the writer waits for readers when it begins the log anew; it tries again later.
const PATIENCE: Duration = Duration::from_millis(200);
/// The file keeps so many bytes when the log starts over. Writing over what is there costs the disk a good third less
/// than letting a file grow: with its data it would have to sync its length.
const KEPT: u64 = 8 * 1024 * 1024;
/// A page in the log, with its header.
const FRAME: u64 = 4_096 + 24;

thread_local! {
    /// Pages in the log after this thread's last commit, until somebody asks.
    static PAGES: Cell<Option<u64>> = const { Cell::new(None) };
}

/// The log of one database, for all who copy from it.
pub(crate) struct Log {
    path: PathBuf,
    record: Record,
    /// Bytes of the file that are in use.
    used: AtomicU64,
    /// Held by who copies, so that nobody copies on after somebody else's failure.
    alone: Mutex<()>,
}

impl Log {
    pub(crate) fn of(database: &Path, record: Record) -> Arc<Self> {
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        Arc::new(Self {
            path: path.into(),
            record,
            used: AtomicU64::new(0),
            alone: Mutex::default(),
        })
    }

    pub(crate) const fn record(&self) -> &Record {
        &self.record
    }

    /// Bytes that were written to it since it was begun or started over, as far as [`Log::note`] was told.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Has this connection count what its commits write. They have to be made on the thread that calls [`Log::note`].
    pub(crate) fn count(connection: &Connection) {
        connection.wal_hook(Some(|_, pages| {
            PAGES.set(u64::try_from(pages).ok());
            Ok(())
        }));
    }

    /// Notes down what was counted on this thread.
    pub(crate) fn note(&self) {
        if let Some(pages) = PAGES.take() {
            self.used.store(pages * FRAME, Ordering::Relaxed);
        }
    }

    /// The length of the file in bytes.
    pub(crate) fn length(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |found| found.len())
    }

    /// Copies what it holds into the database, as far as that holds up nobody. Returns how many pages are left.
    pub(crate) fn copy(&self, connection: &Connection) -> Result<i64, StoreError> {
        let alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        let copied = self.checkpoint(&alone, connection, "PASSIVE")?;
        Ok(copied.left)
    }

    /// Copies all of it into the database and begins it anew, as an empty file. On `Ok` the database is complete on
    /// the disk, and nothing rests on what the log was.
    ///
    /// # Errors
    /// `Busy` if a reader is in the way; `Full` if the database could not grow. The log goes on as it was.
    pub(crate) fn begin_anew(&self, connection: &Connection) -> Result<(), StoreError> {
        let alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        self.complete(&alone, connection, "TRUNCATE")
    }

    /// Copies the rest of it into the database and has the next commit write from its beginning again. The file stays
    /// as it is, unless it has become long. If somebody is copying, it is left to the next time.
    ///
    /// # Errors
    /// As for [`Log::begin_anew`].
    pub(crate) fn start_over(&self, connection: &Connection) -> Result<(), StoreError> {
        let mode = if self.length() > KEPT {
            "TRUNCATE"
        } else {
            "RESTART"
        };
        match self.alone.try_lock() {
            Ok(alone) => self.complete(&alone, connection, mode),
            Err(TryLockError::Poisoned(poisoned)) => self.complete(&poisoned.into_inner(), connection, mode),
            Err(TryLockError::WouldBlock) => Err(StoreError::Busy),
        }
    }

    fn complete(
        &self,
        alone: &MutexGuard<'_, ()>,
        connection: &Connection,
        mode: &str,
    ) -> Result<(), StoreError> {
        connection.busy_timeout(PATIENCE).map_err(error::store)?;
        let copied = self.checkpoint(alone, connection, mode);
        connection
            .busy_timeout(schema::BUSY_TIMEOUT)
            .map_err(error::store)?;
        if copied?.is_blocked {
            return Err(StoreError::Busy);
        }
        self.used.store(0, Ordering::Relaxed);
        Ok(())
    }

    fn checkpoint(
        &self,
        _alone: &MutexGuard<'_, ()>,
        connection: &Connection,
        mode: &str,
    ) -> Result<Copied, StoreError> {
        if self.record.is_lost() {
            return Err(StoreError::failed("the database is not written to any more"));
        }
        // SQLite syncs the log as well before it copies, but its error would not tell which of the two files it was.
        self.sync().map_err(StoreError::failed)?;
        let copied = pragma(connection, mode);
        if let Err(error) = &copied
            && error::is_failed_sync(error)
        {
            // Earlier copies may have gone with it, which SQLite takes for done.
            self.record.lose(error);
        }
        copied.map_err(error::store)
    }

    fn sync(&self) -> io::Result<()> {
        match File::open(&self.path) {
            Ok(log) => log.sync_all(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// What a checkpoint came to.
struct Copied {
    /// Pages that are not in the database yet.
    left: i64,
    /// Something is in the way of the rest.
    is_blocked: bool,
}

fn pragma(connection: &Connection, mode: &str) -> rusqlite::Result<Copied> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        let (is_blocked, pages, copied): (bool, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Copied {
            left: pages - copied,
            is_blocked,
        })
    })
}
