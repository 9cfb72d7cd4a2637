//! The database file: how it is opened, and which tables it has.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, config::DbConfig};

use crate::{backup, error::OpenError};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// How long a connection waits for another one's lock. The writer is alone, so only a checkpoint or a foreign
/// program can be in the way.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

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
        // Checkpoints have a thread of their own; by itself the writer would do one in the middle of a commit.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        Ok(connection)
    };
    open().map_err(|source| OpenError::sqlite(path, source))
}

/// What every connection needs, whoever uses it.
pub(crate) fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    // By itself the last connection to go copies the log into the database and deletes it. That is not to be done on a
    // disk that does not keep what it is given; and the next start does it anyway.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // What SQLite puts aside stays in memory: it is no business of another disk, which may be full.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // A manipulated schema shall not be able to call functions.
    connection.pragma_update(None, "trusted_schema", false)
}

/// Refuses a database of a newer version, before anything is done to it.
pub(crate) fn check(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let (found, known) = (applied(connection), newest());
    let found = found.map_err(|source| OpenError::sqlite(path, source))?;
    if found > known {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    Ok(())
}

/// Brings the tables up to date after a verified copy of what was there: every step, and the note that it was done, in
/// one transaction. Whenever it is killed, the database is as it was, or as it is to be.
pub(crate) fn migrate(path: &Path, connection: &mut Connection) -> Result<(), OpenError> {
    let found = applied(connection).map_err(|source| OpenError::sqlite(path, source))?;
    if found > 0 && found < newest() {
        backup::before_migration(path, connection, found)?;
    }
    // On its own refinery commits a step apart from the note of it; killed between the two, it would begin the step
    // again at the next start, and fail for ever.
    let runner = embedded::migrations::runner().set_grouped(true);
    let brought = runner.run(connection);
    brought
        .map(drop)
        .map_err(|error| OpenError::migration(path, &error))
}

/// The newest schema of this version.
pub(crate) fn newest() -> i64 {
    let runner = embedded::migrations::runner();
    let versions = runner.get_migrations().iter().map(refinery::Migration::version);
    versions.max().map_or(0, i64::from)
}

/// The version of the newest migration that the database has seen; 0 for an empty one.
pub(crate) fn applied(connection: &Connection) -> rusqlite::Result<i64> {
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use refinery::Target;
    use tempfile::TempDir;

    use super::*;

    /// A database as the first version left it, with a room and what was said in it.
    fn of_version_1(path: &Path) {
        let mut connection = open_for_writing(path).unwrap();
        let runner = embedded::migrations::runner().set_target(Target::Version(1));
        runner.run(&mut connection).unwrap();
        connection
            .execute_batch(
                "INSERT INTO users (username, username_key, kind, is_admin, created_at, last_seen_at)
                     VALUES ('Ada', 'ada', 'basic', 0, 1, 1);
                 INSERT INTO rooms (name, kind, mode, join_rule, is_plain, last_seq, created_at)
                     VALUES ('plain', 'group', 'server', 'open', 1, 3, 1);
                 INSERT INTO room_members (room_id, user_id, role, joined_at) VALUES (1, 1, 'member', 1);
                 INSERT INTO messages (room_id, seq, event, user_id, created_at) VALUES (1, 1, 'join', 1, 1);
                 INSERT INTO messages (room_id, seq, event, user_id, message_type, content, client_id, created_at)
                     VALUES (1, 2, 'message', 1, 'text', x'6869', 'c1', 2);
                 INSERT INTO messages (id, room_id, seq, event, user_id, message_type, deleted_by, created_at)
                     VALUES (70, 1, 3, 'message', 1, 'text', 'author', 3);",
            )
            .unwrap();
    }

    fn rows(connection: &Connection) -> Vec<(u64, u64, String, Option<Vec<u8>>)> {
        let sql = "SELECT id, seq, event, content FROM messages ORDER BY id";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn an_old_database_is_copied_and_brought_up_to_date() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("chat.db");
        of_version_1(&path);
        let mut connection = open_for_writing(&path).unwrap();
        let before = rows(&connection);
        migrate(&path, &mut connection).unwrap();
        assert_eq!(rows(&connection), before);
        assert_eq!(applied(&connection).unwrap(), newest());
        let insert =
            "INSERT INTO messages (room_id, seq, event, user_id, created_at) VALUES (1, 4, 'leave', 1, 4)";
        connection.execute(insert, []).unwrap();
        assert_eq!(connection.last_insert_rowid(), 71, "no number is given twice");

        let copy = directory.path().join("chat.db.schema-1");
        assert_eq!(
            std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let copy = Connection::open(copy).unwrap();
        assert_eq!((applied(&copy).unwrap(), rows(&copy)), (1, before));
    }

    /// What was edited before first texts were known, or after, is repeated by its client id.
    #[test]
    fn what_version_2_has_edited_is_kept() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("chat.db");
        of_version_1(&path);
        let mut connection = open_for_writing(&path).unwrap();
        let runner = embedded::migrations::runner().set_target(Target::Version(2));
        runner.run(&mut connection).unwrap();
        connection
            .execute("UPDATE messages SET edited_at = 5 WHERE seq = 2", [])
            .unwrap();
        migrate(&path, &mut connection).unwrap();
        assert_eq!(applied(&connection).unwrap(), newest());
        let edited: (u64, Option<Vec<u8>>) = connection
            .query_row(
                "SELECT edited_at, first_digest FROM messages WHERE seq = 2",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!(edited, (5, None));
        let copy = Connection::open(directory.path().join("chat.db.schema-2")).unwrap();
        assert_eq!(applied(&copy).unwrap(), 2);
    }

    /// Keyed accounts of before there were links keep everything, and can be issued one.
    #[test]
    fn keyed_accounts_of_version_6_are_kept() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("chat.db");
        of_version_1(&path);
        let mut connection = open_for_writing(&path).unwrap();
        let runner = embedded::migrations::runner().set_target(Target::Version(6));
        runner.run(&mut connection).unwrap();
        connection
            .execute_batch(
                "UPDATE users SET kind = 'keyed';
                 INSERT INTO keyed_accounts (user_id, iterations, salt, argon_salt, argon_memory_kib, argon_passes,
                                             argon_lanes, pepper, verifier, locked)
                     VALUES (1, 600000, zeroblob(16), zeroblob(16), 65536, 3, 1, 1, zeroblob(32), x'01');
                 INSERT INTO account_states (user_id, version, sealed) VALUES (1, 7, x'0203');",
            )
            .unwrap();
        migrate(&path, &mut connection).unwrap();
        assert_eq!(applied(&connection).unwrap(), newest());
        let kept: (u64, u64) = connection
            .query_row(
                "SELECT iterations, version FROM keyed_accounts NATURAL JOIN account_states",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!(kept, (600_000, 7));
        let link = "INSERT INTO reset_links (user_id, token_hash, ends_at) VALUES (1, zeroblob(32), 9)";
        connection.execute(link, []).unwrap();
        let copy = Connection::open(directory.path().join("chat.db.schema-6")).unwrap();
        assert_eq!(applied(&copy).unwrap(), 6);
    }

    #[test]
    fn without_its_copy_nothing_is_changed() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("chat.db");
        of_version_1(&path);
        std::fs::create_dir_all(directory.path().join("chat.db.schema-1/in the way")).unwrap();
        let mut connection = open_for_writing(&path).unwrap();
        let refused = migrate(&path, &mut connection).unwrap_err().to_string();
        assert!(refused.contains("chat.db.schema-1"), "{refused}");
        assert_eq!(applied(&connection).unwrap(), 1);
    }

    #[test]
    fn a_new_database_needs_no_copy() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("chat.db");
        let mut connection = open_for_writing(&path).unwrap();
        migrate(&path, &mut connection).unwrap();
        migrate(&path, &mut connection).unwrap();
        let files = std::fs::read_dir(directory.path()).unwrap().flatten();
        let names: Vec<_> = files
            .map(|file| file.file_name().into_string().unwrap())
            .collect();
        assert!(names.iter().all(|name| !name.contains("schema-")), "{names:?}");
    }
}
