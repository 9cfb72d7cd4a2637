//! What the command line is answered.

use chat_app::Error;
use chat_domain::{AccountKind, Timestamp, User};
use chat_wire::time::rfc3339;
use serde::{Deserialize, Serialize};

use crate::Hidden;

/// What the command line is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// Accounts by number.
    Users {
        /// At most a page of them.
        users: Vec<Account>,
        /// Whether there are others after them.
        has_more: bool,
    },
    /// The house is in order.
    Maintained {
        /// Sessions whose time was over.
        sessions: usize,
    },
    /// It was done.
    Done {
        /// The account as it is now.
        user: Box<Account>,
        /// Whether anything had to be done for it.
        is_new: bool,
    },
    /// A link was issued.
    Issued {
        /// For whom.
        user: Box<Account>,
        /// What it carries; kept nowhere.
        token: Hidden,
    },
    /// It was not done, and will not be if it is asked for again: the rules, or the request itself, are against it.
    Refused {
        /// The stable name of the reason, as in the answers of HTTP.
        code: String,
        /// For people.
        message: String,
    },
    /// It was not done, and is worth to be tried again.
    Failed {
        /// For people.
        message: String,
    },
}

/// An account as the command line shows it. Times are RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub username: String,
    /// `basic` or `keyed`.
    pub kind: String,
    /// Whether it administers the server.
    pub is_admin: bool,
    /// Whether it is locked out now.
    pub is_banned: bool,
    /// Until when; nothing: for good.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub banned_until: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ban_reason: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// When it was last there.
    pub last_seen: String,
}

impl Account {
    /// The account as it is at `now`.
    #[must_use]
    pub fn of(user: &User, now: Timestamp) -> Self {
        let ban = user.banned(now);
        Self {
            id: user.id.number(),
            username: user.username.as_str().to_owned(),
            kind: match user.kind {
                AccountKind::Basic => "basic",
                AccountKind::Keyed => "keyed",
            }
            .to_owned(),
            is_admin: user.is_admin,
            is_banned: ban.is_some(),
            banned_until: ban.and_then(|ban| ban.until).map(rfc3339),
            ban_reason: ban.and_then(|ban| ban.reason.clone()),
            created_at: rfc3339(user.created_at),
            last_seen: rfc3339(user.last_seen_at),
        }
    }
}

impl Answer {
    /// A request that cannot be one: `what` must be so and so.
    pub(crate) fn invalid(what: &str, rule: &impl std::fmt::Display) -> Self {
        Self::Refused {
            code: "invalid".to_owned(),
            message: format!("{what} {rule}"),
        }
    }

    pub(crate) fn of_error(error: &Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Refused(_) => Self::Refused {
                code: error.code().to_owned(),
                message,
            },
            Error::Busy | Error::StorageFull => Self::Failed { message },
            Error::Internal(cause) => {
                tracing::error!(?cause, "an act of the command line failed");
                Self::Failed {
                    message: format!("{message} ({cause})"),
                }
            }
        }
    }
}
