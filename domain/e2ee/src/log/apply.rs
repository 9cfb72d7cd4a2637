//! The one function by which logs grow: every implementation takes and refuses the same entries, or rooms would fall
//! apart.

use std::collections::BTreeMap;

use crate::directory::Directory;
use crate::ed25519::{PublicKey, Signature};
use crate::encoding::Unreadable;
use crate::ids::UserId;
use crate::message::ValidatedLog;

use super::state::Admission;
use super::{
    Body, Changes, Create, Entry, Epoch, EpochBody, Kind, MAX_MEMBERS, Member, Policy, Remove, Role, Room,
    RoomLog, SetRole, Span,
};

/// Why an entry does not belong into the log, in the order of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Not readable.
    #[error("the entry is not in the form that the protocol prescribes")]
    Malformed,
    /// Of a later version.
    #[error("the entry is of an unknown suite")]
    UnsupportedSuite,
    /// Of another room or installation.
    #[error("the entry belongs to another room")]
    WrongRoom,
    /// Does not follow the newest entry.
    #[error("the entry does not follow the newest one")]
    LogConflict,
    /// Its author is not in the room, or was with another identity.
    #[error("the entry's author is not a member")]
    NotMember,
    /// It names a key that must not be used.
    #[error("the entry names a weak key")]
    WeakKey,
    /// Its signature does not fit.
    #[error("the entry's signature does not fit")]
    BadSignature,
    /// It names a place of the directory that is not ours, or one before that of the last entry.
    #[error("the entry names another directory")]
    BadDirectory,
    /// Its author may not do that.
    #[error("the room's rules do not allow it")]
    Forbidden,
    /// There are as many members as there can be.
    #[error("the room is full")]
    RoomFull,
}

impl LogError {
    /// The code on the wire and in the vectors.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnsupportedSuite => "unsupported_suite",
            Self::WrongRoom => "wrong_room",
            Self::LogConflict => "log_conflict",
            Self::NotMember => "not_member",
            Self::WeakKey => "weak_key",
            Self::BadSignature => "bad_signature",
            Self::BadDirectory => "bad_directory",
            Self::Forbidden => "forbidden",
            Self::RoomFull => "room_full",
        }
    }
}

impl From<Unreadable> for LogError {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::Malformed => Self::Malformed,
            Unreadable::UnsupportedSuite => Self::UnsupportedSuite,
        }
    }
}

/// An entry that was found to follow: to be stored, and then to be taken in.
#[derive(Debug, Clone)]
pub struct Step {
    entry: Entry,
    hash: [u8; 32],
    /// The key that the entry brings with it, checked.
    brought: Option<PublicKey>,
}

impl Step {
    /// What it says.
    #[must_use]
    pub const fn entry(&self) -> &Entry {
        &self.entry
    }

    /// `entry_hash`
    #[must_use]
    pub const fn hash(&self) -> &[u8; 32] {
        &self.hash
    }
}

impl RoomLog {
    /// Checks an entry and takes it in. On an error nothing is changed.
    ///
    /// # Errors
    /// [`LogError`], the first in the order of the checks.
    pub fn apply(
        &mut self,
        bytes: &[u8],
        signature: &Signature,
        directory: &Directory,
    ) -> Result<Step, LogError> {
        let step = self.judge(bytes, signature, directory)?;
        self.take(&step);
        Ok(step)
    }

    /// Whether an entry follows. Changes nothing.
    ///
    /// # Errors
    /// As [`RoomLog::apply`].
    pub fn judge(
        &self,
        bytes: &[u8],
        signature: &Signature,
        directory: &Directory,
    ) -> Result<Step, LogError> {
        let entry = Entry::parse(bytes)?;
        if entry.instance != self.instance() || entry.room != self.id() {
            return Err(LogError::WrongRoom);
        }
        if entry.seq != self.len() || entry.previous != self.head() {
            return Err(LogError::LogConflict);
        }
        let author = self.author(&entry)?;
        let brought = brought_key(&entry.body)?;
        if !author
            .or(brought)
            .is_some_and(|key| key.verifies(bytes, signature))
        {
            return Err(LogError::BadSignature);
        }
        self.knows_directory(&entry, directory)?;
        self.allows(&entry, directory)?;
        Ok(Step {
            hash: Entry::hash(bytes),
            entry,
            brought,
        })
    }

