//! Coming, going, and changing a room of mode `server`. (The membership of an encrypted room follows from its signed
//! log.) Each is let through by the rules here and carried out by the store, which checks again what may have changed
//! meanwhile.

use crate::{
    Join, Mode, Refusal, Role, Room, RoomId, RoomKind, RoomName, Timestamp, User, UserId,
    event::Person,
    room::{Member, SlowMode, Topic},
};

/// Somebody who is to become a member. Only [`join`] and [`add`] make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where.
    pub room_id: RoomId,
    /// Who.
    pub person: Person,
    /// Who adds them, if they do not come by themselves.
    pub by: Option<UserId>,
    /// Now.
    pub at: Timestamp,
    allowed: Allowed,
}

/// Somebody who is to be no member any more. Only [`leave`] and [`remove`] make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// Where.
    pub room_id: RoomId,
    /// Who.
    pub person: Person,
    /// Who removes them, if they do not go by themselves.
    pub by: Option<UserId>,
    /// Now.
    pub at: Timestamp,
    allowed: Allowed,
}

/// Two users who are to have a room of their own. Only [`pair`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    low: UserId,
    high: UserId,
}

impl Pair {
    /// The two, in the order of their numbers: the same for both.
    #[must_use]
    pub const fn members(self) -> [UserId; 2] {
        [self.low, self.high]
    }
}

/// What is to be changed of a room; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// Its name.
    pub name: Option<RoomName>,
    /// How one becomes a member.
    pub join: Option<Join>,
    /// What it is about; `Some(None)` takes the topic away.
    pub topic: Option<Option<Topic>>,
    /// How long a member waits between two messages.
    pub slow_mode: Option<SlowMode>,
    /// Whether only moderators and above may post.
    pub read_only: Option<bool>,
}

/// A change of a room's settings. Only [`change`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomChange {
    /// Which room.
    pub room_id: RoomId,
    /// Who changes it.
    pub by: UserId,
    /// What.
    pub settings: Settings,
    /// Now.
    pub at: Timestamp,
    allowed: Allowed,
}

/// Cannot be made elsewhere, so that the functions below are the only way to a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Allowed;

/// Lets a user into an open group. A room that one may not join does not exist.
///
/// # Errors
/// [`Refusal::NotFound`]; [`Refusal::RoomIsE2ee`] where the room's log decides.
pub fn join(user: &User, room: &Room, at: Timestamp) -> Result<Entry, Refusal> {
    if room.kind != RoomKind::Group || room.join != Join::Open {
        return Err(Refusal::NotFound);
    }
    if room.mode == Mode::E2ee {
        return Err(Refusal::RoomIsE2ee);
    }
    Ok(Entry {
        room_id: room.id,
        person: user.into(),
        by: None,
        at,
        allowed: Allowed,
    })
}

/// Lets a member bring somebody else in: anybody into an open group, those who look after it into any group.
///
/// # Errors
/// [`Refusal::Forbidden`]; [`Refusal::RoomIsE2ee`] where the room's log decides.
pub fn add(member: &Member, user: &User, at: Timestamp) -> Result<Entry, Refusal> {
    group_of_server(member)?;
    if member.room().join != Join::Open && !member.moderates() {
        return Err(Refusal::Forbidden);
    }
    Ok(Entry {
        room_id: member.room().id,
        person: user.into(),
        by: Some(member.user().id),
        at,
        allowed: Allowed,
    })
}

/// Lets two users have a direct room.
///
/// # Errors
/// [`Refusal::Oneself`].
pub fn pair(user: &User, other: &User) -> Result<Pair, Refusal> {
    if user.id == other.id {
        return Err(Refusal::Oneself);
    }
    Ok(Pair {
        low: user.id.min(other.id),
        high: user.id.max(other.id),
    })
}

/// Lets a member go. Nobody leaves the plain room, a direct room or the announcements.
///
/// # Errors
/// [`Refusal::Forbidden`]; [`Refusal::RoomIsE2ee`] where the room's log decides.
pub fn leave(member: &Member, at: Timestamp) -> Result<Exit, Refusal> {
    group_of_server(member)?;
    if member.room().is_plain {
        return Err(Refusal::Forbidden);
    }
    Ok(Exit {
        room_id: member.room().id,
        person: member.user().into(),
        by: None,
        at,
        allowed: Allowed,
    })
}

