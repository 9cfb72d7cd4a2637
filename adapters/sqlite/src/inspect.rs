//! A look at a database without opening it as a store.

use std::path::Path;

use chat_domain::Timestamp;
use rusqlite::{Connection, OpenFlags};

use crate::schema;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// The schema that it has.
    pub schema: i64,
    /// The schema that this program makes of it.
    pub newest_schema: i64,
    /// What is damaged; empty: nothing.
    pub damages: Vec<String>,
    /// When the newest event happened.
    pub newest_event: Option<Timestamp>,
}

/// Looks whether the database can be read and is whole. Nothing is changed, and a server may be using it.
///
/// # Errors
/// That it cannot be read, in SQLite's words.
pub fn inspect(path: &Path) -> Result<Inspected, String> {
    inspected(path).map_err(|error| error.to_string())
}

fn inspected(path: &Path) -> rusqlite::Result<Inspected> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut check = connection.prepare("PRAGMA quick_check(10)")?;
    let verdicts = check.query_map([], |row| row.get::<_, String>(0))?;
    let verdicts = verdicts.collect::<rusqlite::Result<Vec<_>>>()?;
    let newest = "SELECT max(created_at) FROM messages WHERE id = (SELECT max(id) FROM messages)";
    let newest: Option<u64> = connection.query_row(newest, [], |row| row.get(0))?;
    Ok(Inspected {
        schema: schema::applied(&connection)?,
        newest_schema: schema::newest(),
        damages: verdicts.into_iter().filter(|verdict| verdict != "ok").collect(),
        newest_event: newest.map(Timestamp::from_millis),
    })
}
