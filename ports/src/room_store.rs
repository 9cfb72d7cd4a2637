//! Rooms and their members.

use std::future::Future;

use chat_domain::{Join, Membership, Mode, Room, RoomId, RoomKind, RoomName, Timestamp, UserId};

use crate::StoreError;

/// Keeps rooms and who belongs to them.
pub trait RoomStore: Send + Sync + 'static {
    /// The room of every call that names none, which everybody who registers becomes a member of. Made on the
    /// first call, the same one ever after.
    fn ensure_plain_room(&self, room: NewRoom) -> impl Future<Output = Result<Room, StoreError>> + Send;

    /// The plain room, if it was ever made.
    fn plain_room(&self) -> impl Future<Output = Result<Option<RoomId>, StoreError>> + Send;

    /// The room together with this user's membership; `None` if either does not exist.
    fn room_of(
        &self,
        user: UserId,
        room: RoomId,
    ) -> impl Future<Output = Result<Option<(Room, Membership)>, StoreError>> + Send;

    /// All rooms of this user, by id, each with the number of its members.
    fn rooms_of(
        &self,
        user: UserId,
    ) -> impl Future<Output = Result<Vec<(Room, Membership, u64)>, StoreError>> + Send;
}

/// A room to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRoom {
    /// Its name.
    pub name: RoomName,
    /// What it is for.
    pub kind: RoomKind,
    /// Who can read it.
    pub mode: Mode,
    /// How one becomes a member.
    pub join: Join,
    /// Now.
    pub at: Timestamp,
}
