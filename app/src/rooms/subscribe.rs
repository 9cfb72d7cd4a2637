//! Subscribe: which rooms a connection is to hear of, and from which place on.

use chat_domain::{AccountKind, Membership, Mode, Room};
use chat_ports::{Ports, RoomStore};

use crate::{App, Error, SignedIn};

/// A room of mine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MyRoom {
    /// The room; its `last_seq` is the place from which on live events follow.
    pub room: Room,
    /// What I am there.
    pub membership: Membership,
    /// How many we are.
    pub members: u64,
}

impl<P: Ports> App<P> {
    /// The rooms of the signed-in user.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn subscribe(&self, who: &SignedIn) -> Result<Vec<MyRoom>, Error> {
        let user = who.user();
        let rooms = self.ports.rooms().rooms_of(user.id).await?;
        let visible = rooms.into_iter().filter(|(room, ..)| {
            let keyless = room.mode == Mode::E2ee && user.kind == AccountKind::Basic;
            !keyless
        });
        Ok(visible
            .map(|(room, membership, members)| MyRoom {
                room,
                membership,
                members,
            })
            .collect())
    }
}
