//! Rooms on the wire.

use chat_app::rooms::MyRoom;
use serde::Serialize;

/// A room of mine.
#[derive(Debug, Clone, Serialize)]
pub struct RoomView<'a> {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: &'a str,
    /// `server` or `e2ee`.
    pub mode: &'static str,
    /// `group`, `direct` or `announcements`.
    pub kind: &'static str,
    /// Whether it is the room that everybody finds first.
    pub lobby: bool,
    /// `open` or `invite`.
    pub join: &'static str,
    /// `member`, `moderator` or `owner`.
    pub role: &'static str,
    /// The place of its newest event.
    pub last_seq: u64,
    /// How far I have read.
    pub read_seq: u64,
    /// How many we are.
    pub members: u64,
}

impl<'a> From<&'a MyRoom> for RoomView<'a> {
    fn from(mine: &'a MyRoom) -> Self {
        Self {
            id: mine.room.id.number(),
            name: mine.room.name.as_str(),
            mode: mine.room.mode.name(),
            kind: mine.room.kind.name(),
            lobby: false,
            join: mine.room.join.name(),
            role: mine.membership.role.name(),
            last_seq: mine.room.last_seq.number(),
            read_seq: mine.membership.read_seq.number(),
            members: mine.members,
        }
    }
}