/// Lets those who look after a room remove who ranks below them. Who removes themselves leaves.
///
/// # Errors
/// Those of [`leave`], and [`Refusal::Forbidden`] for who ranks no lower.
pub fn remove(member: &Member, person: Person, rank: Role, at: Timestamp) -> Result<Exit, Refusal> {
    let exit = leave(member, at)?;
    if person.id == member.user().id {
        return Ok(exit);
    }
    let outranks = member.membership().role > rank || member.user().is_admin;
    if !(member.moderates() && outranks) {
        return Err(Refusal::Forbidden);
    }
    Ok(Exit {
        person,
        by: Some(member.user().id),
        ..exit
    })
}

/// Lets owners rename and open or close a room, and those who look after it change the rest.
///
/// # Errors
/// [`Refusal::Forbidden`], also for a direct room and the announcements; [`Refusal::RoomIsE2ee`] for name and entry
/// of an encrypted room, which its log says.
pub fn change(member: &Member, settings: Settings, at: Timestamp) -> Result<RoomChange, Refusal> {
    let room = member.room();
    let identity = settings.name.is_some() || settings.join.is_some();
    if room.kind != RoomKind::Group || !member.moderates() {
        return Err(Refusal::Forbidden);
    }
    if identity && room.mode == Mode::E2ee {
        return Err(Refusal::RoomIsE2ee);
    }
    // The plain room is everybody's: it cannot be closed.
    let closes = room.is_plain && settings.join == Some(Join::Invite);
    if closes || (identity && !member.owns()) {
        return Err(Refusal::Forbidden);
    }
    Ok(RoomChange {
        room_id: room.id,
        by: member.user().id,
        settings,
        at,
        allowed: Allowed,
    })
}

impl Settings {
    /// The room with these settings.
    #[must_use]
    pub fn apply(self, room: Room) -> Room {
        Room {
            name: self.name.unwrap_or(room.name),
            join: self.join.unwrap_or(room.join),
            topic: self.topic.unwrap_or(room.topic),
            slow_mode: self.slow_mode.unwrap_or(room.slow_mode),
            read_only: self.read_only.unwrap_or(room.read_only),
            ..room
        }
    }
}

