//! What is done to accounts.

use chat_domain::{
    AuditId, SessionId, Timestamp, User, UserId,
    moderation::{self, Act, AuditEntry, Measure},
};
use chat_ports::{Conflict, ModerationStore, Outcome, StoreError};

use crate::{MemoryStore, state::State};

impl State {
    fn active_admins(&self, at: Timestamp) -> u64 {
        let users = self.users.values().map(|(user, _)| user);
        users
            .filter(|user| user.is_admin && user.banned(at).is_none())
            .count() as u64
    }

    fn end_sessions_of(&mut self, user: UserId) -> Vec<SessionId> {
        let of_user = self.sessions.values().map(|opened| &opened.session);
        let ended: Vec<_> = of_user
            .filter(|session| session.user_id == user)
            .map(|session| session.id)
            .collect();
        for session in &ended {
            self.sessions.remove(session);
        }
        ended
    }

    fn carry_out(&mut self, measure: Measure) -> Result<Outcome, StoreError> {
        let Measure { by, target, act, at } = measure;
        self.may_act(by, at)?;
        let admins = self.active_admins(at);
        let (user, password) = self.users.get_mut(&target).ok_or(Conflict::UnknownUser)?;
        moderation::leaves_an_admin(&act, user, admins, at).map_err(|_| Conflict::LastAdmin)?;
        let Some(after) = act.applied_to(user, at) else {
            return Ok(Outcome {
                user: user.clone(),
                is_new: false,
                ended: Vec::new(),
            });
        };
        user.clone_from(&after);
        if let Act::SetPassword(hash) = &act {
            *password = Some(hash.clone());
            self.forget_awaited(target);
        }
        if let Act::IssueReset { token, until } = &act {
            self.keys.reset_links.insert(target, (*token, *until));
        }
        let ended = if act.signs_out() {
            self.end_sessions_of(target)
        } else {
            Vec::new()
        };
        self.log(by, act.action(), target, (act.reason(), act.until()), at)?;
        Ok(Outcome {
            user: after,
            is_new: true,
            ended,
        })
    }
}

impl ModerationStore for MemoryStore {
    async fn carry_out(&self, measure: Measure) -> Result<Outcome, StoreError> {
        self.writing()?.carry_out(measure)
    }

    async fn count_active_admins(&self, at: Timestamp) -> Result<u64, StoreError> {
        Ok(self.state().active_admins(at))
    }

    async fn users_after(&self, after: Option<UserId>, most: u32) -> Result<Vec<User>, StoreError> {
        let state = self.state();
        let users = state.users.values().map(|(user, _)| user);
        let later = users.filter(|user| after.is_none_or(|after| user.id > after));
        Ok(later.take(most as usize).cloned().collect())
    }

    async fn audit_log(&self, before: Option<AuditId>, most: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let state = self.state();
        let backwards = state.audit.iter().rev();
        let earlier = backwards.filter(|entry| before.is_none_or(|before| entry.id < before));
        Ok(earlier.take(most as usize).cloned().collect())
    }
}
