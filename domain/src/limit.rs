//! Every limit on what a stranger can send, in one table. Those that an operator may change are the defaults.

use std::time::Duration;

/// Characters of a username, least and most.
pub const USERNAME: std::ops::RangeInclusive<usize> = 3..=50;
/// Characters (Unicode code points) of a password, least.
pub const PASSWORD_MIN_CHARS: usize = 8;
/// Bytes of a password, most: beyond it is no passphrase but an attack on the hash.
pub const PASSWORD_MAX_BYTES: usize = 1024;
/// Bytes of a message's text, least and most.
pub const CONTENT_BYTES: std::ops::RangeInclusive<usize> = 1..=16_384;
/// Bytes of a room's name, least and most.
pub const ROOM_NAME_BYTES: std::ops::RangeInclusive<usize> = 1..=80;
/// Bytes of a room's topic, most.
pub const TOPIC_BYTES: usize = 250;
/// Seconds between two messages of a member in slow mode, most.
pub const SLOW_MODE_SECONDS: u32 = 21_600;
/// Rooms that a user is a member of, most: the greeting of every connection names them all.
pub const ROOMS_PER_USER: u64 = 1_000;
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
/// Rooms that a client may ask to resume at once, most.
pub const RESUME_ROOMS: usize = 1_000;
/// Events that are resumed in a room, most; who missed more loads the history instead.
pub const RESUME_EVENTS: u32 = 10_000;
/// Different emoji under a message, most.
pub const REACTIONS_PER_MESSAGE: usize = 20;
/// Characters of a client's own message id, least and most.
pub const CLIENT_ID: std::ops::RangeInclusive<usize> = 1..=64;
/// Characters of the reason of a ban, a kick or a deletion, most.
pub const REASON_CHARS: usize = 200;
/// Bytes of an emoji in a reaction, most: the longest joined sequences have about 35.
pub const EMOJI_BYTES: usize = 64;
/// Bytes of a JSON body and of a WebSocket message, most.
pub const BODY_BYTES: usize = 128 * 1024;
/// Messages or events on a page: what is given unasked, and the most.
pub const PAGE_DEFAULT: u32 = 50;
/// See [`PAGE_DEFAULT`].
pub const PAGE_MAX: u32 = 100;
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
