//! Typing: told to the room, kept nowhere.

use chat_domain::{UserId, event::Person, room, room::Member};
use chat_ports::{Notice, Ports};

use crate::{App, Error};

impl<P: Ports> App<P> {
    /// A member types, or has stopped. The room hears of it when it is news.
    ///
    /// # Errors
    /// Those of posting: who may not post has nothing to type; `rate_limited`.
    pub fn signal_typing(&self, member: &Member, is_typing: bool) -> Result<(), Error> {
        let now = self.now();
        room::may_post(member)?;
        let user = member.user();
        self.quotas.typing(user.id, now)?;
        let person = Person::from(user);
        let room = member.room().id;
        let news = self.typing().signal(room, person.clone(), is_typing, now);
        if news {
            self.publish(Notice::Typing {
                room_id: room,
                person,
                is_typing,
            });
        }
        Ok(())
    }

    /// A user has no connection any more, and so types nowhere.
    pub fn stop_typing(&self, user: UserId) {
        let ended = self.typing().gone(user, self.now());
        self.tell_ended(ended);
    }

    /// Ends the typing of those who gave no further sign. To be called every second or so.
    pub fn expire_typing(&self) {
        let ended = self.typing().expire(self.now());
        self.tell_ended(ended);
    }

    /// What was typed is said now. The message itself tells the room.
    pub(crate) fn has_said(&self, member: &Member) {
        let ended = self
            .typing()
            .signal(member.room().id, member.user().into(), false, self.now());
        if ended {
            self.tell_ended(vec![(member.room().id, member.user().into())]);
        }
    }

    fn tell_ended(&self, ended: Vec<(chat_domain::RoomId, Person)>) {
        for (room_id, person) in ended {
            self.publish(Notice::Typing {
                room_id,
                person,
                is_typing: false,
            });
        }
    }
}
