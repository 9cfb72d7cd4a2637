//! Sign out.

use chat_ports::{Notice, Ports, SessionStore};

use crate::{App, Error, SignedIn};

impl<P: Ports> App<P> {
    /// Ends the session: its token is worth nothing when this returns, and its sockets are cut.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn sign_out(&self, signed_in: &SignedIn) -> Result<(), Error> {
        let session = signed_in.session();
        self.ports.sessions().close_session(session.id).await?;
        self.forget_session(session.id);
        self.publish(Notice::SessionEnded {
            session_id: session.id,
            user_id: session.user_id,
        });
        Ok(())
    }
}
