//! Messages and all other events of rooms.

use chat_domain::{
    ClientId, Draft, Event, EventBody, EventId, Message, RoomId, Seq, Timestamp, UserId,
    change::{Deletion, Edit, ReactionChange},
    id,
    message::{MessageBody, Utterance},
};
use chat_ports::{Appended, Conflict, MessagePage, MessageStore, Page, Sealer, StoreError};
use rusqlite::{Connection, named_params};

use crate::{SqliteStore, actor, change, room_store, rows};

/// What the index `messages_said` holds of a room.
const SAID: &str = "messages.room_id = :room AND messages.event = 'message' AND messages.deleted_by IS NULL";

impl MessageStore for SqliteStore {
    async fn append_message(&self, draft: Draft) -> Result<Appended, StoreError> {
        self.write(move |connection, sealer| append(connection, sealer, draft))
            .await
    }

    async fn page_messages(&self, room: RoomId, page: Page) -> Result<MessagePage, StoreError> {
        self.read(move |connection, sealer| page_of(connection, sealer, room, page))
            .await
    }

    async fn events_after(&self, room: RoomId, after: Seq, most: u32) -> Result<Vec<Event>, StoreError> {
        self.read(move |connection, sealer| events_of(connection, sealer, room, after, most))
            .await
    }

    async fn message(&self, id: EventId) -> Result<Option<Message>, StoreError> {
        self.read(move |connection, sealer| rows::message_by_id(connection, sealer, id))
            .await
    }

    async fn edit_message(&self, edit: Edit) -> Result<Option<Event>, StoreError> {
        self.write(move |connection, sealer| change::edit(connection, sealer, edit))
            .await
    }

    async fn delete_message(&self, deletion: Deletion) -> Result<Option<Event>, StoreError> {
        self.write(move |connection, sealer| change::delete(connection, sealer, &deletion))
            .await
    }

    async fn react(&self, change: ReactionChange) -> Result<Option<Event>, StoreError> {
        self.write(move |connection, sealer| change::react(connection, sealer, change))
            .await
    }

    async fn sent_before(
        &self,
        room: RoomId,
        author: UserId,
        said: Utterance,
    ) -> Result<Option<Message>, StoreError> {
        self.read(move |connection, sealer| sent_before(connection, sealer, room, author, &said))
            .await
    }
}

pub(crate) fn append(
    connection: &Connection,
    sealer: &dyn Sealer,
    draft: Draft,
) -> Result<Appended, StoreError> {
    let earlier = sent_before(connection, sealer, draft.room_id, draft.author, &draft.said)?;
    if let Some(message) = earlier {
        return Ok(Appended {
            message,
            fresh: false,
        });
    }
    // What the author was allowed when the draft was made may be over by now.
    actor::in_room(connection, draft.author, draft.room_id, draft.at)?;
    if let Some(target) = draft.said.reply_to {
        check_target(connection, draft.room_id, target)?;
    }
    let seq = room_store::next_seq(connection, draft.room_id)?;
    insert(connection, sealer, draft, seq).map(|message| Appended { message, fresh: true })
}

/// What was sent under the client id of `said` before, if `said` is that sent again.
pub(crate) fn sent_before(
    connection: &Connection,
    sealer: &dyn Sealer,
    room: RoomId,
    author: UserId,
    said: &Utterance,
) -> Result<Option<Message>, StoreError> {
    let Some(client_id) = &said.client_id else {
        return Ok(None);
    };
    let sql = format!(
        "SELECT {}, messages.first_digest AS first_digest FROM {}
         WHERE messages.room_id = :room AND messages.user_id = :author AND messages.client_id = :client_id",
        rows::EVENT,
        rows::EVENTS,
    );
    let params = named_params! {
        ":room": room.number(),
        ":author": author.number(),
        ":client_id": client_id.as_str(),
    };
    rows::one(connection, &sql, params, |row| {
        let stored = rows::event_id(row, "id")?;
        let read = rows::message(connection, row, sealer)
            .and_then(|earlier| Ok((rows::was_first(row, stored, &said.content, sealer)?, earlier)));
        match rows::if_readable(row, "id", read)? {
            Some((was_first, earlier)) if said.repeats(&earlier, was_first) => Ok(earlier),
            _ => Err(Conflict::ClientIdReused { stored }.into()),
        }
    })
}

fn check_target(connection: &Connection, room: RoomId, target: EventId) -> Result<(), StoreError> {
    let found = rows::one(
        connection,
        "SELECT 1 FROM messages WHERE id = ?1 AND room_id = ?2 AND event = 'message' AND deleted_by IS NULL",
        [target.number(), room.number()],
        |_| Ok(()),
    )?;
    found.ok_or_else(|| Conflict::UnknownTarget.into())
}

