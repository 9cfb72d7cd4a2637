//! The composed server, driven from outside: the real program on a real port with a real directory.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod accounts;
mod addresses;
mod at_rest;
mod crowd;
mod dropped;
mod edges;
mod limits_of_http;
mod oracle;
mod proxy;
mod raw;
mod rooms;
mod scale;
mod server;
mod smuggling;
mod sockets;
mod stalled;
mod start_and_stop;
mod talk;
mod view;
