//! Messages.

mod change;
mod history;
mod post;
