//! Accounts.

use crate::{Refusal, Timestamp, UserId, Username, moderation::Ban};

/// How an account proves who it is; fixed for good when it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountKind {
    /// Has an identity key and never sends its password: people, in the browser or the Rust client.
    Keyed,
    /// Has a password that the server checks, and no keys: bots and plain REST clients. Enters rooms of mode
    /// `server` only.
    Basic,
}

/// An account, without its credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// For ever.
    pub id: UserId,
    /// As its owner wrote it.
    pub username: Username,
    /// Keyed or basic.
    pub kind: AccountKind,
    /// Whether it administers the server.
    pub is_admin: bool,
    /// The ban that was laid on it, which may have run out: ask [`User::banned`].
    pub ban: Option<Ban>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last signed in and active; the moment it was made, before that.
    pub last_seen_at: Timestamp,
}

impl User {
    /// The ban that is in force at `now`.
    #[must_use]
    pub fn banned(&self, now: Timestamp) -> Option<&Ban> {
        self.ban.as_ref().filter(|ban| ban.in_force(now))
    }

    /// Lets everybody through but the banned.
    ///
    /// # Errors
    /// [`Refusal::Banned`], which is told only to who has proved to be this user.
    pub fn admit(&self, now: Timestamp) -> Result<(), Refusal> {
        match self.banned(now) {
            Some(ban) => Err(Refusal::Banned {
                reason: ban.reason.clone(),
                until: ban.until,
            }),
            None => Ok(()),
        }
    }
}
