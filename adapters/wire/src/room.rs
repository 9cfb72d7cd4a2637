//! Rooms on the wire.

use chat_domain::{Membership, Role, Room, event::Person};
use chat_ports::MyRoom;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{schema, user::UserView};

/// A room.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RoomView<'a> {
    /// Its number.
    #[schema(value_type = schema::RoomId)]
    pub id: u64,
    /// Its name; of a direct room, the other's.
    #[schema(value_type = schema::RoomName)]
    pub name: &'a str,
    /// `server` or `e2ee`.
    #[schema(value_type = schema::ModeName)]
    pub mode: &'static str,
    /// `group`, `direct` or `announcements`.
    #[schema(value_type = schema::KindName)]
    pub kind: &'static str,
    /// The other one, in a direct room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<UserView<'a>>,
    /// Whether it is the room that everybody finds first.
    pub lobby: bool,
    /// `open` or `invite`.
    #[schema(value_type = schema::JoinRule)]
    pub join: &'static str,
    /// What it is about.
    #[schema(value_type = Option<schema::Topic>, required = true)]
    pub topic: Option<&'a str>,
    /// Seconds between two messages of a member; 0 for none.
    #[schema(value_type = schema::SlowMode)]
    pub slow_mode: u32,
    /// Whether only those post who look after the room.
    pub read_only: bool,
    /// `member`, `moderator` or `owner`; null where the reader is no member, or is not asked.
    #[schema(value_type = Option<schema::RoleName>, required = true)]
    pub role: Option<&'static str>,
    /// The place of its newest event.
    #[schema(value_type = schema::Seq)]
    pub last_seq: u64,
    /// How far the reader has read.
    #[schema(value_type = Option<schema::Seq>, required = true)]
    pub read_seq: Option<u64>,
    /// How many are in it; absent where it is not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Count>)]
    pub members: Option<u64>,
}

impl<'a> RoomView<'a> {
    /// The room, whoever looks at it.
    #[must_use]
    pub fn of(room: &'a Room, members: Option<u64>) -> Self {
        Self {
            id: room.id.number(),
            name: room.name.as_str(),
            mode: room.mode.name(),
            kind: room.kind.name(),
            peer: None,
            lobby: false,
            join: room.join.name(),
            topic: room.topic.as_ref().map(chat_domain::room::Topic::as_str),
            slow_mode: room.slow_mode.seconds(),
            read_only: room.read_only,
            role: None,
            last_seq: room.last_seq.number(),
            read_seq: None,
            members,
        }
    }

    /// The room as this member of it sees it.
    #[must_use]
    pub fn seen_by(room: &'a Room, membership: &Membership) -> Self {
        Self {
            role: Some(membership.role.name()),
            read_seq: Some(membership.read_seq.number()),
            ..Self::of(room, None)
        }
    }
}

impl<'a> From<&'a MyRoom> for RoomView<'a> {
    fn from(mine: &'a MyRoom) -> Self {
        let view = Self::seen_by(&mine.room, &mine.membership);
        Self {
            name: mine
                .peer
                .as_ref()
                .map_or(view.name, |peer| peer.username.as_str()),
            peer: mine.peer.as_ref().map(UserView::from),
            members: Some(mine.members),
            ..view
        }
    }
}

/// A member of a room.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MemberView<'a> {
    /// Who.
    #[serde(flatten)]
    pub user: UserView<'a>,
    /// `member`, `moderator` or `owner`.
    #[schema(value_type = schema::RoleName)]
    pub role: &'static str,
}

impl<'a> From<&'a (Person, Role)> for MemberView<'a> {
    fn from((person, role): &'a (Person, Role)) -> Self {
        Self {
            user: person.into(),
            role: role.name(),
        }
    }
}
