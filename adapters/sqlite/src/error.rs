//! What SQLite reports, in the words of the port.

use std::path::{Path, PathBuf};

use chat_ports::StoreError;
use rusqlite::{ErrorCode, ffi};

/// A database that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file could not be opened, or is no database.
    #[error("cannot open the database {path}: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The schema could not be brought up to date. Nothing was changed.
    #[error("cannot bring the database {path} up to date: {reason}")]
    Migration {
        /// The file.
        path: PathBuf,
        /// Why, in one line.
        reason: String,
    },
    /// The copy that is made before a migration could not be made. Nothing was changed.
    #[error("cannot copy the database {path} to {copy} before bringing it up to date: {source}")]
    Backup {
        /// The file.
        path: PathBuf,
        /// The copy.
        copy: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database was written by a newer version of this program.
    #[error(
        "the database {path} has schema {found}, and this version knows schemas up to {known}: run the newer version again, or restore a backup"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema of this version.
        known: i64,
    },
    /// The pool of readers or the writer could not be started.
    #[error("cannot open the database {path}: {source}")]
    Start {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl OpenError {
    pub(crate) fn migration(path: &Path, error: &refinery::Error) -> Self {
        let source =
            std::error::Error::source(error).and_then(|source| source.downcast_ref::<rusqlite::Error>());
        let reason = match source {
            // It would show the whole of the step.
            Some(rusqlite::Error::SqlInputError { msg, .. }) => msg.clone(),
            Some(error) => error.to_string(),
            None => error.to_string(),
        };
        Self::Migration {
            path: path.to_owned(),
            reason,
        }
    }

    pub(crate) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        Self::Sqlite {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn io(path: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Start {
            path: path.to_owned(),
            source: source.into(),
        }
    }
}

/// A failure of SQLite, for a caller of the port.
pub(crate) fn store(error: rusqlite::Error) -> StoreError {
    // The index of the log is a file too. When it cannot grow SQLite says no more than that.
    if extended_code(&error) == Some(ffi::SQLITE_IOERR_SHMSIZE) {
        return StoreError::Full;
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        // Only reads that last too long are interrupted.
        Some(ErrorCode::OperationInterrupted) => {
            tracing::warn!(%error, "a read lasted too long and was ended");
            StoreError::Busy
        }
        _ => StoreError::failed(error),
    }
}

/// Whether the disk did not take what had been written before.
pub(crate) fn is_failed_sync(error: &rusqlite::Error) -> bool {
    matches!(
        extended_code(error),
        Some(ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)
    )
}

fn extended_code(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}

/// Whether the failure lies in what a row holds (a value that the rules would not have let in, a record that does not
/// open): reading it again would fail again, and the rows beside it are none the worse for it.
pub(crate) fn lies_in_the_row(error: &StoreError) -> bool {
    let StoreError::Failed(source) = error else {
        return false;
    };
    match source.downcast_ref::<rusqlite::Error>() {
        None => true,
        Some(error) => matches!(
            error,
            rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::Utf8Error(..)
        ),
    }
}
