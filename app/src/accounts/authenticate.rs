//! Recognise: who shows this token?

use chat_domain::{Refusal, SessionPolicy, TokenHash};
use chat_ports::{Ports, SessionStore};

use crate::{App, Error, SessionToken, SignedIn};

impl<P: Ports> App<P> {
    /// The sign-in that this token stands for. That it was used is noted down, to the minute.
    ///
    /// # Errors
    /// `unauthenticated` if the session has ended or never was; `banned` if the account is.
    pub async fn authenticate(&self, token: &SessionToken) -> Result<SignedIn, Error> {
        self.authenticate_hash(&token.hash()).await
    }

    pub(crate) async fn authenticate_hash(&self, token: &TokenHash) -> Result<SignedIn, Error> {
        let now = self.now();
        let sessions = self.ports.sessions();
        let (session, user) = sessions
            .session_by_token(token)
            .await?
            .ok_or(Refusal::Unauthenticated)?;
        if !self.settings.sessions.stands(&session, now) {
            return Err(Refusal::Unauthenticated.into());
        }
        user.admit(now)?;
        if SessionPolicy::worth_touching(&session, now) {
            sessions.touch_session(session.id, now).await?;
        }
        Ok(SignedIn { user, session })
    }
}
