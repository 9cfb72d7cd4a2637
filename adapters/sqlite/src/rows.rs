//! Rows as domain values. A value that the rules would not have let in means that somebody else wrote into the
//! database: it is an error, never a guess.

use std::fmt::Display;

use chat_domain::{
    AccountKind, Content, Event, EventBody, EventId, Grant, Join, Membership, Message, MessageType, Mode,
    Role, Room, RoomId, RoomKind, RoomName, Scopes, Seq, Session, SessionId, Timestamp, User, UserId,
    Username,
    event::{Emoji, Person},
    message::{ClientId, DeletedBy, MessageBody, Reaction},
    moderation::Ban,
    room::{SlowMode, Topic},
};
use chat_ports::{Column, Sealer, StoreError};
use rusqlite::{Connection, OptionalExtension, Params, Row, RowIndex};
use sha2::{Digest, Sha256};

use crate::error;

pub(crate) const CONTENT: Column = Column::new("messages.content");
const FIRST_DIGEST: Column = Column::new("messages.first_digest");
pub(crate) const BAN_REASON: Column = Column::new("users.ban_reason");
pub(crate) const ADDRESS: Column = Column::new("sessions.address");
pub(crate) const AGENT: Column = Column::new("sessions.agent");
pub(crate) const TOKEN_NAME: Column = Column::new("sessions.name");

/// The columns that [`user`] reads, for a `users` in the query.
pub(crate) const USER: &str = "users.id AS user_id, users.username AS username, users.kind AS user_kind, \
     users.is_admin AS is_admin, users.ban_since AS ban_since, users.ban_until AS ban_until, \
     users.ban_reason AS ban_reason, users.created_at AS user_created_at, users.last_seen_at AS last_seen_at";

/// The columns that [`session`] reads.
pub(crate) const SESSION: &str = "sessions.id AS session_id, sessions.user_id AS user_id, \
     sessions.created_at AS session_created_at, sessions.last_used_at AS last_used_at, \
     sessions.kind AS session_kind, sessions.scopes AS scopes, sessions.ends_at AS session_ends_at, \
     sessions.room_id AS session_room_id";

/// The columns that [`event`] and [`message`] read, from [`EVENTS`].
pub(crate) const EVENT: &str = "messages.id AS id, messages.room_id AS room_id, messages.seq AS seq, \
     messages.event AS event, messages.user_id AS user_id, messages.message_type AS message_type, \
     messages.content AS content, messages.deleted_by AS deleted_by, messages.reply_to AS reply_to, \
     messages.client_id AS client_id, messages.by_user_id AS by_user_id, messages.created_at AS created_at, \
     messages.edited_at AS edited_at, messages.reacted AS reacted, messages.target_id AS target_id, \
     messages.emoji AS emoji, messages.added AS added, \
     users.username AS username, users.is_admin AS is_admin";

/// The places of the columns of [`EVENT`]. They are read by place: looking up twenty names in every row of a page takes
/// longer than reading the row.
mod at {
    pub(super) const ID: usize = 0;
    pub(super) const ROOM_ID: usize = 1;
    pub(super) const SEQ: usize = 2;
    pub(super) const EVENT: usize = 3;
    pub(super) const USER_ID: usize = 4;
    pub(super) const MESSAGE_TYPE: usize = 5;
    pub(super) const CONTENT: usize = 6;
    pub(super) const DELETED_BY: usize = 7;
    pub(super) const REPLY_TO: usize = 8;
    pub(super) const CLIENT_ID: usize = 9;
    pub(super) const CREATED_AT: usize = 11;
    pub(super) const EDITED_AT: usize = 12;
    pub(super) const REACTED: usize = 13;
    pub(super) const TARGET_ID: usize = 14;
    pub(super) const USERNAME: usize = 17;
}

/// Where events come from. One whose user is missing is read all the same, and found to be unreadable then.
pub(crate) const EVENTS: &str = "messages LEFT JOIN users ON users.id = messages.user_id";

