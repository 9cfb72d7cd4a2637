//! The SQLite store: one writer that groups the commits of concurrent callers, and a pool of readers.
//!
//! What a method has acknowledged survives a power cut: the write-ahead log is synced before any caller of a
//! batch hears of its success (`synchronous=FULL`). Message text, addresses and the like are sealed before they
//! reach the database, for their own row.

mod actor;
mod audit;
mod backup;
mod change;
mod checkpoint;
mod error;
mod health;
mod inspect;
mod key_store;
mod log;
mod message_store;
mod meters;
mod moderation_store;
mod panic;
mod readers;
mod room_store;
mod rows;
mod schema;
mod session_store;
#[cfg(test)]
mod tests;
mod upkeep;
mod user_store;
mod writer;

use std::path::Path;
use std::sync::Arc;

use chat_domain::limit::Limits;
use chat_ports::{Sealer, StoreError};
use rusqlite::Connection;
use tokio::sync::Mutex;

pub use error::OpenError;
pub use health::{Health, Lost};
pub use inspect::{Inspected, inspect};

use checkpoint::Growth;
use health::Record;
use log::Log;
use readers::Readers;
use writer::{Trust, Writer};

/// A store in one SQLite database. Cheap to clone; all clones are the same store.
#[derive(Clone)]
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
    sealer: Arc<dyn Sealer>,
    record: Record,
    /// Rooms that a user may be a member of.
    rooms_per_user: u64,
    /// Held by who tries whether writing works again: however many ask, it is tried once at a time.
    trying: Arc<Mutex<()>>,
    _checkpoints: Arc<Checkpoints>,
}

/// Ends the checkpointer with the last handle to the store.
struct Checkpoints(Arc<Growth>);

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl SqliteStore {
    /// Opens the database, makes it if there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`OpenError`] names the file and what is wrong with it; a database of a newer version is left untouched.
    pub fn open(path: &Path, sealer: Arc<dyn Sealer>) -> Result<Self, OpenError> {
        let mut connection = schema::open_for_writing(path)?;
        schema::check(path, &connection)?;
        let log = Log::of(path, Record::default());
        let trust = settle(path, &log, &connection)?;
        schema::migrate(path, &mut connection)?;
        let readers = Readers::open(path, readers::LONGEST)?;
        let growth = Growth::of(Arc::clone(&log), readers.reads());
        let record = log.record().clone();
        let writer = Writer::start(connection, log, trust, Arc::clone(&growth) as _);
        let writer = writer.map_err(|source| OpenError::io(path, source))?;
        checkpoint::start(path, Arc::clone(&growth), writer.downgrade())?;
        Ok(Self {
            writer,
            readers,
            sealer,
            record,
            rooms_per_user: Limits::default().rooms_per_user,
            trying: Arc::default(),
            _checkpoints: Arc::new(Checkpoints(growth)),
        })
    }

    /// The same store, in which nobody becomes a member of more rooms than this.
    #[must_use]
    pub const fn with_rooms_per_user(mut self, most: u64) -> Self {
        self.rooms_per_user = most;
        self
    }

    /// Whether the database answers, and whether it takes what is to be written. After a write was refused it is
    /// tried once more, with one that changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot even be read.
    pub async fn ping(&self) -> Result<Health, StoreError> {
        self.read(|connection, _| {
            connection
                .query_row("SELECT 1", [], |_| Ok(()))
                .map_err(error::store)
        })
        .await?;
        if self.record.health() == Health::ReadsOnly
            && let Ok(_alone) = self.trying.try_lock()
        {
            // How it went is in the record.
            let _ = self
                .write(|connection, _| touch(connection).map_err(error::store))
                .await;
        }
        Ok(self.record.health())
    }

    /// Returns once nothing is under way that a caller who has their answer does not see. To be waited for by a process that
    /// ends: what is cut off on its way would be reported as broken.
    pub async fn settled(&self) {
        self.readers.settled().await;
    }

    /// Returns when the process has to end, and why; as long as all is well it does not return.
    pub async fn lost(&self) -> Lost {
        self.record.lost().await
    }

    /// Runs `work` as one atomic commit, together with whatever else is waiting. It is on the disk when this
    /// returns `Ok`; nothing of it has happened if it returns an error.
    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &dyn Sealer) -> Result<T, StoreError> + Send + 'static,
    {
        let sealer = Arc::clone(&self.sealer);
        self.writer
            .call(move |connection| work(connection, &*sealer))
            .await
    }

    /// Runs `work` on a reader's connection, which cannot write.
    async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &dyn Sealer) -> Result<T, StoreError> + Send + 'static,
    {
        let sealer = Arc::clone(&self.sealer);
        self.readers
            .call(move |connection| work(connection, &*sealer))
            .await
    }
}

/// Begins the log anew before anything rests on it: a process before this one may have ended because a sync had failed,
/// and what is read from the log now need not be on the disk.
fn settle(path: &Path, log: &Log, connection: &Connection) -> Result<Trust, OpenError> {
    match log.begin_anew(connection) {
        // Another program that reads is in the way; it was there before a crash as well, and nothing speaks of one.
        Ok(()) | Err(StoreError::Busy) => Ok(Trust::Sound),
        // What is there can be read.
        Err(StoreError::Full) => Ok(Trust::Doubtful),
        Err(StoreError::Failed(cause)) => Err(OpenError::io(path, cause)),
        Err(error @ StoreError::Conflict(_)) => Err(OpenError::io(path, error)),
    }
}

/// Writes what was there.
fn touch(connection: &Connection) -> rusqlite::Result<()> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    connection.pragma_update(None, "user_version", version)
}
