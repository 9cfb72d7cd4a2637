//! Messages.

mod history;
mod post;
