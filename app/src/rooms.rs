//! Rooms.

mod create;
mod enter;
mod members;
mod settings;
mod subscribe;
mod typing;
mod webhooks;