/// The same by way of the index of what was said.
pub(crate) const EVENTS_SAID: &str =
    "messages INDEXED BY messages_said LEFT JOIN users ON users.id = messages.user_id";

/// The columns that [`room`] and [`membership`] read, for `rooms` joined with `room_members`.
pub(crate) const ROOM: &str = "rooms.id AS room_id, rooms.name AS name, rooms.kind AS kind, rooms.mode AS mode, \
     rooms.join_rule AS join_rule, rooms.topic AS topic, rooms.slow_mode AS slow_mode, \
     rooms.read_only AS read_only, rooms.is_plain AS is_plain, rooms.last_seq AS last_seq, \
     rooms.created_at AS created_at";

/// At most one row.
pub(crate) fn one<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(error::store)?;
    let found = statement
        .query_row(params, |row| Ok(read(row)))
        .optional()
        .map_err(error::store)?;
    found.transpose()
}

/// Every row, in order.
pub(crate) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(error::store)?;
    let mut rows = statement.query(params).map_err(error::store)?;
    let mut values = Vec::new();
    while let Some(row) = rows.next().map_err(error::store)? {
        values.push(read(row)?);
    }
    Ok(values)
}

/// The first `most` rows that can be read, in order. The others are passed over, for they are not to hide those beside
/// them; they are reported by their `key`, a column of numbers.
pub(crate) fn readable<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    key: &str,
    most: usize,
    read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(error::store)?;
    let mut rows = statement.query(params).map_err(error::store)?;
    let mut values = Vec::new();
    while values.len() < most
        && let Some(row) = rows.next().map_err(error::store)?
    {
        values.extend(if_readable(row, key, read(row))?);
    }
    Ok(values)
}

/// What was read of a row; `None`, and a report, if it holds what cannot be read.
pub(crate) fn if_readable<T>(
    row: &Row<'_>,
    key: &str,
    read: Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    match read {
        Err(error) if error::lies_in_the_row(&error) => {
            let number: Option<i64> = get(row, key)?;
            tracing::error!(key, number, ?error, "a row cannot be read");
            Ok(None)
        }
        read => read.map(Some),
    }
}

/// Carries out a statement; how many rows it changed.
pub(crate) fn run(connection: &Connection, sql: &str, params: impl Params) -> Result<usize, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(error::store)?;
    statement.execute(params).map_err(error::store)
}

/// The id that the next row of an `AUTOINCREMENT` table gets. The writer is alone, so it stays true until the
/// row is written; a value that is sealed for its row can thus be sealed before.
pub(crate) fn next_id(connection: &Connection, table: &str) -> Result<u64, StoreError> {
    let last = one(
        connection,
        "SELECT seq FROM sqlite_sequence WHERE name = ?1",
        [table],
        |row| number(row, "seq"),
    )?;
    Ok(last.unwrap_or(0) + 1)
}

pub(crate) fn user(row: &Row<'_>, sealer: &dyn Sealer) -> Result<User, StoreError> {
    let id = number(row, "user_id")?;
    let since: Option<u64> = get(row, "ban_since")?;
    let ban = since.map(|since| {
        let until: Option<u64> = get(row, "ban_until")?;
        let reason = optional_text(row, "ban_reason", BAN_REASON, id, sealer)?;
        Ok::<_, StoreError>(Ban {
            since: Timestamp::from_millis(since),
            until: until.map(Timestamp::from_millis),
            reason,
        })
    });
    Ok(User {
        id: UserId::parse(id).map_err(StoreError::failed)?,
        username: username(row)?,
        kind: account_kind(&get::<String>(row, "user_kind")?)?,
        is_admin: get(row, "is_admin")?,
        ban: ban.transpose()?,
        created_at: time(row, "user_created_at")?,
        last_seen_at: time(row, "last_seen_at")?,
    })
}

pub(crate) fn account_kind_name(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::Basic => "basic",
        AccountKind::Keyed => "keyed",
    }
}

