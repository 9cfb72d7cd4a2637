//! The rules of the chat: pure types and functions, with time as an argument.
//!
//! Nothing here does I/O, reads a clock, draws a random number or knows an encoding; the one dependency is
//! `thiserror`. Values are parsed into types at the edge ([`Username::parse`], [`Content::parse`] …), so that
//! a function which takes one of them needs no check of its own.
//!
//! | file | subject |
//! | --- | --- |
//! | [`id`], [`time`], [`secret`], [`limit`] | the small types that everything speaks in |
//! | [`username`], [`credential`], [`user`], [`session`], [`grant`] | who is who, for how long, and what for |
//! | [`room`], [`membership`] | where is talked, who comes and goes |
//! | [`message`], [`change`], [`event`] | what is said, what becomes of it, and in which order |
//! | [`presence`], [`typing`] | what is only true for a moment |
//! | [`quota`], [`network`] | how much, how often, and from where |
//! | [`moderation`] | what an administrator may do to whom |
//! | [`refusal`] | the vocabulary of "no" |

pub mod change;
mod common_password;
pub mod credential;
pub mod event;
pub mod grant;
pub mod id;
pub mod keyed;
pub mod limit;
pub mod membership;
pub mod message;
pub mod moderation;
pub mod network;
pub mod presence;
pub mod quota;
pub mod refusal;
pub mod room;
pub mod secret;
pub mod session;
pub mod time;
pub mod typing;
pub mod user;
pub mod username;

pub use credential::{Password, PasswordHash};
pub use event::{Event, EventBody};
pub use grant::{Grant, Need, Scope, Scopes, TokenName};
pub use id::{AuditId, EventId, RoomId, Seq, SessionId, UserId};
pub use message::{ClientId, Content, Draft, Message, MessageType};
pub use network::Network;
pub use refusal::Refusal;
pub use room::{Join, Membership, Mode, Role, Room, RoomKind, RoomName};
pub use secret::Secret;
pub use session::{Session, SessionPolicy, TokenHash};
pub use time::Timestamp;
pub use user::{AccountKind, User};
pub use username::Username;
