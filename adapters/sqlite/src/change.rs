//! Changes to what was said.

use chat_domain::{
    Event, EventBody, EventId, Message, RoomId, Seq, Timestamp, UserId,
    change::{Deletion, Edit, ReactionChange},
    limit,
    message::{DeletedBy, MessageBody},
};
use chat_ports::{Conflict, Sealer, StoreError};
use rusqlite::{Connection, named_params};

use crate::{actor, room_store, rows};

pub(crate) fn edit(
    connection: &Connection,
    sealer: &dyn Sealer,
    edit: Edit,
) -> Result<Option<Event>, StoreError> {
    actor::in_room(connection, edit.author, edit.room_id, edit.at)?;
    let message = said(connection, sealer, edit.room_id, edit.target)?;
    if message.author != edit.author {
        return Err(Conflict::UnknownTarget.into());
    }
    if message.body == MessageBody::Said(edit.content.clone()) {
        return Ok(None);
    }
    let content = sealer
        .seal(
            rows::CONTENT,
            edit.target.number(),
            edit.content.as_str().as_bytes(),
        )
        .map_err(StoreError::failed)?;
    let first_digest = match &message {
        Message {
            body: MessageBody::Said(first),
            client_id: Some(_),
            edited_at: None,
            ..
        } => Some(rows::first_digest(edit.target, first, sealer)?),
        _ => None,
    };
    rows::run(
        connection,
        "UPDATE messages
         SET content = :content, edited_at = :at, first_digest = coalesce(first_digest, :first_digest)
         WHERE id = :id",
        named_params! {
            ":content": content,
            ":first_digest": first_digest,
            ":at": edit.at.millis(),
            ":id": edit.target.number(),
        },
    )?;
    let note = Note::about(edit.room_id, edit.author, edit.target, edit.at);
    let seq = note.write(connection, "edit")?;
    Ok(Some(note.told(
        seq,
        EventBody::Edited(Message {
            body: MessageBody::Said(edit.content),
            edited_at: Some(edit.at),
            ..message
        }),
    )))
}

pub(crate) fn delete(
    connection: &Connection,
    sealer: &dyn Sealer,
    deletion: &Deletion,
) -> Result<Option<Event>, StoreError> {
    let actor = actor::in_room(connection, deletion.user_id, deletion.room_id, deletion.at)?;
    let message = message(connection, sealer, deletion.room_id, deletion.target)?;
    if matches!(message.body, MessageBody::Deleted(_)) {
        return Ok(None);
    }
    if message.author != deletion.user_id && !actor.moderates() {
        return Err(Conflict::NotAllowed.into());
    }
    let id = deletion.target.number();
    rows::run(
        connection,
        "UPDATE messages SET content = NULL, first_digest = NULL, deleted_by = ?2, reacted = 0 WHERE id = ?1",
        (id, deletion.by.name()),
    )?;
    rows::run(connection, "DELETE FROM reactions WHERE message_id = ?1", [id])?;
    let note = Note {
        deleted_by: Some(deletion.by),
        ..Note::about(deletion.room_id, deletion.user_id, deletion.target, deletion.at)
    };
    let seq = note.write(connection, "deletion")?;
    Ok(Some(note.told(
        seq,
        EventBody::Deleted {
            target: message.id,
            target_seq: message.seq,
            by: deletion.by,
        },
    )))
}

