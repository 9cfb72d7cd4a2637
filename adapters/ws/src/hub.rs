//! The hub: who is connected, who is online, and which room tells whom.

mod members;
mod online;
pub(crate) mod room;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat_domain::{RoomId, Seq, SessionId, Timestamp, UserId, event::Person};
use chat_ports::{Cut, Listener, Notice};
use chat_wire::ServerFrame;

use crate::{
    close::CloseCode,
    connection::Connection,
    frame,
    meters::{self, Meters},
};
use online::Online;
use room::{News, RoomHub};

/// A connection that was silent for so long is asked for a sign of life.
const ASK_AFTER: Duration = Duration::from_secs(25);
/// A connection that was silent for so long although it was asked makes room for another one of its user.
const SUSPECT_AFTER: Duration = Duration::from_secs(30);
/// A connection that was silent for so long is gone.
const GONE_AFTER: Duration = Duration::from_secs(55);

/// Everything about connections that more than one of them needs. It hears the news of the bus.
#[derive(Default)]
pub struct Hub {
    rooms: Mutex<HashMap<RoomId, Arc<RoomHub>>>,
    online: Mutex<Online>,
    pub(crate) meters: Meters,
}

/// A signed-in connection, as the hub knows it.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) connection: Arc<Connection>,
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
    /// Whether the user has an identity, and so keeps up with the directory.
    pub(crate) is_keyed: bool,
}

impl Hub {
    /// A hub without connections.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn online(&self) -> MutexGuard<'_, Online> {
        self.online.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a connection that has signed in: from here on it can be cut off, and is told of new rooms. It hears
    /// nothing else before its greeting. A user has only so many connections; one that has been silent for too long
    /// makes room for a new one.
    ///
    /// # Errors
    /// [`CloseCode::RateLimitIgnored`] beyond them.
    pub(crate) fn register(&self, peer: Peer, most: usize, now: Timestamp) -> Result<(), CloseCode> {
        let mut online = self.online();
        if online.peers_of(peer.user).count() >= most {
            let silent = |peer: &&Peer| now.since(peer.connection.heard_at()) > SUSPECT_AFTER;
            let suspect = online.peers_of(peer.user).find(silent);
            let suspect = suspect.ok_or(CloseCode::RateLimitIgnored)?.clone();
            suspect.connection.cut();
            let (_, news) = online.leave(&suspect, now);
            online.tell(news);
        }
        online.register(peer);
        Ok(())
    }

    /// Greets a connection. `greet` is given those online and how many they are, and queues the first frame.
    pub(crate) fn greet(
        &self,
        peer: &Peer,
        person: Person,
        now: Timestamp,
        greet: impl FnOnce(&[Person], usize),
    ) {
        let mut online = self.online();
        let news = online.greet(peer, person, now, greet);
        self.meters.users.set(meters::number(online.count()));
        online.tell(news);
    }

    /// Shows those online and how many they are.
    pub(crate) fn look(&self, show: impl FnOnce(&[Person], usize)) {
        self.online().look(show);
    }

    /// Lets a connection go. Returns whether its user has no other.
    pub(crate) fn leave(&self, peer: &Peer, now: Timestamp) -> bool {
        let mut online = self.online();
        let (last, news) = online.leave(peer, now);
        self.meters.users.set(meters::number(online.count()));
        online.tell(news);
        last
    }

