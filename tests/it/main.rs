//! The composed server, driven from outside: the real program on a real port with a real directory.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod accounts;
mod at_rest;
mod edges;
mod rooms;
mod server;
mod sockets;
mod start_and_stop;
mod talk;