pub(crate) fn react(
    connection: &Connection,
    sealer: &dyn Sealer,
    change: ReactionChange,
) -> Result<Option<Event>, StoreError> {
    actor::in_room(connection, change.user_id, change.room_id, change.at)?;
    let message = said(connection, sealer, change.room_id, change.target)?;
    let there = message.reactions.iter().find(|r| r.emoji == change.emoji);
    let mine = there.is_some_and(|reaction| reaction.by.contains(&change.user_id));
    if mine == change.added {
        return Ok(None);
    }
    if change.added && there.is_none() && message.reactions.len() >= limit::REACTIONS_PER_MESSAGE {
        return Err(Conflict::TooManyReactions.into());
    }
    let note = Note {
        emoji: Some((change.emoji.as_str(), change.added)),
        ..Note::about(change.room_id, change.user_id, change.target, change.at)
    };
    let seq = note.write(connection, "reaction")?;
    if change.added {
        add_reaction(connection, &change, seq)?;
    } else {
        rows::run(
            connection,
            "DELETE FROM reactions WHERE message_id = ?1 AND emoji = ?2 AND user_id = ?3",
            (
                change.target.number(),
                change.emoji.as_str(),
                change.user_id.number(),
            ),
        )?;
    }
    Ok(Some(Event {
        room_id: change.room_id,
        seq,
        at: change.at,
        body: EventBody::Reacted {
            target: change.target,
            user_id: change.user_id,
            emoji: change.emoji,
            added: change.added,
        },
    }))
}

fn add_reaction(connection: &Connection, change: &ReactionChange, seq: Seq) -> Result<(), StoreError> {
    rows::run(
        connection,
        "INSERT INTO reactions (message_id, emoji, user_id, place) VALUES (:message, :emoji, :user, :place)",
        named_params! {
            ":message": change.target.number(),
            ":emoji": change.emoji.as_str(),
            ":user": change.user_id.number(),
            ":place": seq.number(),
        },
    )?;
    let id = change.target.number();
    rows::run(connection, "UPDATE messages SET reacted = 1 WHERE id = ?1", [id]).map(drop)
}

/// The message of this room, also an emptied one.
fn message(
    connection: &Connection,
    sealer: &dyn Sealer,
    room: RoomId,
    id: EventId,
) -> Result<Message, StoreError> {
    let found = rows::message_by_id(connection, sealer, id)?.filter(|message| message.room_id == room);
    found.ok_or_else(|| Conflict::UnknownTarget.into())
}

/// The message of this room, if it was not emptied.
fn said(
    connection: &Connection,
    sealer: &dyn Sealer,
    room: RoomId,
    id: EventId,
) -> Result<Message, StoreError> {
    let message = message(connection, sealer, room, id)?;
    match message.body {
        MessageBody::Said(_) => Ok(message),
        MessageBody::Deleted(_) => Err(Conflict::UnknownTarget.into()),
    }
}

/// The row of an event about a message.
#[derive(Clone, Copy)]
struct Note<'a> {
    room: RoomId,
    user: UserId,
    target: EventId,
    at: Timestamp,
    deleted_by: Option<DeletedBy>,
    emoji: Option<(&'a str, bool)>,
}

impl Note<'_> {
    const fn about(room: RoomId, user: UserId, target: EventId, at: Timestamp) -> Self {
        Self {
            room,
            user,
            target,
            at,
            deleted_by: None,
            emoji: None,
        }
    }

    /// Writes it under the room's next place.
    fn write(&self, connection: &Connection, event: &str) -> Result<Seq, StoreError> {
        let seq = room_store::next_seq(connection, self.room)?;
        rows::run(
            connection,
            "INSERT INTO messages (room_id, seq, event, user_id, target_id, deleted_by, emoji, added, created_at)
             VALUES (:room, :seq, :event, :user, :target, :deleted_by, :emoji, :added, :at)",
            named_params! {
                ":room": self.room.number(),
                ":seq": seq.number(),
                ":event": event,
                ":user": self.user.number(),
                ":target": self.target.number(),
                ":deleted_by": self.deleted_by.map(DeletedBy::name),
                ":emoji": self.emoji.map(|(emoji, _)| emoji),
                ":added": self.emoji.map(|(_, added)| added),
                ":at": self.at.millis(),
            },
        )?;
        Ok(seq)
    }

    const fn told(&self, seq: Seq, body: EventBody) -> Event {
        Event {
            room_id: self.room,
            seq,
            at: self.at,
            body,
        }
    }
}
