//! Enter a room: the proof that somebody may read it.

use std::sync::Arc;

use chat_domain::{Need, Refusal, RoomId, Scope, room, room::Member};
use chat_ports::{Ports, RoomStore};

use crate::{App, Error, SignedIn};

impl<P: Ports> App<P> {
    /// Proves that the signed-in user may read the room; without a room, the plain one.
    ///
    /// # Errors
    /// `not_found` for a room that does not exist or is not theirs: the two look alike. `no_plain_room` where no
    /// room is named and none stands in.
    pub async fn enter_room(&self, who: &SignedIn, room: Option<RoomId>) -> Result<Member, Error> {
        let room = self.room_meant(room).await?;
        let found = self.ports.rooms().room_of(who.user().id, room).await?;
        Ok(room::may_read(who.user().clone(), found)?)
    }

    /// The same for who is going to write: what is remembered is enough, for the store checks every write again.
    ///
    /// # Errors
    /// As [`App::enter_room`]; `insufficient_scope` for a token that may not write.
    pub async fn enter_to_write(&self, who: &SignedIn, room: Option<RoomId>) -> Result<Arc<Member>, Error> {
        who.allow(Need::Scope(Scope::Write))?;
        let room = self.room_meant(room).await?;
        let key = (room, who.user().id);
        let mark = match self.members.get(&key) {
            Ok(member) => return Ok(member),
            Err(mark) => mark,
        };
        let member = Arc::new(self.enter_room(who, Some(room)).await?);
        self.members.keep(key, Arc::clone(&member), mark);
        Ok(member)
    }

    async fn room_meant(&self, room: Option<RoomId>) -> Result<RoomId, Error> {
        match room {
            Some(room) => Ok(room),
            None => Ok(self.plain_room().await?.ok_or(Refusal::NoPlainRoom)?),
        }
    }

    /// The room of every call that names none.
    pub(crate) async fn plain_room(&self) -> Result<Option<RoomId>, Error> {
        if !self.settings.plain_api {
            return Ok(None);
        }
        if let Some(room) = self.plain_room.get() {
            return Ok(Some(*room));
        }
        let found = self.ports.rooms().plain_room().await?;
        Ok(found.inspect(|room| {
            // Two may have looked at once; they found the same room.
            let _ = self.plain_room.set(*room);
        }))
    }
}
