//! Recognise: who shows this token?

use chat_domain::{Refusal, SessionId, SessionPolicy, TokenHash};
use chat_ports::{Ports, SessionStore};

use crate::{App, Error, SessionToken, SignedIn};

impl<P: Ports> App<P> {
    /// The sign-in that this token stands for. That it was used is noted down, to the minute; a store that takes
    /// nothing (a full disk) does not keep anybody out.
    ///
    /// # Errors
    /// `unauthenticated` if the session has ended or never was; `banned` if the account is.
    pub async fn authenticate(&self, token: &SessionToken) -> Result<SignedIn, Error> {
        self.authenticate_hash(&token.hash()).await
    }

    /// Whether a sign-in still stands, for who has held on to it for a while. That it was used is noted down.
    ///
    /// # Errors
    /// As [`App::authenticate`].
    pub async fn recognise_again(&self, who: &SignedIn) -> Result<SignedIn, Error> {
        self.authenticate_hash(&who.token).await
    }

    pub(crate) async fn authenticate_hash(&self, token: &TokenHash) -> Result<SignedIn, Error> {
        let now = self.now();
        let who = match self.sign_ins.get(token) {
            Ok(who) => who,
            Err(mark) => {
                let found = self.ports.sessions().session_by_token(token).await?;
                let (session, user) = found.ok_or(Refusal::Unauthenticated)?;
                let who = SignedIn {
                    user,
                    session,
                    token: *token,
                };
                self.sign_ins.keep(*token, who.clone(), mark);
                who
            }
        };
        if !self.settings.sessions.stands(&who.session, now) {
            return Err(Refusal::Unauthenticated.into());
        }
        who.user.admit(now)?;
        if SessionPolicy::worth_touching(&who.session, now) {
            // Failing that it lasts as long as the store thinks; the store itself says what is wrong with it.
            let _ = self.ports.sessions().touch_session(who.session.id, now).await;
            self.sign_ins.amend(token, |who| who.session.last_used_at = now);
        }
        Ok(who)
    }

    /// The session is not what it was, or is not any more.
    pub(crate) fn forget_session(&self, session: SessionId) {
        self.sign_ins.forget(|_, who| who.session.id == session);
    }
}