    /// The key of the author, who is a member; none where the entry itself makes its author one.
    fn author(&self, entry: &Entry) -> Result<Option<PublicKey>, LogError> {
        if matches!(entry.body, Body::Create(_) | Body::Join(_)) {
            return Ok(None);
        }
        self.room()
            .and_then(|room| room.active(entry.actor))
            .filter(|member| member.generation == entry.actor_generation)
            .and_then(|member| member.key)
            .map(Some)
            .ok_or(LogError::NotMember)
    }

    fn knows_directory(&self, entry: &Entry, directory: &Directory) -> Result<(), LogError> {
        let before = self.room().map_or(0, |room| room.dir_seq);
        let same = directory.head_at(entry.dir_seq) == Some(&entry.dir_head);
        if same && entry.dir_seq >= before {
            Ok(())
        } else {
            Err(LogError::BadDirectory)
        }
    }

    /// The rules of the entry's type.
    fn allows(&self, entry: &Entry, directory: &Directory) -> Result<(), LogError> {
        let Some(room) = self.room() else {
            let lawful = matches!(&entry.body, Body::Create(create)
                if is_latest(directory, entry, entry.actor, entry.actor_generation, &create.key));
            return require(lawful);
        };
        room.allows_in_its_kind(entry)?;
        let actor = room
            .members
            .get(&entry.actor)
            .map_or(Role::Member, |member| member.role);
        match &entry.body {
            Body::Create(_) => Err(LogError::Forbidden),
            Body::Add(add) => {
                require(
                    (actor >= Role::Moderator || room.policy.members_add)
                        && room.active(add.user).is_none()
                        && is_latest(directory, entry, add.user, add.generation, &add.key),
                )?;
                room.has_a_place()
            }
            Body::Join(join) => {
                require(
                    room.policy.open
                        && room.may_join(entry.actor)
                        && join.generation == entry.actor_generation
                        && is_latest(directory, entry, entry.actor, join.generation, &join.key),
                )?;
                room.has_a_place()
            }
            Body::Remove(remove) => require(room.may_remove(entry.actor, actor, remove)),
            Body::Leave => require(!room.is_last_owner(entry.actor)),
            Body::Role(set) => require(actor == Role::Owner && room.may_get_role(set)),
            Body::Policy(policy) => require(
                actor == Role::Owner
                    && match room.kind {
                        Kind::Group => !policy.name.is_empty(),
                        Kind::Direct => policy.is_closed_pair(),
                    },
            ),
            Body::Epoch(epoch) => require(room.may_begin(entry, epoch, directory)),
        }
    }
}

const fn require(lawful: bool) -> Result<(), LogError> {
    if lawful { Ok(()) } else { Err(LogError::Forbidden) }
}

/// The key in an entry that makes somebody a member.
fn brought_key(body: &Body) -> Result<Option<PublicKey>, LogError> {
    let bytes = match body {
        Body::Create(create) => create.key,
        Body::Add(add) => add.key,
        Body::Join(join) => join.key,
        Body::Remove(_) | Body::Leave | Body::Role(_) | Body::Policy(_) | Body::Epoch(_) => return Ok(None),
    };
    PublicKey::from_bytes(bytes)
        .map(Some)
        .map_err(|_| LogError::WeakKey)
}