fn account_kind(name: &str) -> Result<AccountKind, StoreError> {
    match name {
        "basic" => Ok(AccountKind::Basic),
        "keyed" => Ok(AccountKind::Keyed),
        other => Err(StoreError::failed(format!(
            "an account of the unknown kind {other:?}"
        ))),
    }
}

pub(crate) fn session(row: &Row<'_>) -> Result<Session, StoreError> {
    Ok(Session {
        id: session_id(row)?,
        user_id: user_id(row, "user_id")?,
        created_at: time(row, "session_created_at")?,
        last_used_at: time(row, "last_used_at")?,
        grant: grant(row)?,
    })
}

pub(crate) fn session_id(row: &Row<'_>) -> Result<SessionId, StoreError> {
    SessionId::parse(number(row, "session_id")?).map_err(StoreError::failed)
}

fn grant(row: &Row<'_>) -> Result<Grant, StoreError> {
    let kind: String = get(row, "session_kind")?;
    match kind.as_str() {
        "full" => Ok(Grant::Full),
        "token" => {
            let names: String = get(row, "scopes")?;
            let ends_at: Option<u64> = get(row, "session_ends_at")?;
            Ok(Grant::Token {
                scopes: Scopes::parse(names.split(' ')).map_err(StoreError::failed)?,
                ends_at: ends_at.map(Timestamp::from_millis),
            })
        }
        "webhook" => {
            let room = number(row, "session_room_id")?;
            let room = RoomId::parse(room).map_err(StoreError::failed)?;
            Ok(Grant::Webhook { room })
        }
        _ => Err(StoreError::failed(format!("a session of kind {kind:?}"))),
    }
}

pub(crate) fn room(row: &Row<'_>) -> Result<Room, StoreError> {
    Ok(Room {
        id: room_id(row)?,
        name: RoomName::parse(&get::<String>(row, "name")?).map_err(StoreError::failed)?,
        kind: named(row, "kind", RoomKind::of_name)?,
        mode: named(row, "mode", Mode::of_name)?,
        join: named(row, "join_rule", Join::of_name)?,
        topic: topic(row)?,
        slow_mode: SlowMode::parse(get(row, "slow_mode")?).map_err(StoreError::failed)?,
        read_only: get(row, "read_only")?,
        is_plain: get(row, "is_plain")?,
        last_seq: seq(row, "last_seq")?,
        created_at: time(row, "created_at")?,
    })
}

pub(crate) fn membership(row: &Row<'_>) -> Result<Membership, StoreError> {
    Ok(Membership {
        room_id: room_id(row)?,
        user_id: user_id(row, "member_id")?,
        role: role(row)?,
        read_seq: seq(row, "read_seq")?,
    })
}

pub(crate) fn role(row: &Row<'_>) -> Result<Role, StoreError> {
    named(row, "role", Role::of_name)
}

/// An event. What it tells of a message or of the room is read with it, as it is now. One that cannot be read is told
/// as that, so that it does not hold up what comes after it.
pub(crate) fn event(
    connection: &Connection,
    row: &Row<'_>,
    sealer: &dyn Sealer,
) -> Result<Event, StoreError> {
    let read = event_body(connection, row, sealer).and_then(|body| Ok((time(row, at::CREATED_AT)?, body)));
    let (at, body) = if_readable(row, "id", read)?.unwrap_or((Timestamp::default(), EventBody::Withheld));
    Ok(Event {
        room_id: room_at(row, at::ROOM_ID)?,
        seq: seq(row, at::SEQ)?,
        at,
        body,
    })
}

