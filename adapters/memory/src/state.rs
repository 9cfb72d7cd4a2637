//! What the store remembers, behind one lock: every method is therefore one atomic commit.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chat_domain::{
    Event, EventBody, EventId, Membership, PasswordHash, Role, Room, RoomId, Seq, Session, SessionId,
    Timestamp, TokenHash, User, UserId, event::Person,
};
use chat_ports::StoreError;

/// A store that forgets everything when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

impl MemoryStore {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere while the lock was held cannot have left a half-done change: changes are made last.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) users: BTreeMap<UserId, (User, Option<PasswordHash>)>,
    pub(crate) sessions: BTreeMap<SessionId, (Session, TokenHash)>,
    pub(crate) rooms: BTreeMap<RoomId, Room>,
    pub(crate) plain_room: Option<RoomId>,
    pub(crate) members: BTreeMap<(RoomId, UserId), Membership>,
    pub(crate) events: BTreeMap<(RoomId, Seq), Event>,
    last_user: u64,
    last_session: u64,
    last_room: u64,
    last_event: u64,
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
        body: impl FnOnce(Seq) -> EventBody,
    ) -> Result<Event, StoreError> {
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
            body: body(seq),
        };
        self.events.insert((room, seq), event.clone());
        Ok(event)
    }

    /// Makes the user a member, with the event that says so.
    pub(crate) fn join(&mut self, room: RoomId, user: &User, at: Timestamp) -> Result<Event, StoreError> {
        self.next_event()?;
        let event = self.append(room, at, |_| EventBody::Joined {
            user: Person::from(user),
            by: None,
        })?;
        let membership = Membership {
            room_id: room,
            user_id: user.id,
            role: Role::Member,
            read_seq: Seq::ZERO,
        };
        self.members.insert((room, user.id), membership);
        Ok(event)
    }
}
