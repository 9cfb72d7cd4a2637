//! The database file itself.

use std::sync::Arc;

use chat_domain::{Join, Mode, RoomKind, RoomName, Timestamp};
use chat_ports::{Column, NewRoom, RoomStore, SealError, Sealer, UserStore};
use chat_sqlite::{Health, OpenError, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;

struct Open;

impl Sealer for Open {
    fn seal(&self, _: Column, _: u64, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        Ok(plaintext.to_vec())
    }

    fn open(&self, _: Column, _: u64, record: &[u8]) -> Result<Vec<u8>, SealError> {
        Ok(record.to_vec())
    }
}

fn open(directory: &TempDir) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(&directory.path().join("chat.db"), Arc::new(Open))
}

#[tokio::test]
async fn it_opens_again() {
    let directory = TempDir::new().unwrap();
    for _ in 0..3 {
        let store = open(&directory).unwrap();
        store.ping().await.unwrap();
        assert_eq!(store.count_users().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_start_takes_the_log_in_before_it_adds_to_it() {
    let directory = TempDir::new().unwrap();
    drop(open(&directory).unwrap());
    let size = |name: &str| std::fs::metadata(directory.path().join(name)).unwrap().len();
    let (log, database) = (size("chat.db-wal"), size("chat.db"));
    assert!(
        log > 10_000 && database < 10_000,
        "all of it is in the log: {log}, {database}"
    );
    drop(open(&directory).unwrap());
    assert_eq!(size("chat.db-wal"), 0);
    assert!(size("chat.db") > 10_000);
}

#[tokio::test]
async fn somebody_else_who_reads_does_not_hold_up_a_start() {
    let directory = TempDir::new().unwrap();
    drop(open(&directory).unwrap());
    let reader = Connection::open(directory.path().join("chat.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM users").unwrap();
    let store = open(&directory).unwrap();
    assert_eq!(store.ping().await.unwrap(), Health::Sound);
    let room = NewRoom {
        name: RoomName::parse("plain").unwrap(),
        kind: RoomKind::Group,
        mode: Mode::Server,
        join: Join::Open,
        at: Timestamp::default(),
    };
    store.ensure_plain_room(room).await.unwrap();
    reader.execute_batch("COMMIT").unwrap();
}

#[tokio::test]
async fn a_newer_database_is_refused_by_name_and_left_alone() {
    let directory = TempDir::new().unwrap();
    drop(open(&directory).unwrap());
    let path = directory.path().join("chat.db");
    let connection = Connection::open(&path).unwrap();
    let newer =
        "INSERT INTO refinery_schema_history VALUES (9999, 'of_tomorrow', '2030-01-01T00:00:00Z', '1')";
    connection.execute(newer, []).unwrap();
    drop(connection);
    let before = std::fs::read(&path).unwrap();
    let refused = open(&directory).err().unwrap();
    assert!(
        matches!(refused, OpenError::Newer { found: 9_999, .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("chat.db"), "{refused}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn what_is_no_database_is_refused_by_name() {
    let directory = TempDir::new().unwrap();
    std::fs::write(
        directory.path().join("chat.db"),
        "this is a letter to my aunt, not a database".repeat(100),
    )
    .unwrap();
    let refused = open(&directory).err().unwrap().to_string();
    assert!(
        refused.contains("chat.db") && refused.contains("not a database"),
        "{refused}"
    );
}

#[tokio::test]
async fn the_bundled_sqlite_is_new_enough_and_syncs_every_commit() {
    // Below 3.51.3 two connections that write and checkpoint at once can corrupt the write-ahead log.
    assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
    let directory = TempDir::new().unwrap();
    let _store = open(&directory).unwrap();
    let connection = Connection::open(directory.path().join("chat.db")).unwrap();
    let mode: String = connection
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
}
