//! Rooms and their members.

use chat_domain::{Membership, Room, RoomId, Seq, UserId};
use chat_ports::{NewRoom, RoomStore, StoreError};

use crate::MemoryStore;

impl RoomStore for MemoryStore {
    async fn ensure_plain_room(&self, new: NewRoom) -> Result<Room, StoreError> {
        let mut state = self.state();
        if let Some(room) = state.plain_room.and_then(|id| state.rooms.get(&id)) {
            return Ok(room.clone());
        }
        let room = Room {
            id: state.next_room()?,
            name: new.name,
            kind: new.kind,
            mode: new.mode,
            join: new.join,
            read_only: false,
            last_seq: Seq::ZERO,
            created_at: new.at,
        };
        state.plain_room = Some(room.id);
        state.rooms.insert(room.id, room.clone());
        Ok(room)
    }

    async fn plain_room(&self) -> Result<Option<RoomId>, StoreError> {
        Ok(self.state().plain_room)
    }

    async fn room_of(&self, user: UserId, room: RoomId) -> Result<Option<(Room, Membership)>, StoreError> {
        let state = self.state();
        let membership = state.members.get(&(room, user));
        Ok(membership.and_then(|membership| state.rooms.get(&room).map(|room| (room.clone(), *membership))))
    }

    async fn rooms_of(&self, user: UserId) -> Result<Vec<(Room, Membership, u64)>, StoreError> {
        let state = self.state();
        let mine = state
            .members
            .values()
            .filter(|membership| membership.user_id == user);
        let rooms = mine.filter_map(|membership| {
            let room = state.rooms.get(&membership.room_id)?;
            let members = state.members.keys().filter(|(id, _)| *id == room.id).count();
            Some((room.clone(), *membership, members as u64))
        });
        Ok(rooms.collect())
    }
}