fn event_body(connection: &Connection, row: &Row<'_>, sealer: &dyn Sealer) -> Result<EventBody, StoreError> {
    Ok(match text(row, at::EVENT)? {
        "message" => EventBody::Posted(message(connection, row, sealer)?),
        "edit" => EventBody::Edited(target(connection, row, sealer)?),
        "reaction" => EventBody::Reacted {
            target: event_id(row, at::TARGET_ID)?,
            user_id: user_id(row, at::USER_ID)?,
            emoji: emoji(row)?,
            added: get(row, "added")?,
        },
        "deletion" => EventBody::Deleted {
            target: event_id(row, at::TARGET_ID)?,
            target_seq: place(connection, event_id(row, at::TARGET_ID)?)?,
            by: named(row, at::DELETED_BY, DeletedBy::of_name)?,
        },
        "join" => EventBody::Joined {
            user: person(row)?,
            by: optional_user(row)?,
        },
        "leave" => EventBody::Left {
            user: person(row)?,
            by: optional_user(row)?,
        },
        "settings" => EventBody::RoomChanged(Box::new(the_room(connection, room_at(row, at::ROOM_ID)?)?)),
        other => {
            return Err(StoreError::failed(format!(
                "an event of the unknown kind {other:?}"
            )));
        }
    })
}

/// The message of this id, also an emptied one, if it is there and can be read.
pub(crate) fn message_by_id(
    connection: &Connection,
    sealer: &dyn Sealer,
    id: EventId,
) -> Result<Option<Message>, StoreError> {
    let sql = format!("SELECT {EVENT} FROM {EVENTS} WHERE messages.id = ?1 AND event = 'message'");
    let found = one(connection, &sql, [id.number()], |row| {
        if_readable(row, "id", message(connection, row, sealer))
    })?;
    Ok(found.flatten())
}

/// Seals what a message was first sent as, to know it again.
pub(crate) fn first_digest(id: EventId, text: &Content, sealer: &dyn Sealer) -> Result<Vec<u8>, StoreError> {
    let digest = Sha256::digest(text.as_str());
    let record = sealer.seal(FIRST_DIGEST, id.number(), &digest);
    record.map_err(StoreError::failed)
}

/// Whether this is what the edited message was first sent as, if that is known.
pub(crate) fn was_first(
    row: &Row<'_>,
    id: EventId,
    text: &Content,
    sealer: &dyn Sealer,
) -> Result<Option<bool>, StoreError> {
    let Some(record) = get::<Option<Vec<u8>>>(row, "first_digest")? else {
        return Ok(None);
    };
    let digest = sealer.open(FIRST_DIGEST, id.number(), &record);
    let digest = digest.map_err(StoreError::failed)?;
    Ok(Some(digest == Sha256::digest(text.as_str()).as_slice()))
}

/// The message that an event is about.
fn target(connection: &Connection, row: &Row<'_>, sealer: &dyn Sealer) -> Result<Message, StoreError> {
    let id = event_id(row, at::TARGET_ID)?;
    let found = message_by_id(connection, sealer, id)?;
    found.ok_or_else(|| StoreError::failed(format!("an event about {id}, which is no message")))
}

fn place(connection: &Connection, id: EventId) -> Result<Seq, StoreError> {
    let sql = "SELECT seq FROM messages WHERE id = ?1";
    let found = one(connection, sql, [id.number()], |row| seq(row, "seq"))?;
    found.ok_or_else(|| StoreError::failed(format!("an event about {id}, which is not there")))
}

/// The room of this number.
pub(crate) fn the_room(connection: &Connection, id: RoomId) -> Result<Room, StoreError> {
    let sql = format!("SELECT {ROOM} FROM rooms WHERE id = ?1");
    let found = one(connection, &sql, [id.number()], room)?;
    found.ok_or_else(|| StoreError::failed(format!("there is no room {id}")))
}

