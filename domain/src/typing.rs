//! Typing: "ines is typing", with its own end.

use std::collections::HashMap;
use std::time::Duration;

use crate::{RoomId, Timestamp, UserId, event::Person};

/// Who is typing where. A sign of typing holds for [`Typing::LASTS`] and is renewed by the next one; it also
/// ends when the message goes out or the user does.
#[derive(Debug, Default)]
pub struct Typing {
    until: HashMap<(RoomId, UserId), (Person, Timestamp)>,
}

impl Typing {
    /// How long a sign of typing holds.
    pub const LASTS: Duration = Duration::from_secs(6);

    /// Takes a sign of typing, or of its end. Returns whether this is news to the others.
    pub fn signal(&mut self, room: RoomId, person: Person, is_typing: bool, now: Timestamp) -> bool {
        let key = (room, person.id);
        let was = self.until.get(&key).is_some_and(|(_, until)| now < *until);
        if is_typing {
            self.until.insert(key, (person, now.after(Self::LASTS)));
        } else {
            self.until.remove(&key);
        }
        was != is_typing
    }

    /// A user went: returns where their typing has ended.
    pub fn gone(&mut self, user: UserId, now: Timestamp) -> Vec<(RoomId, Person)> {
        self.take(|who, until| who == user && now < until)
    }

    /// Returns, and forgets, those whose sign has run out.
    pub fn expire(&mut self, now: Timestamp) -> Vec<(RoomId, Person)> {
        self.take(|_, until| until <= now)
    }

    fn take(&mut self, which: impl Fn(UserId, Timestamp) -> bool) -> Vec<(RoomId, Person)> {
        let taken = self
            .until
            .extract_if(|(_, user), (_, until)| which(*user, *until));
        taken.map(|((room, _), (person, _))| (room, person)).collect()
    }

    /// When the next sign runs out.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        self.until.values().map(|(_, until)| *until).min()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Username;

    fn scene() -> (Typing, RoomId, Person) {
        let person = Person {
            id: UserId::parse(2).unwrap(),
            username: Username::parse("ada").unwrap(),
            is_admin: false,
        };
        (Typing::default(), RoomId::parse(1).unwrap(), person)
    }

    #[test]
    fn it_ends_by_itself() {
        let (mut typing, room, ada) = scene();
        let at = Timestamp::from_millis;
        assert!(typing.signal(room, ada.clone(), true, at(0)));
        assert!(!typing.signal(room, ada.clone(), true, at(4_000)));
        assert_eq!(typing.expire(at(9_999)), vec![]);
        assert_eq!(typing.expire(at(10_000)), vec![(room, ada.clone())]);
        assert!(!typing.signal(room, ada, false, at(10_001)));
    }

    #[test]
    fn it_ends_with_the_connection() {
        let (mut typing, room, ada) = scene();
        typing.signal(room, ada.clone(), true, Timestamp::from_millis(0));
        assert_eq!(typing.gone(ada.id, Timestamp::from_millis(1)), vec![(room, ada)]);
        assert_eq!(typing.due(), None);
    }

    proptest! {
        /// Nobody stays typing for more than LASTS after their last sign.
        #[test]
        fn nobody_types_for_ever(signs in prop::collection::vec((any::<bool>(), 0..20_000u64), 1..50)) {
            let (mut typing, room, ada) = scene();
            let mut now = Timestamp::from_millis(0);
            for (is_typing, pause) in signs {
                now = now.after(Duration::from_millis(pause));
                typing.signal(room, ada.clone(), is_typing, now);
            }
            typing.expire(now.after(Typing::LASTS));
            prop_assert_eq!(typing.due(), None);
        }
    }
}
