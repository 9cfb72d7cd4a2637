//! Who is connected, and what the others are told of it.

use std::collections::HashMap;

use chat_domain::{
    Timestamp, UserId,
    event::Person,
    limit,
    presence::{Change, Joiner, Notice, Presence},
};
use chat_wire::ServerFrame;

use crate::{frame, hub::Peer};

/// Signed-in connections by user, and the presence that follows from them.
#[derive(Default)]
pub(crate) struct Online {
    users: HashMap<UserId, Vec<Known>>,
    presence: Presence,
    joiner: Joiner,
}

struct Known {
    peer: Peer,
    /// Has had its greeting; before it, it hears nothing.
    greeted: bool,
}

impl Online {
    /// Takes in a connection, so that it can be cut off and told of new rooms. It hears nothing yet.
    pub(crate) fn register(&mut self, peer: Peer) {
        self.users
            .entry(peer.user)
            .or_default()
            .push(Known { peer, greeted: false });
    }

    /// Greets a connection; from then on it hears of comings and goings.
    pub(crate) fn greet(
        &mut self,
        peer: &Peer,
        person: Person,
        now: Timestamp,
        greet: impl FnOnce(&[Person], usize),
    ) -> Option<Notice> {
        let id = peer.connection.id();
        let known = self.users.get_mut(&peer.user)?;
        let known = known.iter_mut().find(|known| known.peer.connection.id() == id)?;
        known.greeted = true;
        let first = self.presence.opened(person.clone());
        self.look(greet);
        if first {
            self.joiner.take(Change { person, came: true }, now)
        } else {
            None
        }
    }

    pub(crate) fn look(&self, show: impl FnOnce(&[Person], usize)) {
        let listed: Vec<Person> = self.presence.list(limit::ONLINE_LIST).cloned().collect();
        show(&listed, self.presence.count());
    }

    /// How many users are online.
    pub(crate) fn count(&self) -> usize {
        self.presence.count()
    }

    /// Lets a connection go. The first of the two tells whether its user has no other.
    pub(crate) fn leave(&mut self, peer: &Peer, now: Timestamp) -> (bool, Option<Notice>) {
        let Some(known) = self.users.get_mut(&peer.user) else {
            return (false, None);
        };
        let id = peer.connection.id();
        let found = known.iter().position(|known| known.peer.connection.id() == id);
        let greeted = found.is_some_and(|at| known.swap_remove(at).greeted);
        let last = known.is_empty();
        if last {
            self.users.remove(&peer.user);
        }
        let gone = if greeted {
            self.presence.closed(peer.user)
        } else {
            None
        };
        let change = gone.map(|person| Change { person, came: false });
        (last, change.and_then(|change| self.joiner.take(change, now)))
    }

    pub(crate) fn flush(&mut self, now: Timestamp) -> Option<Notice> {
        self.joiner.flush(now)
    }

    pub(crate) fn peers(&self) -> impl Iterator<Item = &Peer> {
        self.users.values().flatten().map(|known| &known.peer)
    }

    pub(crate) fn peers_of(&self, user: UserId) -> impl Iterator<Item = &Peer> {
        self.users
            .get(&user)
            .into_iter()
            .flatten()
            .map(|known| &known.peer)
    }

    /// Tells everybody, but who came about their own coming.
    pub(crate) fn tell(&self, news: Option<Notice>) {
        let Some(news) = news else { return };
        let count = self.presence.count();
        let (told, about) = match &news {
            Notice::Single(change) => (single(change, count), Some(change.person.id)),
            Notice::Joined(changes) => (joined(changes, count), None),
        };
        self.send_to_all_but(about, &told);
    }

    fn send_to_all_but(&self, user: Option<UserId>, told: &ServerFrame<'_>) {
        let frame = [frame::text(&told.to_json())];
        let greeted = self.users.values().flatten().filter(|known| known.greeted);
        for known in greeted.filter(|known| Some(known.peer.user) != user) {
            known.peer.connection.send(&frame);
        }
    }
}

fn single(change: &Change, online_count: usize) -> ServerFrame<'_> {
    let user = (&change.person).into();
    if change.came {
        ServerFrame::UserJoined { user, online_count }
    } else {
        ServerFrame::UserLeft { user, online_count }
    }
}

fn joined(changes: &[Change], online_count: usize) -> ServerFrame<'_> {
    let of = |came: bool| {
        changes
            .iter()
            .filter(move |c| c.came == came)
            .map(|c| (&c.person).into())
            .collect()
    };
    ServerFrame::Presence {
        joined: of(true),
        left: of(false),
        online_count,
    }
}
