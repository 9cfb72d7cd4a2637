//! What an administrator may do to whom.

use crate::{AccountKind, AuditId, PasswordHash, Refusal, Timestamp, TokenHash, User, UserId, limit};

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
#[error("must have at most {0} characters")]
pub struct ReasonTooLong(usize);

/// Reads the reason of a ban, a kick or a deletion: at most so many characters, white space around it dropped, an
/// empty one taken for none.
///
/// # Errors
/// [`ReasonTooLong`].
pub fn parse_reason(most: usize, text: &str) -> Result<Option<String>, ReasonTooLong> {
    let (text, most) = (text.trim(), most.min(limit::REASON_CHARS));
    if text.chars().count() > most {
        return Err(ReasonTooLong(most));
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

/// Who acts upon accounts. Whoever takes one as an argument has it proved.
#[derive(Debug, Clone)]
pub enum Authority {
    /// An administrator.
    Admin(Admin),
    /// Whoever has a shell on the server, and with it the data directory: there is nothing that they could not do.
    Shell,
}

impl Authority {
    /// As the audit log names them.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        match self {
            Self::Admin(admin) => Actor::Admin(admin.user().id),
            Self::Shell => Actor::Shell,
        }
    }
}

/// Who has acted, as the audit log names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// An administrator.
    Admin(UserId),
    /// The command line.
    Shell,
}

/// What can be done to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Lock out, until it is lifted or runs out. All sign-ins end.
    Ban {
        /// When it ends by itself; `None`: never.
        until: Option<Timestamp>,
        /// Why, for the banned to read.
        reason: Option<String>,
    },
    /// Let in again.
    Unban,
    /// Cut the connections; the account may come back at once.
    Kick {
        /// Why, for the kicked to read.
        reason: Option<String>,
    },
    /// End all sign-ins, of people and programs.
    SignOut,
    /// Make an administrator.
    Promote,
    /// Make an ordinary user.
    Demote,
    /// Give a basic account another password. All sign-ins end.
    SetPassword(PasswordHash),
    /// Let the owner of a keyed account, who has lost password and recovery code, begin anew with another identity: once,
    /// by who shows the token. A link that was issued before is worth nothing any more.
    IssueReset {
        /// All that is kept of the token.
        token: TokenHash,
        /// When it is worth nothing any more.
        until: Timestamp,
    },
}

impl Act {
    /// Under which name the audit log has it.
    #[must_use]
    pub const fn action(&self) -> Action {
        match self {
            Self::Ban { .. } => Action::Ban,
            Self::Unban => Action::Unban,
            Self::Kick { .. } => Action::Kick,
            Self::SignOut => Action::SignOut,
            Self::Promote => Action::Promote,
            Self::Demote => Action::Demote,
            Self::SetPassword(_) => Action::SetPassword,
            Self::IssueReset { .. } => Action::IssueReset,
        }
    }

    /// Why it is done.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Ban { reason, .. } | Self::Kick { reason } => reason.as_deref(),
            Self::Unban
            | Self::SignOut
            | Self::Promote
            | Self::Demote
            | Self::SetPassword(_)
            | Self::IssueReset { .. } => None,
        }
    }

    /// When it ends by itself.
    #[must_use]
    pub const fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Ban { until, .. } => *until,
            Self::IssueReset { until, .. } => Some(*until),
            Self::Unban
            | Self::Kick { .. }
            | Self::SignOut
            | Self::Promote
            | Self::Demote
            | Self::SetPassword(_) => None,
        }
    }

    /// Whether the account's sign-ins end with it.
    #[must_use]
    pub const fn signs_out(&self) -> bool {
        matches!(self, Self::Ban { .. } | Self::SignOut | Self::SetPassword(_))
    }

    /// The account as it is afterwards; `None` if it is like that already, and there is nothing to do. (A kick, a sign-out, a
    /// new password and a reset link change nothing of it that anybody can see, and are done all the same.)
    #[must_use]
    pub fn applied_to(&self, user: &User, at: Timestamp) -> Option<User> {
        let mut after = user.clone();
        match self {
            Self::Ban { until, reason } => {
                let since = user.banned(at).map_or(at, |ban| ban.since);
                let (until, reason) = (*until, reason.clone());
                after.ban = Some(Ban { since, until, reason });
            }
            Self::Unban => after.ban = None,
            Self::Promote => after.is_admin = true,
            Self::Demote => after.is_admin = false,
            Self::Kick { .. } | Self::SignOut | Self::SetPassword(_) | Self::IssueReset { .. } => {
                return Some(after);
            }
        }
        (after != *user).then_some(after)
    }

    const fn takes_away(&self) -> bool {
        matches!(self, Self::Ban { .. } | Self::Kick { .. } | Self::Demote)
    }

    const fn unseats(&self) -> bool {
        matches!(self, Self::Ban { .. } | Self::Demote)
    }
}