pub(crate) fn message(
    connection: &Connection,
    row: &Row<'_>,
    sealer: &dyn Sealer,
) -> Result<Message, StoreError> {
    let id = event_id(row, at::ID)?;
    let body = if optional(row, at::DELETED_BY)?.is_some() {
        MessageBody::Deleted(named(row, at::DELETED_BY, DeletedBy::of_name)?)
    } else {
        let text = optional_text(row, at::CONTENT, CONTENT, id.number(), sealer)?;
        let text = text.ok_or_else(|| StoreError::failed(format!("message {id} has no content")))?;
        MessageBody::Said(Content::parse(text).map_err(StoreError::failed)?)
    };
    let client_id = optional(row, at::CLIENT_ID)?;
    let reply_to: Option<u64> = get(row, at::REPLY_TO)?;
    let edited_at: Option<u64> = get(row, at::EDITED_AT)?;
    let reacted: bool = get(row, at::REACTED)?;
    Ok(Message {
        id,
        room_id: room_at(row, at::ROOM_ID)?,
        seq: seq(row, at::SEQ)?,
        author: user_id(row, at::USER_ID)?,
        username: username_at(row, at::USERNAME)?,
        body,
        message_type: named(row, at::MESSAGE_TYPE, MessageType::of_name)?,
        reply_to: reply_to
            .map(EventId::parse)
            .transpose()
            .map_err(StoreError::failed)?,
        client_id: client_id
            .map(ClientId::parse)
            .transpose()
            .map_err(StoreError::failed)?,
        at: time(row, at::CREATED_AT)?,
        edited_at: edited_at.map(Timestamp::from_millis),
        reactions: if reacted {
            reactions(connection, id)?
        } else {
            Vec::new()
        },
    })
}

/// What stands under a message: each emoji once, in the order of its first use.
fn reactions(connection: &Connection, message: EventId) -> Result<Vec<Reaction>, StoreError> {
    let single = readable(
        connection,
        "SELECT message_id, emoji, user_id FROM reactions WHERE message_id = ?1 ORDER BY place",
        [message.number()],
        "message_id",
        usize::MAX,
        |row| Ok((emoji(row)?, user_id(row, "user_id")?)),
    )?;
    let mut reactions: Vec<Reaction> = Vec::new();
    for (emoji, user) in single {
        match reactions.iter_mut().find(|reaction| reaction.emoji == emoji) {
            Some(reaction) => reaction.by.push(user),
            None => reactions.push(Reaction {
                emoji,
                by: vec![user],
            }),
        }
    }
    Ok(reactions)
}

fn emoji(row: &Row<'_>) -> Result<Emoji, StoreError> {
    Emoji::parse(&get::<String>(row, "emoji")?).map_err(StoreError::failed)
}

fn topic(row: &Row<'_>) -> Result<Option<Topic>, StoreError> {
    let topic: Option<String> = get(row, "topic")?;
    Topic::parse(topic.as_deref().unwrap_or_default()).map_err(StoreError::failed)
}

pub(crate) fn event_id(row: &Row<'_>, column: impl RowIndex) -> Result<EventId, StoreError> {
    EventId::parse(number(row, column)?).map_err(StoreError::failed)
}

/// The other one of a direct room, from the columns `peer_id`, `peer_name` and `peer_is_admin`.
pub(crate) fn peer(row: &Row<'_>) -> Result<Option<Person>, StoreError> {
    let Some(id) = get::<Option<u64>>(row, "peer_id")? else {
        return Ok(None);
    };
    Ok(Some(Person {
        id: UserId::parse(id).map_err(StoreError::failed)?,
        username: Username::parse(&get::<String>(row, "peer_name")?).map_err(StoreError::failed)?,
        is_admin: get(row, "peer_is_admin")?,
    }))
}

pub(crate) fn person(row: &Row<'_>) -> Result<Person, StoreError> {
    Ok(Person {
        id: user_id(row, "user_id")?,
        username: username(row)?,
        is_admin: get(row, "is_admin")?,
    })
}

fn username(row: &Row<'_>) -> Result<Username, StoreError> {
    username_at(row, "username")
}

fn username_at(row: &Row<'_>, column: impl RowIndex) -> Result<Username, StoreError> {
    Username::parse(text(row, column)?).map_err(StoreError::failed)
}

pub(crate) fn user_id(row: &Row<'_>, column: impl RowIndex) -> Result<UserId, StoreError> {
    UserId::parse(number(row, column)?).map_err(StoreError::failed)
}

