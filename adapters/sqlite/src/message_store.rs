//! Messages and all other events of rooms.

use chat_domain::{
    ClientId, Draft, Event, EventId, Message, RoomId, Seq, UserId,
    change::{Deletion, Edit, ReactionChange},
    message::MessageBody,
};
use chat_ports::{Appended, Conflict, MessagePage, MessageStore, Page, Sealer, StoreError};
use rusqlite::{Connection, named_params};

use crate::{SqliteStore, actor, change, room_store, rows};

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
        self.read(move |connection, sealer| {
            let sql = format!(
                "SELECT {} FROM messages JOIN users ON users.id = messages.user_id
                 WHERE messages.room_id = ?1 AND messages.seq > ?2 ORDER BY messages.seq LIMIT ?3",
                rows::EVENT
            );
            let params = [room.number(), after.number(), u64::from(most)];
            rows::all(connection, &sql, params, |row| {
                rows::event(connection, row, sealer)
            })
        })
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

    async fn message_by_client_id(
        &self,
        room: RoomId,
        author: UserId,
        client_id: &ClientId,
    ) -> Result<Option<Message>, StoreError> {
        let client_id = client_id.clone();
        self.read(move |connection, sealer| by_client_id(connection, sealer, room, author, &client_id))
            .await
    }
}

fn append(connection: &Connection, sealer: &dyn Sealer, draft: Draft) -> Result<Appended, StoreError> {
    if let Some(client_id) = &draft.client_id {
        let earlier = by_client_id(connection, sealer, draft.room_id, draft.author, client_id)?;
        if let Some(earlier) = earlier {
            return same_message(earlier, &draft);
        }
    }
    // What the author was allowed when the draft was made may be over by now.
    actor::in_room(connection, draft.author, draft.room_id, draft.at)?;
    if let Some(target) = draft.reply_to {
        check_target(connection, draft.room_id, target)?;
    }
    let seq = room_store::next_seq(connection, draft.room_id)?;
    insert(connection, sealer, draft, seq).map(|message| Appended { message, fresh: true })
}

/// The first message under a client id, if the draft is that one sent again.
fn same_message(earlier: Message, draft: &Draft) -> Result<Appended, StoreError> {
    if draft.repeats(&earlier) {
        Ok(Appended {
            message: earlier,
            fresh: false,
        })
    } else {
        Err(Conflict::ClientIdReused { stored: earlier.id }.into())
    }
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
    let id = rows::next_id(connection, "messages")?;
    let content = sealer
        .seal(rows::CONTENT, id, draft.content.as_str().as_bytes())
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
            ":type": draft.message_type.name(),
            ":content": content,
            ":reply_to": draft.reply_to.map(EventId::number),
            ":client_id": draft.client_id.as_ref().map(ClientId::as_str),
            ":at": draft.at.millis(),
        },
    )?;
    Ok(Message {
        id: EventId::parse(id).map_err(StoreError::failed)?,
        room_id: draft.room_id,
        seq,
        author: draft.author,
        username: draft.username,
        body: MessageBody::Said(draft.content),
        message_type: draft.message_type,
        reply_to: draft.reply_to,
        client_id: draft.client_id,
        at: draft.at,
        edited_at: None,
        reactions: Vec::new(),
    })
}

fn by_client_id(
    connection: &Connection,
    sealer: &dyn Sealer,
    room: RoomId,
    author: UserId,
    client_id: &ClientId,
) -> Result<Option<Message>, StoreError> {
    let sql = format!(
        "SELECT {} FROM messages JOIN users ON users.id = messages.user_id
         WHERE messages.room_id = :room AND messages.user_id = :author AND messages.client_id = :client_id",
        rows::EVENT
    );
    let params = named_params! {
        ":room": room.number(),
        ":author": author.number(),
        ":client_id": client_id.as_str(),
    };
    rows::one(connection, &sql, params, |row| {
        rows::message(connection, row, sealer)
    })
}

fn page_of(
    connection: &Connection,
    sealer: &dyn Sealer,
    room: RoomId,
    page: Page,
) -> Result<MessagePage, StoreError> {
    let (before, skip, most) = match page {
        Page::Newest { offset, most } => (chat_domain::id::MAX_ID, offset, most),
        Page::Before { before, most } => (before.number(), 0, most),
    };
    // The subquery keeps to the index of what was said; one row more than asked tells whether there are others.
    let sql = format!(
        "SELECT {} FROM messages JOIN users ON users.id = messages.user_id
         WHERE messages.id IN (
             SELECT id FROM messages INDEXED BY messages_said
             WHERE room_id = :room AND seq < :before AND event = 'message' AND deleted_by IS NULL
             ORDER BY seq DESC LIMIT :most OFFSET :skip)
         ORDER BY messages.seq DESC",
        rows::EVENT
    );
    let params = named_params! {
        ":room": room.number(),
        ":before": before,
        ":most": u64::from(most) + 1,
        ":skip": skip,
    };
    let mut found = rows::all(connection, &sql, params, |row| {
        rows::readable_message(connection, row, sealer)
    })?;
    let has_more = found.len() > most as usize;
    found.truncate(most as usize);
    let messages = found.into_iter().rev().flatten().collect();
    Ok(MessagePage { messages, has_more })
}
