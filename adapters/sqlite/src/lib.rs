//! The SQLite store: one writer that groups the commits of concurrent callers, and a pool of readers.
//!
//! What a method has acknowledged survives a power cut: the write-ahead log is synced before any caller of a
//! batch hears of its success (`synchronous=FULL`). Message text, addresses and the like are sealed before they
//! reach the database, for their own row.

mod actor;
mod backup;
mod change;
mod checkpoint;
mod error;
mod message_store;
mod panic;
mod readers;
mod room_store;
mod rows;
mod schema;
mod session_store;
#[cfg(test)]
mod tests;
mod user_store;
mod writer;

use std::path::Path;
use std::sync::Arc;

use chat_ports::{Sealer, StoreError};
use rusqlite::Connection;

pub use error::OpenError;

use checkpoint::Growth;
use readers::Readers;
use writer::Writer;

/// A store in one SQLite database. Cheap to clone; all clones are the same store.
#[derive(Clone)]
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
    sealer: Arc<dyn Sealer>,
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
        schema::migrate(path, &mut connection)?;
        let readers = Readers::open(path)?;
        let growth = Growth::of(path);
        let writer = Writer::start(connection, Arc::clone(&growth) as _);
        let writer = writer.map_err(|source| OpenError::io(path, source))?;
        checkpoint::start(path, Arc::clone(&growth), writer.downgrade())?;
        Ok(Self {
            writer,
            readers,
            sealer,
            _checkpoints: Arc::new(Checkpoints(growth)),
        })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError`] says why not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read(|connection, _| {
            connection
                .query_row("SELECT 1", [], |_| Ok(()))
                .map_err(error::store)
        })
        .await
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
