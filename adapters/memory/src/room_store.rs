//! Rooms and their members.

use chat_domain::{
    Event, EventBody, Join, Membership, Role, Room, RoomId, RoomKind, Seq, Timestamp, UserId,
    event::Person,
    limit::Limits,
    membership::{Entry, Exit, Pair, RoomChange},
    room::SlowMode,
};
use chat_ports::{Conflict, MyRoom, NewRoom, RoomStore, StoreError};

use crate::{MemoryStore, state::State};

impl State {
    fn make_room(&mut self, new: NewRoom) -> Result<RoomId, StoreError> {
        let room = Room {
            id: self.next_room()?,
            name: new.name,
            kind: new.kind,
            mode: new.mode,
            join: new.join,
            topic: None,
            slow_mode: SlowMode::default(),
            read_only: false,
            is_plain: false,
            last_seq: Seq::ZERO,
            created_at: new.at,
        };
        let id = room.id;
        self.rooms.insert(id, room);
        Ok(id)
    }

    fn my_room(&self, membership: &Membership) -> Option<MyRoom> {
        let room = self.rooms.get(&membership.room_id)?.clone();
        let members = || self.members_of(room.id);
        let other = members().find(|other| other.user_id != membership.user_id);
        let peer = other
            .filter(|_| room.kind == RoomKind::Direct)
            .and_then(|other| self.person(other.user_id));
        Some(MyRoom {
            membership: *membership,
            members: members().count() as u64,
            peer,
            room,
        })
    }

    fn room_as_seen(&self, room: RoomId, user: UserId) -> Result<MyRoom, StoreError> {
        let membership = self.membership(room, user)?;
        let found = self.my_room(membership);
        found.ok_or_else(|| StoreError::failed("a membership without a room"))
    }

    fn members_of(&self, room: RoomId) -> impl Iterator<Item = &Membership> {
        self.members.values().filter(move |member| member.room_id == room)
    }

    fn person(&self, user: UserId) -> Option<Person> {
        self.users.get(&user).map(|(user, _)| user.into())
    }

    fn has_place(&self, user: UserId) -> Result<(), StoreError> {
        let rooms = self.members.values().filter(|member| member.user_id == user);
        if rooms.count() as u64 >= Limits::default().rooms_per_user {
            return Err(Conflict::TooManyRooms.into());
        }
        Ok(())
    }

    fn create_room(&mut self, new: NewRoom, owner: Person) -> Result<(MyRoom, Event), StoreError> {
        let at = new.at;
        self.active(owner.id, at)?;
        self.has_place(owner.id)?;
        let room = self.make_room(new)?;
        let owner_id = owner.id;
        let joined = self.join(room, owner, Role::Owner, None, at)?;
        Ok((self.room_as_seen(room, owner_id)?, joined))
    }

    fn direct_room(
        &mut self,
        pair: Pair,
        seen_by: UserId,
        at: Timestamp,
    ) -> Result<(MyRoom, Vec<Event>), StoreError> {
        if let Some(room) = self.pairs.get(&pair) {
            return Ok((self.room_as_seen(*room, seen_by)?, Vec::new()));
        }
        if !pair.members().contains(&seen_by) {
            return Err(Conflict::NotMember.into());
        }
        for user in pair.members() {
            self.active(user, at)?;
            self.has_place(user)?;
        }
        let room = self.make_room(NewRoom::direct(at))?;
        self.pairs.insert(pair, room);
        let mut joined = Vec::new();
        for user in pair.members() {
            let person = self.person(user).ok_or(Conflict::UserInactive)?;
            joined.push(self.join(room, person, Role::Member, None, at)?);
        }
        Ok((self.room_as_seen(room, seen_by)?, joined))
    }

    fn enter(&mut self, entry: Entry) -> Result<Event, StoreError> {
        self.active(entry.person.id, entry.at)?;
        let room = self.rooms.get(&entry.room_id).ok_or(Conflict::RoomClosed)?;
        match entry.by {
            None if room.join != Join::Open => return Err(Conflict::RoomClosed.into()),
            None => {}
            Some(by) => {
                self.membership(entry.room_id, by)?;
            }
        }
        if self.members.contains_key(&(entry.room_id, entry.person.id)) {
            return Err(Conflict::AlreadyMember.into());
        }
        self.has_place(entry.person.id)?;
        self.join(entry.room_id, entry.person, Role::Member, entry.by, entry.at)
    }

    fn exit(&mut self, exit: Exit) -> Result<Vec<Event>, StoreError> {
        let rank = self.membership(exit.room_id, exit.person.id)?.role;
        if let Some(by) = exit.by {
            let remover = self.membership(exit.room_id, by)?.role;
            let is_admin = self.active(by, exit.at)?.is_admin;
            if remover <= rank && !is_admin {
                return Err(Conflict::NotAllowed.into());
            }
        }
        self.members.remove(&(exit.room_id, exit.person.id));
        let (person, by) = (exit.person, exit.by);
        let mut events =
            vec![self.append(exit.room_id, exit.at, |_, _| EventBody::Left { user: person, by })?];
        if self.succeed(exit.room_id) {
            events.push(self.room_changed(exit.room_id, exit.at)?);
        }
        Ok(events)
    }

