//! The database file: how it is opened, and which tables it has.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use crate::error::OpenError;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// How long a connection waits for another one's lock. The writer is alone, so only a checkpoint or a foreign
/// program can be in the way.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Statements that a connection keeps prepared.
const STATEMENTS: usize = 128;

/// Opens the writer's connection.
pub(crate) fn open_for_writing(path: &Path) -> Result<Connection, OpenError> {
    let open = || {
        let connection = Connection::open(path)?;
        configure(&connection)?;
        // WAL: readers do not wait for the writer. FULL: a commit is on the disk when it returns; NORMAL loses
        // acknowledged messages when the power goes.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(connection)
    };
    open().map_err(|source| OpenError::sqlite(path, source))
}

/// What every connection needs, whoever uses it.
pub(crate) fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    // A manipulated schema shall not be able to call functions.
    connection.pragma_update(None, "trusted_schema", false)
}

/// Brings the tables up to date, each step in a transaction of its own.
pub(crate) fn migrate(path: &Path, connection: &mut Connection) -> Result<(), OpenError> {
    let failed = |source| OpenError::Migration {
        path: path.to_owned(),
        source: Box::new(source),
    };
    let runner = embedded::migrations::runner();
    let known = runner
        .get_migrations()
        .iter()
        .map(refinery::Migration::version)
        .max()
        .unwrap_or_default();
    let found = applied(connection).map_err(|source| OpenError::sqlite(path, source))?;
    if found > i64::from(known) {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known: known.into(),
        });
    }
    runner.run(connection).map(drop).map_err(failed)
}

/// The version of the newest migration that the database has seen; 0 for an empty one.
fn applied(connection: &Connection) -> rusqlite::Result<i64> {
    let known = connection.table_exists(None, "refinery_schema_history")?;
    if !known {
        return Ok(0);
    }
    connection.query_row(
        "SELECT coalesce(max(version), 0) FROM refinery_schema_history",
        [],
        |row| row.get(0),
    )
}
