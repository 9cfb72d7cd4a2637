//! The write-ahead log: how it gets into the database, and what a failed sync of the disk means for it.
//!
//! When a sync fails the system may mark what it could not write as written: a later sync then succeeds, and the disk
//! lacks it all the same. So after a failed sync nothing may rest on what was not synced before it
//! (`docs/adr/0010-failed-syncs.md`).

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use chat_ports::StoreError;
use rusqlite::Connection;

use crate::{error, health::Record, schema};

/// How long the writer waits for readers when it begins the log anew; it tries again later.
const PATIENCE: Duration = Duration::from_millis(200);

/// The log of one database, for all who copy from it.
pub(crate) struct Log {
    path: PathBuf,
    record: Record,
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
            alone: Mutex::default(),
        })
    }

    pub(crate) const fn record(&self) -> &Record {
        &self.record
    }

    /// Its length in bytes.
    pub(crate) fn size(&self) -> u64 {
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
        self.truncate(&alone, connection)
    }

    /// As [`Log::begin_anew`], unless somebody is copying: then it is left to the next time.
    pub(crate) fn cut_off(&self, connection: &Connection) -> Result<(), StoreError> {
        match self.alone.try_lock() {
            Ok(alone) => self.truncate(&alone, connection),
            Err(TryLockError::Poisoned(poisoned)) => self.truncate(&poisoned.into_inner(), connection),
            Err(TryLockError::WouldBlock) => Err(StoreError::Busy),
        }
    }

    fn truncate(&self, alone: &MutexGuard<'_, ()>, connection: &Connection) -> Result<(), StoreError> {
        connection.busy_timeout(PATIENCE).map_err(error::store)?;
        let copied = self.checkpoint(alone, connection, "TRUNCATE");
        connection
            .busy_timeout(schema::BUSY_TIMEOUT)
            .map_err(error::store)?;
        if copied?.is_blocked {
            return Err(StoreError::Busy);
        }
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
