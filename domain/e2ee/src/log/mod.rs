//! A room's log (specification, 4.6): signed entries in a chain of hashes, from which alone follows who is a member,
//! who may do what, and which epoch is current. The rule above the rules: *the server may take away, it can never
//! add.*

mod apply;
mod body;
mod entry;
mod state;
#[cfg(test)]
mod tests;

pub use apply::{LogError, Step};
pub use body::{Add, Body, Create, EpochBody, Join, Kind, Policy, Reader, Reason, Remove, Role, SetRole};
pub use entry::Entry;
pub use state::{Changes, Epoch, Member, Room, RoomLog, Span};

/// The most active members that a room may have.
pub const MAX_MEMBERS: usize = 2000;
