//! Sessions.

use std::future::Future;

use chat_domain::{
    Grant, RoomId, Session, SessionId, Timestamp, TokenHash, TokenName, User, UserId, moderation::Actor,
};

use crate::StoreError;

/// Keeps sessions, under the hash of their token.
pub trait SessionStore: Send + Sync + 'static {
    /// Opens a session. If somebody else than its user makes it, a line in the audit log says so, in the same commit.
    ///
    /// # Errors
    /// `Conflict::UserInactive` if the user is gone or banned by now, or who makes it; `Conflict::NotAllowed` if that is
    /// no administrator any more; `Conflict::TooManyTokens` for a token beyond [`chat_domain::limit::TOKENS_PER_USER`] of its user, and
    /// for a webhook beyond [`chat_domain::limit::WEBHOOKS_PER_ROOM`] of its room. It fails if another session has the token: one token
    /// is never two sessions.
    fn open_session(&self, session: NewSession) -> impl Future<Output = Result<Session, StoreError>> + Send;

    /// The session with this token, and whose it is.
    fn session_by_token(
        &self,
        token: &TokenHash,
    ) -> impl Future<Output = Result<Option<(Session, User)>, StoreError>> + Send;

    /// Notes down that the session and its user were active at `at`. An ended session stays ended.
    fn touch_session(
        &self,
        session: SessionId,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Ends the session; its token is worth nothing when this returns. Returns whether there was one.
    fn close_session(&self, session: SessionId) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The sessions of a user, whatever they are good for, but for those that cannot be read any more: the one that was
    /// used last comes first, of two at once the newer one.
    fn sessions_of(&self, user: UserId)
    -> impl Future<Output = Result<Vec<KnownSession>, StoreError>> + Send;

    /// Ends those of a user's sessions that are good for everything and that are meant. Returns them, in no order.
    fn close_sessions(
        &self,
        user: UserId,
        which: Which,
    ) -> impl Future<Output = Result<Vec<SessionId>, StoreError>> + Send;

    /// The webhooks of a room with the accounts that they post as, by id.
    fn webhooks_of(
        &self,
        room: RoomId,
    ) -> impl Future<Output = Result<Vec<(Session, User)>, StoreError>> + Send;

    /// Ends the sessions whose time is over: of those that are good for everything the ones that began before
    /// `created_before` or were last used before `used_before`; of those that end when their maker has said the ones that
    /// have ended by `now`. Returns them, in no order.
    fn sweep_sessions(
        &self,
        created_before: Timestamp,
        used_before: Timestamp,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<(SessionId, UserId)>, StoreError>> + Send;
}

/// A session to be opened.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Whose.
    pub user_id: UserId,
    /// The hash of its token.
    pub token: TokenHash,
    /// Now.
    pub at: Timestamp,
    /// From where; kept sealed.
    pub address: String,
    /// With what; kept sealed.
    pub agent: String,
    /// What it is good for.
    pub grant: Grant,
    /// What its maker calls it; kept sealed.
    pub name: Option<TokenName>,
    /// Who makes it; `None`: its user.
    pub made_by: Option<Actor>,
}

/// A session as it is shown to its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSession {
    /// The session.
    pub session: Session,
    /// From where it was opened.
    pub address: String,
    /// With what.
    pub agent: String,
    /// What its maker calls it.
    pub name: Option<TokenName>,
}

/// Which of a user's sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All but this one.
    AllBut(SessionId),
    /// All but so many, those that were used last.
    Beyond(u32),
}
