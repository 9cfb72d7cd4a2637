//! Edit, delete, react.

use std::sync::Arc;

use chat_domain::{Content, Event, EventId, Message, Refusal, change, event::Emoji, room::Member};
use chat_ports::{MessageStore, Notice, Ports, StoreError};

use crate::{App, Error, SignedIn};

impl<P: Ports> App<P> {
    /// Gives one's own message another text and tells the room. The same text again changes nothing.
    ///
    /// # Errors
    /// `not_found` for a message that does not exist, is deleted, or is not for the asker's eyes; `forbidden` for
    /// another's message and in a read-only room; `rate_limited`.
    pub async fn edit_message(
        &self,
        who: &SignedIn,
        id: EventId,
        content: Content,
    ) -> Result<Message, Error> {
        let (member, message) = self.message_to_change(who, id).await?;
        let edit = change::edit(&member, &message, content, self.now())?;
        let edited = self.ports.messages().edit_message(edit).await;
        self.tell(edited)?;
        let now = self.ports.messages().message(id).await?;
        Ok(now.ok_or(Refusal::NotFound)?)
    }

    /// Empties a message and tells the room. Once it is empty, doing so again changes nothing.
    ///
    /// # Errors
    /// As [`App::edit_message`]; `forbidden` for another's message, unless one looks after the room.
    pub async fn delete_message(&self, who: &SignedIn, id: EventId) -> Result<(), Error> {
        let (member, message) = self.message_to_change(who, id).await?;
        let deletion = change::delete(&member, &message, self.now())?;
        let deleted = self.ports.messages().delete_message(deletion).await;
        self.tell(deleted)
    }

    /// Puts an emoji under a message, or takes it back, and tells the room. What is like that already stays.
    ///
    /// # Errors
    /// As [`App::edit_message`]; `too_many_reactions`.
    pub async fn react(&self, who: &SignedIn, id: EventId, emoji: Emoji, added: bool) -> Result<(), Error> {
        let (member, message) = self.message_to_change(who, id).await?;
        let change = change::react(&member, &message, emoji, added, self.now())?;
        let changed = self.ports.messages().react(change).await;
        self.tell(changed)
    }

    /// The message together with the proof that its room is the asker's to read.
    async fn message_to_change(&self, who: &SignedIn, id: EventId) -> Result<(Member, Message), Error> {
        self.quotas
            .message(who.user().id, self.settings.messages, self.now())?;
        let found = self.ports.messages().message(id).await?;
        let message = found.ok_or(Refusal::NotFound)?;
        let member = self.enter_room(who, Some(message.room_id)).await?;
        Ok((member, message))
    }

    fn tell(&self, changed: Result<Option<Event>, StoreError>) -> Result<(), Error> {
        if let Some(event) = changed? {
            self.publish(Notice::Happened(Arc::new(event)));
        }
        Ok(())
    }
}
