//! Read what was said.

use chat_domain::{Event, RoomId, Seq, room::Member};
use chat_ports::{MessagePage, MessageStore, Page, Ports};

use crate::{App, Error};

impl<P: Ports> App<P> {
    /// A page of the room's messages, oldest first, as its member sees them.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn history(&self, member: &Member, page: Page) -> Result<MessagePage, Error> {
        let mut page = self
            .ports
            .messages()
            .page_messages(member.room().id, page)
            .await?;
        let reader = member.user().id;
        page.messages = page
            .messages
            .into_iter()
            .map(|message| message.seen_by(reader))
            .collect();
        Ok(page)
    }

    /// The first `most` events after a place, and whether there are more.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn events_after(
        &self,
        member: &Member,
        after: Seq,
        most: u32,
    ) -> Result<(Vec<Event>, bool), Error> {
        let mut events = self
            .room_events(member.room().id, after, most.saturating_add(1))
            .await?;
        let has_more = events.len() > most as usize;
        events.truncate(most as usize);
        Ok((events, has_more))
    }

    /// Events of a room for its fan-out, which gives each only to members.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn room_events(&self, room: RoomId, after: Seq, most: u32) -> Result<Vec<Event>, Error> {
        Ok(self.ports.messages().events_after(room, after, most).await?)
    }
}
