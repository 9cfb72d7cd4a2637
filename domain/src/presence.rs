//! Presence: who is online. A user is, from the first of their connections to the last.

use std::collections::HashMap;
use std::time::Duration;

use crate::{Timestamp, UserId, event::Person};

/// Who is online, counted by connections.
#[derive(Debug, Default)]
pub struct Presence {
    online: HashMap<UserId, (Person, usize)>,
}

impl Presence {
    /// A connection of this user opened. Returns whether it is their first, so that the others are to be told.
    pub fn opened(&mut self, person: Person) -> bool {
        let (_, connections) = self.online.entry(person.id).or_insert((person, 0));
        *connections += 1;
        *connections == 1
    }

    /// A connection of this user closed. Returns who went, if it was their last.
    pub fn closed(&mut self, user: UserId) -> Option<Person> {
        let (_, connections) = self.online.get_mut(&user)?;
        *connections = connections.saturating_sub(1);
        if *connections == 0 {
            self.online.remove(&user).map(|(person, _)| person)
        } else {
            None
        }
    }

    /// How many users are online.
    #[must_use]
    pub fn count(&self) -> usize {
        self.online.len()
    }

    /// Whether this user is online.
    #[must_use]
    pub fn is_online(&self, user: UserId) -> bool {
        self.online.contains_key(&user)
    }

    /// Up to `most` of those online, in no order.
    pub fn list(&self, most: usize) -> impl Iterator<Item = &Person> {
        self.online.values().map(|(person, _)| person).take(most)
    }
}

/// What the others are told of a coming or going.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// At once, one by one.
    Single(Change),
    /// Many came and went: told together.
    Joined(Vec<Change>),
}

/// A coming or a going.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Who.
    pub person: Person,
    /// Came, or went.
    pub came: bool,
}

/// Decides whether comings and goings are told one by one or, when more than [`Joiner::PER_SECOND`] come in a
/// second (a restart, a train leaving a tunnel), together once a second.
#[derive(Debug, Default)]
pub struct Joiner {
    window: Timestamp,
    told: usize,
    held: Vec<Change>,
}

impl Joiner {
    /// More than this many within a second are joined.
    pub const PER_SECOND: usize = 20;
    /// How long changes are held.
    pub const WINDOW: Duration = Duration::from_secs(1);

    /// Takes a change; returns it if it is to be told at once. Otherwise it waits for [`Joiner::flush`].
    pub fn take(&mut self, change: Change, now: Timestamp) -> Option<Notice> {
        if now.since(self.window) >= Self::WINDOW && self.held.is_empty() {
            self.window = now;
            self.told = 0;
        }
        if self.told < Self::PER_SECOND && self.held.is_empty() {
            self.told += 1;
            return Some(Notice::Single(change));
        }
        // Who comes and goes while the news is held has not moved at all.
        match self
            .held
            .iter()
            .position(|held| held.person.id == change.person.id)
        {
            Some(at) if self.held.get(at).is_some_and(|held| held.came != change.came) => {
                self.held.swap_remove(at);
            }
            Some(_) => {}
            None => self.held.push(change),
        }
        None
    }

    /// When [`Joiner::flush`] is due; `None` while nothing is held.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        (!self.held.is_empty()).then(|| self.window.after(Self::WINDOW))
    }

    /// Gives out what was held, if it is due.
    pub fn flush(&mut self, now: Timestamp) -> Option<Notice> {
        if self.due().is_none_or(|due| now < due) {
            return None;
        }
        self.window = now;
        self.told = 0;
        Some(Notice::Joined(std::mem::take(&mut self.held)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::Username;

    fn person(id: u64) -> Person {
        Person {
            id: UserId::parse(id).unwrap(),
            username: Username::parse("somebody").unwrap(),
            is_admin: false,
        }
    }

    #[test]
    fn first_and_last_connection() {
        let mut presence = Presence::default();
        assert!(presence.opened(person(1)));
        assert!(!presence.opened(person(1)));
        assert_eq!(presence.closed(person(1).id), None);
        assert_eq!(presence.closed(person(1).id), Some(person(1)));
        assert_eq!(presence.closed(person(1).id), None);
    }

    #[test]
    fn many_are_told_together() {
        let mut joiner = Joiner::default();
        let now = Timestamp::from_millis(10_000);
        let told = (1..=100)
            .filter_map(|id| {
                joiner.take(
                    Change {
                        person: person(id),
                        came: true,
                    },
                    now,
                )
            })
            .count();
        assert_eq!(told, 20);
        assert_eq!(joiner.flush(now), None);
        let Some(Notice::Joined(rest)) = joiner.flush(now.after(Joiner::WINDOW)) else {
            panic!("held")
        };
        assert_eq!(rest.len(), 80);
        assert_eq!(joiner.due(), None);
    }

    proptest! {
        /// Whatever the order of comings and goings, who follows the notices ends with the true list.
        #[test]
        fn followers_know_who_is_online(steps in prop::collection::vec((1..6u64, any::<bool>(), 0..400u64), 0..200)) {
            let (mut presence, mut joiner) = (Presence::default(), Joiner::default());
            let mut followed = HashSet::new();
            let mut now = Timestamp::from_millis(1_000);
            let apply = |followed: &mut HashSet<UserId>, notice: Option<Notice>| {
                for change in match notice {
                    None => vec![],
                    Some(Notice::Single(change)) => vec![change],
                    Some(Notice::Joined(changes)) => changes,
                } {
                    if change.came { followed.insert(change.person.id); } else { followed.remove(&change.person.id); }
                }
            };
            for (id, open, pause) in steps {
                now = now.after(Duration::from_millis(pause));
                apply(&mut followed, joiner.flush(now));
                let change = if open {
                    presence.opened(person(id)).then(|| Change { person: person(id), came: true })
                } else {
                    presence.closed(person(id).id).map(|person| Change { person, came: false })
                };
                if let Some(change) = change {
                    apply(&mut followed, joiner.take(change, now));
                }
            }
            apply(&mut followed, joiner.flush(now.after(Joiner::WINDOW)));
            let truth: HashSet<UserId> = presence.list(usize::MAX).map(|p| p.id).collect();
            prop_assert_eq!(followed, truth);
        }
    }
}
