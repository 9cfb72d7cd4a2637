//! Post a message.

use std::sync::Arc;

use chat_domain::{
    Event, EventBody, Message, Refusal, Timestamp, message,
    message::Utterance,
    room::{self, MayPost, Member},
};
use chat_ports::{Appended, MessageStore, Notice, Ports};

use crate::{App, Error};

impl<P: Ports> App<P> {
    /// Stores what a member says, lets the caller acknowledge it to the author, and tells the room: in this
    /// order, so that nobody hears of a message that could still be lost, and its author has the acknowledgement
    /// before the message itself. It is on the disk when `acknowledge` is called.
    ///
    /// What is sent again under its client id, because its answer was lost, is acknowledged as the message that it
    /// became, also where nothing new could be said any more.
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
        let appended = match self.may_say(member, now) {
            Ok(may_post) => {
                let draft = message::draft(&may_post, said, now)?;
                self.ports.messages().append_message(draft).await?
            }
            Err(refusal) => self.said_before(member, said).await?.ok_or(refusal)?,
        };
        acknowledge(&appended.message);
        self.has_said(member);
        if appended.fresh {
            self.publish(Notice::Happened(Arc::new(posted(&appended.message))));
        }
        Ok(appended)
    }

    fn may_say<'a>(&self, member: &'a Member, now: Timestamp) -> Result<MayPost<'a>, Refusal> {
        let may_post = room::may_post(member)?;
        if let Some(pause) = may_post.pause() {
            self.quotas.pace(member.room().id, member.user().id, pause, now)?;
        }
        Ok(may_post)
    }

    async fn said_before(&self, member: &Member, said: Utterance) -> Result<Option<Appended>, Error> {
        let (room, author) = (member.room().id, member.user().id);
        let earlier = self.ports.messages().sent_before(room, author, said).await?;
        Ok(earlier.map(|message| Appended {
            message,
            fresh: false,
        }))
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
