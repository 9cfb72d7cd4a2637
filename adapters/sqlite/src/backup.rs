//! The copy that is made before the schema is changed: what a migration spoils can be had back.

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, backup::Backup};

use crate::error::OpenError;

/// Pages that are copied at once.
const PAGES: i32 = 1_000;

/// Copies the database beside itself, as `chat.db.schema-1`, and checks the copy. It is on the disk when this
/// returns. A copy of an earlier attempt at the same step is replaced, so that there is one for each schema; of an
/// attempt that fails nothing is left, for it would take up the room that may be lacking.
pub(crate) fn before_migration(path: &Path, connection: &Connection, schema: i64) -> Result<(), OpenError> {
    let (copy, unfinished) = (
        beside(path, &format!(".schema-{schema}")),
        beside(path, ".copying"),
    );
    let made = write(connection, &unfinished, &copy);
    made.map_err(|source| {
        // What cannot be removed now is at the next attempt.
        let _ = discard(&unfinished);
        OpenError::Backup {
            path: path.to_owned(),
            copy,
            source,
        }
    })
}

fn write(
    connection: &Connection,
    unfinished: &Path,
    copy: &Path,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    discard(unfinished)?;
    // Made before SQLite opens it, so that it is never readable for others.
    OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(unfinished)?;
    {
        let mut target = Connection::open(unfinished)?;
        Backup::new(connection, &mut target)?.run_to_completion(PAGES, Duration::ZERO, None)?;
        // The copy has the original's mode, write-ahead logging; alone it is one file.
        target.pragma_update(None, "journal_mode", "DELETE")?;
        let verdict: String = target.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(format!("the copy is damaged: {verdict}").into());
        }
    }
    File::open(unfinished)?.sync_all()?;
    fs::rename(unfinished, copy)?;
    let directory = copy.parent().ok_or("the database is in no directory")?;
    File::open(directory)?.sync_all()?;
    Ok(())
}

/// Removes what an attempt that failed or was killed has left, with what SQLite put beside it.
fn discard(unfinished: &Path) -> io::Result<()> {
    for suffix in ["", "-journal", "-wal", "-shm"] {
        match fs::remove_file(beside(unfinished, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
