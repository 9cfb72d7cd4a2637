//! Sessions.

use chat_domain::{Session, SessionId, Timestamp, TokenHash, User, UserId};
use chat_ports::{Conflict, NewSession, SessionStore, StoreError};

use crate::MemoryStore;

impl SessionStore for MemoryStore {
    async fn open_session(&self, new: NewSession) -> Result<Session, StoreError> {
        let mut state = self.writing()?;
        let active = state
            .users
            .get(&new.user_id)
            .is_some_and(|(user, _)| user.banned(new.at).is_none());
        if !active {
            return Err(Conflict::UserInactive.into());
        }
        if state.sessions.values().any(|(_, token)| *token == new.token) {
            return Err(StoreError::failed("two sessions with one token"));
        }
        let session = Session {
            id: state.next_session()?,
            user_id: new.user_id,
            created_at: new.at,
            last_used_at: new.at,
        };
        state.sessions.insert(session.id, (session.clone(), new.token));
        if let Some((user, _)) = state.users.get_mut(&new.user_id) {
            user.last_seen_at = user.last_seen_at.max(new.at);
        }
        Ok(session)
    }

    async fn session_by_token(&self, token: &TokenHash) -> Result<Option<(Session, User)>, StoreError> {
        let state = self.state();
        Ok(state
            .sessions
            .values()
            .find(|(_, hash)| hash == token)
            .and_then(|(session, _)| {
                state
                    .users
                    .get(&session.user_id)
                    .map(|(user, _)| (session.clone(), user.clone()))
            }))
    }

    async fn touch_session(&self, id: SessionId, at: Timestamp) -> Result<(), StoreError> {
        let mut state = self.writing()?;
        let Some((session, _)) = state.sessions.get_mut(&id) else {
            return Ok(());
        };
        session.last_used_at = session.last_used_at.max(at);
        let user_id = session.user_id;
        if let Some((user, _)) = state.users.get_mut(&user_id) {
            user.last_seen_at = user.last_seen_at.max(at);
        }
        Ok(())
    }

    async fn close_session(&self, id: SessionId) -> Result<bool, StoreError> {
        Ok(self.writing()?.sessions.remove(&id).is_some())
    }

    async fn sweep_sessions(
        &self,
        created_before: Timestamp,
        used_before: Timestamp,
    ) -> Result<Vec<(SessionId, UserId)>, StoreError> {
        let mut state = self.writing()?;
        let ended: Vec<_> = state
            .sessions
            .values()
            .filter(|(s, _)| s.created_at < created_before || s.last_used_at < used_before)
            .map(|(s, _)| (s.id, s.user_id))
            .collect();
        for (id, _) in &ended {
            state.sessions.remove(id);
        }
        Ok(ended)
    }
}
