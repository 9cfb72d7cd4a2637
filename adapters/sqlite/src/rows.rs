//! Rows as domain values. A value that the rules would not have let in means that somebody else wrote into the
//! database: it is an error, never a guess.

use chat_domain::{
    AccountKind, Content, Event, EventBody, EventId, Join, Membership, Message, MessageType, Mode, Role,
    Room, RoomId, RoomKind, RoomName, Seq, Session, SessionId, Timestamp, User, UserId, Username,
    event::Person,
    message::{ClientId, DeletedBy, MessageBody},
    moderation::Ban,
};
use chat_ports::{Column, Sealer, StoreError};
use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::error;

pub(crate) const CONTENT: Column = Column::new("messages.content");
pub(crate) const BAN_REASON: Column = Column::new("users.ban_reason");
pub(crate) const ADDRESS: Column = Column::new("sessions.address");
pub(crate) const AGENT: Column = Column::new("sessions.agent");

/// The columns that [`user`] reads, for a `users` in the query.
pub(crate) const USER: &str = "users.id AS user_id, users.username AS username, users.kind AS user_kind, \
     users.is_admin AS is_admin, users.ban_since AS ban_since, users.ban_until AS ban_until, \
     users.ban_reason AS ban_reason, users.created_at AS user_created_at, users.last_seen_at AS last_seen_at";

/// The columns that [`event`] reads, for `messages` joined with `users`.
pub(crate) const EVENT: &str = "messages.id AS id, messages.room_id AS room_id, messages.seq AS seq, \
     messages.event AS event, messages.user_id AS user_id, messages.message_type AS message_type, \
     messages.content AS content, messages.deleted_by AS deleted_by, messages.reply_to AS reply_to, \
     messages.client_id AS client_id, messages.by_user_id AS by_user_id, messages.created_at AS created_at, \
     users.username AS username, users.is_admin AS is_admin";

/// The columns that [`room`] and [`membership`] read, for `rooms` joined with `room_members`.
pub(crate) const ROOM: &str = "rooms.id AS room_id, rooms.name AS name, rooms.kind AS kind, rooms.mode AS mode, \
     rooms.join_rule AS join_rule, rooms.read_only AS read_only, rooms.last_seq AS last_seq, \
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
        id: SessionId::parse(number(row, "session_id")?).map_err(StoreError::failed)?,
        user_id: user_id(row, "user_id")?,
        created_at: time(row, "session_created_at")?,
        last_used_at: time(row, "last_used_at")?,
    })
}

pub(crate) fn room(row: &Row<'_>) -> Result<Room, StoreError> {
    Ok(Room {
        id: room_id(row)?,
        name: RoomName::parse(&get::<String>(row, "name")?).map_err(StoreError::failed)?,
        kind: named(row, "kind", RoomKind::of_name)?,
        mode: named(row, "mode", Mode::of_name)?,
        join: named(row, "join_rule", Join::of_name)?,
        read_only: get(row, "read_only")?,
        last_seq: seq(row, "last_seq")?,
        created_at: time(row, "created_at")?,
    })
}

pub(crate) fn membership(row: &Row<'_>) -> Result<Membership, StoreError> {
    Ok(Membership {
        room_id: room_id(row)?,
        user_id: user_id(row, "member_id")?,
        role: named(row, "role", Role::of_name)?,
        read_seq: seq(row, "read_seq")?,
    })
}

pub(crate) fn event(row: &Row<'_>, sealer: &dyn Sealer) -> Result<Event, StoreError> {
    let body = match get::<String>(row, "event")?.as_str() {
        "message" => EventBody::Posted(message(row, sealer)?),
        "join" => EventBody::Joined {
            user: person(row)?,
            by: optional_user(row)?,
        },
        "leave" => EventBody::Left {
            user: person(row)?,
            by: optional_user(row)?,
        },
        other => {
            return Err(StoreError::failed(format!(
                "an event of the unknown kind {other:?}"
            )));
        }
    };
    Ok(Event {
        room_id: room_id(row)?,
        seq: seq(row, "seq")?,
        at: time(row, "created_at")?,
        body,
    })
}

