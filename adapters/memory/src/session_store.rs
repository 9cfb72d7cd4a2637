//! Sessions.

use chat_domain::{
    Grant, RoomId, Session, SessionId, Timestamp, TokenHash, User, UserId, limit, moderation::Action,
};
use chat_ports::{Conflict, KnownSession, NewSession, SessionStore, StoreError, Which};

use crate::{
    MemoryStore,
    state::{Opened, State},
};

impl State {
    pub(crate) fn sessions_with(&self, is_meant: impl Fn(&Session) -> bool) -> Vec<Session> {
        let all = self.sessions.values().map(|opened| &opened.session);
        all.filter(|session| is_meant(session)).cloned().collect()
    }

    fn has_room_for(&self, new: &NewSession) -> bool {
        match new.grant {
            Grant::Full => true,
            Grant::Token { .. } => {
                let is_token =
                    |it: &Session| it.user_id == new.user_id && matches!(it.grant, Grant::Token { .. });
                (self.sessions_with(is_token).len() as u64) < limit::TOKENS_PER_USER
            }
            Grant::Webhook { room } => {
                let is_of_room = |it: &Session| it.grant == Grant::Webhook { room };
                (self.sessions_with(is_of_room).len() as u64) < limit::WEBHOOKS_PER_ROOM
            }
        }
    }

    pub(crate) fn close(&mut self, ended: &[Session]) {
        for session in ended {
            self.sessions.remove(&session.id);
        }
    }
}

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
        if let Some(by) = new.made_by {
            state.may_act(by, new.at)?;
        }
        if !state.has_room_for(&new) {
            return Err(Conflict::TooManyTokens.into());
        }
        if state.sessions.values().any(|opened| opened.token == new.token) {
            return Err(StoreError::failed("two sessions with one token"));
        }
        if let Grant::Webhook { room } = new.grant
            && !state.rooms.contains_key(&room)
        {
            return Err(StoreError::failed("no such room"));
        }
        let session = Session {
            id: state.next_session()?,
            user_id: new.user_id,
            created_at: new.at,
            last_used_at: new.at,
            grant: new.grant,
        };
        let opened = Opened {
            session: session.clone(),
            token: new.token,
            address: new.address,
            agent: new.agent,
            name: new.name,
        };
        state.sessions.insert(session.id, opened);
        if let Some(by) = new.made_by {
            state.log(by, Action::AddWebhook, new.user_id, (None, None), new.at)?;
        }
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
            .find(|opened| opened.token == *token)
            .map(|opened| &opened.session)
            .and_then(|session| {
                state
                    .users
                    .get(&session.user_id)
                    .map(|(user, _)| (session.clone(), user.clone()))
            }))
    }

    async fn touch_session(&self, id: SessionId, at: Timestamp) -> Result<(), StoreError> {
        let mut state = self.writing()?;
        let Some(Opened { session, .. }) = state.sessions.get_mut(&id) else {
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

    async fn sessions_of(&self, user: UserId) -> Result<Vec<KnownSession>, StoreError> {
        let state = self.state();
        let of_user = state.sessions.values().filter(|it| it.session.user_id == user);
        let mut known: Vec<_> = of_user.map(Opened::known).collect();
        known.sort_by_key(|it| std::cmp::Reverse((it.session.last_used_at, it.session.id)));
        Ok(known)
    }

    async fn close_sessions(&self, user: UserId, which: Which) -> Result<Vec<SessionId>, StoreError> {
        let mut state = self.writing()?;
        let mut meant = state.sessions_with(|it| it.user_id == user && it.grant == Grant::Full);
        meant.sort_by_key(|it| std::cmp::Reverse((it.last_used_at, it.id)));
        match which {
            Which::AllBut(kept) => meant.retain(|it| it.id != kept),
            Which::Beyond(most) => drop(meant.drain(..meant.len().min(most as usize))),
        }
        state.close(&meant);
        Ok(meant.into_iter().map(|it| it.id).collect())
    }

    async fn webhooks_of(&self, room: RoomId) -> Result<Vec<(Session, User)>, StoreError> {
        let state = self.state();
        let webhooks = state.sessions_with(|it| it.grant == Grant::Webhook { room });
        let user = |it: Session| Some((state.users.get(&it.user_id)?.0.clone(), it));
        let with_users = webhooks.into_iter().filter_map(user);
        Ok(with_users.map(|(user, session)| (session, user)).collect())
    }

    async fn sweep_sessions(
        &self,
        created_before: Timestamp,
        used_before: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<(SessionId, UserId)>, StoreError> {
        let mut state = self.writing()?;
        let ended = state.sessions_with(|it| match it.grant {
            Grant::Full => it.created_at < created_before || it.last_used_at < used_before,
            Grant::Token { ends_at, .. } => ends_at.is_some_and(|end| end <= now),
            Grant::Webhook { .. } => false,
        });
        state.close(&ended);
        Ok(ended.into_iter().map(|it| (it.id, it.user_id)).collect())
    }
}
