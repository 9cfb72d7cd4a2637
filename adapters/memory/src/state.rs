//! What the store remembers, behind one lock: every method is therefore one atomic commit.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chat_domain::{
    AuditId, Content, Event, EventBody, EventId, Membership, Message, PasswordHash, Role, Room, RoomId, Seq,
    Session, SessionId, Timestamp, TokenHash, TokenName, User, UserId,
    event::{Emoji, Person},
    keyed::{DirectoryRecord, PasswordRecord, RecoveryRecord, SealedKeys, SealedState},
    membership::Pair,
    moderation::{Action, Actor, AuditEntry},
};
use chat_ports::{Conflict, KnownSession, StoreError};

/// A store that forgets everything when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

impl MemoryStore {
    /// Whether the disk that it has not got is full: then nothing is stored, and everything can be read.
    pub fn set_full(&self, is_full: bool) {
        self.state().is_full = is_full;
    }

    /// The state, to be changed.
    pub(crate) fn writing(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.state();
        if state.is_full {
            return Err(StoreError::Full);
        }
        Ok(state)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere while the lock was held cannot have left a half-done change: changes are made last.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) users: BTreeMap<UserId, (User, Option<PasswordHash>)>,
    pub(crate) sessions: BTreeMap<SessionId, Opened>,
    pub(crate) rooms: BTreeMap<RoomId, Room>,
    pub(crate) plain_room: Option<RoomId>,
    pub(crate) members: BTreeMap<(RoomId, UserId), Membership>,
    pub(crate) events: BTreeMap<(RoomId, Seq), Event>,
    pub(crate) places: HashMap<EventId, (RoomId, Seq)>,
    /// Who put which emoji under which message, in order.
    pub(crate) reactions: HashMap<EventId, Vec<(Emoji, UserId)>>,
    /// What messages were first sent as, of those that were edited.
    pub(crate) first_texts: HashMap<EventId, Content>,
    pub(crate) audit: Vec<AuditEntry>,
    pub(crate) pairs: HashMap<Pair, RoomId>,
    pub(crate) keys: Keys,
    is_full: bool,
    last_user: u64,
    last_session: u64,
    last_room: u64,
    last_event: u64,
}

/// What keyed accounts consist of.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pub(crate) instance: Option<[u8; 16]>,
    pub(crate) passwords: HashMap<UserId, PasswordRecord>,
    pub(crate) recoveries: HashMap<UserId, RecoveryRecord>,
    pub(crate) sealed: HashMap<UserId, SealedKeys>,
    pub(crate) directory: Vec<DirectoryRecord>,
    pub(crate) states: HashMap<UserId, SealedState>,
    pub(crate) drafts: HashMap<UserId, Vec<u8>>,
    /// The newest link of an account, and when it is worth nothing any more.
    pub(crate) reset_links: HashMap<UserId, (TokenHash, Timestamp)>,
}

/// A session with what only the store has of it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) session: Session,
    pub(crate) token: TokenHash,
    pub(crate) address: String,
    pub(crate) agent: String,
    pub(crate) name: Option<TokenName>,
}

impl Opened {
    pub(crate) fn known(&self) -> KnownSession {
        KnownSession {
            session: self.session.clone(),
            address: self.address.clone(),
            agent: self.agent.clone(),
            name: self.name.clone(),
        }
    }
}

/// The next number of a kind; numbers are never given twice.
fn next<T, E>(last: &mut u64, parse: impl FnOnce(u64) -> Result<T, E>) -> Result<T, StoreError>
where
    E: std::error::Error + Send + Sync + 'static,
{
    *last += 1;
    parse(*last).map_err(StoreError::failed)
}

impl State {
    pub(crate) fn next_user(&mut self) -> Result<UserId, StoreError> {
        next(&mut self.last_user, UserId::parse)
    }

    /// Sets so many numbers of users aside: the first of them.
    pub(crate) fn reserve_users(&mut self, count: u64) -> Result<UserId, StoreError> {
        let first = self.next_user()?;
        self.last_user += count.saturating_sub(1);
        Ok(first)
    }

    pub(crate) fn next_session(&mut self) -> Result<SessionId, StoreError> {
        next(&mut self.last_session, SessionId::parse)
    }

    pub(crate) fn next_room(&mut self) -> Result<RoomId, StoreError> {
        next(&mut self.last_room, RoomId::parse)
    }

    pub(crate) fn next_event(&mut self) -> Result<EventId, StoreError> {
        next(&mut self.last_event, EventId::parse)
    }

