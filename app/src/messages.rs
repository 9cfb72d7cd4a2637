//! Messages.

mod change;
mod history;
mod hook;
mod post;
