//! Typing: "ines is typing", with its own end.

use std::collections::HashMap;
use std::time::Duration;

use crate::{RoomId, Timestamp, UserId};

/// Who is typing where. A sign of typing holds for [`Typing::LASTS`] and is renewed by the next one; it also
/// ends when the message goes out or the user does.
#[derive(Debug, Default)]
pub struct Typing {
    until: HashMap<(RoomId, UserId), Timestamp>,
}

impl Typing {
    /// How long a sign of typing holds.
    pub const LASTS: Duration = Duration::from_secs(6);

    /// Takes a sign of typing, or of its end. Returns whether this is news to the others.
    pub fn signal(&mut self, room: RoomId, user: UserId, is_typing: bool, now: Timestamp) -> bool {
        let key = (room, user);
        let was = self.until.get(&key).is_some_and(|until| now < *until);
        if is_typing {
            self.until.insert(key, now.after(Self::LASTS));
        } else {
            self.until.remove(&key);
        }
        was != is_typing
    }

    /// A user went: returns the rooms in which their typing has ended.
    pub fn gone(&mut self, user: UserId, now: Timestamp) -> Vec<RoomId> {
        let mut rooms = Vec::new();
        self.until.retain(|(room, who), until| {
            if *who == user && now < *until {
                rooms.push(*room);
            }
            *who != user
        });
        rooms
    }

    /// Returns, and forgets, those whose sign has run out.
    pub fn expire(&mut self, now: Timestamp) -> Vec<(RoomId, UserId)> {
        let mut ended = Vec::new();
        self.until.retain(|key, until| {
            let holds = now < *until;
            if !holds {
                ended.push(*key);
            }
            holds
        });
        ended
    }

    /// When the next sign runs out.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        self.until.values().min().copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> (RoomId, UserId) {
        (RoomId::parse(1).unwrap(), UserId::parse(2).unwrap())
    }

    #[test]
    fn it_ends_by_itself() {
        let (mut typing, (room, user), start) = (Typing::default(), key(), Timestamp::from_millis(0));
        assert!(typing.signal(room, user, true, start));
        assert!(!typing.signal(room, user, true, Timestamp::from_millis(4_000)));
        assert_eq!(typing.expire(Timestamp::from_millis(9_999)), vec![]);
        assert_eq!(typing.expire(Timestamp::from_millis(10_000)), vec![(room, user)]);
        assert!(!typing.signal(room, user, false, Timestamp::from_millis(10_001)));
    }

    #[test]
    fn it_ends_with_the_connection() {
        let (mut typing, (room, user)) = (Typing::default(), key());
        typing.signal(room, user, true, Timestamp::from_millis(0));
        assert_eq!(typing.gone(user, Timestamp::from_millis(1)), vec![room]);
        assert_eq!(typing.due(), None);
    }

    proptest! {
        /// Nobody stays typing for more than LASTS after their last sign.
        #[test]
        fn nobody_types_for_ever(signs in prop::collection::vec((any::<bool>(), 0..20_000u64), 1..50)) {
            let (mut typing, (room, user)) = (Typing::default(), key());
            let mut now = Timestamp::from_millis(0);
            for (is_typing, pause) in signs {
                now = now.after(Duration::from_millis(pause));
                typing.signal(room, user, is_typing, now);
            }
            typing.expire(now.after(Typing::LASTS));
            prop_assert_eq!(typing.due(), None);
        }
    }
}
