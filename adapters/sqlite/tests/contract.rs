//! The SQLite store keeps the promises of the ports.

use std::ops::Deref;
use std::sync::Arc;

use chat_ports::{Column, SealError, Sealer};
use chat_sqlite::SqliteStore;
use tempfile::TempDir;

/// Stands in for the real sealer, which this crate does not know: it binds a value to its place and hides
/// nothing.
struct Labelled;

impl Sealer for Labelled {
    fn seal(&self, column: Column, row: u64, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        Ok([label(column, row).as_bytes(), plaintext].concat())
    }

    fn open(&self, column: Column, row: u64, record: &[u8]) -> Result<Vec<u8>, SealError> {
        record
            .strip_prefix(label(column, row).as_bytes())
            .map(<[u8]>::to_vec)
            .ok_or(SealError::Forged)
    }
}

fn label(column: Column, row: u64) -> String {
    format!("{}#{row}:", column.name())
}

struct Fresh {
    store: SqliteStore,
    _directory: TempDir,
}

impl Deref for Fresh {
    type Target = SqliteStore;

    fn deref(&self) -> &SqliteStore {
        &self.store
    }
}

#[expect(clippy::unwrap_used, reason = "a test that cannot start is to panic")]
async fn fresh() -> Fresh {
    let directory = TempDir::new().unwrap();
    let store = SqliteStore::open(&directory.path().join("chat.db"), Arc::new(Labelled)).unwrap();
    Fresh {
        store,
        _directory: directory,
    }
}

chat_contract::store_contract!(fresh);