fn optional_user(row: &Row<'_>) -> Result<Option<UserId>, StoreError> {
    get::<Option<u64>>(row, "by_user_id")?
        .map(UserId::parse)
        .transpose()
        .map_err(StoreError::failed)
}

pub(crate) fn room_id(row: &Row<'_>) -> Result<RoomId, StoreError> {
    room_at(row, "room_id")
}

fn room_at(row: &Row<'_>, column: impl RowIndex) -> Result<RoomId, StoreError> {
    RoomId::parse(number(row, column)?).map_err(StoreError::failed)
}

pub(crate) fn seq(row: &Row<'_>, column: impl RowIndex) -> Result<Seq, StoreError> {
    Seq::parse(number(row, column)?).map_err(StoreError::failed)
}

pub(crate) fn time(row: &Row<'_>, column: impl RowIndex) -> Result<Timestamp, StoreError> {
    number(row, column).map(Timestamp::from_millis)
}

pub(crate) fn number(row: &Row<'_>, column: impl RowIndex) -> Result<u64, StoreError> {
    get(row, column)
}

pub(crate) fn get<T: rusqlite::types::FromSql>(
    row: &Row<'_>,
    column: impl RowIndex,
) -> Result<T, StoreError> {
    row.get(column).map_err(error::store)
}

/// A text as it lies in the row.
fn text<'a>(row: &'a Row<'_>, column: impl RowIndex) -> Result<&'a str, StoreError> {
    let found = row.get_ref(column).map_err(error::store)?;
    found.as_str().map_err(StoreError::failed)
}

/// The same for one that may be missing.
fn optional<'a>(row: &'a Row<'_>, column: impl RowIndex) -> Result<Option<&'a str>, StoreError> {
    let found = row.get_ref(column).map_err(error::store)?;
    found.as_str_or_null().map_err(StoreError::failed)
}

pub(crate) fn named<T>(
    row: &Row<'_>,
    column: impl RowIndex + Copy + Display,
    of_name: impl FnOnce(&str) -> Option<T>,
) -> Result<T, StoreError> {
    let name = text(row, column)?;
    of_name(name).ok_or_else(|| StoreError::failed(format!("the unknown name {name:?} in column {column}")))
}

pub(crate) fn optional_text(
    row: &Row<'_>,
    column: impl RowIndex,
    place: Column,
    id: u64,
    sealer: &dyn Sealer,
) -> Result<Option<String>, StoreError> {
    let found = row.get_ref(column).map_err(error::store)?;
    let Some(record) = found.as_blob_or_null().map_err(StoreError::failed)? else {
        return Ok(None);
    };
    let opened = sealer.open(place, id, record).map_err(StoreError::failed)?;
    String::from_utf8(opened).map(Some).map_err(StoreError::failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    #[test]
    fn the_columns_of_an_event_are_where_they_are_read() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("t.db");
        let mut connection = schema::open_for_writing(&path).unwrap();
        schema::migrate(&path, &mut connection).unwrap();
        let statement = connection
            .prepare(&format!("SELECT {EVENT} FROM {EVENTS}"))
            .unwrap();
        for (place, name) in [
            (at::ID, "id"),
            (at::ROOM_ID, "room_id"),
            (at::SEQ, "seq"),
            (at::EVENT, "event"),
            (at::USER_ID, "user_id"),
            (at::MESSAGE_TYPE, "message_type"),
            (at::CONTENT, "content"),
            (at::DELETED_BY, "deleted_by"),
            (at::REPLY_TO, "reply_to"),
            (at::CLIENT_ID, "client_id"),
            (at::CREATED_AT, "created_at"),
            (at::EDITED_AT, "edited_at"),
            (at::REACTED, "reacted"),
            (at::TARGET_ID, "target_id"),
            (at::USERNAME, "username"),
        ] {
            assert_eq!(statement.column_name(place).unwrap(), name);
        }
    }
}
