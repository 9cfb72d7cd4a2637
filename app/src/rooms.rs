//! Rooms.

mod enter;
mod subscribe;

pub use subscribe::MyRoom;
