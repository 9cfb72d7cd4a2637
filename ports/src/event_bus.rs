//! How news of what was stored reaches those who are connected.

use std::sync::Arc;

use chat_domain::{Event, RoomId, SessionId, UserId, event::Person, keyed::DirectoryRecord};

/// News for those who are connected. It is published after the store has said `Ok`, and only then.
#[derive(Debug, Clone)]
pub enum Notice {
    /// Something lasting happened in a room.
    Happened(Arc<Event>),
    /// Somebody types in a room, or has stopped. Nothing lasting: who misses it misses nothing.
    Typing {
        /// Where.
        room_id: RoomId,
        /// Who.
        person: Person,
        /// Types, or has stopped.
        is_typing: bool,
    },
    /// A user is to be cut off: all their connections.
    UserCut {
        /// Who.
        user_id: UserId,
        /// Why.
        cut: Cut,
    },
    /// The directory of identities has another record. Of several that come out of order the one with the highest place
    /// says what all of them do.
    DirectoryGrew(Arc<DirectoryRecord>),
    /// An account's sealed state was written: its other sessions are to read it.
    StateStored {
        /// Whose.
        user_id: UserId,
        /// The session that has written it, and knows.
        by: SessionId,
        /// Its version now.
        version: u64,
    },
    /// An account was opened with its recovery code and has another password: who is connected to it is to read that. It is
    /// published before the ends of its sessions are.
    Recovered {
        /// Whose.
        user_id: UserId,
        /// The sessions that have ended with it: this is their last word.
        ended: Vec<SessionId>,
    },
    /// A session was ended: its connections are to be cut.
    SessionEnded {
        /// Which.
        session_id: SessionId,
        /// Whose.
        user_id: UserId,
    },
}

/// Why a user is cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// Kicked: may come back at once.
    Kicked {
        /// In an administrator's words.
        reason: Option<String>,
    },
    /// Banned.
    Banned {
        /// In an administrator's words.
        reason: Option<String>,
    },
}

/// Carries news to every listener. It may lose news and may deliver them out of order: whoever needs all of them
/// goes by the sequence numbers and reads again what is missing.
pub trait EventBus: Send + Sync + 'static {
    /// Hands the news to the listeners. Never blocks and never fails.
    fn publish(&self, notice: Notice);
}

/// Hears the news.
pub trait Listener: Send + Sync + 'static {
    /// Is called in the publisher's own turn, and must therefore only note the news down.
    fn hear(&self, notice: &Notice);
}
