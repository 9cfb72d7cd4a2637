//! Who is connected, and what the others are told of it.

use std::collections::HashMap;

use bytes::Bytes;
use chat_domain::{
    SessionId, Timestamp, UserId,
    event::Person,
    keyed::DirectoryRecord,
    limit,
    presence::{Change, Joiner, Notice, Presence},
};
use chat_wire::ServerFrame;

use crate::{close::CloseCode, frame, hub::Peer};

/// Signed-in connections by user, and the presence that follows from them.
#[derive(Default)]
pub(crate) struct Online {
    users: HashMap<UserId, Vec<Known>>,
    presence: Presence,
    joiner: Joiner,
    /// The highest place in the directory that was told of.
    directory: Option<u64>,
}

struct Known {
    peer: Peer,
    /// Has had its greeting; before it, it hears nothing.
    greeted: bool,
    missed: Missed,
}

/// What happened between a connection's registering and its greeting, which may have been made of what was before: it is
/// told right afterwards. Of each kind the newest says everything.
#[derive(Default)]
struct Missed {
    directory: Option<Bytes>,
    state: Option<Bytes>,
}

impl Known {
    /// Sends the frame, or keeps it until after the greeting.
    fn tell(&mut self, frame: &Bytes, kept: impl FnOnce(&mut Missed) -> &mut Option<Bytes>) {
        if self.greeted {
            self.peer.connection.send(std::slice::from_ref(frame));
        } else {
            *kept(&mut self.missed) = Some(frame.clone());
        }
    }
}

impl Online {
    /// Takes in a connection, so that it can be cut off and told of new rooms. It hears nothing yet.
    pub(crate) fn register(&mut self, peer: Peer) {
        self.users.entry(peer.user).or_default().push(Known {
            peer,
            greeted: false,
            missed: Missed::default(),
        });
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
        let missed = std::mem::take(&mut known.missed);
        let first = self.presence.opened(person.clone());
        self.look(greet);
        let missed: Vec<_> = [missed.directory, missed.state].into_iter().flatten().collect();
        if !missed.is_empty() {
            peer.connection.send(&missed);
        }
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

    /// Tells everybody who has an identity, which from here on its owner has.
    pub(crate) fn tell_of_directory(&mut self, record: &DirectoryRecord) {
        for known in self.users.get_mut(&record.user).into_iter().flatten() {
            known.peer.is_keyed = true;
        }
        if self.directory >= Some(record.i) {
            return;
        }
        self.directory = Some(record.i);
        let frame = frame::text(&ServerFrame::dir(record).to_json());
        let keyed = self
            .users
            .values_mut()
            .flatten()
            .filter(|known| known.peer.is_keyed);
        for known in keyed {
            known.tell(&frame, |missed| &mut missed.directory);
        }
    }

    /// Tells the user's connections but those of the session that has written the state.
    pub(crate) fn tell_of_state(&mut self, user: UserId, by: SessionId, version: u64) {
        let Some(known) = self.users.get_mut(&user) else {
            return;
        };
        let frame = frame::text(&ServerFrame::State { version }.to_json());
        for known in known.iter_mut().filter(|known| known.peer.session != by) {
            known.tell(&frame, |missed| &mut missed.state);
        }
    }

    /// Tells the user's connections; it is the last that those of ended sessions hear, whatever waited for them.
    pub(crate) fn tell_of_recovery(&self, user: UserId, ended: &[SessionId]) {
        let frame = frame::text(&ServerFrame::Recovered {}.to_json());
        for known in self.users.get(&user).into_iter().flatten() {
            let connection = &known.peer.connection;
            if ended.contains(&known.peer.session) {
                connection.end_saying(frame.clone(), CloseCode::Unauthenticated);
            } else if known.greeted {
                connection.send(std::slice::from_ref(&frame));
            }
        }
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