/// What the rules allow to be done; only [`decide`] makes one.
#[derive(Debug, Clone)]
pub struct Measure {
    /// By whom.
    pub by: Actor,
    /// To whom.
    pub target: UserId,
    /// What.
    pub act: Act,
    /// Now.
    pub at: Timestamp,
}

/// Decides whether `authority` may do this to `target`, when `active_admins` administrators could still sign in
/// before the act. The store counts again in the transaction that writes, for two administrators may act on
/// each other at the same moment.
///
/// # Errors
/// [`Refusal::Oneself`] for a ban, a kick or a demotion of oneself; [`Refusal::LastAdmin`] for an act that would
/// leave nobody to administer; [`Refusal::KeyedAccount`] for a password that the server never gets to see;
/// [`Refusal::BasicAccount`] for a link that begins another identity where there is none.
pub fn decide(
    authority: &Authority,
    act: Act,
    target: &User,
    active_admins: u64,
    at: Timestamp,
) -> Result<Measure, Refusal> {
    let by = authority.actor();
    if act.takes_away() && by == Actor::Admin(target.id) {
        return Err(Refusal::Oneself);
    }
    if matches!(act, Act::SetPassword(_)) && target.kind != AccountKind::Basic {
        return Err(Refusal::KeyedAccount);
    }
    if matches!(act, Act::IssueReset { .. }) && target.kind != AccountKind::Keyed {
        return Err(Refusal::BasicAccount);
    }
    leaves_an_admin(&act, target, active_admins, at)?;
    let target = target.id;
    Ok(Measure { by, target, act, at })
}

/// The part of [`decide`] that the store repeats.
///
/// # Errors
/// [`Refusal::LastAdmin`].
pub fn leaves_an_admin(act: &Act, target: &User, active_admins: u64, at: Timestamp) -> Result<(), Refusal> {
    let is_active = target.is_admin && target.banned(at).is_none();
    if act.unseats() && is_active && active_admins <= 1 {
        Err(Refusal::LastAdmin)
    } else {
        Ok(())
    }
}

/// What the audit log is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// An account was made by somebody else than its owner.
    AddUser,
    /// [`Act::Ban`].
    Ban,
    /// [`Act::Unban`].
    Unban,
    /// [`Act::Kick`].
    Kick,
    /// [`Act::SignOut`].
    SignOut,
    /// A webhook was made, for an account of its own.
    AddWebhook,
    /// [`Act::Promote`].
    Promote,
    /// [`Act::Demote`].
    Demote,
    /// [`Act::SetPassword`].
    SetPassword,
    /// [`Act::IssueReset`].
    IssueReset,
}