    /// Gives a room without an owner a new one, if anybody is left in it.
    fn succeed(&mut self, room: RoomId) -> bool {
        if self.members_of(room).any(|member| member.role == Role::Owner) {
            return false;
        }
        // Of those with the same role `max_by` takes the last, the map is in the order of the accounts: so backwards.
        let heir = self
            .members_of(room)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .max_by_key(|member| member.role);
        let Some(heir) = heir.map(|member| member.user_id) else {
            return false;
        };
        if let Some(member) = self.members.get_mut(&(room, heir)) {
            member.role = Role::Owner;
        }
        true
    }

    fn room_changed(&mut self, room: RoomId, at: Timestamp) -> Result<Event, StoreError> {
        let found = self.rooms.get(&room).cloned();
        let now = found.ok_or_else(|| StoreError::failed("no such room"))?;
        self.append(room, at, |_, _| EventBody::RoomChanged(Box::new(now)))
    }

    fn change_room(&mut self, change: RoomChange) -> Result<Option<Event>, StoreError> {
        let is_admin = self.active(change.by, change.at)?.is_admin;
        let role = self.membership(change.room_id, change.by)?.role;
        if role < Role::Moderator && !is_admin {
            return Err(Conflict::NotAllowed.into());
        }
        let room = self.rooms.get_mut(&change.room_id).ok_or(Conflict::NotMember)?;
        let changed = change.settings.apply(room.clone());
        if changed == *room {
            return Ok(None);
        }
        *room = changed;
        self.room_changed(change.room_id, change.at).map(Some)
    }
}

impl RoomStore for MemoryStore {
    async fn ensure_plain_room(&self, new: NewRoom) -> Result<Room, StoreError> {
        let mut state = self.writing()?;
        let id = match state.plain_room {
            Some(id) => id,
            None => state.make_room(new)?,
        };
        state.plain_room = Some(id);
        let room = state.rooms.get_mut(&id);
        let room = room.ok_or_else(|| StoreError::failed("the plain room was not made"))?;
        room.is_plain = true;
        Ok(room.clone())
    }

    async fn plain_room(&self) -> Result<Option<RoomId>, StoreError> {
        Ok(self.state().plain_room)
    }

    async fn create_room(&self, room: NewRoom, owner: Person) -> Result<(MyRoom, Event), StoreError> {
        self.writing()?.create_room(room, owner)
    }

    async fn direct_room(
        &self,
        pair: Pair,
        seen_by: UserId,
        at: Timestamp,
    ) -> Result<(MyRoom, Vec<Event>), StoreError> {
        self.writing()?.direct_room(pair, seen_by, at)
    }

    async fn room(&self, room: RoomId) -> Result<Option<Room>, StoreError> {
        Ok(self.state().rooms.get(&room).cloned())
    }

    async fn room_of(&self, user: UserId, room: RoomId) -> Result<Option<(Room, Membership)>, StoreError> {
        let state = self.state();
        let membership = state.members.get(&(room, user));
        Ok(membership.and_then(|membership| state.rooms.get(&room).map(|room| (room.clone(), *membership))))
    }

    async fn rooms_of(&self, user: UserId) -> Result<Vec<MyRoom>, StoreError> {
        let state = self.state();
        let mine = state
            .members
            .values()
            .filter(|membership| membership.user_id == user);
        Ok(mine.filter_map(|membership| state.my_room(membership)).collect())
    }

    async fn open_rooms(
        &self,
        user: UserId,
        after: Option<RoomId>,
        most: u32,
    ) -> Result<Vec<(Room, u64)>, StoreError> {
        let state = self.state();
        let open = state.rooms.values().filter(|room| {
            let is_open = room.kind == RoomKind::Group && room.join == Join::Open;
            is_open
                && after.is_none_or(|after| room.id > after)
                && !state.members.contains_key(&(room.id, user))
        });
        let counted = open.map(|room| (room.clone(), state.members_of(room.id).count() as u64));
        Ok(counted.take(most as usize).collect())
    }

    async fn members(
        &self,
        room: RoomId,
        after: Option<UserId>,
        most: u32,
    ) -> Result<Vec<(Person, Role)>, StoreError> {
        let state = self.state();
        let later = state
            .members_of(room)
            .filter(|member| after.is_none_or(|after| member.user_id > after));
        let named = later.filter_map(|member| Some((state.person(member.user_id)?, member.role)));
        Ok(named.take(most as usize).collect())
    }

    async fn enter(&self, entry: Entry) -> Result<Event, StoreError> {
        self.writing()?.enter(entry)
    }

    async fn exit(&self, exit: Exit) -> Result<Vec<Event>, StoreError> {
        self.writing()?.exit(exit)
    }

    async fn change_room(&self, change: RoomChange) -> Result<Option<Event>, StoreError> {
        self.writing()?.change_room(change)
    }

    async fn mark_read(&self, user: UserId, room: RoomId, seq: Seq) -> Result<Seq, StoreError> {
        let mut state = self.writing()?;
        let last = state.rooms.get(&room).map_or(Seq::ZERO, |room| room.last_seq);
        let membership = state.members.get_mut(&(room, user)).ok_or(Conflict::NotMember)?;
        membership.read_seq = membership.read_seq.max(seq.min(last));
        Ok(membership.read_seq)
    }
}
