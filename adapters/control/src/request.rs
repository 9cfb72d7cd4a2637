//! What the command line asks for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Accounts in one answer.
pub const PAGE: u32 = 500;

/// What the command line asks for. Accounts go by their names, whatever the case.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// What is to be done from time to time.
    Maintain,
    /// The next [`PAGE`] accounts.
    ListUsers {
        /// The number of the last one that is known.
        after: Option<u64>,
    },
    /// A basic account.
    AddUser {
        /// Its name.
        username: String,
        /// Its password.
        password: Hidden,
        /// Whether it administers the server.
        admin: bool,
    },
    /// Another password for a basic account.
    SetPassword {
        /// Whose.
        username: String,
        /// The password.
        password: Hidden,
    },
    /// A link with which the owner of a keyed account begins anew.
    IssueReset {
        /// Whose.
        username: String,
    },
    /// Make an administrator.
    Promote {
        /// Of whom.
        username: String,
    },
    /// Make an ordinary user.
    Demote {
        /// Of whom.
        username: String,
    },
    /// Lock out.
    Ban {
        /// Whom.
        username: String,
        /// For how many seconds; nothing: for good.
        seconds: Option<u64>,
        /// Why, for the banned to read.
        reason: Option<String>,
    },
    /// Let in again.
    Unban {
        /// Whom.
        username: String,
    },
}

/// A password or a token on its way. It is not printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

impl Hidden {
    /// Hides it.
    #[must_use]
    pub const fn new(secret: String) -> Self {
        Self(secret)
    }

    /// As it is.
    #[must_use]
    pub fn reveal(self) -> String {
        self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