fn insert(
    connection: &Connection,
    sealer: &dyn Sealer,
    draft: Draft,
    seq: Seq,
) -> Result<Message, StoreError> {
    let said = draft.said;
    let id = rows::next_id(connection, "messages")?;
    let content = sealer
        .seal(rows::CONTENT, id, said.content.as_str().as_bytes())
        .map_err(StoreError::failed)?;
    rows::run(
        connection,
        "INSERT INTO messages
             (id, room_id, seq, event, user_id, message_type, content, reply_to, client_id, created_at)
         VALUES (:id, :room, :seq, 'message', :user, :type, :content, :reply_to, :client_id, :at)",
        named_params! {
            ":id": id,
            ":room": draft.room_id.number(),
            ":seq": seq.number(),
            ":user": draft.author.number(),
            ":type": said.message_type.name(),
            ":content": content,
            ":reply_to": said.reply_to.map(EventId::number),
            ":client_id": said.client_id.as_ref().map(ClientId::as_str),
            ":at": draft.at.millis(),
        },
    )?;
    Ok(Message {
        id: EventId::parse(id).map_err(StoreError::failed)?,
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
    })
}

pub(crate) fn page_of(
    connection: &Connection,
    sealer: &dyn Sealer,
    room: RoomId,
    page: Page,
) -> Result<MessagePage, StoreError> {
    let (before, most) = match page {
        Page::Newest { offset: 0, most } => (Some(id::MAX_ID), most),
        Page::Newest { offset, most } => (skip(connection, room, offset)?, most),
        Page::Before { before, most } => (Some(before.number()), most),
    };
    // It is read from the index of what was said, until the page is full; one more than asked tells whether there are
    // others.
    let sql = format!(
        "SELECT {} FROM {} WHERE {SAID} AND messages.seq < :before ORDER BY messages.seq DESC",
        rows::EVENT,
        rows::EVENTS_SAID,
    );
    let params = named_params! { ":room": room.number(), ":before": before };
    let most = most as usize;
    let mut messages = rows::readable(connection, &sql, params, "id", most + 1, |row| {
        rows::message(connection, row, sealer)
    })?;
    let has_more = messages.len() > most;
    messages.truncate(most);
    messages.reverse();
    Ok(MessagePage { messages, has_more })
}

/// The place of the last of the newest `offset` messages, if there are so many.
fn skip(connection: &Connection, room: RoomId, offset: u32) -> Result<Option<u64>, StoreError> {
    let sql = format!(
        "SELECT seq FROM messages INDEXED BY messages_said WHERE {SAID}
         ORDER BY seq DESC LIMIT 1 OFFSET :offset"
    );
    let params = named_params! { ":room": room.number(), ":offset": offset.saturating_sub(1) };
    rows::one(connection, &sql, params, |row| rows::number(row, "seq"))
}

pub(crate) fn events_of(
    connection: &Connection,
    sealer: &dyn Sealer,
    room: RoomId,
    after: Seq,
    most: u32,
) -> Result<Vec<Event>, StoreError> {
    let last = rows::one(
        connection,
        "SELECT last_seq FROM rooms WHERE id = ?1",
        [room.number()],
        |row| rows::seq(row, "last_seq"),
    )?;
    let last = last.unwrap_or_default().number();
    let until = last.min(after.number().saturating_add(most.into()));
    let sql = format!(
        "SELECT {} FROM {}
         WHERE messages.room_id = ?1 AND messages.seq > ?2 AND messages.seq <= ?3 ORDER BY messages.seq",
        rows::EVENT,
        rows::EVENTS,
    );
    let params = [room.number(), after.number(), until];
    let found = rows::all(connection, &sql, params, |row| {
        rows::event(connection, row, sealer)
    })?;
    in_every_place(room, after, until, found)
}

/// The events with something in every place: one that is missing would hold up for ever who waits for it.
fn in_every_place(
    room_id: RoomId,
    after: Seq,
    until: u64,
    found: Vec<Event>,
) -> Result<Vec<Event>, StoreError> {
    let mut found = found.into_iter().peekable();
    let place = |number| {
        let seq = Seq::parse(number).map_err(StoreError::failed)?;
        Ok(found.next_if(|event| event.seq == seq).unwrap_or_else(|| {
            tracing::error!(room = %room_id, %seq, "an event is missing");
            Event {
                room_id,
                seq,
                at: Timestamp::default(),
                body: EventBody::Withheld,
            }
        }))
    };
    (after.next().number()..=until).map(place).collect()
}
