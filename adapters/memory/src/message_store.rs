//! Messages and all other events of rooms.

use std::ops::Bound;

use chat_domain::{
    ClientId, Draft, Event, EventBody, EventId, Message, RoomId, Seq, UserId, message::MessageBody,
};
use chat_ports::{Appended, Conflict, MessagePage, MessageStore, Page, StoreError};

use crate::{MemoryStore, state::State};

impl State {
    fn messages(&self, room: RoomId) -> impl DoubleEndedIterator<Item = &Message> {
        self.events
            .range((room, Seq::ZERO)..)
            .take_while(move |((id, _), _)| *id == room)
            .filter_map(|(_, event)| match &event.body {
                EventBody::Posted(message) => Some(message),
                EventBody::Edited { .. }
                | EventBody::Reacted { .. }
                | EventBody::Deleted { .. }
                | EventBody::Joined { .. }
                | EventBody::Left { .. }
                | EventBody::RoomChanged(_) => None,
            })
            // `take_while` is no double-ended iterator; a room in a test is small.
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn by_client_id(&self, room: RoomId, author: UserId, client_id: &ClientId) -> Option<&Message> {
        self.messages(room)
            .find(|m| m.author == author && m.client_id.as_ref() == Some(client_id))
    }

    fn has_message(&self, room: RoomId, id: EventId) -> bool {
        self.messages(room)
            .any(|m| m.id == id && matches!(m.body, MessageBody::Said(_)))
    }

    fn append_message(&mut self, draft: Draft) -> Result<Appended, StoreError> {
        let earlier = draft
            .client_id
            .as_ref()
            .and_then(|id| self.by_client_id(draft.room_id, draft.author, id));
        if let Some(earlier) = earlier {
            return same_message(earlier, &draft);
        }
        let active = self
            .users
            .get(&draft.author)
            .is_some_and(|(user, _)| user.banned(draft.at).is_none());
        if !active {
            return Err(Conflict::UserInactive.into());
        }
        if !self.members.contains_key(&(draft.room_id, draft.author)) {
            return Err(Conflict::NotMember.into());
        }
        if draft
            .reply_to
            .is_some_and(|id| !self.has_message(draft.room_id, id))
        {
            return Err(Conflict::UnknownTarget.into());
        }
        let id = self.next_event()?;
        let mut stored = None;
        self.append(draft.room_id, draft.at, |seq| {
            let message = Message {
                id,
                room_id: draft.room_id,
                seq,
                author: draft.author,
                username: draft.username,
                body: MessageBody::Said(draft.content),
                message_type: draft.message_type,
                reply_to: draft.reply_to,
                client_id: draft.client_id,
                at: draft.at,
            };
            stored = Some(message.clone());
            EventBody::Posted(message)
        })?;
        let message =
            stored.ok_or_else(|| StoreError::failed("an event was appended without its message"))?;
        Ok(Appended { message, fresh: true })
    }
}

/// The first message under a client id, if the draft is that one sent again.
fn same_message(earlier: &Message, draft: &Draft) -> Result<Appended, StoreError> {
    if draft.repeats(earlier) {
        Ok(Appended {
            message: earlier.clone(),
            fresh: false,
        })
    } else {
        Err(Conflict::ClientIdReused { stored: earlier.id }.into())
    }
}

impl MessageStore for MemoryStore {
    async fn append_message(&self, draft: Draft) -> Result<Appended, StoreError> {
        self.state().append_message(draft)
    }

    async fn page_messages(&self, room: RoomId, page: Page) -> Result<MessagePage, StoreError> {
        let state = self.state();
        let said = state
            .messages(room)
            .rev()
            .filter(|m| matches!(m.body, MessageBody::Said(_)));
        let (skip, most, before) = match page {
            Page::Newest { offset, most } => (offset as usize, most as usize, None),
            Page::Before { before, most } => (0, most as usize, Some(before)),
        };
        let older = said
            .filter(|m| before.is_none_or(|before| m.seq < before))
            .skip(skip);
        let mut messages: Vec<_> = older.take(most + 1).cloned().collect();
        let has_more = messages.len() > most;
        messages.truncate(most);
        messages.reverse();
        Ok(MessagePage { messages, has_more })
    }

    async fn events_after(&self, room: RoomId, after: Seq, most: u32) -> Result<Vec<Event>, StoreError> {
        let state = self.state();
        let start = Bound::Excluded((room, after));
        let later = state
            .events
            .range((start, Bound::Unbounded))
            .take_while(|((id, _), _)| *id == room);
        Ok(later
            .take(most as usize)
            .map(|(_, event)| event.clone())
            .collect())
    }

    async fn message_by_client_id(
        &self,
        room: RoomId,
        author: UserId,
        client_id: &ClientId,
    ) -> Result<Option<Message>, StoreError> {
        Ok(self.state().by_client_id(room, author, client_id).cloned())
    }
}