pub(crate) fn message(row: &Row<'_>, sealer: &dyn Sealer) -> Result<Message, StoreError> {
    let id = number(row, "id")?;
    let deleted_by: Option<String> = get(row, "deleted_by")?;
    let body = if let Some(by) = deleted_by {
        MessageBody::Deleted(
            DeletedBy::of_name(&by)
                .ok_or_else(|| StoreError::failed(format!("deleted by the unknown {by:?}")))?,
        )
    } else {
        let text = optional_text(row, "content", CONTENT, id, sealer)?;
        let text = text.ok_or_else(|| StoreError::failed(format!("message {id} has no content")))?;
        MessageBody::Said(Content::parse(text).map_err(StoreError::failed)?)
    };
    let client_id: Option<String> = get(row, "client_id")?;
    let reply_to: Option<u64> = get(row, "reply_to")?;
    Ok(Message {
        id: EventId::parse(id).map_err(StoreError::failed)?,
        room_id: room_id(row)?,
        seq: seq(row, "seq")?,
        author: user_id(row, "user_id")?,
        username: username(row)?,
        body,
        message_type: named(row, "message_type", MessageType::of_name)?,
        reply_to: reply_to
            .map(EventId::parse)
            .transpose()
            .map_err(StoreError::failed)?,
        client_id: client_id
            .map(|id| ClientId::parse(&id))
            .transpose()
            .map_err(StoreError::failed)?,
        at: time(row, "created_at")?,
    })
}

fn person(row: &Row<'_>) -> Result<Person, StoreError> {
    Ok(Person {
        id: user_id(row, "user_id")?,
        username: username(row)?,
        is_admin: get(row, "is_admin")?,
    })
}

fn username(row: &Row<'_>) -> Result<Username, StoreError> {
    Username::parse(&get::<String>(row, "username")?).map_err(StoreError::failed)
}

fn user_id(row: &Row<'_>, column: &str) -> Result<UserId, StoreError> {
    UserId::parse(number(row, column)?).map_err(StoreError::failed)
}

fn optional_user(row: &Row<'_>) -> Result<Option<UserId>, StoreError> {
    get::<Option<u64>>(row, "by_user_id")?
        .map(UserId::parse)
        .transpose()
        .map_err(StoreError::failed)
}

pub(crate) fn room_id(row: &Row<'_>) -> Result<RoomId, StoreError> {
    RoomId::parse(number(row, "room_id")?).map_err(StoreError::failed)
}

pub(crate) fn seq(row: &Row<'_>, column: &str) -> Result<Seq, StoreError> {
    Seq::parse(number(row, column)?).map_err(StoreError::failed)
}

fn time(row: &Row<'_>, column: &str) -> Result<Timestamp, StoreError> {
    number(row, column).map(Timestamp::from_millis)
}

pub(crate) fn number(row: &Row<'_>, column: &str) -> Result<u64, StoreError> {
    get(row, column)
}

pub(crate) fn get<T: rusqlite::types::FromSql>(row: &Row<'_>, column: &str) -> Result<T, StoreError> {
    row.get(column).map_err(error::store)
}

fn named<T>(row: &Row<'_>, column: &str, of_name: impl FnOnce(&str) -> Option<T>) -> Result<T, StoreError> {
    let name: String = get(row, column)?;
    of_name(&name).ok_or_else(|| StoreError::failed(format!("the unknown {column} {name:?}")))
}

fn optional_text(
    row: &Row<'_>,
    column: &str,
    place: Column,
    id: u64,
    sealer: &dyn Sealer,
) -> Result<Option<String>, StoreError> {
    let Some(record) = get::<Option<Vec<u8>>>(row, column)? else {
        return Ok(None);
    };
    let opened = sealer.open(place, id, &record).map_err(StoreError::failed)?;
    String::from_utf8(opened).map(Some).map_err(StoreError::failed)
}
