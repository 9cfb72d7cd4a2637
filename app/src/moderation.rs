//! What is done to accounts by others than their owners: by administrators, and from the command line.

use std::time::Duration;

use chat_domain::{
    AccountKind, AuditId, Password, Refusal, User, UserId, Username,
    moderation::{self, Act, AuditEntry, Authority},
};
use chat_ports::{
    Cut, KeyStore as _, ModerationStore, NewUser, Notice, Outcome, PasswordHasher, Ports, UserStore,
};

use crate::{App, Error, SessionToken, accounts::Registration};

/// How long a link can be used.
const RESET_LINK_LASTS: Duration = Duration::from_hours(24);

impl<P: Ports> App<P> {
    /// Does this to an account, if the rules allow it, and writes it into the audit log. When this returns `Ok` it is in
    /// force: who is banned is signed out everywhere, and the sockets of who is banned or kicked are being cut.
    ///
    /// # Errors
    /// `not_found`; `conflict` for an act against oneself; `last_admin`; `derived_auth_required` for a password of a
    /// keyed account.
    pub async fn moderate(&self, authority: &Authority, target: UserId, act: Act) -> Result<Outcome, Error> {
        let (store, now) = (self.ports.moderation(), self.now());
        let user = self.ports.users().user(target).await?;
        let user = user.ok_or(Refusal::NotFound)?;
        let admins = store.count_active_admins(now).await?;
        let measure = moderation::decide(authority, act.clone(), &user, admins, now)?;
        let outcome = store.carry_out(measure).await?;
        if outcome.is_new {
            self.forget_user(target);
            self.tell_of(act, &outcome);
        }
        Ok(outcome)
    }

    /// Gives a basic account another password, with which its first sign-in in a browser makes its keys, and signs it out
    /// everywhere. Interrupted between the two it has the password and makes no keys; done again, both.
    ///
    /// # Errors
    /// As [`App::moderate`].
    pub async fn set_password(
        &self,
        authority: &Authority,
        target: UserId,
        password: Password,
    ) -> Result<Outcome, Error> {
        let hash = self.ports.passwords().hash(password.clone()).await?;
        let outcome = self.moderate(authority, target, Act::SetPassword(hash)).await?;
        let awaited = self
            .awaited_record(target, &outcome.user.username, password)
            .await?;
        self.ports.keys().await_keys(target, awaited).await?;
        Ok(outcome)
    }

    /// Issues what the owner of a keyed account who has lost password and recovery code begins anew with
    /// ([`App::finish_reset`]): once, within a day. What was issued before is worth nothing any more. Whoever is given it
    /// takes the account over, under an identity that everybody sees to be another one.
    ///
    /// # Errors
    /// As [`App::moderate`]; `conflict` for a basic account.
    pub async fn issue_reset(
        &self,
        authority: &Authority,
        target: UserId,
    ) -> Result<(User, SessionToken), Error> {
        let token = SessionToken::draw(self.ports.entropy());
        let act = Act::IssueReset {
            token: token.hash(),
            until: self.now().after(RESET_LINK_LASTS),
        };
        let outcome = self.moderate(authority, target, act).await?;
        Ok((outcome.user, token))
    }

    /// Makes an account for somebody, whose first sign-in in a browser makes its keys, also where strangers make none, and writes it into the audit log. It is a
    /// member of the plain room, if there is one.
    ///
    /// # Errors
    /// `username_taken`.
    pub async fn add_user(&self, authority: &Authority, asked: Registration) -> Result<User, Error> {
        let awaited = self.awaited(&asked.username, asked.password.clone()).await?;
        let password = self.ports.passwords().hash(asked.password).await?;
        let new = NewUser {
            username: asked.username,
            kind: AccountKind::Basic,
            password: Some(password),
            is_admin: false,
            joins: self.plain_room().await?,
            made_by: Some(authority.actor()),
            awaited: Some(awaited),
            at: self.now(),
        };
        let registered = self.ports.users().register(new).await?;
        Ok(self.announce(registered))
    }

    /// The account of this name, whatever the case. The authority is asked for because strangers are not told who has
    /// an account.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn user_named(&self, _: &Authority, username: &Username) -> Result<User, Error> {
        let known = self.ports.users().credential(username).await?;
        Ok(known.ok_or(Refusal::NotFound)?.user)
    }

    /// Accounts by id, after this one.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn list_users(
        &self,
        _: &Authority,
        after: Option<UserId>,
        most: u32,
    ) -> Result<Vec<User>, Error> {
        Ok(self.ports.moderation().users_after(after, most).await?)
    }

    /// The audit log from its newest line, or the line before this one, backwards.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn audit_log(
        &self,
        _: &Authority,
        before: Option<AuditId>,
        most: u32,
    ) -> Result<Vec<AuditEntry>, Error> {
        Ok(self.ports.moderation().audit_log(before, most).await?)
    }

    /// What is remembered of this user is not true any more.
    pub(crate) fn forget_user(&self, user: UserId) {
        self.sign_ins.forget(|_, who| who.session().user_id == user);
        self.members.forget(|(_, member), _| *member == user);
    }

    fn tell_of(&self, act: Act, outcome: &Outcome) {
        let user_id = outcome.user.id;
        let cut = match act {
            Act::Ban { reason, .. } => Some(Cut::Banned { reason }),
            Act::Kick { reason } => Some(Cut::Kicked { reason }),
            Act::Unban
            | Act::SignOut
            | Act::Promote
            | Act::Demote
            | Act::SetPassword(_)
            | Act::IssueReset { .. } => None,
        };
        if let Some(cut) = cut {
            self.publish(Notice::UserCut { user_id, cut });
            return;
        }
        for session_id in outcome.ended.iter().copied() {
            self.publish(Notice::SessionEnded { session_id, user_id });
        }
    }
}