    /// Appends an event under the room's next place.
    pub(crate) fn append(
        &mut self,
        room: RoomId,
        at: Timestamp,
        body: impl FnOnce(EventId, Seq) -> EventBody,
    ) -> Result<Event, StoreError> {
        let id = self.next_event()?;
        let room_row = self
            .rooms
            .get_mut(&room)
            .ok_or_else(|| StoreError::failed("no such room"))?;
        let seq = room_row.last_seq.next();
        room_row.last_seq = seq;
        let event = Event {
            room_id: room,
            seq,
            at,
            body: body(id, seq),
        };
        self.events.insert((room, seq), event.clone());
        self.places.insert(id, (room, seq));
        Ok(self.completed(&event))
    }

    /// Who reads an event of a message, a room or a person is told of it as it is now.
    pub(crate) fn as_of_now(&self, event: &Event) -> Event {
        let mut event = self.completed(event);
        if let EventBody::Joined { user, .. } | EventBody::Left { user, .. } = &mut event.body
            && let Some((now, _)) = self.users.get(&user.id)
        {
            *user = now.into();
        }
        event
    }

    /// The same for who has caused it, and knows the person.
    fn completed(&self, event: &Event) -> Event {
        let mut event = event.clone();
        match &mut event.body {
            EventBody::Edited(message) => {
                if let Some(now) = self.message_by_id(message.id) {
                    *message = now.clone();
                }
            }
            EventBody::RoomChanged(room) => {
                if let Some(now) = self.rooms.get(&room.id) {
                    **room = now.clone();
                }
            }
            EventBody::Posted(_)
            | EventBody::Reacted { .. }
            | EventBody::Deleted { .. }
            | EventBody::Joined { .. }
            | EventBody::Left { .. }
            | EventBody::Withheld => {}
        }
        event
    }

    pub(crate) fn message_by_id(&self, id: EventId) -> Option<&Message> {
        let event = self.events.get(self.places.get(&id)?)?;
        said(event)
    }

    pub(crate) fn message_by_id_mut(&mut self, id: EventId) -> Option<&mut Message> {
        let event = self.events.get_mut(self.places.get(&id)?)?;
        match &mut event.body {
            EventBody::Posted(message) => Some(message),
            EventBody::Edited(_)
            | EventBody::Reacted { .. }
            | EventBody::Deleted { .. }
            | EventBody::Joined { .. }
            | EventBody::Left { .. }
            | EventBody::RoomChanged(_)
            | EventBody::Withheld => None,
        }
    }

    /// An administrator who acts must still be one.
    pub(crate) fn may_act(&self, actor: Actor, at: Timestamp) -> Result<(), StoreError> {
        match actor {
            Actor::Admin(id) if !self.active(id, at)?.is_admin => Err(Conflict::NotAllowed.into()),
            Actor::Admin(_) | Actor::Shell => Ok(()),
        }
    }

    /// Writes a line into the audit log.
    pub(crate) fn log(
        &mut self,
        by: Actor,
        action: Action,
        target: UserId,
        (reason, until): (Option<&str>, Option<Timestamp>),
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let id = AuditId::parse(self.audit.len() as u64 + 1).map_err(StoreError::failed)?;
        let reason = reason.map(str::to_owned);
        self.audit.push(AuditEntry {
            id,
            by,
            action,
            target,
            reason,
            until,
            at,
        });
        Ok(())
    }

    /// Whoever acts must still be there, and not be banned.
    pub(crate) fn active(&self, user: UserId, at: Timestamp) -> Result<&User, StoreError> {
        let found = self.users.get(&user).map(|(user, _)| user);
        let active = found.filter(|user| user.banned(at).is_none());
        active.ok_or_else(|| Conflict::UserInactive.into())
    }

    /// Whoever acts in a room must be in it.
    pub(crate) fn membership(&self, room: RoomId, user: UserId) -> Result<&Membership, StoreError> {
        let found = self.members.get(&(room, user));
        found.ok_or_else(|| Conflict::NotMember.into())
    }

    /// Makes the user a member, with the event that says so.
    pub(crate) fn join(
        &mut self,
        room: RoomId,
        person: Person,
        role: Role,
        by: Option<UserId>,
        at: Timestamp,
    ) -> Result<Event, StoreError> {
        let user_id = person.id;
        let event = self.append(room, at, |_, _| EventBody::Joined { user: person, by })?;
        let membership = Membership {
            room_id: room,
            user_id,
            role,
            read_seq: Seq::ZERO,
        };
        self.members.insert((room, user_id), membership);
        Ok(event)
    }
}

/// The message that an event is, if it is one.
pub(crate) const fn said(event: &Event) -> Option<&Message> {
    match &event.body {
        EventBody::Posted(message) => Some(message),
        EventBody::Edited(_)
        | EventBody::Reacted { .. }
        | EventBody::Deleted { .. }
        | EventBody::Joined { .. }
        | EventBody::Left { .. }
        | EventBody::RoomChanged(_)
        | EventBody::Withheld => None,
    }
}
