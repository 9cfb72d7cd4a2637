//! The frames of the socket.

pub mod client;
pub mod schemas;
pub mod server;

pub use client::ClientFrame;
pub use server::ServerFrame;
