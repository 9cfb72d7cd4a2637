//! What reading and writing cost does not depend on how long the history is: counted in steps of SQLite's machine and in
//! pages, not in time.

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;

use chat_domain::{AccountKind, Draft, Membership, Role, RoomId, Seq, User, UserId, Username, message, room};
use chat_ports::Page;
use rusqlite::{
    Connection, StatementStatus, named_params,
    trace::{TraceEvent, TraceEventCodes},
};
use tempfile::TempDir;

use super::sample::{Labelled, START, rounds, say};
use crate::{message_store, rows, schema};

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

/// Counts the steps of every statement that has ended.
fn count(event: TraceEvent<'_>) {
    if let TraceEvent::Profile(statement, _) = event {
        let steps = statement.get_status(StatementStatus::VmStep);
        STEPS.set(STEPS.get() + u64::try_from(steps).unwrap());
    }
}

/// What a call has cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    /// Steps of SQLite's machine.
    steps: u64,
    /// Pages that were read.
    pages: u64,
    /// Pages that were written.
    written: u64,
}

impl Cost {
    /// The same, but for a fifth, and but for so many pages.
    fn is_like(self, other: Self, pages: u64) -> bool {
        let like = |one: u64, other: u64, least: u64| one.abs_diff(other) <= (other / 5).max(least);
        like(self.steps, other.steps, 0)
            && like(self.pages, other.pages, pages)
            && like(self.written, other.written, pages)
    }
}

/// A database on which every call finds nothing read, and nothing prepared.
struct Cold {
    path: PathBuf,
    _directory: TempDir,
}

impl Cold {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("chat.db");
        let mut connection = schema::open_for_writing(&path).unwrap();
        schema::migrate(&path, &mut connection).unwrap();
        connection
            .execute_batch(
                "INSERT INTO users (username, username_key, kind, is_admin, created_at, last_seen_at)
                     VALUES ('ada', 'ada', 'basic', 0, 1, 1)",
            )
            .unwrap();
        Self {
            path,
            _directory: directory,
        }
    }

    fn connection(&self) -> Connection {
        schema::open_for_writing(&self.path).unwrap()
    }

    /// Moves everything out of the log, and tells SQLite what there is if it `is_analyzed`.
    fn settle(&self, is_analyzed: bool) {
        let connection = self.connection();
        if is_analyzed {
            connection.execute_batch("ANALYZE").unwrap();
        }
        connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .unwrap();
    }

    fn cost(&self, call: impl FnOnce(&Connection)) -> Cost {
        let connection = self.connection();
        connection.set_prepared_statement_cache_capacity(0);
        connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
            .unwrap();
        connection.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(count));
        let page: u64 = connection
            .query_row("PRAGMA page_size", [], |row| row.get(0))
            .unwrap();
        let (read, log) = (bytes_read(), self.log_size());
        STEPS.set(0);
        call(&connection);
        Cost {
            steps: STEPS.get(),
            pages: (bytes_read() - read) / page,
            written: (self.log_size() - log) / page,
        }
    }

    fn log_size(&self) -> u64 {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        fs::metadata(log).map_or(0, |found| found.len())
    }
}

/// What this thread has read from files so far. What is read here is less than a page.
fn bytes_read() -> u64 {
    let counters = fs::read_to_string("/proc/thread-self/io").unwrap();
    let read = counters.lines().find_map(|line| line.strip_prefix("rchar: "));
    read.unwrap().parse().unwrap()
}

/// A room to be filled: messages, and so many other events after each of them and after the last.
#[derive(Debug, Clone, Copy)]
struct Shape {
    messages: u64,
    between: u64,
    at_the_end: u64,
}

impl Shape {
    fn last_seq(self) -> u64 {
        self.messages * (1 + self.between) + self.at_the_end
    }

    /// The place of the message in the middle.
    fn middle(self) -> u64 {
        self.messages / 2 * (1 + self.between) + 1
    }
}

/// Fills a room with one statement; every third of the other events is an edit, the rest are reactions.
fn fill(cold: &Cold, shape: Shape) -> RoomId {
    let connection = cold.connection();
    connection
        .execute(
            "INSERT INTO rooms (name, kind, mode, join_rule, last_seq, created_at)
             VALUES ('tides', 'group', 'server', 'open', ?1, 1)",
            [shape.last_seq()],
        )
        .unwrap();
    let room = u64::try_from(connection.last_insert_rowid()).unwrap();
    connection
        .execute(
            "INSERT INTO room_members (room_id, user_id, role, joined_at) VALUES (?1, 1, 'owner', 1)",
            [room],
        )
        .unwrap();
    let first = rows::next_id(&connection, "messages").unwrap();
    connection
        .execute(
            "WITH RECURSIVE places (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM places WHERE seq < :last),
                  events AS (SELECT seq, :first + seq - 1 AS id,
                                    seq <= :last_said AND (seq - 1) % (1 + :between) = 0 AS is_said,
                                    seq % 3 = 0 AS is_edit FROM places)
             INSERT INTO messages (id, room_id, seq, event, user_id, message_type, content, client_id,
                                   target_id, emoji, added, created_at)
             SELECT id, :room, seq, CASE WHEN is_said THEN 'message' WHEN is_edit THEN 'edit' ELSE 'reaction' END,
                    1, iif(is_said, 'text', NULL),
                    iif(is_said, CAST(format('messages.content#%d:what was said, a line or so, number %d', id, seq)
                                      AS BLOB), NULL),
                    iif(is_said, format('c%d', seq), NULL), iif(is_said, NULL, :first),
                    iif(is_said OR is_edit, NULL, '👍'), iif(is_said OR is_edit, NULL, seq % 2), 1
             FROM events",
            named_params! {
                ":last": shape.last_seq(),
                ":last_said": shape.messages * (1 + shape.between),
                ":between": shape.between,
                ":first": first,
                ":room": room,
            },
        )
        .unwrap();
    RoomId::parse(room).unwrap()
}

