//! What follows from a log: who is in the room, what they may do, and which epoch is current.

use std::collections::{BTreeMap, HashMap};

use crate::ed25519::PublicKey;
use crate::ids::{InstanceId, RoomId, UserId};
use crate::message::{ActiveMember, ValidatedLog};

use super::{EpochBody, Kind, Policy, Reader, Role};

/// A time in which a member was in the room with one identity and one role: from the entry at `from` to before the
/// one at `until`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Place of the entry that began it.
    pub from: u64,
    /// Place of the entry that ended it.
    pub until: Option<u64>,
    /// The identity.
    pub generation: u32,
    /// Its signing key.
    pub key: PublicKey,
    /// The role.
    pub role: Role,
}

/// How and when somebody came in, the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Admission {
    pub(super) place: u64,
    pub(super) dir_seq: u64,
}

/// Somebody whom the log names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The identity; 0 for somebody who was banned and never in.
    pub generation: u32,
    /// Its signing key; none for somebody who was never in.
    pub key: Option<PublicKey>,
    /// The role.
    pub role: Role,
    /// Whether they are in.
    pub active: bool,
    /// Whether they cannot join.
    pub banned: bool,
    pub(super) admission: Option<Admission>,
    pub(super) spans: Vec<Span>,
}

impl Member {
    /// Place of the entry that let them in, the last time.
    #[must_use]
    pub fn admitted_at(&self) -> Option<u64> {
        self.admission.map(|admission| admission.place)
    }

    /// The place in the directory that that entry named.
    #[must_use]
    pub fn admitted_by(&self) -> Option<u64> {
        self.admission.map(|admission| admission.dir_seq)
    }

    /// When they were in, oldest first.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }
}

/// An epoch that the log began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// Hash of the entry.
    pub hash: [u8; 32],
    /// Its place in the log.
    pub place: u64,
    /// Its time, by the author's clock.
    pub at: u64,
    /// What the entry says.
    pub body: EpochBody,
}

impl Epoch {
    /// The listed reader, if the user is one.
    #[must_use]
    pub fn listed(&self, user: UserId) -> Option<&Reader> {
        let place = self
            .body
            .readers
            .binary_search_by_key(&user, |reader| reader.user)
            .ok()?;
        self.body.readers.get(place)
    }
}

/// Places of the newest entries after which an epoch may have to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    /// A `remove` or `leave`.
    pub departure: Option<u64>,
    /// A `policy`.
    pub policy: Option<u64>,
    /// An `add` or `join`.
    pub admission: Option<u64>,
    /// An `add` or `join` of somebody who was in before with another identity.
    pub identity: Option<u64>,
}

/// What follows from the entries, once there is one.
#[derive(Debug, Clone)]
pub struct Room {
    /// What sort of room.
    pub kind: Kind,
    /// Who made it.
    pub creator: UserId,
    /// Its rules.
    pub policy: Policy,
    /// Everybody whom the log names.
    pub members: BTreeMap<UserId, Member>,
    /// The epochs, oldest first: the number of each is its place from 1.
    pub epochs: Vec<Epoch>,
    /// What happened last, by what it means for epochs.
    pub changes: Changes,
    pub(super) active: usize,
    pub(super) dir_seq: u64,
}

/// A room's log as far as it was checked.
#[derive(Debug, Clone)]
pub struct RoomLog {
    instance: InstanceId,
    id: RoomId,
    hashes: Vec<[u8; 32]>,
    places: HashMap<[u8; 32], u64>,
    room: Option<Room>,
}

impl RoomLog {
    /// Without an entry.
    #[must_use]
    pub fn empty(instance: InstanceId, id: RoomId) -> Self {
        Self {
            instance,
            id,
            hashes: Vec::new(),
            places: HashMap::new(),
            room: None,
        }
    }

    /// The room's id.
    #[must_use]
    pub const fn id(&self) -> RoomId {
        self.id
    }

    /// What follows from the entries; nothing before the first.
    #[must_use]
    pub const fn room(&self) -> Option<&Room> {
        self.room.as_ref()
    }

    /// How many entries there are: the place of the next one.
    #[must_use]
    pub fn len(&self) -> u64 {
        u64::try_from(self.hashes.len()).unwrap_or(u64::MAX)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Hash of the newest entry, or zeros.
    #[must_use]
    pub fn head(&self) -> [u8; 32] {
        self.hashes.last().copied().unwrap_or([0; 32])
    }

    /// The hash of the entry at a place.
    #[must_use]
    pub fn hash_at(&self, place: u64) -> Option<&[u8; 32]> {
        self.hashes.get(usize::try_from(place).ok()?)
    }

    /// The room after one more entry.
    pub(super) fn advance(&mut self, hash: [u8; 32], room: Room) {
        self.places.insert(hash, self.len());
        self.hashes.push(hash);
        self.room = Some(room);
    }

    /// The room, to change it: only after everything was checked.
    pub(super) const fn room_mut(&mut self) -> Option<&mut Room> {
        self.room.as_mut()
    }

    /// Notes an entry down whose effect was made.
    pub(super) fn note(&mut self, hash: [u8; 32]) {
        self.places.insert(hash, self.len());
        self.hashes.push(hash);
    }
}

impl Room {
    /// The member, if they are in.
    #[must_use]
    pub fn active(&self, user: UserId) -> Option<&Member> {
        self.members.get(&user).filter(|member| member.active)
    }

    /// Everybody who is in.
    pub fn active_members(&self) -> impl Iterator<Item = (UserId, &Member)> {
        self.members
            .iter()
            .filter(|(_, member)| member.active)
            .map(|(&user, member)| (user, member))
    }

    /// The current epoch.
    #[must_use]
    pub fn epoch(&self) -> Option<&Epoch> {
        self.epochs.last()
    }

    /// The epoch of a number.
    #[must_use]
    pub fn epoch_number(&self, number: u32) -> Option<&Epoch> {
        self.epochs.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// The epoch that was current after the entry at a place.
    #[must_use]
    pub fn epoch_at(&self, place: u64) -> Option<&Epoch> {
        let after = self.epochs.partition_point(|epoch| epoch.place <= place);
        self.epochs.get(after.checked_sub(1)?)
    }

    /// In what manner somebody was in the room after the entry at a place.
    #[must_use]
    pub fn span_at(&self, user: UserId, place: u64) -> Option<&Span> {
        let spans = &self.members.get(&user)?.spans;
        let after = spans.partition_point(|span| span.from <= place);
        let span = spans.get(after.checked_sub(1)?)?;
        span.until.is_none_or(|until| place < until).then_some(span)
    }
}

impl ValidatedLog for RoomLog {
    fn instance(&self) -> InstanceId {
        self.instance
    }

    fn room(&self) -> RoomId {
        self.id
    }

    fn place_of(&self, entry_hash: &[u8; 32]) -> Option<u64> {
        self.places.get(entry_hash).copied()
    }

    fn epoch_hash(&self, number: u32) -> Option<[u8; 32]> {
        Some(self.room.as_ref()?.epoch_number(number)?.hash)
    }

    fn current_epoch_at(&self, place: u64) -> Option<u32> {
        Some(self.room.as_ref()?.epoch_at(place)?.body.number)
    }

    fn active_at(&self, user: UserId, place: u64) -> Option<ActiveMember> {
        let span = self.room.as_ref()?.span_at(user, place)?;
        Some(ActiveMember {
            generation: span.generation,
            key: span.key,
            role: span.role.number(),
        })
    }
}
