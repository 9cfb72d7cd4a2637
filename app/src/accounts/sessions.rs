//! Where somebody is signed in, and how that is ended from elsewhere.

use chat_domain::{Grant, Refusal, SessionId, UserId, limit};
use chat_ports::{KnownSession, Ports, SessionStore, Which};

use crate::{App, Error, SignedIn};

impl<P: Ports> App<P> {
    /// Where the user is signed in, the place that was used last first.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn sessions(&self, who: &SignedIn) -> Result<Vec<KnownSession>, Error> {
        let known = self.ports.sessions().sessions_of(who.user().id).await?;
        let is_sign_in = |known: &KnownSession| known.session.grant == Grant::Full;
        let standing = |known: &KnownSession| self.settings.sessions.stands(&known.session, self.now());
        Ok(known.into_iter().filter(is_sign_in).filter(standing).collect())
    }

    /// Signs the user out at another place (or at this one): its token is worth nothing when this returns, and its
    /// sockets are cut.
    ///
    /// # Errors
    /// `not_found` for what is no sign-in of the user's.
    pub async fn end_session(&self, who: &SignedIn, id: SessionId) -> Result<(), Error> {
        let sessions = self.sessions(who).await?;
        let meant = sessions.iter().find(|known| known.session.id == id);
        self.close(&meant.ok_or(Refusal::NotFound)?.session).await
    }

    /// Signs the user out everywhere but here. Returns at how many places. What they have made for programs stays.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn end_other_sessions(&self, who: &SignedIn) -> Result<usize, Error> {
        let user = who.user().id;
        self.end_sessions(user, Which::AllBut(who.session().id)).await
    }

    /// Another sign-in must not be one too many.
    pub(crate) async fn make_room_for_a_session(&self, user: UserId) -> Result<(), Error> {
        let others = Which::Beyond(limit::SESSIONS_PER_USER - 1);
        self.end_sessions(user, others).await.map(drop)
    }

    async fn end_sessions(&self, user: UserId, which: Which) -> Result<usize, Error> {
        let ended = self.ports.sessions().close_sessions(user, which).await?;
        self.tell_of_ended(user, &ended);
        Ok(ended.len())
    }
}
