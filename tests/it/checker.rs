//! Compares what was tried and acknowledged with what is stored.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use chat_client::Client;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use crate::journal::{Deed, Journal, Receipt, Trace};

/// An event as it is stored, as far as it can be read without keys.
#[derive(Debug, Clone)]
struct Row {
    id: u64,
    room: u64,
    seq: u64,
    user: u64,
    client_id: Option<String>,
    trace: Trace,
}

/// Checks the database of a server that has ended: everything acknowledged is there, under the id and at the place that
/// were told; nothing is there twice, and nothing that nobody tried; the places are dense, and what was acknowledged
/// before something else was begun comes before it. The file itself is sound.
pub(crate) fn check(journal: &Journal, directory: &Path) {
    let rows = stored(directory);
    let new: Vec<&Row> = rows
        .iter()
        .filter(|row| row.seq > journal.begin.get(&row.room).copied().unwrap_or_default())
        .collect();
    is_dense(&rows);
    is_what_was_said(journal, &new);
    is_what_was_done(journal, &new);
    is_in_order(journal, &new);
}

/// Checks what a client sees, once everything that was tried has its answer: each message once, with its newest text
/// and what stands under it, and none that was deleted.
pub(crate) async fn check_view(journal: &Journal, client: &Client) {
    for room in journal.said.iter().map(|said| said.room).collect::<BTreeSet<_>>() {
        let mut shown: BTreeMap<u64, (String, BTreeSet<(String, u64)>)> = BTreeMap::new();
        for message in history(client, room).await {
            if message["seq"].as_u64() <= journal.begin.get(&room).copied() {
                continue;
            }
            let content = message["content"].as_str().unwrap().to_owned();
            let before = shown.insert(message["id"].as_u64().unwrap(), (content, reactions(&message)));
            assert!(before.is_none(), "twice: {message}");
        }
        let mut expected = expected(journal, room);
        for (id, message) in &shown {
            assert_eq!(expected.remove(id).as_ref(), Some(message), "message {id}");
        }
        assert!(expected.is_empty(), "not to be seen: {:?}", expected.keys());
    }
}

/// What a room should look like.
fn expected(journal: &Journal, room: u64) -> BTreeMap<u64, (String, BTreeSet<(String, u64)>)> {
    let said = journal.said.iter().filter(|said| said.room == room);
    let mut shown: BTreeMap<_, _> = said
        .map(|said| (said.stored.unwrap().id, (said.content.clone(), BTreeSet::new())))
        .collect();
    // Each one's deeds are in their order, and nobody else's bear on the same.
    for done in journal.done.iter().filter(|done| done.is_acknowledged) {
        match &done.what {
            Deed::Edit { message, content } => {
                if let Some((shown, _)) = shown.get_mut(message) {
                    shown.clone_from(content);
                }
            }
            Deed::React {
                message,
                emoji,
                added,
            } => {
                if let Some((_, reactions)) = shown.get_mut(message) {
                    let reaction = (emoji.clone(), done.user);
                    if *added {
                        reactions.insert(reaction);
                    } else {
                        reactions.remove(&reaction);
                    }
                }
            }
            Deed::Delete { .. } | Deed::Join | Deed::Leave | Deed::Topic(_) => {}
        }
    }
    for done in &journal.done {
        if let Deed::Delete { message } = done.what {
            shown.remove(&message);
        }
    }
    shown
}

fn reactions(message: &Value) -> BTreeSet<(String, u64)> {
    let mut found = BTreeSet::new();
    for reaction in message["reactions"].as_array().into_iter().flatten() {
        let emoji = reaction["emoji"].as_str().unwrap();
        let users = reaction["user_ids"].as_array().unwrap();
        found.extend(
            users
                .iter()
                .map(|user| (emoji.to_owned(), user.as_u64().unwrap())),
        );
    }
    found
}

async fn history(client: &Client, room: u64) -> Vec<Value> {
    let mut messages = Vec::new();
    let mut path = format!("/api/messages?limit=100&room_id={room}");
    loop {
        let page = client.get(&path).await.unwrap().success().unwrap();
        let page_of = page["messages"].as_array().unwrap();
        messages.extend(page_of.iter().cloned());
        if page["has_more"] == false {
            return messages;
        }
        path = format!(
            "/api/messages?limit=100&room_id={room}&before={}",
            page_of[0]["seq"]
        );
    }
}

/// A copy of the database, as the next start would find it.
pub(crate) fn copy(directory: &Path) -> (TempDir, Connection) {
    let copies = TempDir::new().unwrap();
    for name in ["chat.db", "chat.db-wal", "chat.db-journal"] {
        let original = directory.join(name);
        if original.exists() {
            fs::copy(original, copies.path().join(name)).unwrap();
        }
    }
    let connection = Connection::open(copies.path().join("chat.db")).unwrap();
    (copies, connection)
}

/// Takes the log of a server that has ended into its database.
pub(crate) fn empty_log(directory: &Path) {
    let connection = Connection::open(directory.join("chat.db")).unwrap();
    let emptied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    assert_eq!(emptied, Ok(0), "nobody else has it open");
}

