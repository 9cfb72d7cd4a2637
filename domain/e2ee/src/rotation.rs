//! When the next sender has to begin a new epoch before anything is said (specification, 4.7.4): one pure function
//! over what was signed, evaluated by the sender, so that a server cannot put it off.

use std::collections::BTreeSet;

use crate::directory::Directory;
use crate::ids::UserId;
use crate::log::{Epoch, Member, Reader, Reason, Room};

/// The most messages under one key, whatever a room's rules say.
const HARD_STOP: u32 = 1 << 20;

/// A reason to begin a new epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// There is none, or its secret cannot be had.
    R1,
    /// Somebody went, the rules were changed, or an identity.
    R2,
    /// The server marks a reader as banned or deactivated.
    R3,
    /// A reader has a newer key, or closed the account.
    R4,
    /// Somebody came who is not to read what was before.
    R5,
    /// Its time is over, or its messages.
    R6,
}

impl Rule {
    /// The name in the specification and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::R1 => "R1",
            Self::R2 => "R2",
            Self::R3 => "R3",
            Self::R4 => "R4",
            Self::R5 => "R5",
            Self::R6 => "R6",
        }
    }
}

/// What does not follow from the log and the directory.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Whether the current epoch's secret is at hand, or came within the time that one waits for it.
    pub obtainable: bool,
    /// Whom the server marks as banned or deactivated. It can only take away.
    pub excluded: &'a BTreeSet<UserId>,
    /// Messages seen in the current epoch.
    pub messages_seen: u32,
    /// Milliseconds since 1970.
    pub now: u64,
    /// When the current epoch was first seen here, milliseconds since 1970: an entry's own time may lie in the
    /// future.
    pub first_seen: u64,
}

/// What is to be done before sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The rules that hold, in their order; none if the current epoch will do.
    pub rules: Vec<Rule>,
    /// What the new epoch's entry is to say.
    pub reason: Option<Reason>,
    /// Whom it is to list.
    pub readers: Vec<Reader>,
}

/// Whether a new epoch is needed, why, and for whom.
#[must_use]
pub fn needs_rotation(room: &Room, directory: &Directory, given: &Circumstances<'_>) -> Rotation {
    let readers = readers(room, directory, given.excluded);
    let Some(epoch) = room.epoch() else {
        return Rotation {
            rules: vec![Rule::R1],
            reason: Some(Reason::First),
            readers,
        };
    };
    let now = Now {
        room,
        directory,
        given,
        epoch,
    };
    Rotation {
        rules: now.rules(),
        reason: now.reason(),
        readers,
    }
}

/// Whom a new epoch may list: the members who are in with the identity that the directory has for them now.
fn readers(room: &Room, directory: &Directory, excluded: &BTreeSet<UserId>) -> Vec<Reader> {
    let may_read = |(user, member): (UserId, &Member)| {
        let identity = directory.newest(user)?;
        let statement = identity.statement();
        let as_admitted =
            statement.generation == member.generation && Some(*identity.signing()) == member.key;
        let lawful =
            as_admitted && !statement.closed && !excluded.contains(&user) && !directory.is_erased(user);
        lawful.then_some(Reader {
            user,
            generation: statement.generation,
            kem: statement.kem,
        })
    };
    room.active_members().filter_map(may_read).collect()
}

/// The current epoch, and everything that it is judged by.
struct Now<'a> {
    room: &'a Room,
    directory: &'a Directory,
    given: &'a Circumstances<'a>,
    epoch: &'a Epoch,
}

impl Now<'_> {
    fn rules(&self) -> Vec<Rule> {
        let holds = [
            (Rule::R1, !self.given.obtainable),
            (Rule::R2, self.somebody_went_or_changed() || self.policy_changed()),
            (Rule::R3, self.reader_is_excluded()),
            (Rule::R4, self.reader_has_other_keys()),
            (Rule::R5, self.newcomer_must_not_read()),
            (Rule::R6, self.is_used_up()),
        ];
        holds
            .into_iter()
            .filter(|(_, holds)| *holds)
            .map(|(rule, _)| rule)
            .collect()
    }

    /// The first that applies.
    fn reason(&self) -> Option<Reason> {
        let order = [
            (
                self.reader_is_excluded() || self.somebody_went_or_changed(),
                Reason::Removal,
            ),
            (self.policy_changed(), Reason::Policy),
            (self.newcomer_must_not_read(), Reason::Join),
            (self.reader_has_other_keys(), Reason::KeyRotated),
            (self.is_used_up(), Reason::Schedule),
            (!self.given.obtainable, Reason::NoKey),
        ];
        order
            .into_iter()
            .find(|(applies, _)| *applies)
            .map(|(_, reason)| reason)
    }

    fn since_epoch(&self, change: Option<u64>) -> bool {
        change.is_some_and(|place| place > self.epoch.place)
    }

    fn policy_changed(&self) -> bool {
        self.since_epoch(self.room.changes.policy)
    }

    fn somebody_went_or_changed(&self) -> bool {
        self.since_epoch(self.room.changes.departure)
            || self.since_epoch(self.room.changes.identity)
            || self.epoch.body.readers.iter().any(|reader| {
                let newest = self.directory.newest(reader.user);
                self.room.active(reader.user).is_some()
                    && newest.is_some_and(|identity| identity.statement().generation > reader.generation)
            })
    }

    /// Everybody who may have the current secret: who is listed, and, where history is shared, who came since.
    fn readers(&self) -> impl Iterator<Item = UserId> {
        let listed = self.epoch.body.readers.iter().map(|reader| reader.user);
        let came_since = self
            .room
            .active_members()
            .filter(|(_, member)| self.epoch.body.shared_history && self.since_epoch(member.admitted_at()))
            .map(|(user, _)| user);
        listed.chain(came_since)
    }

    fn reader_is_excluded(&self) -> bool {
        self.readers().any(|user| self.given.excluded.contains(&user))
    }

    fn reader_has_other_keys(&self) -> bool {
        self.readers().any(|user| self.has_other_keys(user))
    }

    fn has_other_keys(&self, user: UserId) -> bool {
        let Some(member) = self.room.active(user) else {
            return false;
        };
        if self.directory.is_erased(user) {
            return true;
        }
        let (generation, kem) = match self.epoch.listed(user) {
            Some(reader) => (reader.generation, reader.kem),
            None => (member.generation, self.kem_at_admission(user, member)),
        };
        self.directory.newest(user).is_some_and(|identity| {
            let statement = identity.statement();
            statement.generation > generation || statement.kem > kem || statement.closed
        })
    }

    fn kem_at_admission(&self, user: UserId, member: &Member) -> u32 {
        let at = member.admitted_by().unwrap_or(u64::MAX);
        let identity = self.directory.latest(user, at);
        identity.map_or(u32::MAX, |identity| identity.statement().kem)
    }

    fn newcomer_must_not_read(&self) -> bool {
        !self.epoch.body.shared_history && self.since_epoch(self.room.changes.admission)
    }

    fn is_used_up(&self) -> bool {
        let began = self.epoch.at.min(self.given.first_seen);
        let age = self.given.now.saturating_sub(began);
        let messages = self.room.policy.rot_msgs.min(HARD_STOP);
        age >= u64::from(self.room.policy.rot_secs) * 1000 || self.given.messages_seen >= messages
    }
}
