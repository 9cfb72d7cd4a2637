//! What calls need of a sign-in.

use chat_domain::{Need, Scope};

/// To read, and to be told.
pub(crate) const READ: Need = Need::Scope(Scope::Read);
/// To say something, or change what one has said.
pub(crate) const WRITE: Need = Need::Scope(Scope::Write);
/// To make rooms, enter and leave them, and see to them.
pub(crate) const ROOMS: Need = Need::Scope(Scope::Rooms);
/// To see to the account itself: no token is good for that.
pub(crate) const FULL: Need = Need::Full;
