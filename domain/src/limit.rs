//! Every limit on what a stranger can send, in one table. Those that the operator may change are in [`Limits`]; the
//! constants of the same subject are what no operator may exceed, so that what was stored under one configuration can be
//! read under every other.

use std::time::Duration;

/// The limits that are the operator's: each is checked where a request is read, and the refusal names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a message's text; at most [`CONTENT_BYTES`].
    pub content: usize,
    /// Bytes of a JSON body and of a socket's message; from [`Limits::least_body`] to [`BODY_BYTES`].
    pub body: usize,
    /// Bytes of a room's name; at most [`ROOM_NAME_BYTES`].
    pub room_name: usize,
    /// Characters of the reason of a ban, a kick or a deletion; at most [`REASON_CHARS`].
    pub reason: usize,
    /// Rooms that a user is a member of; at most [`ROOMS_PER_USER`].
    pub rooms_per_user: u64,
    /// Messages, events or members on a page; at most [`PAGE`].
    pub page: u32,
}

impl Default for Limits {
    /// What the contract says.
    fn default() -> Self {
        Self {
            content: 16_384,
            body: 128 * 1024,
            room_name: 80,
            reason: 200,
            rooms_per_user: 1_000,
            page: PAGE_UNLESS_SET,
        }
    }
}

impl Limits {
    /// The least that a body must be allowed so that a message of the longest text fits, however it is written: a byte
    /// takes six in JSON at most, and what stands around the text takes far less than 16 KiB.
    #[must_use]
    pub const fn least_body(&self) -> usize {
        self.content.saturating_mul(6).saturating_add(16 * 1024)
    }

    /// How much is on a page if nobody says.
    #[must_use]
    pub fn page_unasked(&self) -> u32 {
        PAGE_UNASKED.min(self.page)
    }
}

/// Characters of a username, least and most.
pub const USERNAME: std::ops::RangeInclusive<usize> = 3..=50;
/// Characters (Unicode code points) of a password, least.
pub const PASSWORD_MIN_CHARS: usize = 8;
/// Bytes of a password, most: beyond it is no passphrase but an attack on the hash.
pub const PASSWORD_MAX_BYTES: usize = 1024;
/// Bytes of a message's text, whatever the operator says.
pub const CONTENT_BYTES: usize = 65_536;
/// Bytes of a room's name, whatever the operator says.
pub const ROOM_NAME_BYTES: usize = 255;
/// Bytes of a room's topic, most.
pub const TOPIC_BYTES: usize = 250;
/// Seconds between two messages of a member in slow mode, most.
pub const SLOW_MODE_SECONDS: u32 = 21_600;
/// Rooms that a user is a member of, whatever the operator says: the greeting of every connection names them all.
pub const ROOMS_PER_USER: u64 = 10_000;
/// Sign-ins of a user at once, most: with another one the one ends that was used the longest ago.
pub const SESSIONS_PER_USER: u32 = 100;
/// Tokens that a user has made for programs, most.
pub const TOKENS_PER_USER: u64 = 50;
/// Webhooks of a room, most.
pub const WEBHOOKS_PER_ROOM: u64 = 50;
/// Bytes of the name of a token, least and most.
pub const TOKEN_NAME_BYTES: std::ops::RangeInclusive<usize> = 1..=80;
/// Days that a token is good for, least and most, unless it is good until it is revoked.
pub const TOKEN_DAYS: std::ops::RangeInclusive<u64> = 1..=3_650;
/// Rooms that a client may ask to resume at once, most: all that it can be in.
pub const RESUME_ROOMS: usize = 10_000;
/// Events that are resumed in a room, most; who missed more loads the history instead.
pub const RESUME_EVENTS: u32 = 10_000;
/// Different emoji under a message, most.
pub const REACTIONS_PER_MESSAGE: usize = 20;
/// Characters of a client's own message id, least and most.
pub const CLIENT_ID: std::ops::RangeInclusive<usize> = 1..=64;
/// Characters of the reason of a ban, a kick or a deletion, whatever the operator says.
pub const REASON_CHARS: usize = 1_000;
/// Bytes of an emoji in a reaction, most: the longest joined sequences have about 35.
pub const EMOJI_BYTES: usize = 64;
/// Bytes of a JSON body and of a WebSocket message, whatever the operator says.
pub const BODY_BYTES: usize = 1024 * 1024;
/// Messages or events on a page, whatever the operator says.
pub const PAGE: u32 = 1_000;
/// How many there may be, where the operator has set nothing else.
pub const PAGE_UNLESS_SET: u32 = 100;
/// How many are given unasked, where the operator allows so many.
pub const PAGE_UNASKED: u32 = 50;
/// How far back `offset` reaches; further back one pages by `before`.
pub const OFFSET_MAX: u32 = 10_000;
/// People named in the list of those online.
pub const ONLINE_LIST: usize = 500;
/// Bytes of the head of an HTTP request, most.
pub const HEAD_BYTES: usize = 32 * 1024;
/// Fields in it, most.
pub const HEAD_FIELDS: usize = 100;
/// Bytes of its target, most: RFC 9110, section 4.1, wants 8,000 at least.
pub const TARGET_BYTES: usize = 8 * 1024;
/// How long a client may take to send it, from its first byte or from the connection's beginning.
pub const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// How long a connection may be idle between two requests.
pub const IDLE_DEADLINE: Duration = Duration::from_secs(10);
/// The same for a trusted proxy: longer than proxies keep theirs, so that none sends a request just when it is over.
pub const IDLE_DEADLINE_OF_PROXIES: Duration = Duration::from_secs(75);
/// How long a client may send nothing of a body, or take nothing of an answer.
pub const STALL_DEADLINE: Duration = Duration::from_secs(10);
/// Bytes in a second that a client has to send of a body, or take of an answer, in the long run.
pub const SLOWEST: u32 = 4 * 1024;
/// How long a connection may take to say who it is.
pub const AUTH_DEADLINE: Duration = Duration::from_secs(10);
/// Refusals within [`REFUSALS_WINDOW`] after which a socket is closed.
pub const REFUSALS: u32 = 20;
/// See [`REFUSALS`].
pub const REFUSALS_WINDOW: Duration = Duration::from_secs(10);
/// How long a token for the `auth` frame is good.
pub const WS_TOKEN_LIFETIME: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_text_fits_into_the_largest_body() {
        let highest = Limits {
            content: CONTENT_BYTES,
            ..Limits::default()
        };
        assert!(highest.least_body() <= BODY_BYTES);
        let limits = Limits::default();
        assert!(limits.least_body() <= limits.body);
        assert_eq!(limits.page_unasked(), 50);
        assert_eq!(Limits { page: 7, ..limits }.page_unasked(), 7);
    }
}
