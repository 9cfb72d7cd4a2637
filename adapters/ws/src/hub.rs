//! The hub: who is connected, who is online, and which room tells whom.

mod members;
mod online;
pub(crate) mod room;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat_domain::{RoomId, Seq, SessionId, Timestamp, UserId, event::Person};
use chat_ports::{Listener, Notice};

use crate::{close::CloseCode, connection::Connection, frame};
use online::Online;
use room::RoomHub;

/// A connection that was silent for so long is asked for a sign of life.
const ASK_AFTER: Duration = Duration::from_secs(25);
/// A connection that was silent for so long is gone.
const GONE_AFTER: Duration = Duration::from_secs(55);

/// Everything about connections that more than one of them needs. It hears the news of the bus.
#[derive(Default)]
pub struct Hub {
    rooms: Mutex<HashMap<RoomId, Arc<RoomHub>>>,
    online: Mutex<Online>,
}

/// A signed-in connection, as the hub knows it.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) connection: Arc<Connection>,
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
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

    /// Takes in a connection that has signed in. `greet` is given those online and how many they are, and queues
    /// the first frame; only then does the connection hear anything else.
    pub(crate) fn enter(
        &self,
        peer: Peer,
        person: Person,
        now: Timestamp,
        greet: impl FnOnce(&[Person], usize),
    ) {
        let mut online = self.online();
        let news = online.enter(peer, person, now, greet);
        online.tell(news);
    }

    /// Shows those online and how many they are.
    pub(crate) fn look(&self, show: impl FnOnce(&[Person], usize)) {
        self.online().look(show);
    }

    /// Lets a connection go.
    pub(crate) fn leave(&self, peer: &Peer, now: Timestamp) {
        let mut online = self.online();
        let news = online.leave(peer, now);
        online.tell(news);
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

    fn end_session(&self, session: SessionId) {
        for peer in self.online().peers().filter(|peer| peer.session == session) {
            peer.connection.end(CloseCode::Unauthenticated);
        }
    }
}

impl Listener for Hub {
    fn hear(&self, notice: &Notice) {
        match notice {
            Notice::Happened(event) => {
                let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(room) = rooms.get(&event.room_id) {
                    room.hear(Arc::clone(event));
                }
            }
            Notice::SessionEnded { session_id, .. } => self.end_session(*session_id),
        }
    }
}
