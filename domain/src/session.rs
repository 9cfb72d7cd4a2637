//! Sessions: how long a sign-in lasts.

use std::fmt;
use std::time::Duration;

use crate::{Grant, SessionId, Timestamp, UserId};

/// SHA-256 of a session token. The store knows only this, so a thief of the database can replay nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Takes the 32 bytes of the hash.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash([redacted])")
    }
}

/// A signed-in browser or program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last used, to the minute or so: writing it down at every request would cost one write each.
    pub last_used_at: Timestamp,
    /// What it is good for.
    pub grant: Grant,
}

/// How long sessions live, whatever carries them (requests and sockets alike).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPolicy {
    /// From sign-in, however busy.
    pub absolute: Duration,
    /// Without a sign of life.
    pub idle: Duration,
}

impl SessionPolicy {
    /// 30 days, 7 days.
    pub const DEFAULT: Self = Self {
        absolute: Duration::from_hours(720),
        idle: Duration::from_hours(168),
    };

    /// How stale `last_used_at` may become before it is worth a write.
    pub const TOUCH_AFTER: Duration = Duration::from_mins(1);

    /// When the session ends if nobody uses it again; `None`: not by itself. What was made for a program ends when its
    /// maker has said, and not for lying idle.
    #[must_use]
    pub fn ends_at(&self, session: &Session) -> Option<Timestamp> {
        match session.grant {
            Grant::Full => {
                let absolute = session.created_at.after(self.absolute);
                Some(absolute.min(session.last_used_at.after(self.idle)))
            }
            Grant::Token { ends_at, .. } => ends_at,
            Grant::Webhook { .. } => None,
        }
    }

    /// Whether the session still stands at `now`.
    #[must_use]
    pub fn stands(&self, session: &Session, now: Timestamp) -> bool {
        self.ends_at(session).is_none_or(|end| now < end)
    }

    /// Whether its use at `now` is worth writing down.
    #[must_use]
    pub fn worth_touching(session: &Session, now: Timestamp) -> bool {
        now.since(session.last_used_at) >= Self::TOUCH_AFTER
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: u64 = 86_400_000;

    fn session(created: u64, used: u64) -> Session {
        Session {
            id: SessionId::parse(1).unwrap(),
            user_id: UserId::parse(1).unwrap(),
            created_at: Timestamp::from_millis(created),
            last_used_at: Timestamp::from_millis(used),
            grant: Grant::Full,
        }
    }

    #[test]
    fn what_was_made_for_a_program_ends_when_its_maker_has_said() {
        let scopes = crate::Scopes::parse(["read"]).unwrap();
        let token = |ends_at: Option<u64>| Session {
            grant: Grant::Token {
                scopes,
                ends_at: ends_at.map(Timestamp::from_millis),
            },
            ..session(0, 0)
        };
        let policy = SessionPolicy::DEFAULT;
        assert!(policy.stands(&token(None), Timestamp::from_millis(9_999 * DAY)));
        assert!(policy.stands(&token(Some(90 * DAY)), Timestamp::from_millis(90 * DAY - 1)));
        assert!(!policy.stands(&token(Some(90 * DAY)), Timestamp::from_millis(90 * DAY)));
    }

    #[test]
    fn idle_and_absolute_ends() {
        let policy = SessionPolicy::DEFAULT;
        assert!(policy.stands(&session(0, 0), Timestamp::from_millis(7 * DAY - 1)));
        assert!(!policy.stands(&session(0, 0), Timestamp::from_millis(7 * DAY)));
        assert!(policy.stands(&session(0, 29 * DAY), Timestamp::from_millis(30 * DAY - 1)));
        assert!(!policy.stands(&session(0, 29 * DAY), Timestamp::from_millis(30 * DAY)));
    }

    proptest! {
        #[test]
        fn what_has_ended_stays_ended(created in 0..DAY, idle in 0..40 * DAY, at in 0..100 * DAY, later in 0..DAY) {
            let session = session(created, created + idle);
            let at = Timestamp::from_millis(at);
            if !SessionPolicy::DEFAULT.stands(&session, at) {
                prop_assert!(!SessionPolicy::DEFAULT.stands(&session, at.after(Duration::from_millis(later))));
            }
        }
    }
}
