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
mod canaries;
#[expect(dead_code, reason = "as below")]
mod checker;
mod command_line;
mod configuration;
mod conformance;
mod crowd;
mod described;
mod drain;
mod dropped;
mod edges;
mod handshake;
mod idempotence;
mod journal;
mod keyed;
mod keyed_events;
mod killed;
mod leaks;
mod limits;
mod limits_of_http;
mod memory;
mod metrics;
mod oracle;
mod proxy;
mod raw;
mod recorder;
mod reference;
mod resets;
mod rooms;
mod scale;
mod scan;
mod secrets;
#[expect(
    dead_code,
    reason = "`tests/privileged` has these in common with us, and uses more of them"
)]
mod server;
mod sign_in;
mod silence;
mod smuggling;
mod sockets;
mod stalled;
mod start_and_stop;
mod talk;
mod tokens;
mod view;
#[expect(dead_code, reason = "as above")]
mod writers;
