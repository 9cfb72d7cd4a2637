//! Who acts: what they were allowed when the rules were asked may be over by the time it is written.

use chat_domain::{Role, RoomId, Timestamp, UserId, moderation::Actor};
use chat_ports::{Conflict, StoreError};
use rusqlite::{Connection, named_params};

use crate::rows;

/// Somebody who may act in a room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InRoom {
    pub(crate) role: Role,
    pub(crate) is_admin: bool,
}

impl InRoom {
    pub(crate) fn moderates(self) -> bool {
        self.role >= Role::Moderator || self.is_admin
    }
}

/// The user, who must be there, not banned, and a member of the room.
pub(crate) fn in_room(
    connection: &Connection,
    user: UserId,
    room: RoomId,
    at: Timestamp,
) -> Result<InRoom, StoreError> {
    let found = rows::one(
        connection,
        "SELECT is_admin,
                (SELECT role FROM room_members WHERE room_id = :room AND user_id = :user) AS role
         FROM users WHERE id = :user AND (ban_since IS NULL OR ban_until <= :at)",
        named_params! { ":at": at.millis(), ":room": room.number(), ":user": user.number() },
        |row| {
            let is_admin = rows::get(row, "is_admin")?;
            let role: Option<String> = rows::get(row, "role")?;
            role.map(|_| rows::role(row).map(|role| InRoom { role, is_admin }))
                .transpose()
        },
    )?;
    let member = found.ok_or(Conflict::UserInactive)?;
    member.ok_or_else(|| Conflict::NotMember.into())
}

/// The user, who must be there and not banned, wherever they act. Whether they administer the server.
pub(crate) fn active(connection: &Connection, user: UserId, at: Timestamp) -> Result<bool, StoreError> {
    let found = rows::one(
        connection,
        "SELECT is_admin FROM users WHERE id = ?1 AND (ban_since IS NULL OR ban_until <= ?2)",
        [user.number(), at.millis()],
        |row| rows::get(row, "is_admin"),
    )?;
    found.ok_or_else(|| Conflict::UserInactive.into())
}

/// An administrator who acts must still be one.
pub(crate) fn may_administer(connection: &Connection, actor: Actor, at: Timestamp) -> Result<(), StoreError> {
    match actor {
        Actor::Admin(id) if !active(connection, id, at)? => Err(Conflict::NotAllowed.into()),
        Actor::Admin(_) | Actor::Shell => Ok(()),
    }
}

/// The user's role in the room.
pub(crate) fn role(connection: &Connection, user: UserId, room: RoomId) -> Result<Role, StoreError> {
    let found = rows::one(
        connection,
        "SELECT role FROM room_members WHERE room_id = ?1 AND user_id = ?2",
        [room.number(), user.number()],
        rows::role,
    )?;
    found.ok_or_else(|| Conflict::NotMember.into())
}
