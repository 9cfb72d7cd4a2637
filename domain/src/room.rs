//! Rooms: who is in them, and what a member may do there.

use std::fmt;
use std::time::Duration;

use crate::{AccountKind, Refusal, RoomId, Seq, Timestamp, User, UserId, limit};

/// What a room is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RoomKind {
    /// Any number of people.
    Group,
    /// A pair's own room.
    Direct,
    /// The one built-in room of system announcements, which everybody reads and administrators write.
    Announcements,
}

/// Who can read what is said. Chosen when the room is made, never changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The server reads it: sealed at rest, open to the server's rules, bots and REST clients.
    Server,
    /// End-to-end encrypted: the server keeps envelopes that it cannot open.
    E2ee,
}

/// How one becomes a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Join {
    /// By joining.
    Open,
    /// By being added.
    Invite,
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Talks.
    Member,
    /// Also deletes and removes.
    Moderator,
    /// Also changes the room and its roles.
    Owner,
}

macro_rules! named {
    ($type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            /// Its name on the wire and in the store.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The one of that name.
            #[must_use]
            pub fn of_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

named!(RoomKind { Group = "group", Direct = "direct", Announcements = "announcements" });
named!(Mode { Server = "server", E2ee = "e2ee" });
named!(Join { Open = "open", Invite = "invite" });
named!(Role { Member = "member", Moderator = "moderator", Owner = "owner" });

/// A room's name: so many bytes as the operator allows, without control, line-breaking or direction-changing characters, so that it can
/// neither break a line of a log nor pass for another name on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomName(String);

/// Why a text may not be a room's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RoomNameError {
    /// More than so many bytes, or only white space.
    #[error("must have 1 to {0} bytes")]
    Length(usize),
    /// A control, line-breaking or direction-changing character.
    #[error("must not hold control or direction characters")]
    Character,
}

impl RoomName {
    /// Reads a room's name, under the highest limit that there is; white space around it is dropped.
    ///
    /// # Errors
    /// [`RoomNameError`].
    pub fn parse(text: &str) -> Result<Self, RoomNameError> {
        Self::within(limit::ROOM_NAME_BYTES, text)
    }

    /// Reads a room's name of at most so many bytes; white space around it is dropped.
    ///
    /// # Errors
    /// [`RoomNameError`].
    pub fn within(most: usize, text: &str) -> Result<Self, RoomNameError> {
        let (text, most) = (text.trim(), most.min(limit::ROOM_NAME_BYTES));
        if !(1..=most).contains(&text.len()) {
            return Err(RoomNameError::Length(most));
        }
        if text.chars().any(is_deceptive) {
            return Err(RoomNameError::Character);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name of direct rooms, which is shown to nobody: each of the two sees the other's.
    #[must_use]
    pub fn direct() -> Self {
        Self("direct".to_owned())
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a room is about: 1–250 bytes under the rules of [`RoomName`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic(String);

/// Why a text may not be a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// More than 250 bytes.
    #[error("must have at most 250 bytes")]
    Length,
    /// A control, line-breaking or direction-changing character.
    #[error("must not hold control or direction characters")]
    Character,
}

impl Topic {
    /// Reads a topic; white space around it is dropped, and nothing is left of an empty one.
    ///
    /// # Errors
    /// [`TopicError`].
    pub fn parse(text: &str) -> Result<Option<Self>, TopicError> {
        let text = text.trim();
        if text.len() > limit::TOPIC_BYTES {
            return Err(TopicError::Length);
        }
        if text.chars().any(is_deceptive) {
            return Err(TopicError::Character);
        }
        Ok((!text.is_empty()).then(|| Self(text.to_owned())))
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How long a member waits between two messages: 0 (not at all) to 21,600 seconds (six hours).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct SlowMode(u32);

/// More than six hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number of seconds from 0 to 21600")]
pub struct SlowModeError;

impl SlowMode {
    /// Takes a number of seconds.
    ///
    /// # Errors
    /// [`SlowModeError`].
    pub const fn parse(seconds: u32) -> Result<Self, SlowModeError> {
        if seconds > limit::SLOW_MODE_SECONDS {
            Err(SlowModeError)
        } else {
            Ok(Self(seconds))
        }
    }

    /// In seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.0
    }
}

/// Characters that have no place in a name: C0, C1, DEL, line and paragraph separators, direction overrides.
pub(crate) fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}'
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A room as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Its number.
    pub id: RoomId,
    /// Its name.
    pub name: RoomName,
    /// What it is for.
    pub kind: RoomKind,
    /// Who can read it.
    pub mode: Mode,
    /// How one becomes a member.
    pub join: Join,
    /// What it is about.
    pub topic: Option<Topic>,
    /// How long a member waits between two messages.
    pub slow_mode: SlowMode,
    /// Whether only moderators and above may post.
    pub read_only: bool,
    /// Whether it is the room that everybody is in, and stays in.
    pub is_plain: bool,
    /// The place of its newest event.
    pub last_seq: Seq,
    /// When it was made.
    pub created_at: Timestamp,
}

/// That a user belongs to a room. The one source of access and of fan-out, in both modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// Where.
    pub room_id: RoomId,
    /// Who.
    pub user_id: UserId,
    /// As what.
    pub role: Role,
    /// How far the member has read.
    pub read_seq: Seq,
}

/// Proof that a user may read a room: made by [`may_read`] from the user, the room and the membership.
#[derive(Debug, Clone)]
pub struct Member {
    user: User,
    room: Room,
    membership: Membership,
}

impl Member {
    /// Who.
    #[must_use]
    pub const fn user(&self) -> &User {
        &self.user
    }

    /// Where.
    #[must_use]
    pub const fn room(&self) -> &Room {
        &self.room
    }

    /// As what.
    #[must_use]
    pub const fn membership(&self) -> &Membership {
        &self.membership
    }

    /// Whether they look after the room: its moderators and owners, and administrators of the server who are in it.
    #[must_use]
    pub fn moderates(&self) -> bool {
        self.membership.role >= Role::Moderator || self.user.is_admin
    }

    /// Whether they own the room, or administer the server.
    #[must_use]
    pub fn owns(&self) -> bool {
        self.membership.role == Role::Owner || self.user.is_admin
    }
}

/// Lets members in. A room that one may not read does not exist: the refusal is the one for an unknown id.
///
/// # Errors
/// [`Refusal::NotFound`] for who is no member, for a basic account in an encrypted room, and for values that
/// do not belong together.
pub fn may_read(user: User, room: Option<(Room, Membership)>) -> Result<Member, Refusal> {
    let (room, membership) = room.ok_or(Refusal::NotFound)?;
    let belongs = membership.user_id == user.id && membership.room_id == room.id;
    let keyless = room.mode == Mode::E2ee && user.kind == AccountKind::Basic;
    if !belongs || keyless {
        return Err(Refusal::NotFound);
    }
    Ok(Member {
        user,
        room,
        membership,
    })
}

/// Proof that a member may post plain text to the room, made by [`may_post`].
#[derive(Debug)]
pub struct MayPost<'a>(&'a Member);

impl MayPost<'_> {
    /// Where.
    #[must_use]
    pub const fn room(&self) -> &Room {
        &self.0.room
    }

    /// Who.
    #[must_use]
    pub const fn user(&self) -> &User {
        &self.0.user
    }

    /// How long this member waits between two messages; who looks after the room does not.
    #[must_use]
    pub fn pause(&self) -> Option<Duration> {
        let seconds = self.0.room.slow_mode.seconds();
        (seconds > 0 && !self.0.moderates()).then(|| Duration::from_secs(seconds.into()))
    }
}

/// Lets those members post who may.
///
/// # Errors
/// [`Refusal::RoomIsE2ee`] where plain text has no place; [`Refusal::Forbidden`] in a read-only room and, for
/// all but administrators, in the room of announcements.
pub fn may_post(member: &Member) -> Result<MayPost<'_>, Refusal> {
    if member.room.mode == Mode::E2ee {
        return Err(Refusal::RoomIsE2ee);
    }
    let silenced = member.room.read_only && !member.moderates();
    let reserved = member.room.kind == RoomKind::Announcements && !member.user.is_admin;
    if silenced || reserved {
        return Err(Refusal::Forbidden);
    }
    Ok(MayPost(member))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Username;

    /// User 1 in room 1.
    pub(crate) fn member_of(role: Role, is_admin: bool, read_only: bool) -> Member {
        let mut user = user(1, AccountKind::Keyed);
        user.is_admin = is_admin;
        let mut room = room(1, Mode::Server);
        room.read_only = read_only;
        may_read(user, Some((room, membership(1, 1, role)))).unwrap()
    }

    pub(crate) fn user(id: u64, kind: AccountKind) -> User {
        User {
            id: UserId::parse(id).unwrap(),
            username: Username::parse("ada").unwrap(),
            kind,
            is_admin: false,
            ban: None,
            created_at: Timestamp::default(),
            last_seen_at: Timestamp::default(),
        }
    }

    pub(crate) fn room(id: u64, mode: Mode) -> Room {
        Room {
            id: RoomId::parse(id).unwrap(),
            name: RoomName::parse("plain").unwrap(),
            kind: RoomKind::Group,
            mode,
            join: Join::Open,
            topic: None,
            slow_mode: SlowMode::default(),
            read_only: false,
            is_plain: false,
            last_seq: Seq::ZERO,
            created_at: Timestamp::default(),
        }
    }

    pub(crate) fn membership(room: u64, user: u64, role: Role) -> Membership {
        Membership {
            room_id: RoomId::parse(room).unwrap(),
            user_id: UserId::parse(user).unwrap(),
            role,
            read_seq: Seq::ZERO,
        }
    }

    #[test]
    fn strangers_see_nothing() {
        let ada = user(1, AccountKind::Basic);
        assert_eq!(may_read(ada.clone(), None).unwrap_err(), Refusal::NotFound);
        let others = (room(1, Mode::Server), membership(1, 2, Role::Owner));
        assert_eq!(
            may_read(ada.clone(), Some(others)).unwrap_err(),
            Refusal::NotFound
        );
        let elsewhere = (room(1, Mode::Server), membership(2, 1, Role::Owner));
        assert_eq!(
            may_read(ada.clone(), Some(elsewhere)).unwrap_err(),
            Refusal::NotFound
        );
        let encrypted = (room(1, Mode::E2ee), membership(1, 1, Role::Member));
        assert_eq!(may_read(ada, Some(encrypted)).unwrap_err(), Refusal::NotFound);
    }

    #[test]
    fn who_may_post() {
        use {Mode::*, Role::*, RoomKind::*};
        let post = |mode, kind, read_only, role, is_admin| {
            let mut user = user(1, AccountKind::Keyed);
            user.is_admin = is_admin;
            let mut room = room(1, mode);
            room.kind = kind;
            room.read_only = read_only;
            let member = may_read(user, Some((room, membership(1, 1, role)))).unwrap();
            may_post(&member).map(|_| ())
        };
        assert_eq!(post(Server, Group, false, Member, false), Ok(()));
        assert_eq!(post(E2ee, Group, false, Owner, true), Err(Refusal::RoomIsE2ee));
        assert_eq!(post(Server, Group, true, Member, false), Err(Refusal::Forbidden));
        assert_eq!(post(Server, Group, true, Moderator, false), Ok(()));
        assert_eq!(post(Server, Group, true, Member, true), Ok(()));
        assert_eq!(
            post(Server, Announcements, false, Owner, false),
            Err(Refusal::Forbidden)
        );
        assert_eq!(post(Server, Announcements, false, Member, true), Ok(()));
    }

    #[test]
    fn slow_mode_binds_who_does_not_look_after_the_room() {
        let pause = |role, is_admin| {
            let mut member = member_of(role, is_admin, false);
            member.room.slow_mode = SlowMode::parse(30).unwrap();
            may_post(&member).unwrap().pause()
        };
        assert_eq!(pause(Role::Member, false), Some(Duration::from_secs(30)));
        assert_eq!(pause(Role::Moderator, false), None);
        assert_eq!(pause(Role::Member, true), None);
        assert_eq!(
            may_post(&member_of(Role::Member, false, false)).unwrap().pause(),
            None
        );
        assert!(SlowMode::parse(21_600).is_ok() && SlowMode::parse(21_601).is_err());
    }

    #[test]
    fn topics() {
        assert_eq!(Topic::parse("  tides "), Ok(Some(Topic("tides".into()))));
        assert_eq!(Topic::parse("   "), Ok(None));
        assert!(Topic::parse(&"x".repeat(250)).is_ok());
        assert_eq!(Topic::parse(&"x".repeat(251)), Err(TopicError::Length));
        assert_eq!(Topic::parse("a\nb"), Err(TopicError::Character));
    }

    #[test]
    fn names() {
        assert_eq!(
            RoomName::parse("  harbour survey ").unwrap().as_str(),
            "harbour survey"
        );
        assert_eq!(RoomName::parse("   "), Err(RoomNameError::Length(255)));
        assert!(RoomName::parse(&"x".repeat(255)).is_ok());
        assert_eq!(RoomName::parse(&"x".repeat(256)), Err(RoomNameError::Length(255)));
        assert!(RoomName::within(3, " abc ").is_ok());
        assert_eq!(RoomName::within(3, "abcd"), Err(RoomNameError::Length(3)));
        for bad in ["a\nb", "a\u{202e}b", "a\u{0}b", "a\u{2066}b", "a\u{85}b"] {
            assert_eq!(RoomName::parse(bad), Err(RoomNameError::Character), "{bad:?}");
        }
    }
}