/// Whether the identity is the user's latest one at the entry's place of the directory, and not closed. Of an erased
/// account only hashes are left: there the signature of whoever saw the statement has to do.
fn is_latest(directory: &Directory, entry: &Entry, user: UserId, generation: u32, key: &[u8; 32]) -> bool {
    directory.erased_by(user, entry.dir_seq)
        || directory.latest(user, entry.dir_seq).is_some_and(|identity| {
            let statement = identity.statement();
            statement.generation == generation && statement.signing == *key && !statement.closed
        })
}

impl Room {
    /// A direct conversation is closed: two people, then only epochs, and rules that keep it closed.
    fn allows_in_its_kind(&self, entry: &Entry) -> Result<(), LogError> {
        if self.kind == Kind::Group {
            return Ok(());
        }
        let lawful = match &entry.body {
            Body::Add(add) => entry.seq == 1 && entry.actor == self.creator && add.user != self.creator,
            Body::Policy(_) | Body::Epoch(_) => entry.seq > 1,
            Body::Create(_) | Body::Join(_) | Body::Remove(_) | Body::Leave | Body::Role(_) => false,
        };
        require(lawful)
    }

    const fn has_a_place(&self) -> Result<(), LogError> {
        if self.active < MAX_MEMBERS {
            Ok(())
        } else {
            Err(LogError::RoomFull)
        }
    }

    fn may_join(&self, user: UserId) -> bool {
        self.members
            .get(&user)
            .is_none_or(|member| !member.active && !member.banned)
    }

    fn may_remove(&self, actor: UserId, role: Role, remove: &Remove) -> bool {
        let target = self.members.get(&remove.user);
        let in_the_room = target.is_some_and(|target| target.active);
        let to_be_banned = remove.ban && target.is_none_or(|target| !target.banned);
        let above = target.is_none_or(|target| target.role < Role::Owner || role == Role::Owner);
        remove.user != actor && role >= Role::Moderator && above && (in_the_room || to_be_banned)
    }

    fn is_last_owner(&self, user: UserId) -> bool {
        let mut owners = self
            .active_members()
            .filter(|(_, member)| member.role == Role::Owner)
            .map(|(user, _)| user);
        owners.next() == Some(user) && owners.next().is_none()
    }

    fn may_get_role(&self, set: &SetRole) -> bool {
        self.active(set.user).is_some() && (set.role == Role::Owner || !self.is_last_owner(set.user))
    }

    fn may_begin(&self, entry: &Entry, epoch: &EpochBody, directory: &Directory) -> bool {
        let (number, previous) = self
            .epoch()
            .map_or((0, [0; 32]), |current| (current.body.number, current.hash));
        Some(epoch.number) == number.checked_add(1)
            && epoch.previous == previous
            && epoch.shared_history == self.policy.shared_history
            && epoch.readers.iter().any(|reader| reader.user == entry.actor)
            && epoch
                .readers
                .iter()
                .all(|reader| self.may_read(entry, reader, directory))
    }

    fn may_read(&self, entry: &Entry, reader: &super::Reader, directory: &Directory) -> bool {
        let Some(member) = self.active(reader.user) else {
            return false;
        };
        let as_published = || {
            directory
                .latest(reader.user, entry.dir_seq)
                .is_some_and(|identity| {
                    let statement = identity.statement();
                    statement.generation == reader.generation
                        && statement.kem == reader.kem
                        && Some(*identity.signing()) == member.key
                        && !statement.closed
                })
        };
        member.generation == reader.generation
            && (directory.erased_by(reader.user, entry.dir_seq) || as_published())
    }
}

impl RoomLog {
    /// Takes in what [`RoomLog::judge`] found to follow; must be called before anything else is judged.
    pub fn take(&mut self, step: &Step) {
        let entry = &step.entry;
        let place = entry.seq;
        if let (Body::Create(create), Some(key)) = (&entry.body, step.brought) {
            self.advance(step.hash, Room::begun(create, entry, key));
            return;
        }
        if let Some(room) = self.room_mut() {
            room.dir_seq = entry.dir_seq;
            room.change(step, place);
        }
        self.note(step.hash);
    }
}

