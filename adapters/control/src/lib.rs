//! The transport of the command line.
//!
//! Only one process uses a data directory. While that is a server, the command line asks it through a socket in the
//! directory, which nobody else can open; otherwise it opens the directory itself. Either way it comes to [`perform`],
//! and so to the use cases that the administration panel calls: what it does is in force at once and in the audit log.
//!
//! A connection carries one request and its answer, a line of JSON each.

mod answer;
mod ask;
mod perform;
mod request;
mod serve;

pub use answer::{Account, Answer};
pub use ask::{AskError, ask};
pub use perform::perform;
pub use request::{Hidden, PAGE, Request};
pub use serve::{Control, listen, serve};

/// The longest line, in bytes: a page of accounts with the longest reasons is far shorter.
const LONGEST: u64 = 1024 * 1024;
