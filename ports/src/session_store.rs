//! Sessions.

use std::future::Future;

use chat_domain::{Session, SessionId, Timestamp, TokenHash, User, UserId};

use crate::StoreError;

/// Keeps sessions, under the hash of their token.
pub trait SessionStore: Send + Sync + 'static {
    /// Opens a session.
    ///
    /// # Errors
    /// `Conflict::UserInactive` if the user is gone or banned by now. It fails if another session has the token: one
    /// token is never two sessions.
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

    /// Ends the sessions that began before `created_before` or were last used before `used_before`. Returns them, in
    /// no order.
    fn sweep_sessions(
        &self,
        created_before: Timestamp,
        used_before: Timestamp,
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
}
