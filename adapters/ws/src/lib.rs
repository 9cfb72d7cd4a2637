//! The WebSocket transport: connections, the hub and its fan-out.
//!
//! tungstenite's state machine checks and parses what clients send; what the server sends is encoded here, once
//! for all its receivers, and written from the publisher's side: where a connection has nothing pending and its
//! socket takes bytes, the room's fan-out writes the shared frame at once. Only what does not fit goes to the
//! connection's bounded outbox and wakes its task.

mod close;
mod connection;
mod dispatch;
mod frame;
mod gateway;
mod handshake;
mod headers;
pub mod hub;
mod meters;
mod outbox;
mod posts;
mod protocol;
mod talk;

pub use gateway::{Gateway, Limits, TakeOver, Upgrade};
pub use hub::Hub;
