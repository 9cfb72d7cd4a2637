//! Change a room's settings; note down how far one has read.

use chat_domain::{Refusal, Room, Seq, membership, membership::Settings, room::Member};
use chat_ports::{Ports, RoomStore};

use crate::{App, Error};

impl<P: Ports> App<P> {
    /// Changes a room's settings and tells the room. What is like that already stays. Returns the room as it is now.
    ///
    /// # Errors
    /// `forbidden` for who may not; `room_is_e2ee` for what the room's log says.
    pub async fn change_room(&self, member: &Member, settings: Settings) -> Result<Room, Error> {
        self.quotas
            .message(member.user().id, self.settings.messages, self.now())?;
        let change = membership::change(member, settings, self.now())?;
        let rooms = self.ports.rooms();
        if let Some(changed) = rooms.change_room(change).await? {
            self.tell_of_members(vec![changed]);
        }
        let now = rooms.room(member.room().id).await?;
        Ok(now.ok_or(Refusal::NotFound)?)
    }

    /// Moves the read position forward, never back. Returns where it is.
    ///
    /// # Errors
    /// `not_found` for who is no member any more.
    pub async fn mark_read(&self, member: &Member, seq: Seq) -> Result<Seq, Error> {
        let rooms = self.ports.rooms();
        Ok(rooms.mark_read(member.user().id, member.room().id, seq).await?)
    }
}
