//! Rooms and their members.

use chat_domain::{Event, EventBody, Membership, Role, Room, RoomId, Seq, Timestamp, UserId, event::Person};
use chat_ports::{NewRoom, RoomStore, StoreError};
use rusqlite::{Connection, named_params};

use crate::{SqliteStore, rows};

impl RoomStore for SqliteStore {
    async fn ensure_plain_room(&self, room: NewRoom) -> Result<Room, StoreError> {
        self.write(move |connection, _| {
            rows::run(
                connection,
                "INSERT INTO rooms (name, kind, mode, join_rule, is_plain, created_at)
                 VALUES (:name, :kind, :mode, :join, 1, :at) ON CONFLICT (is_plain) WHERE is_plain = 1 DO NOTHING",
                named_params! {
                    ":name": room.name.as_str(),
                    ":kind": room.kind.name(),
                    ":mode": room.mode.name(),
                    ":join": room.join.name(),
                    ":at": room.at.millis(),
                },
            )?;
            let sql = format!("SELECT {} FROM rooms WHERE is_plain = 1", rows::ROOM);
            let made = rows::one(connection, &sql, [], rows::room)?;
            made.ok_or_else(|| StoreError::failed("the plain room was not made"))
        })
        .await
    }

    async fn plain_room(&self) -> Result<Option<RoomId>, StoreError> {
        self.read(|connection, _| {
            rows::one(
                connection,
                "SELECT id AS room_id FROM rooms WHERE is_plain = 1",
                [],
                rows::room_id,
            )
        })
        .await
    }

    async fn room_of(&self, user: UserId, room: RoomId) -> Result<Option<(Room, Membership)>, StoreError> {
        self.read(move |connection, _| {
            let sql = format!(
                "SELECT {}, user_id AS member_id, role, read_seq
                 FROM room_members JOIN rooms ON rooms.id = room_members.room_id
                 WHERE room_members.room_id = ?1 AND user_id = ?2",
                rows::ROOM
            );
            rows::one(connection, &sql, [room.number(), user.number()], |row| {
                Ok((rows::room(row)?, rows::membership(row)?))
            })
        })
        .await
    }

    async fn rooms_of(&self, user: UserId) -> Result<Vec<(Room, Membership, u64)>, StoreError> {
        self.read(move |connection, _| {
            let sql = format!(
                "SELECT {}, user_id AS member_id, role, read_seq,
                        (SELECT count(*) FROM room_members AS everybody WHERE everybody.room_id = rooms.id) AS members
                 FROM room_members JOIN rooms ON rooms.id = room_members.room_id
                 WHERE user_id = ?1 ORDER BY rooms.id",
                rows::ROOM
            );
            rows::all(connection, &sql, [user.number()], |row| {
                Ok((rows::room(row)?, rows::membership(row)?, rows::number(row, "members")?))
            })
        })
        .await
    }
}

/// Gives out the room's next place.
pub(crate) fn next_seq(connection: &Connection, room: RoomId) -> Result<Seq, StoreError> {
    let next = rows::one(
        connection,
        "UPDATE rooms SET last_seq = last_seq + 1 WHERE id = ?1 RETURNING last_seq",
        [room.number()],
        |row| rows::seq(row, "last_seq"),
    )?;
    next.ok_or_else(|| StoreError::failed(format!("there is no room {room}")))
}

/// Makes the user a member, with the event that says so.
pub(crate) fn join(
    connection: &Connection,
    room: RoomId,
    person: Person,
    at: Timestamp,
) -> Result<Event, StoreError> {
    let seq = next_seq(connection, room)?;
    let params = named_params! {
        ":room": room.number(),
        ":user": person.id.number(),
        ":role": Role::Member.name(),
        ":at": at.millis(),
    };
    rows::run(
        connection,
        "INSERT INTO room_members (room_id, user_id, role, joined_at) VALUES (:room, :user, :role, :at)",
        params,
    )?;
    rows::run(
        connection,
        "INSERT INTO messages (room_id, seq, event, user_id, created_at) VALUES (?1, ?2, 'join', ?3, ?4)",
        [room.number(), seq.number(), person.id.number(), at.millis()],
    )?;
    Ok(Event {
        room_id: room,
        seq,
        at,
        body: EventBody::Joined {
            user: person,
            by: None,
        },
    })
}
