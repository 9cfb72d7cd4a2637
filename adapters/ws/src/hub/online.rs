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

/// Signed-in connections and the presence that follows from them.
#[derive(Default)]
pub(crate) struct Online {
    peers: HashMap<u64, Peer>,
    presence: Presence,
    joiner: Joiner,
}

impl Online {
    pub(crate) fn enter(
        &mut self,
        peer: Peer,
        person: Person,
        now: Timestamp,
        greet: impl FnOnce(&[Person], usize),
    ) -> Option<Notice> {
        let first = self.presence.opened(person.clone());
        self.look(greet);
        self.peers.insert(peer.connection.id(), peer);
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

    pub(crate) fn leave(&mut self, peer: &Peer, now: Timestamp) -> Option<Notice> {
        self.peers.remove(&peer.connection.id())?;
        let person = self.presence.closed(peer.user)?;
        self.joiner.take(Change { person, came: false }, now)
    }

    pub(crate) fn flush(&mut self, now: Timestamp) -> Option<Notice> {
        self.joiner.flush(now)
    }

    pub(crate) fn peers(&self) -> impl Iterator<Item = &Peer> {
        self.peers.values()
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
        for peer in self.peers.values().filter(|peer| Some(peer.user) != user) {
            peer.connection.send(&frame);
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
