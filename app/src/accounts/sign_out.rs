//! Sign out.

use chat_domain::{Session, SessionId, UserId};
use chat_ports::{Notice, Ports, SessionStore};

use crate::{App, Error, SignedIn};

impl<P: Ports> App<P> {
    /// Ends the session: its token is worth nothing when this returns, and its sockets are cut.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn sign_out(&self, signed_in: &SignedIn) -> Result<(), Error> {
        let session = signed_in.session();
        self.close(session).await
    }

    /// Ends a session, whatever it is good for.
    pub(crate) async fn close(&self, session: &Session) -> Result<(), Error> {
        self.ports.sessions().close_session(session.id).await?;
        self.tell_of_ended(session.user_id, &[session.id]);
        Ok(())
    }

    /// Forgets sessions that the store has ended, and has their sockets cut.
    pub(crate) fn tell_of_ended(&self, user_id: UserId, ended: &[SessionId]) {
        for session_id in ended.iter().copied() {
            self.forget_session(session_id);
            self.publish(Notice::SessionEnded { session_id, user_id });
        }
    }
}
