//! Rooms and their members.

use chat_domain::{
    Event, EventBody, Membership, Role, Room, RoomId, Seq, Timestamp, UserId,
    event::Person,
    membership::{Entry, Exit, Pair, RoomChange},
    room::Topic,
};
use chat_ports::{Conflict, MyRoom, NewRoom, RoomStore, StoreError};
use rusqlite::{Connection, Row, named_params};

use crate::{SqliteStore, actor, rows};

/// The columns that [`my_room`] reads, and where they come from, but for the condition on `mine`.
const MY_ROOM: &str = "mine.user_id AS member_id, mine.role AS role, mine.read_seq AS read_seq,
            (SELECT count(*) FROM room_members AS everybody WHERE everybody.room_id = rooms.id) AS members,
            peer.id AS peer_id, peer.username AS peer_name, peer.is_admin AS peer_is_admin
     FROM room_members AS mine JOIN rooms ON rooms.id = mine.room_id
          LEFT JOIN direct_rooms AS pair ON pair.room_id = rooms.id
          LEFT JOIN users AS peer ON peer.id = pair.low + pair.high - mine.user_id";

impl RoomStore for SqliteStore {
    async fn ensure_plain_room(&self, room: NewRoom) -> Result<Room, StoreError> {
        self.write(move |connection, _| {
            let sql = format!("SELECT {} FROM rooms WHERE is_plain = 1", rows::ROOM);
            if let Some(room) = rows::one(connection, &sql, [], rows::room)? {
                return Ok(room);
            }
            let id = insert(connection, &room, true)?;
            rows::the_room(connection, id)
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

    async fn create_room(&self, room: NewRoom, owner: Person) -> Result<(MyRoom, Event), StoreError> {
        let most = self.rooms_per_user;
        self.write(move |connection, _| create(connection, &room, owner, most))
            .await
    }

    async fn direct_room(
        &self,
        pair: Pair,
        seen_by: UserId,
        at: Timestamp,
    ) -> Result<(MyRoom, Vec<Event>), StoreError> {
        let most = self.rooms_per_user;
        self.write(move |connection, _| direct(connection, pair, seen_by, at, most))
            .await
    }

    async fn room(&self, room: RoomId) -> Result<Option<Room>, StoreError> {
        self.read(move |connection, _| {
            let sql = format!("SELECT {} FROM rooms WHERE id = ?1", rows::ROOM);
            rows::one(connection, &sql, [room.number()], rows::room)
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

    async fn rooms_of(&self, user: UserId) -> Result<Vec<MyRoom>, StoreError> {
        self.read(move |connection, _| {
            let sql = format!(
                "SELECT {}, {MY_ROOM} WHERE mine.user_id = ?1 ORDER BY rooms.id",
                rows::ROOM
            );
            rows::readable(connection, &sql, [user.number()], "room_id", usize::MAX, my_room)
        })
        .await
    }

    async fn open_rooms(
        &self,
        user: UserId,
        after: Option<RoomId>,
        most: u32,
    ) -> Result<Vec<(Room, u64)>, StoreError> {
        self.read(move |connection, _| {
            let sql = format!(
                "SELECT {}, (SELECT count(*) FROM room_members WHERE room_id = rooms.id) AS members
                 FROM rooms INDEXED BY rooms_open
                 WHERE kind = 'group' AND join_rule = 'open' AND id > :after
                   AND NOT EXISTS (SELECT 1 FROM room_members WHERE room_id = rooms.id AND user_id = :user)
                 ORDER BY id",
                rows::ROOM
            );
            let params = named_params! {
                ":after": after.map_or(0, RoomId::number),
                ":user": user.number(),
            };
            rows::readable(connection, &sql, params, "room_id", most as usize, |row| {
                Ok((rows::room(row)?, rows::number(row, "members")?))
            })
        })
        .await
    }

    async fn members(
        &self,
        room: RoomId,
        after: Option<UserId>,
        most: u32,
    ) -> Result<Vec<(Person, Role)>, StoreError> {
        self.read(move |connection, _| {
            rows::readable(
                connection,
                "SELECT user_id, username, is_admin, role
                 FROM room_members JOIN users ON users.id = user_id
                 WHERE room_id = ?1 AND user_id > ?2 ORDER BY user_id",
                [room.number(), after.map_or(0, UserId::number)],
                "user_id",
                most as usize,
                |row| Ok((rows::person(row)?, rows::role(row)?)),
            )
        })
        .await
    }

    async fn enter(&self, entry: Entry) -> Result<Event, StoreError> {
        let most = self.rooms_per_user;
        self.write(move |connection, _| enter(connection, entry, most))
            .await
    }

    async fn exit(&self, exit: Exit) -> Result<Vec<Event>, StoreError> {
        self.write(move |connection, _| leave(connection, exit)).await
    }

    async fn change_room(&self, change: RoomChange) -> Result<Option<Event>, StoreError> {
        self.write(move |connection, _| change_settings(connection, change))
            .await
    }

    async fn mark_read(&self, user: UserId, room: RoomId, seq: Seq) -> Result<Seq, StoreError> {
        self.write(move |connection, _| {
            let moved = rows::one(
                connection,
                "UPDATE room_members
                 SET read_seq = max(read_seq, min(?3, (SELECT last_seq FROM rooms WHERE id = ?1)))
                 WHERE room_id = ?1 AND user_id = ?2 RETURNING read_seq",
                [room.number(), user.number(), seq.number()],
                |row| rows::seq(row, "read_seq"),
            )?;
            moved.ok_or_else(|| Conflict::NotMember.into())
        })
        .await
    }
}

fn my_room(row: &Row<'_>) -> Result<MyRoom, StoreError> {
    Ok(MyRoom {
        room: rows::room(row)?,
        membership: rows::membership(row)?,
        members: rows::number(row, "members")?,
        peer: rows::peer(row)?,
    })
}

fn as_seen_by(connection: &Connection, room: RoomId, user: UserId) -> Result<MyRoom, StoreError> {
    let sql = format!(
        "SELECT {}, {MY_ROOM} WHERE mine.room_id = ?1 AND mine.user_id = ?2",
        rows::ROOM
    );
    let found = rows::one(connection, &sql, [room.number(), user.number()], my_room)?;
    found.ok_or_else(|| Conflict::NotMember.into())
}

fn insert(connection: &Connection, new: &NewRoom, is_plain: bool) -> Result<RoomId, StoreError> {
    let made = rows::one(
        connection,
        "INSERT INTO rooms (name, kind, mode, join_rule, is_plain, created_at)
         VALUES (:name, :kind, :mode, :join, :is_plain, :at) RETURNING id AS room_id",
        named_params! {
            ":name": new.name.as_str(),
            ":kind": new.kind.name(),
            ":mode": new.mode.name(),
            ":join": new.join.name(),
            ":is_plain": is_plain,
            ":at": new.at.millis(),
        },
        rows::room_id,
    )?;
    made.ok_or_else(|| StoreError::failed("the room was not made"))
}

fn create(
    connection: &Connection,
    new: &NewRoom,
    owner: Person,
    most: u64,
) -> Result<(MyRoom, Event), StoreError> {
    actor::active(connection, owner.id, new.at)?;
    has_place(connection, owner.id, most)?;
    let room = insert(connection, new, false)?;
    let owner_id = owner.id;
    let joined = join(connection, room, owner, Role::Owner, None, new.at)?;
    Ok((as_seen_by(connection, room, owner_id)?, joined))
}

fn direct(
    connection: &Connection,
    pair: Pair,
    seen_by: UserId,
    at: Timestamp,
    most: u64,
) -> Result<(MyRoom, Vec<Event>), StoreError> {
    let [low, high] = pair.members();
    let there = rows::one(
        connection,
        "SELECT room_id FROM direct_rooms WHERE low = ?1 AND high = ?2",
        [low.number(), high.number()],
        rows::room_id,
    )?;
    if let Some(room) = there {
        return Ok((as_seen_by(connection, room, seen_by)?, Vec::new()));
    }
    if !pair.members().contains(&seen_by) {
        return Err(Conflict::NotMember.into());
    }
    for user in pair.members() {
        actor::active(connection, user, at)?;
        has_place(connection, user, most)?;
    }
    let room = insert(connection, &NewRoom::direct(at), false)?;
    rows::run(
        connection,
        "INSERT INTO direct_rooms (low, high, room_id) VALUES (?1, ?2, ?3)",
        [low.number(), high.number(), room.number()],
    )?;
    let mut joined = Vec::new();
    for user in pair.members() {
        let person = person(connection, user)?;
        joined.push(join(connection, room, person, Role::Member, None, at)?);
    }
    Ok((as_seen_by(connection, room, seen_by)?, joined))
}

fn person(connection: &Connection, user: UserId) -> Result<Person, StoreError> {
    let sql = "SELECT id AS user_id, username, is_admin FROM users WHERE id = ?1";
    let found = rows::one(connection, sql, [user.number()], rows::person)?;
    found.ok_or_else(|| Conflict::UserInactive.into())
}

/// Whether the user may become a member of one more room, where so many are the most.
fn has_place(connection: &Connection, user: UserId, most: u64) -> Result<(), StoreError> {
    let sql = "SELECT count(*) AS n FROM room_members WHERE user_id = ?1";
    let rooms = rows::one(connection, sql, [user.number()], |row| rows::number(row, "n"))?;
    if rooms.is_some_and(|rooms| rooms >= most) {
        return Err(Conflict::TooManyRooms.into());
    }
    Ok(())
}

fn enter(connection: &Connection, entry: Entry, most: u64) -> Result<Event, StoreError> {
    actor::active(connection, entry.person.id, entry.at)?;
    let sql = "SELECT join_rule = 'open' AS is_open FROM rooms WHERE id = ?1";
    let is_open: Option<bool> = rows::one(connection, sql, [entry.room_id.number()], |row| {
        rows::get(row, "is_open")
    })?;
    match (is_open, entry.by) {
        (None, _) | (Some(false), None) => return Err(Conflict::RoomClosed.into()),
        (Some(true), None) => {}
        (Some(_), Some(by)) => {
            actor::role(connection, by, entry.room_id)?;
        }
    }
    match actor::role(connection, entry.person.id, entry.room_id) {
        Err(StoreError::Conflict(Conflict::NotMember)) => {}
        Ok(_) => return Err(Conflict::AlreadyMember.into()),
        Err(error) => return Err(error),
    }
    has_place(connection, entry.person.id, most)?;
    join(
        connection,
        entry.room_id,
        entry.person,
        Role::Member,
        entry.by,
        entry.at,
    )
}

fn leave(connection: &Connection, exit: Exit) -> Result<Vec<Event>, StoreError> {
    let room = exit.room_id;
    let rank = actor::role(connection, exit.person.id, room)?;
    if let Some(by) = exit.by {
        let remover = actor::role(connection, by, room)?;
        let is_admin = actor::active(connection, by, exit.at)?;
        if remover <= rank && !is_admin {
            return Err(Conflict::NotAllowed.into());
        }
    }
    rows::run(
        connection,
        "DELETE FROM room_members WHERE room_id = ?1 AND user_id = ?2",
        [room.number(), exit.person.id.number()],
    )?;
    let seq = note(connection, room, "leave", exit.person.id, exit.by, exit.at)?;
    let mut events = vec![Event {
        room_id: room,
        seq,
        at: exit.at,
        body: EventBody::Left {
            user: exit.person,
            by: exit.by,
        },
    }];
    if let Some(heir) = succeed(connection, room)? {
        events.push(room_changed(connection, room, heir, exit.at)?);
    }
    Ok(events)
}

/// Gives a room without an owner a new one, if anybody is left in it.
fn succeed(connection: &Connection, room: RoomId) -> Result<Option<UserId>, StoreError> {
    let sql = "UPDATE room_members SET role = 'owner'
         WHERE room_id = ?1
           AND NOT EXISTS (SELECT 1 FROM room_members WHERE room_id = ?1 AND role = 'owner')
           AND user_id = (SELECT user_id FROM room_members WHERE room_id = ?1
                          ORDER BY role = 'moderator' DESC, user_id LIMIT 1)
         RETURNING user_id";
    rows::one(connection, sql, [room.number()], |row| {
        rows::user_id(row, "user_id")
    })
}

fn change_settings(connection: &Connection, change: RoomChange) -> Result<Option<Event>, StoreError> {
    let actor = actor::in_room(connection, change.by, change.room_id, change.at)?;
    if !actor.moderates() {
        return Err(Conflict::NotAllowed.into());
    }
    let before = rows::the_room(connection, change.room_id)?;
    let room = change.settings.apply(before.clone());
    if room == before {
        return Ok(None);
    }
    rows::run(
        connection,
        "UPDATE rooms SET name = :name, join_rule = :join, topic = :topic, slow_mode = :slow_mode,
                          read_only = :read_only
         WHERE id = :id",
        named_params! {
            ":name": room.name.as_str(),
            ":join": room.join.name(),
            ":topic": room.topic.as_ref().map(Topic::as_str),
            ":slow_mode": room.slow_mode.seconds(),
            ":read_only": room.read_only,
            ":id": room.id.number(),
        },
    )?;
    room_changed(connection, room.id, change.by, change.at).map(Some)
}

fn room_changed(
    connection: &Connection,
    room: RoomId,
    by: UserId,
    at: Timestamp,
) -> Result<Event, StoreError> {
    let seq = note(connection, room, "settings", by, None, at)?;
    let now = rows::the_room(connection, room)?;
    Ok(Event {
        room_id: room,
        seq,
        at,
        body: EventBody::RoomChanged(Box::new(now)),
    })
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
    role: Role,
    by: Option<UserId>,
    at: Timestamp,
) -> Result<Event, StoreError> {
    rows::run(
        connection,
        "INSERT INTO room_members (room_id, user_id, role, joined_at) VALUES (:room, :user, :role, :at)",
        named_params! {
            ":room": room.number(),
            ":user": person.id.number(),
            ":role": role.name(),
            ":at": at.millis(),
        },
    )?;
    let seq = note(connection, room, "join", person.id, by, at)?;
    Ok(Event {
        room_id: room,
        seq,
        at,
        body: EventBody::Joined { user: person, by },
    })
}

/// Writes an event that is about no message under the room's next place.
fn note(
    connection: &Connection,
    room: RoomId,
    event: &str,
    user: UserId,
    by: Option<UserId>,
    at: Timestamp,
) -> Result<Seq, StoreError> {
    let seq = next_seq(connection, room)?;
    rows::run(
        connection,
        "INSERT INTO messages (room_id, seq, event, user_id, by_user_id, created_at)
         VALUES (:room, :seq, :event, :user, :by, :at)",
        named_params! {
            ":room": room.number(),
            ":seq": seq.number(),
            ":event": event,
            ":user": user.number(),
            ":by": by.map(UserId::number),
            ":at": at.millis(),
        },
    )?;
    Ok(seq)
}
