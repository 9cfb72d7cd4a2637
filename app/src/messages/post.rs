//! Post a message.

use std::sync::Arc;

use chat_domain::{Event, EventBody, Message, message, message::Utterance, room, room::Member};
use chat_ports::{Appended, MessageStore, Notice, Ports};

use crate::{App, Error};

impl<P: Ports> App<P> {
    /// Stores what a member says, lets the caller acknowledge it to the author, and tells the room: in this
    /// order, so that nobody hears of a message that could still be lost, and its author has the acknowledgement
    /// before the message itself. It is on the disk when `acknowledge` is called.
    ///
    /// Not to be cancelled half-way: a message that is stored and not told is only seen by who loads it.
    ///
    /// # Errors
    /// `rate_limited`, also in slow mode; `forbidden` in a read-only room; `room_is_e2ee`; `client_id_conflict`; `not_found` if the
    /// message that is answered is not in the room, or the author is no longer a member.
    pub async fn post_message(
        &self,
        member: &Member,
        said: Utterance,
        acknowledge: impl FnOnce(&Message) + Send,
    ) -> Result<Appended, Error> {
        let now = self.now();
        self.quotas
            .message(member.user().id, self.settings.messages, now)?;
        let may_post = room::may_post(member)?;
        if let Some(pause) = may_post.pause() {
            self.quotas.pace(member.room().id, member.user().id, pause, now)?;
        }
        let draft = message::draft(&may_post, said, now)?;
        let appended = self.ports.messages().append_message(draft).await?;
        acknowledge(&appended.message);
        self.has_said(member);
        if appended.fresh {
            self.publish(Notice::Happened(Arc::new(posted(&appended.message))));
        }
        Ok(appended)
    }
}

fn posted(message: &Message) -> Event {
    Event {
        room_id: message.room_id,
        seq: message.seq,
        at: message.at,
        body: EventBody::Posted(message.clone()),
    }
}
