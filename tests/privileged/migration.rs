//! A database of an earlier version is brought up to date, or is not: never half.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tempfile::NamedTempFile;

use crate::{
    checker,
    disk::Disk,
    server::{Server, directory, program},
    strace::{self, SYNCS},
};

/// A database as the first version left it.
const SCHEMA_1: &str = include_str!("schema-1.sql");
/// The schema of this version.
const NEWEST: u64 = 8;

pub(crate) fn killed_at_any_sync() {
    let fresh = || {
        let directory = directory();
        lay(directory.path(), 300);
        directory
    };
    let before = {
        let fresh = fresh();
        rows(&checker::copy(fresh.path()).1)
    };
    assert!(before.len() > 300);
    let last = strace::count_until_it_listens(fresh().path(), SYNCS);
    let (mut old, mut new) = (0, 0);
    for nth in 1..=last {
        let directory = fresh();
        let killed = Server::spawn(&mut strace::killed_at(directory.path(), SYNCS, nth));
        assert!(
            strace::was_killed(killed.map(|_| ()).unwrap_err().status),
            "sync {nth}"
        );
        let (_copies, found) = checker::copy(directory.path());
        checker::is_sound(&found);
        // A column that came with each step.
        let has = |column| found.prepare(column).is_ok();
        let columns = (
            has("SELECT topic FROM rooms"),
            has("SELECT first_digest FROM messages"),
            has("SELECT ends_at FROM admin_logs"),
        );
        match (schema(&found), columns) {
            (1, (false, false, false)) => old += 1,
            // Between two steps, each of which is whole.
            (2, (true, false, false)) | (3, (true, true, false)) | (4..NEWEST, (true, true, true)) => {}
            (NEWEST, (true, true, true)) => new += 1,
            half => panic!("sync {nth}: {half:?}"),
        }
        assert_eq!(rows(&found), before, "sync {nth}");

        Server::start(directory.path()).kill();
        let (_copies, found) = checker::copy(directory.path());
        checker::is_sound(&found);
        assert_eq!(
            (schema(&found), rows(&found)),
            (NEWEST, before.clone()),
            "sync {nth}"
        );
        has_only_its_copy(directory.path());
    }
    assert!(old > 0 && new > 0, "killed before: {old}, after: {new}");
}

pub(crate) fn without_room() {
    let original = directory();
    lay(original.path(), 3_000);
    // The database and its copy do not fit; they fit, and the new table does not.
    for mebibytes in [5, 7] {
        let disk = Disk::mount(mebibytes).unwrap();
        let data = disk.path().join("data");
        fs::create_dir(&data).unwrap();
        for name in ["chat.db", "keyring.json"] {
            fs::copy(original.path().join(name), data.join(name)).unwrap();
        }
        let before = rows(&checker::copy(&data).1);
        for _ in 0..3 {
            let log = NamedTempFile::new().unwrap();
            let mut start = program(&data);
            start.args(["serve", "--port", "0"]).stderr(log.reopen().unwrap());
            let ended = Server::spawn(&mut start).err().unwrap();
            assert_eq!(ended.status.code(), Some(1));
            let said = fs::read_to_string(log.path()).unwrap();
            assert!(
                said.starts_with("secure-chat: cannot ") && said.lines().count() == 1,
                "{said}"
            );
            assert!(
                said.contains("chat.db") && said.contains("disk is full"),
                "{said}"
            );
            let (_copies, found) = checker::copy(&data);
            checker::is_sound(&found);
            assert_eq!((schema(&found), rows(&found)), (1, before.clone()));
            has_only_its_copy(&data);
        }
        disk.grow(64);
        Server::start(&data).kill();
        let (_copies, found) = checker::copy(&data);
        assert_eq!((schema(&found), rows(&found)), (NEWEST, before));
        has_only_its_copy(&data);
    }
}

/// Lays down a database of the first version with so many messages, and a keyring.
fn lay(data: &Path, messages: usize) {
    let keys = directory();
    assert!(
        program(keys.path())
            .arg("init")
            .output()
            .unwrap()
            .status
            .success()
    );
    fs::copy(keys.path().join("keyring.json"), data.join("keyring.json")).unwrap();
    let database = Connection::open(data.join("chat.db")).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database.execute_batch(SCHEMA_1).unwrap();
    let more = "WITH RECURSIVE n (seq) AS (SELECT 4 UNION ALL SELECT seq + 1 FROM n WHERE seq < ?1 + 3)
                INSERT INTO messages (room_id, seq, event, user_id, message_type, content, client_id, created_at)
                SELECT 1, seq, 'message', 1, 'text', CAST(printf('%0700d', seq) AS BLOB), 'c' || seq, seq FROM n";
    database.execute(more, [messages]).unwrap();
    let last = "UPDATE rooms SET last_seq = (SELECT max(seq) FROM messages WHERE room_id = rooms.id)";
    database.execute(last, []).unwrap();
}

/// The newest step that the database has seen.
fn schema(database: &Connection) -> u64 {
    let sql = "SELECT max(version) FROM refinery_schema_history";
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Every row of what was there in the first version.
fn rows(database: &Connection) -> Vec<String> {
    let tables = [
        "SELECT id, room_id, seq, event, user_id, message_type, content, deleted_by, client_id, created_at FROM messages",
        "SELECT id, username, username_key, kind, is_admin, created_at FROM users",
        "SELECT id, name, kind, mode, join_rule, is_plain, last_seq FROM rooms",
        "SELECT room_id, user_id, role, read_seq, joined_at FROM room_members",
    ];
    let mut found = Vec::new();
    for sql in tables {
        let mut statement = database.prepare(&format!("{sql} ORDER BY 1, 2")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values = (0..columns).map(|n| format!("{:?}", row.get_ref(n).unwrap()));
            found.push(values.collect::<Vec<_>>().join(" "));
        }
    }
    found
}

/// Beside the database there is at most the copy of what it was, and nothing half-made.
fn has_only_its_copy(data: &Path) {
    for entry in fs::read_dir(data).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = [
            "chat.db",
            "chat.db-wal",
            "chat.db-shm",
            "chat.db.schema-1",
            // Of a run that was killed between the two steps.
            "chat.db.schema-2",
            "chat.db.schema-3",
            "control.sock",
            "keyring.json",
            "lock",
        ];
        assert!(known.contains(&name.as_str()), "{name} is left behind");
    }
}
