//! What an administrator may do to whom.

use crate::{Refusal, Timestamp, User, limit};

/// A ban, as it was laid on an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    /// When it began.
    pub since: Timestamp,
    /// When it ends by itself; `None`: never.
    pub until: Option<Timestamp>,
    /// Why, in the administrator's words, for the banned to read.
    pub reason: Option<String>,
}

impl Ban {
    /// Whether it holds at `now`.
    #[must_use]
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// A reason that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have at most 200 characters")]
pub struct ReasonTooLong;

/// Reads the reason of a ban, a kick or a deletion: at most 200 characters, white space around it dropped, an
/// empty one taken for none.
///
/// # Errors
/// [`ReasonTooLong`].
pub fn parse_reason(text: &str) -> Result<Option<String>, ReasonTooLong> {
    let text = text.trim();
    if text.chars().count() > limit::REASON_CHARS {
        return Err(ReasonTooLong);
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Proof that a user administers the server; only [`Admin::prove`] makes one.
#[derive(Debug, Clone)]
pub struct Admin(User);

impl Admin {
    /// Takes a signed-in user who administers the server and is not banned.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`].
    pub fn prove(user: User, now: Timestamp) -> Result<Self, Refusal> {
        if user.is_admin && user.banned(now).is_none() {
            Ok(Self(user))
        } else {
            Err(Refusal::Forbidden)
        }
    }

    /// Who it is.
    #[must_use]
    pub const fn user(&self) -> &User {
        &self.0
    }
}

/// What can be done to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Lock out, until it is lifted or runs out.
    Ban,
    /// Let in again.
    Unban,
    /// Cut the connections; the account may come back at once.
    Kick,
    /// Make an administrator.
    Promote,
    /// Make an ordinary user.
    Demote,
}

/// Decides whether `admin` may do this to `target`, when `active_admins` administrators could still sign in
/// before the act. The store counts again in the transaction that writes, for two administrators may act on
/// each other at the same moment.
///
/// # Errors
/// [`Refusal::Oneself`] for a ban, a kick or a demotion of oneself; [`Refusal::LastAdmin`] for an act that would
/// leave nobody to administer.
pub fn decide(admin: &Admin, act: Act, target: &User, active_admins: u64) -> Result<(), Refusal> {
    let takes_away = matches!(act, Act::Ban | Act::Kick | Act::Demote);
    if takes_away && admin.user().id == target.id {
        return Err(Refusal::Oneself);
    }
    leaves_an_admin(act, target, active_admins)
}

/// The part of [`decide`] that the store repeats, and that also binds the command line, which acts as nobody.
///
/// # Errors
/// [`Refusal::LastAdmin`].
pub fn leaves_an_admin(act: Act, target: &User, active_admins: u64) -> Result<(), Refusal> {
    let unseats = matches!(act, Act::Ban | Act::Demote) && target.is_admin;
    if unseats && active_admins <= 1 {
        Err(Refusal::LastAdmin)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountKind, UserId, Username};

    fn user(id: u64, is_admin: bool) -> User {
        User {
            id: UserId::parse(id).unwrap(),
            username: Username::parse("ada").unwrap(),
            kind: AccountKind::Basic,
            is_admin,
            ban: None,
            created_at: Timestamp::default(),
            last_seen_at: Timestamp::default(),
        }
    }

    #[test]
    fn decisions() {
        let now = Timestamp::from_millis(1);
        let admin = Admin::prove(user(1, true), now).unwrap();
        let (other, peer, myself) = (user(2, false), user(3, true), user(1, true));
        for act in [Act::Ban, Act::Unban, Act::Kick, Act::Promote, Act::Demote] {
            assert_eq!(decide(&admin, act, &other, 1), Ok(()), "{act:?}");
        }
        for act in [Act::Ban, Act::Kick, Act::Demote] {
            assert_eq!(decide(&admin, act, &myself, 5), Err(Refusal::Oneself), "{act:?}");
        }
        for act in [Act::Ban, Act::Demote] {
            assert_eq!(decide(&admin, act, &peer, 2), Ok(()));
            assert_eq!(decide(&admin, act, &peer, 1), Err(Refusal::LastAdmin));
        }
    }

    #[test]
    fn only_administrators_prove() {
        let now = Timestamp::from_millis(10);
        assert!(Admin::prove(user(1, false), now).is_err());
        let mut banned = user(1, true);
        banned.ban = Some(Ban {
            since: now,
            until: None,
            reason: None,
        });
        assert!(Admin::prove(banned, now).is_err());
    }

    #[test]
    fn bans_run_out() {
        let ban = Ban {
            since: Timestamp::from_millis(0),
            until: Some(Timestamp::from_millis(10)),
            reason: None,
        };
        assert!(ban.in_force(Timestamp::from_millis(9)));
        assert!(!ban.in_force(Timestamp::from_millis(10)));
    }

    #[test]
    fn reasons() {
        assert_eq!(parse_reason("  "), Ok(None));
        assert_eq!(parse_reason(" spam "), Ok(Some("spam".into())));
        assert!(parse_reason(&"é".repeat(200)).is_ok());
        assert_eq!(parse_reason(&"é".repeat(201)), Err(ReasonTooLong));
    }
}