fn group_of_server(member: &Member) -> Result<(), Refusal> {
    match (member.room().kind, member.room().mode) {
        (RoomKind::Group, Mode::Server) => Ok(()),
        (RoomKind::Group, Mode::E2ee) => Err(Refusal::RoomIsE2ee),
        (RoomKind::Direct | RoomKind::Announcements, _) => Err(Refusal::Forbidden),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AccountKind,
        room::{self, tests as sample},
    };

    const NOW: Timestamp = Timestamp::from_millis(5);

    /// User 1 in room 1, which `shape` shapes.
    fn member(role: Role, is_admin: bool, shape: impl FnOnce(&mut Room)) -> Member {
        let mut user = sample::user(1, AccountKind::Keyed);
        user.is_admin = is_admin;
        let mut room = sample::room(1, Mode::Server);
        shape(&mut room);
        room::may_read(user, Some((room, sample::membership(1, 1, role)))).unwrap()
    }

    fn closed(room: &mut Room) {
        room.join = Join::Invite;
    }

    fn direct(room: &mut Room) {
        room.kind = RoomKind::Direct;
    }

    fn other() -> User {
        sample::user(2, AccountKind::Basic)
    }

    #[test]
    fn only_open_groups_are_joined() {
        let mut room = sample::room(1, Mode::Server);
        assert!(join(&other(), &room, NOW).is_ok());
        room.join = Join::Invite;
        assert_eq!(join(&other(), &room, NOW), Err(Refusal::NotFound));
        let encrypted = sample::room(1, Mode::E2ee);
        assert_eq!(join(&other(), &encrypted, NOW), Err(Refusal::RoomIsE2ee));
        room.kind = RoomKind::Direct;
        room.join = Join::Open;
        assert_eq!(join(&other(), &room, NOW), Err(Refusal::NotFound));
    }

    #[test]
    fn who_adds() {
        use Role::*;
        let adds = |member: room::Member| add(&member, &other(), NOW).map(|entry| entry.by);
        let me = Ok(Some(UserId::parse(1).unwrap()));
        assert_eq!(adds(member(Member, false, |_| ())), me);
        assert_eq!(adds(member(Member, false, closed)), Err(Refusal::Forbidden));
        assert_eq!(adds(member(Moderator, false, closed)), me);
        assert_eq!(adds(member(Member, true, closed)), me);
        assert_eq!(adds(member(Owner, true, direct)), Err(Refusal::Forbidden));
    }

    #[test]
    fn a_pair_is_the_same_for_both() {
        let (ada, bea) = (sample::user(1, AccountKind::Keyed), other());
        assert_eq!(pair(&ada, &bea), pair(&bea, &ada));
        assert_eq!(pair(&ada, &ada), Err(Refusal::Oneself));
    }

    #[test]
    fn who_leaves_and_who_removes() {
        use Role::*;
        assert!(leave(&member(Member, false, closed), NOW).is_ok());
        for stays in [direct, |room: &mut Room| room.is_plain = true] {
            assert_eq!(leave(&member(Owner, true, stays), NOW), Err(Refusal::Forbidden));
        }
        let removes = |role, is_admin, rank| {
            remove(&member(role, is_admin, |_| ()), (&other()).into(), rank, NOW).map(drop)
        };
        assert_eq!(removes(Owner, false, Moderator), Ok(()));
        assert_eq!(removes(Moderator, false, Member), Ok(()));
        assert_eq!(removes(Member, true, Owner), Ok(()));
        for (role, rank) in [
            (Member, Member),
            (Moderator, Moderator),
            (Moderator, Owner),
            (Owner, Owner),
        ] {
            assert_eq!(
                removes(role, false, rank),
                Err(Refusal::Forbidden),
                "{role:?} {rank:?}"
            );
        }
        let me = member(Member, false, |_| ());
        let myself = remove(&me, me.user().into(), Member, NOW).unwrap();
        assert_eq!(myself.by, None, "who removes themselves leaves");
    }

    #[test]
    fn who_changes_what() {
        use Role::*;
        let rename = || Settings {
            name: RoomName::parse("tides").ok(),
            ..Settings::default()
        };
        let silence = || Settings {
            read_only: Some(true),
            ..Settings::default()
        };
        let close = || Settings {
            join: Some(Join::Invite),
            ..Settings::default()
        };
        let may = |member: room::Member, settings| change(&member, settings, NOW).map(drop);
        assert_eq!(may(member(Owner, false, |_| ()), rename()), Ok(()));
        assert_eq!(
            may(member(Moderator, false, |_| ()), rename()),
            Err(Refusal::Forbidden)
        );
        assert_eq!(may(member(Moderator, false, |_| ()), silence()), Ok(()));
        assert_eq!(
            may(member(Member, false, |_| ()), silence()),
            Err(Refusal::Forbidden)
        );
        assert_eq!(may(member(Member, true, |_| ()), rename()), Ok(()));
        assert_eq!(
            may(member(Owner, true, direct), silence()),
            Err(Refusal::Forbidden)
        );
        let plain = |room: &mut Room| room.is_plain = true;
        assert_eq!(may(member(Member, true, plain), close()), Err(Refusal::Forbidden));
        let encrypted = |room: &mut Room| room.mode = Mode::E2ee;
        assert_eq!(
            may(member(Owner, false, encrypted), rename()),
            Err(Refusal::RoomIsE2ee)
        );
        assert_eq!(may(member(Owner, false, encrypted), silence()), Ok(()));
    }

    #[test]
    fn what_is_not_named_stays() {
        let room = sample::room(1, Mode::Server);
        assert_eq!(Settings::default().apply(room.clone()), room);
        let topic = Topic::parse("tides").unwrap();
        let changed = Settings {
            topic: Some(topic.clone()),
            ..Settings::default()
        };
        assert_eq!(changed.apply(room.clone()), Room { topic, ..room });
    }
}