impl Room {
    fn begun(create: &Create, entry: &Entry, key: PublicKey) -> Self {
        let mut room = Self {
            kind: create.kind,
            creator: entry.actor,
            policy: create.policy.clone(),
            members: BTreeMap::new(),
            epochs: Vec::new(),
            changes: Changes::default(),
            active: 0,
            dir_seq: entry.dir_seq,
        };
        room.admit(entry.actor, entry.actor_generation, key, entry);
        room.give_role(entry.actor, Role::Owner, entry.seq);
        room.changes = Changes::default();
        room
    }

    fn change(&mut self, step: &Step, place: u64) {
        let entry = &step.entry;
        match (&entry.body, step.brought) {
            (Body::Add(add), Some(key)) => self.admit(add.user, add.generation, key, entry),
            (Body::Join(join), Some(key)) => self.admit(entry.actor, join.generation, key, entry),
            (Body::Remove(remove), _) => {
                self.dismiss(remove.user, place);
                self.members
                    .entry(remove.user)
                    .or_insert_with(Member::stranger)
                    .banned = remove.ban;
            }
            (Body::Leave, _) => self.dismiss(entry.actor, place),
            (Body::Role(set), _) => self.give_role(set.user, set.role, place),
            (Body::Policy(policy), _) => self.set_policy(policy, place),
            (Body::Epoch(body), _) => self.epochs.push(Epoch {
                hash: step.hash,
                place,
                at: entry.at,
                body: body.clone(),
            }),
            // A key was brought with every one of these, or they were not found to follow.
            (Body::Create(_) | Body::Add(_) | Body::Join(_), _) => {}
        }
    }

    fn set_policy(&mut self, policy: &Policy, place: u64) {
        self.policy = policy.clone();
        self.changes.policy = Some(place);
    }

    fn admit(&mut self, user: UserId, generation: u32, key: PublicKey, entry: &Entry) {
        let member = self.members.entry(user).or_insert_with(Member::stranger);
        if member.generation != 0 && member.generation != generation {
            self.changes.identity = Some(entry.seq);
        }
        self.changes.admission = Some(entry.seq);
        member.generation = generation;
        member.key = Some(key);
        member.role = Role::Member;
        member.active = true;
        member.banned = false;
        member.admission = Some(Admission {
            place: entry.seq,
            dir_seq: entry.dir_seq,
        });
        member.begin_span(entry.seq);
        self.active += 1;
    }

    fn dismiss(&mut self, user: UserId, place: u64) {
        self.changes.departure = Some(place);
        let Some(member) = self.members.get_mut(&user).filter(|member| member.active) else {
            return;
        };
        member.active = false;
        member.role = Role::Member;
        member.end_span(place);
        self.active -= 1;
    }

    fn give_role(&mut self, user: UserId, role: Role, place: u64) {
        if let Some(member) = self.members.get_mut(&user) {
            member.role = role;
            member.begin_span(place);
        }
    }
}

impl Member {
    /// Somebody who was never in.
    const fn stranger() -> Self {
        Self {
            generation: 0,
            key: None,
            role: Role::Member,
            active: false,
            banned: false,
            admission: None,
            spans: Vec::new(),
        }
    }

    fn begin_span(&mut self, from: u64) {
        self.end_span(from);
        if let Some(key) = self.key {
            self.spans.push(Span {
                from,
                until: None,
                generation: self.generation,
                key,
                role: self.role,
            });
        }
    }

    fn end_span(&mut self, until: u64) {
        if let Some(span) = self.spans.last_mut().filter(|span| span.until.is_none()) {
            span.until = Some(until);
        }
        // One that ended with the entry that began it says nothing.
        if self
            .spans
            .last()
            .is_some_and(|span| span.until == Some(span.from))
        {
            self.spans.pop();
        }
    }
}