    /// The hub of a room. The first to ask starts it, with the room's newest place that they have read.
    pub(crate) fn room(&self, id: RoomId, last: Seq, start: impl FnOnce(Arc<RoomHub>)) -> Arc<RoomHub> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.entry(id).or_insert_with(|| {
            let room = Arc::new(RoomHub::new(id, last));
            start(Arc::clone(&room));
            room
        });
        Arc::clone(room)
    }

    /// What has to be done every second or so: tells of those who came and went in a crowd, asks the silent for a
    /// sign of life, and ends those who gave none.
    pub(crate) fn tick(&self, now: Timestamp) {
        let mut online = self.online();
        let news = online.flush(now);
        online.tell(news);
        for peer in online.peers() {
            let silent = now.since(peer.connection.heard_at());
            if silent >= GONE_AFTER {
                peer.connection.cut();
            } else if silent >= ASK_AFTER {
                peer.connection.ask(&frame::ping());
            }
        }
    }

    /// Closes the rooms in which nobody has been for a while. Who comes next opens them again.
    pub(crate) fn close_empty_rooms(&self) {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.retain(|_, room| !room.close_if_empty());
    }

    fn end_session(&self, session: SessionId, user: UserId) {
        for peer in self
            .online()
            .peers_of(user)
            .filter(|peer| peer.session == session)
        {
            peer.connection.end(CloseCode::Unauthenticated);
        }
    }

    fn cut_off(&self, user: UserId, cut: &Cut) {
        let (word, code) = match cut {
            Cut::Kicked { reason } => {
                let reason = reason.as_deref();
                (ServerFrame::Kicked { reason }, CloseCode::Kicked)
            }
            Cut::Banned { reason } => {
                let reason = reason.as_deref();
                (ServerFrame::Banned { reason }, CloseCode::Banned)
            }
        };
        let word = frame::text(&word.to_json());
        for peer in self.online().peers_of(user) {
            peer.connection.end_saying(word.clone(), code);
        }
    }

    /// Has the connections of somebody who became a member at `joined` enter the room.
    pub(crate) fn bring_in(&self, user: UserId, room: RoomId, joined: Seq) {
        for peer in self.online().peers_of(user) {
            peer.connection.enter(room, joined);
        }
    }

    fn room_that_is_open(&self, id: RoomId) -> Option<Arc<RoomHub>> {
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.get(&id).cloned()
    }
}

impl Listener for Hub {
    fn hear(&self, notice: &Notice) {
        match notice {
            Notice::Happened(event) => {
                let open = self.room_that_is_open(event.room_id);
                let heard = open.is_some_and(|room| room.hear(News::Event(Arc::clone(event))));
                if !heard {
                    room::bring_in(self, event);
                }
            }
            Notice::Typing {
                room_id,
                person,
                is_typing,
            } => {
                if let Some(room) = self.room_that_is_open(*room_id) {
                    room.hear(News::Typing(person.clone(), *is_typing));
                }
            }
            Notice::UserCut { user_id, cut } => self.cut_off(*user_id, cut),
            Notice::SessionEnded { session_id, user_id } => self.end_session(*session_id, *user_id),
            Notice::DirectoryGrew(record) => self.online().tell_of_directory(record),
            Notice::StateStored { user_id, by, version } => {
                self.online().tell_of_state(*user_id, *by, *version);
            }
            Notice::Recovered { user_id, ended } => self.online().tell_of_recovery(*user_id, ended),
        }
    }
}

#[cfg(test)]
mod tests {
    use chat_domain::{
        Username,
        keyed::{DirectoryRecord, SignedStatement},
    };
    use tokio::{
        io::AsyncReadExt,
        net::{TcpListener, TcpStream},
    };

    use super::*;

    const MOST: usize = 2;

