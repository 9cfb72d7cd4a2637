//! Messages and all other events of rooms.

use std::ops::Bound;

use chat_domain::{
    Draft, Event, EventBody, EventId, Message, Role, RoomId, Seq, UserId,
    change::{Deletion, Edit, ReactionChange},
    event::Emoji,
    id, limit,
    message::{MessageBody, Reaction, Utterance},
};
use chat_ports::{Appended, Conflict, MessagePage, MessageStore, Page, StoreError};

use crate::{
    MemoryStore,
    state::{State, said},
};

impl State {
    fn messages(&self, room: RoomId) -> impl DoubleEndedIterator<Item = &Message> {
        let last = Seq::parse(id::MAX_ID).unwrap_or_default();
        self.events
            .range((room, Seq::ZERO)..=(room, last))
            .filter_map(|(_, event)| said(event))
    }

    /// What was sent under the client id of `said` before, if `said` is that sent again.
    fn sent_before(
        &self,
        room: RoomId,
        author: UserId,
        said: &Utterance,
    ) -> Result<Option<Message>, StoreError> {
        let same_id = |m: &&Message| m.author == author && m.client_id == said.client_id;
        let named = said.client_id.as_ref();
        let Some(earlier) = named.and_then(|_| self.messages(room).find(same_id)) else {
            return Ok(None);
        };
        let first = self.first_texts.get(&earlier.id);
        if !said.repeats(earlier, first.map(|text| *text == said.content)) {
            return Err(Conflict::ClientIdReused { stored: earlier.id }.into());
        }
        Ok(Some(earlier.clone()))
    }

    fn has_message(&self, room: RoomId, id: EventId) -> bool {
        self.messages(room)
            .any(|m| m.id == id && matches!(m.body, MessageBody::Said(_)))
    }

    fn append_message(&mut self, draft: Draft) -> Result<Appended, StoreError> {
        if let Some(message) = self.sent_before(draft.room_id, draft.author, &draft.said)? {
            return Ok(Appended {
                message,
                fresh: false,
            });
        }
        self.active(draft.author, draft.at)?;
        self.membership(draft.room_id, draft.author)?;
        let said = draft.said;
        if said
            .reply_to
            .is_some_and(|id| !self.has_message(draft.room_id, id))
        {
            return Err(Conflict::UnknownTarget.into());
        }
        let mut stored = None;
        self.append(draft.room_id, draft.at, |id, seq| {
            let message = Message {
                id,
                room_id: draft.room_id,
                seq,
                author: draft.author,
                username: draft.username,
                body: MessageBody::Said(said.content),
                message_type: said.message_type,
                reply_to: said.reply_to,
                client_id: said.client_id,
                at: draft.at,
                edited_at: None,
                reactions: Vec::new(),
            };
            stored = Some(message.clone());
            EventBody::Posted(message)
        })?;
        let message =
            stored.ok_or_else(|| StoreError::failed("an event was appended without its message"))?;
        Ok(Appended { message, fresh: true })
    }

    fn edit_message(&mut self, edit: Edit) -> Result<Option<Event>, StoreError> {
        self.active(edit.author, edit.at)?;
        self.membership(edit.room_id, edit.author)?;
        let own = |message: &&mut Message| message.room_id == edit.room_id && message.author == edit.author;
        let message = self.message_by_id_mut(edit.target).filter(own);
        let message = message.ok_or(Conflict::UnknownTarget)?;
        let before = match &message.body {
            MessageBody::Deleted(_) => return Err(Conflict::UnknownTarget.into()),
            MessageBody::Said(content) if *content == edit.content => return Ok(None),
            MessageBody::Said(content) => content.clone(),
        };
        message.body = MessageBody::Said(edit.content);
        message.edited_at = Some(edit.at);
        let edited = message.clone();
        self.first_texts.entry(edit.target).or_insert(before);
        self.append(edit.room_id, edit.at, |_, _| EventBody::Edited(edited))
            .map(Some)
    }

