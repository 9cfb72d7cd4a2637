//! Messages and all other events of rooms.

use std::future::Future;

use chat_domain::{
    Draft, Event, EventId, Message, RoomId, Seq, UserId,
    change::{Deletion, Edit, ReactionChange},
    message::Utterance,
};

use crate::StoreError;

/// Keeps the events of rooms.
pub trait MessageStore: Send + Sync + 'static {
    /// Stores a message, gives it an id and the room's next place, and returns it as stored: it is on the disk
    /// when this returns, and survives a power cut.
    ///
    /// If the same author has used the draft's client id in this room before, nothing is stored and the first
    /// message comes back as it is now, with [`Appended::fresh`] false; this check comes before all others.
    ///
    /// # Errors
    /// `Conflict::ClientIdReused` if that first message was sent as something else ([`Utterance::repeats`]), or
    /// cannot be read any more;
    /// `Conflict::NotMember` if the author is not a member of the room (any more);
    /// `Conflict::UserInactive` if the author is gone or banned;
    /// `Conflict::UnknownTarget` if `reply_to` is not a message of this room.
    fn append_message(&self, draft: Draft) -> impl Future<Output = Result<Appended, StoreError>> + Send;

    /// A page of the room's messages, oldest first. Deleted ones are left out, and so are all other events; messages
    /// that cannot be read any more are passed over, and hide nothing that comes before or after them.
    fn page_messages(
        &self,
        room: RoomId,
        page: Page,
    ) -> impl Future<Output = Result<MessagePage, StoreError>> + Send;

    /// The first `most` events after `after`, in order: every event, emptied messages included, so that without
    /// gaps the numbers run from `after + 1`. In the place of one that cannot be read any more stands `Withheld`.
    fn events_after(
        &self,
        room: RoomId,
        after: Seq,
        most: u32,
    ) -> impl Future<Output = Result<Vec<Event>, StoreError>> + Send;

    /// The message of this id, also an emptied one; whose it is to see is for the caller to find out. One that cannot be
    /// read any more does not exist.
    fn message(&self, id: EventId) -> impl Future<Output = Result<Option<Message>, StoreError>> + Send;

    /// Gives a message another text, with the event that says so, in one commit. `None`: it has this text already,
    /// and nothing has happened.
    ///
    /// # Errors
    /// `Conflict::UserInactive` and `Conflict::NotMember` as in [`MessageStore::append_message`];
    /// `Conflict::UnknownTarget` if there is no such message of this author in the room, or none any more.
    fn edit_message(&self, edit: Edit) -> impl Future<Output = Result<Option<Event>, StoreError>> + Send;

    /// Empties a message and takes its reactions away, with the event that says so, in one commit. `None`: that was
    /// done before.
    ///
    /// # Errors
    /// `Conflict::UserInactive` and `Conflict::NotMember` as in [`MessageStore::append_message`];
    /// `Conflict::UnknownTarget` if there is no such message in the room; `Conflict::NotAllowed` if who deletes
    /// another's message does not look after the room any more.
    fn delete_message(
        &self,
        deletion: Deletion,
    ) -> impl Future<Output = Result<Option<Event>, StoreError>> + Send;

    /// Puts an emoji under a message or takes it back, with the event that says so, in one commit. `None`: it was
    /// there, or gone, already.
    ///
    /// # Errors
    /// `Conflict::UserInactive` and `Conflict::NotMember` as in [`MessageStore::append_message`];
    /// `Conflict::UnknownTarget` if there is no such message in the room, or none any more;
    /// `Conflict::TooManyReactions` if it would be one more than `REACTIONS_PER_MESSAGE` different ones.
    fn react(&self, change: ReactionChange)
    -> impl Future<Output = Result<Option<Event>, StoreError>> + Send;

    /// The message that this author sent to this room before under the client id of `said`, as it is now. `None`: there
    /// is none, or `said` has no client id.
    ///
    /// # Errors
    /// `Conflict::ClientIdReused` as in [`MessageStore::append_message`].
    fn sent_before(
        &self,
        room: RoomId,
        author: UserId,
        said: Utterance,
    ) -> impl Future<Output = Result<Option<Message>, StoreError>> + Send;
}

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// As stored, now or before.
    pub message: Message,
    /// Stored now; false: the client's earlier attempt had arrived.
    pub fresh: bool,
}

/// Which page of a room's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The newest `most`, after skipping the newest `offset`.
    Newest {
        /// How many to skip.
        offset: u32,
        /// How many to give.
        most: u32,
    },
    /// The newest `most` before this place.
    Before {
        /// The place.
        before: Seq,
        /// How many to give.
        most: u32,
    },
}

/// A page of messages, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePage {
    /// The messages.
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub has_more: bool,
}