/// Whether the file is whole.
pub(crate) fn is_sound(connection: &Connection) {
    let verdict: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(verdict, "ok");
    let mut broken = connection.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(!broken.exists([]).unwrap(), "a row refers to nothing");
}

fn stored(directory: &Path) -> Vec<Row> {
    let (_copies, connection) = copy(directory);
    is_sound(&connection);
    let last: HashMap<u64, u64> = {
        let mut rooms = connection.prepare("SELECT id, last_seq FROM rooms").unwrap();
        let rows = rooms.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let sql = "SELECT id, room_id, seq, user_id, client_id, event, target_id, emoji, added
               FROM messages ORDER BY room_id, seq";
    let mut events = connection.prepare(sql).unwrap();
    let rows = events.query_map([], |row| {
        let emoji: Option<String> = row.get("emoji")?;
        let added: Option<bool> = row.get("added")?;
        Ok(Row {
            id: row.get("id")?,
            room: row.get("room_id")?,
            seq: row.get("seq")?,
            user: row.get("user_id")?,
            client_id: row.get("client_id")?,
            trace: Trace {
                event: row.get("event")?,
                message: row.get("target_id")?,
                reaction: emoji.zip(added),
            },
        })
    });
    let rows: Vec<Row> = rows.unwrap().map(Result::unwrap).collect();
    for (room, last) in last {
        let newest = rows
            .iter()
            .filter(|row| row.room == room)
            .map(|row| row.seq)
            .max();
        assert_eq!(
            newest.unwrap_or_default(),
            last,
            "room {room} counts on from there"
        );
    }
    rows
}

fn is_dense(rows: &[Row]) {
    let mut next: HashMap<u64, u64> = HashMap::new();
    for row in rows {
        let expected = next.entry(row.room).or_insert(1);
        assert_eq!(row.seq, *expected, "a gap in room {}", row.room);
        *expected += 1;
    }
}

fn is_what_was_said(journal: &Journal, rows: &[&Row]) {
    let mut stored: HashMap<(u64, u64, &str), Vec<&Row>> = HashMap::new();
    for row in rows.iter().filter(|row| row.trace.event == "message") {
        let client_id = row.client_id.as_deref().unwrap();
        stored
            .entry((row.room, row.user, client_id))
            .or_default()
            .push(row);
    }
    for said in &journal.said {
        let key = (said.room, said.user, said.client_id.as_str());
        let found = stored.remove(&key).unwrap_or_default();
        assert!(found.len() <= 1, "stored {} times: {said:?}", found.len());
        if let Some(Receipt { id, seq, .. }) = said.stored {
            let found = found.first().map(|row| (row.id, row.seq));
            assert_eq!(found, Some((id, seq)), "acknowledged: {}", said.client_id);
        }
    }
    assert!(stored.is_empty(), "nobody said {:?}", stored.keys());
}

fn is_what_was_done(journal: &Journal, rows: &[&Row]) {
    let mut tried: BTreeMap<(u64, u64, Trace), (usize, usize)> = BTreeMap::new();
    for done in &journal.done {
        let counts = tried
            .entry((done.room, done.user, done.what.trace()))
            .or_default();
        counts.0 += usize::from(done.is_acknowledged);
        counts.1 += 1;
    }
    let mut stored: BTreeMap<(u64, u64, Trace), usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.trace.event != "message") {
        *stored.entry((row.room, row.user, row.trace.clone())).or_default() += 1;
    }
    for (what, (acknowledged, attempted)) in &tried {
        let stored = stored.remove(what).unwrap_or_default();
        assert!(
            (*acknowledged..=*attempted).contains(&stored),
            "{what:?}: tried {attempted} times, acknowledged {acknowledged}, stored {stored}"
        );
    }
    assert!(stored.is_empty(), "nobody did {stored:?}");
}

/// What was acknowledged before something else was begun has the smaller place.
fn is_in_order(journal: &Journal, rows: &[&Row]) {
    let places: HashMap<(u64, u64, &str), u64> = rows
        .iter()
        .filter_map(|row| Some(((row.room, row.user, row.client_id.as_deref()?), row.seq)))
        .collect();
    let mut moments = Vec::new();
    for said in &journal.said {
        let place = places.get(&(said.room, said.user, said.client_id.as_str()));
        if let Some(place) = place {
            moments.push((said.began, false, said.room, *place));
        }
        if let Some(stored) = said.stored {
            moments.push((stored.at, true, said.room, stored.seq));
        }
    }
    moments.sort_unstable();
    let mut newest: HashMap<u64, u64> = HashMap::new();
    for (at, is_acknowledgement, room, seq) in moments {
        let newest = newest.entry(room).or_default();
        if is_acknowledgement {
            *newest = seq.max(*newest);
        } else {
            assert!(
                seq > *newest,
                "room {room}: begun at {at}, stored at {seq}, after {newest} was acknowledged"
            );
        }
    }
}