    fn delete_message(&mut self, deletion: &Deletion) -> Result<Option<Event>, StoreError> {
        let is_admin = self.active(deletion.user_id, deletion.at)?.is_admin;
        let role = self.membership(deletion.room_id, deletion.user_id)?.role;
        let there = |message: &&mut Message| message.room_id == deletion.room_id;
        let message = self.message_by_id_mut(deletion.target).filter(there);
        let message = message.ok_or(Conflict::UnknownTarget)?;
        if matches!(message.body, MessageBody::Deleted(_)) {
            return Ok(None);
        }
        let own = message.author == deletion.user_id;
        if !own && role < Role::Moderator && !is_admin {
            return Err(Conflict::NotAllowed.into());
        }
        message.body = MessageBody::Deleted(deletion.by);
        message.reactions.clear();
        let (target, target_seq, by) = (message.id, message.seq, deletion.by);
        self.reactions.remove(&target);
        self.first_texts.remove(&target);
        self.append(deletion.room_id, deletion.at, |_, _| EventBody::Deleted {
            target,
            target_seq,
            by,
        })
        .map(Some)
    }

    fn react(&mut self, change: ReactionChange) -> Result<Option<Event>, StoreError> {
        self.active(change.user_id, change.at)?;
        self.membership(change.room_id, change.user_id)?;
        let there = |m: &&Message| m.room_id == change.room_id && matches!(m.body, MessageBody::Said(_));
        let message = self.message_by_id(change.target).filter(there);
        let reactions = &message.ok_or(Conflict::UnknownTarget)?.reactions;
        let same = reactions.iter().find(|reaction| reaction.emoji == change.emoji);
        if same.is_some_and(|reaction| reaction.by.contains(&change.user_id)) == change.added {
            return Ok(None);
        }
        if change.added && same.is_none() && reactions.len() >= limit::REACTIONS_PER_MESSAGE {
            return Err(Conflict::TooManyReactions.into());
        }
        let single = self.reactions.entry(change.target).or_default();
        if change.added {
            single.push((change.emoji.clone(), change.user_id));
        } else {
            single.retain(|(emoji, user)| !(*emoji == change.emoji && *user == change.user_id));
        }
        let grouped = grouped(single);
        if let Some(message) = self.message_by_id_mut(change.target) {
            message.reactions = grouped;
        }
        self.append(change.room_id, change.at, |_, _| EventBody::Reacted {
            target: change.target,
            user_id: change.user_id,
            emoji: change.emoji,
            added: change.added,
        })
        .map(Some)
    }
}

/// The single reactions as they stand under a message: each emoji once, in the order of its first use.
fn grouped(single: &[(Emoji, UserId)]) -> Vec<Reaction> {
    let mut reactions: Vec<Reaction> = Vec::new();
    for (emoji, user) in single {
        match reactions.iter_mut().find(|reaction| reaction.emoji == *emoji) {
            Some(reaction) => reaction.by.push(*user),
            None => reactions.push(Reaction {
                emoji: emoji.clone(),
                by: vec![*user],
            }),
        }
    }
    reactions
}

impl MessageStore for MemoryStore {
    async fn append_message(&self, draft: Draft) -> Result<Appended, StoreError> {
        self.writing()?.append_message(draft)
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
            .map(|(_, event)| state.as_of_now(event))
            .collect())
    }

    async fn message(&self, id: EventId) -> Result<Option<Message>, StoreError> {
        Ok(self.state().message_by_id(id).cloned())
    }

    async fn edit_message(&self, edit: Edit) -> Result<Option<Event>, StoreError> {
        self.writing()?.edit_message(edit)
    }

    async fn delete_message(&self, deletion: Deletion) -> Result<Option<Event>, StoreError> {
        self.writing()?.delete_message(&deletion)
    }

    async fn react(&self, change: ReactionChange) -> Result<Option<Event>, StoreError> {
        self.writing()?.react(change)
    }

    async fn sent_before(
        &self,
        room: RoomId,
        author: UserId,
        said: Utterance,
    ) -> Result<Option<Message>, StoreError> {
        self.state().sent_before(room, author, &said)
    }
}