/// Something new that the author of everything else says.
fn draft(connection: &Connection, room: RoomId) -> Draft {
    let author = User {
        id: UserId::parse(1).unwrap(),
        username: Username::parse("ada").unwrap(),
        kind: AccountKind::Basic,
        is_admin: false,
        ban: None,
        created_at: START,
        last_seen_at: START,
    };
    let membership = Membership {
        room_id: room,
        user_id: author.id,
        role: Role::Owner,
        read_seq: Seq::ZERO,
    };
    let found = rows::the_room(connection, room).unwrap();
    let member = room::may_read(author, Some((found, membership))).unwrap();
    let name = format!("new{}", rows::next_id(connection, "messages").unwrap());
    let said = say("what is new, a line or so", Some(&name));
    message::draft(&room::may_post(&member).unwrap(), said, START).unwrap()
}

/// The calls, by name.
fn costs(cold: &Cold, room: RoomId, shape: Shape) -> Vec<(&'static str, Cost)> {
    let middle = Seq::parse(shape.middle()).unwrap();
    let author = UserId::parse(1).unwrap();
    let page = |page| {
        cold.cost(|connection| {
            let read = message_store::page_of(connection, &Labelled, room, page).unwrap();
            assert_eq!((read.messages.len(), read.has_more), (50, true));
        })
    };
    let events = cold.cost(|connection| {
        let read = message_store::events_of(connection, &Labelled, room, middle, 90).unwrap();
        assert_eq!(read.len(), 90);
    });
    let sent_before = |client_id: &str, is_known: bool| {
        cold.cost(|connection| {
            let said = say(
                &format!("what was said, a line or so, number {middle}"),
                Some(client_id),
            );
            let found = message_store::sent_before(connection, &Labelled, room, author, &said);
            assert_eq!(found.unwrap().is_some(), is_known);
        })
    };
    let draft = draft(&cold.connection(), room);
    let append = cold.cost(|connection| {
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert!(message_store::append(connection, &Labelled, draft).unwrap().fresh);
        connection.execute_batch("COMMIT").unwrap();
    });
    vec![
        ("the newest page", page(Page::Newest { offset: 0, most: 50 })),
        (
            "a page in the middle",
            page(Page::Before {
                before: middle,
                most: 50,
            }),
        ),
        ("events in the middle", events),
        (
            "what has a known client id",
            sent_before(&format!("c{middle}"), true),
        ),
        ("what has a new client id", sent_before("nothing", false)),
        ("a new message", append),
    ]
}

#[test]
fn what_a_call_costs_does_not_depend_on_how_much_was_said_or_changed() {
    let many = rounds(20_000, 1_000_000) as u64;
    let shape = |messages, between, at_the_end| Shape {
        messages,
        between,
        at_the_end,
    };
    let cold = Cold::new();
    let shapes = [
        shape(200, 0, 0),
        shape(many, 0, 0),
        shape(200, 20, 5_000),
        shape(many / 20, 20, 5_000),
    ];
    let rooms = shapes.map(|shape| fill(&cold, shape));
    let new = Cold::new();
    let only = fill(&new, shapes[0]);
    for is_analyzed in [false, true] {
        let [small, large, busy, large_and_busy] = [0, 1, 2, 3].map(|n| {
            cold.settle(is_analyzed);
            costs(&cold, rooms[n], shapes[n])
        });
        new.settle(is_analyzed);
        let alone = costs(&new, only, shapes[0]);
        // Where on its page a row lies, and which page has to be split, is chance.
        compare("a large database", &small, &alone, 8);
        compare("a long history", &large, &small, 8);
        compare("a long history with many changes", &large_and_busy, &busy, 8);
        let of_messages = |costs: &[(&'static str, Cost)]| {
            let only = costs.iter().filter(|(call, _)| *call != "events in the middle");
            only.copied().collect::<Vec<_>>()
        };
        // With others between them, each of the fifty messages may lie on a page of its own.
        compare("many changes", &of_messages(&busy), &of_messages(&small), 50);
    }
}

fn compare(what: &str, costs: &[(&str, Cost)], expected: &[(&str, Cost)], pages: u64) {
    for ((call, cost), (_, expected)) in costs.iter().zip(expected) {
        assert!(
            cost.is_like(*expected, pages),
            "{what}: {call} costs {cost:?} instead of {expected:?}"
        );
    }
}
