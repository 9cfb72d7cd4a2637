//! The rooms that are mine, and those that could be.

use chat_domain::{AccountKind, Mode, Room, RoomId};
use chat_ports::{MyRoom, Ports, RoomStore};

use crate::{App, Error, SignedIn};

impl<P: Ports> App<P> {
    /// The rooms of the signed-in user, as of one moment: from each room's `last_seq` on its live events follow.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn subscribe(&self, who: &SignedIn) -> Result<Vec<MyRoom>, Error> {
        let user = who.user();
        let mut rooms = self.ports.rooms().rooms_of(user.id).await?;
        rooms.retain(|mine| is_for(user.kind, mine.room.mode));
        Ok(rooms)
    }

    /// Open groups that the signed-in user is not in, each with the number of its members, and whether there are more.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn open_rooms(
        &self,
        who: &SignedIn,
        after: Option<RoomId>,
        most: u32,
    ) -> Result<(Vec<(Room, u64)>, bool), Error> {
        let user = who.user();
        let rooms = self.ports.rooms();
        let mut found = rooms.open_rooms(user.id, after, most.saturating_add(1)).await?;
        let has_more = found.len() > most as usize;
        found.truncate(most as usize);
        found.retain(|(room, _)| is_for(user.kind, room.mode));
        Ok((found, has_more))
    }
}

/// Basic accounts never see an encrypted room: they have no keys.
fn is_for(kind: AccountKind, mode: Mode) -> bool {
    !(mode == Mode::E2ee && kind == AccountKind::Basic)
}