    fn second(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    /// A connection of this user that has been greeted, and its other end.
    async fn peer(id: u64, now: Timestamp) -> (Peer, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (near, far_end) = tokio::join!(listener.accept(), TcpStream::connect(address));
        let peer = Peer {
            connection: Arc::new(Connection::new(id, near.unwrap().0, now)),
            session: SessionId::parse(id).unwrap(),
            user: UserId::parse(id % 10).unwrap(),
            is_keyed: false,
        };
        (peer, far_end.unwrap())
    }

    fn person(peer: &Peer) -> Person {
        Person {
            id: peer.user,
            username: Username::parse(&format!("user_{}", peer.user.number())).unwrap(),
            is_admin: false,
        }
    }

    #[tokio::test]
    async fn who_answers_stays_and_who_does_not_is_cut_within_a_minute() {
        let hub = Hub::new();
        let (ada, mut far_end) = peer(1, second(0)).await;
        let (bea, _silent) = peer(2, second(0)).await;
        for peer in [&ada, &bea] {
            hub.register(peer.clone(), MOST, second(0)).unwrap();
        }
        let (mut asked, mut cut_at) = (Vec::new(), None);
        for now in 1..=600 {
            hub.tick(second(now));
            if second(now).since(ada.connection.heard_at()) >= ASK_AFTER {
                let mut ping = [0; 2];
                let asking = far_end.read_exact(&mut ping);
                let in_time = tokio::time::timeout(Duration::from_secs(10), asking).await;
                in_time.expect("nobody asks").unwrap();
                assert_eq!(ping, *frame::ping());
                ada.connection.heard(second(now));
                asked.push(now);
            }
            assert!(!ada.connection.is_cut(), "after {now} seconds");
            if bea.connection.is_cut() && cut_at.is_none() {
                cut_at = Some(now);
                hub.leave(&bea, second(now));
            }
        }
        assert_eq!(asked, (1..=24).map(|times| times * 25).collect::<Vec<_>>());
        assert_eq!(
            cut_at,
            Some(55),
            "with a second for the tick, and some for the line, that is within a minute"
        );
    }

    fn record(i: u64, user: u64) -> Notice {
        Notice::DirectoryGrew(Arc::new(DirectoryRecord {
            i,
            user: UserId::parse(user).unwrap(),
            at: second(1),
            statement: SignedStatement {
                bytes: vec![1],
                signature: [1; 64],
                continuation: None,
            },
            head: [1; 32],
            head_signature: [1; 64],
        }))
    }

    fn stored(version: u64, by: u64) -> Notice {
        Notice::StateStored {
            user_id: UserId::parse(1).unwrap(),
            by: SessionId::parse(by).unwrap(),
            version,
        }
    }

    /// The next frames, which are short texts, up to the one with this word.
    async fn hear_until(far_end: &mut TcpStream, word: &str) -> Vec<String> {
        let mut heard = Vec::new();
        loop {
            let mut start = [0; 2];
            far_end.read_exact(&mut start).await.unwrap();
            let length = match start[1] {
                126 => usize::from(far_end.read_u16().await.unwrap()),
                length => usize::from(length),
            };
            let mut text = vec![0; length];
            far_end.read_exact(&mut text).await.unwrap();
            heard.push(String::from_utf8(text).unwrap());
            if heard.last().unwrap().contains(word) {
                return heard;
            }
        }
    }

    /// The greeting is made of what was read before; what happens meanwhile must not fall between the two.
    #[tokio::test]
    async fn what_happens_before_the_greeting_is_told_after_it() {
        let hub = Hub::new();
        let (mut ada, mut far_end) = peer(1, second(0)).await;
        ada.is_keyed = true;
        hub.register(ada.clone(), MOST, second(0)).unwrap();
        for notice in [
            record(4, 2),
            record(5, 2),
            record(3, 2),
            stored(6, 9),
            stored(7, 1),
        ] {
            hub.hear(&notice);
        }
        hub.greet(&ada, person(&ada), second(0), |_, _| {
            ada.connection.send(&[frame::text("greeting")]);
        });
        hub.hear(&record(5, 2));
        hub.hear(&record(6, 2));
        let heard = hear_until(&mut far_end, r#""i":6"#).await;
        assert_eq!((heard.len(), heard[0].as_str()), (4, "greeting"), "{heard:?}");
        assert!(heard[1].contains(r#""i":5"#), "{heard:?}");
        assert_eq!(heard[2], r#"{"type":"state","version":6}"#);
    }

    #[tokio::test]
    async fn the_directory_is_for_who_has_keys_from_the_moment_they_have_them() {
        let hub = Hub::new();
        let (bea, mut far_end) = peer(2, second(0)).await;
        hub.register(bea.clone(), MOST, second(0)).unwrap();
        hub.greet(&bea, person(&bea), second(0), |_, _| {});
        hub.hear(&record(0, 1));
        hub.hear(&record(1, 2));
        hub.hear(&record(2, 1));
        let heard = hear_until(&mut far_end, r#""i":2"#).await;
        assert_eq!(heard.len(), 2, "{heard:?}");
        assert!(heard[0].contains(r#""i":1"#), "{heard:?}");
    }

    #[tokio::test]
    async fn one_who_may_be_dead_makes_room_for_the_same_user_and_nobody_else_does() {
        let hub = Hub::new();
        let (first, _one) = peer(1, second(0)).await;
        let (second_one, _two) = peer(11, second(0)).await;
        let (third, _three) = peer(21, second(0)).await;
        hub.register(first.clone(), MOST, second(0)).unwrap();
        hub.register(second_one.clone(), MOST, second(0)).unwrap();
        hub.greet(&first, person(&first), second(0), |_, _| {});
        second_one.connection.heard(second(20));
        let refused = hub.register(third.clone(), MOST, second(30));
        assert_eq!(refused, Err(CloseCode::RateLimitIgnored));
        hub.register(third, MOST, second(31)).unwrap();
        assert!(first.connection.is_cut() && !second_one.connection.is_cut());
    }
}