impl Action {
    const ALL: [Self; 10] = [
        Self::AddUser,
        Self::Ban,
        Self::Unban,
        Self::Kick,
        Self::SignOut,
        Self::AddWebhook,
        Self::Promote,
        Self::Demote,
        Self::SetPassword,
        Self::IssueReset,
    ];

    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AddUser => "add_user",
            Self::Ban => "ban_user",
            Self::Unban => "unban_user",
            Self::Kick => "kick_user",
            Self::SignOut => "sign_out_user",
            Self::AddWebhook => "add_webhook",
            Self::Promote => "promote_user",
            Self::Demote => "demote_user",
            Self::SetPassword => "set_password",
            Self::IssueReset => "issue_reset_link",
        }
    }

    /// The action of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// A line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number; later lines have higher ones.
    pub id: AuditId,
    /// By whom.
    pub by: Actor,
    /// What.
    pub action: Action,
    /// To whom.
    pub target: UserId,
    /// Why.
    pub reason: Option<String>,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// When.
    pub at: Timestamp,
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

    const NOW: Timestamp = Timestamp::from_millis(1);

    fn takes_away() -> [Act; 3] {
        let (until, reason) = (None, None);
        let kick = Act::Kick { reason: None };
        [Act::Ban { until, reason }, kick, Act::Demote]
    }

    #[test]
    fn decisions() {
        let admin = Authority::Admin(Admin::prove(user(1, true), NOW).unwrap());
        let (other, peer, myself) = (user(2, false), user(3, true), user(1, true));
        let verdict =
            |who, act: &Act, target, admins| decide(who, act.clone(), target, admins, NOW).map(|_| ());
        let gives = [Act::Unban, Act::Promote];
        for act in takes_away().iter().chain(&gives) {
            for who in [&admin, &Authority::Shell] {
                assert_eq!(verdict(who, act, &other, 1), Ok(()), "{act:?}");
            }
        }
        for act in takes_away() {
            assert_eq!(
                verdict(&admin, &act, &myself, 5),
                Err(Refusal::Oneself),
                "{act:?}"
            );
            assert_eq!(verdict(&Authority::Shell, &act, &myself, 5), Ok(()), "{act:?}");
        }
        for act in takes_away().iter().filter(|act| act.unseats()) {
            for who in [&admin, &Authority::Shell] {
                assert_eq!(verdict(who, act, &peer, 2), Ok(()));
                assert_eq!(verdict(who, act, &peer, 1), Err(Refusal::LastAdmin));
            }
        }
    }

    #[test]
    fn who_is_locked_out_already_leaves_as_many_as_there_were() {
        let mut banned = user(3, true);
        banned.ban = Act::Ban {
            until: None,
            reason: None,
        }
        .applied_to(&banned, NOW)
        .unwrap()
        .ban;
        assert_eq!(leaves_an_admin(&Act::Demote, &banned, 1, NOW), Ok(()));
    }

    #[test]
    fn a_keyed_account_is_given_no_password() {
        let mut keyed = user(2, false);
        keyed.kind = AccountKind::Keyed;
        let act = Act::SetPassword(PasswordHash::from_phc("$".to_owned()));
        let decided = decide(&Authority::Shell, act, &keyed, 1, NOW);
        assert_eq!(decided.unwrap_err(), Refusal::KeyedAccount);
    }

    #[test]
    fn only_a_keyed_account_begins_anew_by_a_link() {
        let (basic, mut keyed) = (user(2, false), user(2, false));
        keyed.kind = AccountKind::Keyed;
        let act = Act::IssueReset {
            token: TokenHash::from_bytes([1; 32]),
            until: Timestamp::from_millis(9),
        };
        let decide = |target| decide(&Authority::Shell, act.clone(), target, 1, NOW);
        assert_eq!(decide(&basic).unwrap_err(), Refusal::BasicAccount);
        let measure = decide(&keyed).unwrap();
        assert_eq!(
            (measure.act.until(), measure.act.action()),
            (Some(Timestamp::from_millis(9)), Action::IssueReset)
        );
        assert!(!act.signs_out(), "who has issued a link has not used it");
    }

    #[test]
    fn what_is_so_already_is_not_done() {
        let (ada, admin) = (user(1, false), user(2, true));
        assert_eq!(Act::Unban.applied_to(&ada, NOW), None);
        assert_eq!(Act::Demote.applied_to(&ada, NOW), None);
        assert_eq!(Act::Promote.applied_to(&admin, NOW), None);
        assert!(Act::Promote.applied_to(&ada, NOW).unwrap().is_admin);
        let kick = Act::Kick { reason: None };
        assert_eq!(kick.applied_to(&ada, NOW), Some(ada.clone()));
        let ban = Act::Ban {
            until: None,
            reason: Some("spam".to_owned()),
        };
        let banned = ban.applied_to(&ada, NOW).unwrap();
        let later = Timestamp::from_millis(5);
        assert_eq!(ban.applied_to(&banned, later), None, "it began when it began");
        assert_eq!(Act::Unban.applied_to(&banned, later), Some(ada));
    }

    #[test]
    fn names_of_actions() {
        for action in Action::ALL {
            assert_eq!(Action::of_name(action.name()), Some(action));
        }
        assert_eq!(Action::of_name("sing"), None);
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
        assert_eq!(parse_reason(200, "  "), Ok(None));
        assert_eq!(parse_reason(4, " spam "), Ok(Some("spam".into())));
        assert!(parse_reason(200, &"é".repeat(200)).is_ok());
        assert_eq!(parse_reason(200, &"é".repeat(201)), Err(ReasonTooLong(200)));
        assert!(parse_reason(5_000, &"é".repeat(1_001)).is_err());
    }
}
