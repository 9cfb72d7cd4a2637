//! Rooms and their members.

use std::future::Future;

use chat_domain::{
    Event, Join, Membership, Mode, Role, Room, RoomId, RoomKind, RoomName, Seq, Timestamp, UserId,
    event::Person,
    membership::{Entry, Exit, Pair, RoomChange},
};

use crate::StoreError;

/// Keeps rooms and who belongs to them.
pub trait RoomStore: Send + Sync + 'static {
    /// The room of every call that names none, which everybody who registers becomes a member of. Made on the
    /// first call, the same one ever after.
    fn ensure_plain_room(&self, room: NewRoom) -> impl Future<Output = Result<Room, StoreError>> + Send;

    /// The plain room, if it was ever made.
    fn plain_room(&self) -> impl Future<Output = Result<Option<RoomId>, StoreError>> + Send;

    /// Makes a room with its first member and owner, and the event that says so, in one commit.
    ///
    /// # Errors
    /// `Conflict::UserInactive` if the owner is gone or banned; `Conflict::TooManyRooms`.
    fn create_room(
        &self,
        room: NewRoom,
        owner: Person,
    ) -> impl Future<Output = Result<(MyRoom, Event), StoreError>> + Send;

    /// The one direct room of two users, as `seen_by` sees it; if there is none it is made, with both as
    /// members and the two events that say so, in one commit. Of many calls at once one makes it.
    ///
    /// # Errors
    /// `Conflict::UserInactive` if either is gone or banned; `Conflict::TooManyRooms`; `Conflict::NotMember` if
    /// `seen_by` is none of the two.
    fn direct_room(
        &self,
        pair: Pair,
        seen_by: UserId,
        at: Timestamp,
    ) -> impl Future<Output = Result<(MyRoom, Vec<Event>), StoreError>> + Send;

    /// The room; whose it is to see is for the caller to find out.
    fn room(&self, room: RoomId) -> impl Future<Output = Result<Option<Room>, StoreError>> + Send;

    /// The room together with this user's membership; `None` if either does not exist.
    fn room_of(
        &self,
        user: UserId,
        room: RoomId,
    ) -> impl Future<Output = Result<Option<(Room, Membership)>, StoreError>> + Send;

    /// All rooms of this user, by id, as of one moment, but for those that cannot be read any more.
    fn rooms_of(&self, user: UserId) -> impl Future<Output = Result<Vec<MyRoom>, StoreError>> + Send;

    /// Open groups that this user is not in, by id, after this one, each with the number of its members.
    fn open_rooms(
        &self,
        user: UserId,
        after: Option<RoomId>,
        most: u32,
    ) -> impl Future<Output = Result<Vec<(Room, u64)>, StoreError>> + Send;

    /// Members of the room, by id, after this one. Those that cannot be read any more are passed over, and hide nobody
    /// after them.
    fn members(
        &self,
        room: RoomId,
        after: Option<UserId>,
        most: u32,
    ) -> impl Future<Output = Result<Vec<(Person, Role)>, StoreError>> + Send;

    /// Makes somebody a member, with the event that says so, in one commit.
    ///
    /// # Errors
    /// `Conflict::AlreadyMember`; `Conflict::UserInactive` if they are gone or banned; `Conflict::RoomClosed` if
    /// they come by themselves and the room is not open any more; `Conflict::NotMember` if who adds them is no member
    /// any more; `Conflict::TooManyRooms`.
    fn enter(&self, entry: Entry) -> impl Future<Output = Result<Event, StoreError>> + Send;

    /// Ends a membership, with the event that says so, in one commit. If nobody is left who owns the room, the oldest
    /// account of the highest role that is left owns it from then on, and a second event says so.
    ///
    /// # Errors
    /// `Conflict::NotMember` if they are not in the room, or who removes them is not (any more); `Conflict::UserInactive`
    /// if who removes them is gone or banned; `Conflict::NotAllowed` if they rank no higher (any more).
    fn exit(&self, exit: Exit) -> impl Future<Output = Result<Vec<Event>, StoreError>> + Send;

    /// Changes the room's settings, with the event that says so, in one commit. `None`: they are like that already.
    ///
    /// # Errors
    /// `Conflict::UserInactive` if who changes them is gone or banned; `Conflict::NotMember` if they are no member any
    /// more; `Conflict::NotAllowed` if they do not look after the room any more.
    fn change_room(
        &self,
        change: RoomChange,
    ) -> impl Future<Output = Result<Option<Event>, StoreError>> + Send;

    /// Moves a member's read position forward, as far as the room's newest event; never back. Returns where it is.
    ///
    /// # Errors
    /// `Conflict::NotMember`.
    fn mark_read(
        &self,
        user: UserId,
        room: RoomId,
        seq: Seq,
    ) -> impl Future<Output = Result<Seq, StoreError>> + Send;
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

/// A room as one of its members sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MyRoom {
    /// The room.
    pub room: Room,
    /// What I am there.
    pub membership: Membership,
    /// How many we are.
    pub members: u64,
    /// The other one, in a direct room.
    pub peer: Option<Person>,
}

impl NewRoom {
    /// A pair's own room.
    #[must_use]
    pub fn direct(at: Timestamp) -> Self {
        Self {
            name: RoomName::direct(),
            kind: RoomKind::Direct,
            mode: Mode::Server,
            join: Join::Invite,
            at,
        }
    }
}
