//! Create a room, or find the direct one of a pair.

use std::sync::Arc;

use chat_domain::{Event, EventBody, Join, Mode, Refusal, RoomKind, RoomName, UserId, membership};
use chat_ports::{MyRoom, NewRoom, Notice, Ports, RoomStore, UserStore};

use crate::{App, Error, SignedIn};

impl<P: Ports> App<P> {
    /// Makes a group of mode `server`, owned by who makes it.
    ///
    /// # Errors
    /// `rate_limited`; `too_many_rooms`.
    pub async fn create_room(&self, who: &SignedIn, name: RoomName, join: Join) -> Result<MyRoom, Error> {
        self.quotas.room(who.user().id, self.now())?;
        let new = NewRoom {
            name,
            kind: RoomKind::Group,
            mode: Mode::Server,
            join,
            at: self.now(),
        };
        let (mine, joined) = self.ports.rooms().create_room(new, who.user().into()).await?;
        self.tell_of_members(vec![joined]);
        Ok(mine)
    }

    /// The one direct room with another user, and whether it was made just now.
    ///
    /// # Errors
    /// `not_found` if there is no such user, or they are banned; `conflict` with oneself; `rate_limited`;
    /// `too_many_rooms`, whichever of the two it is.
    pub async fn direct_room(&self, who: &SignedIn, other: UserId) -> Result<(MyRoom, bool), Error> {
        let now = self.now();
        self.quotas.room(who.user().id, now)?;
        let found = self.ports.users().user(other).await?;
        let other = found.filter(|user| user.banned(now).is_none());
        let pair = membership::pair(who.user(), &other.ok_or(Refusal::NotFound)?)?;
        let rooms = self.ports.rooms();
        let (mine, joined) = rooms.direct_room(pair, who.user().id, now).await?;
        let fresh = !joined.is_empty();
        self.tell_of_members(joined);
        Ok((mine, fresh))
    }

    /// Tells the room of who came and went, and forgets what was known of them.
    pub(crate) fn tell_of_members(&self, events: Vec<Event>) {
        for event in events {
            // Who comes was not there to be remembered.
            if !matches!(event.body, EventBody::Joined { .. }) {
                self.members.forget(|(room, _), _| *room == event.room_id);
            }
            self.publish(Notice::Happened(Arc::new(event)));
        }
    }
}
