//! What is to be done from time to time.

use chat_domain::Timestamp;
use chat_ports::{Notice, Ports, SessionStore, Upkeep};

use crate::{App, Error};

/// What was done to keep the house in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maintained {
    /// Sessions whose time was over.
    pub sessions: usize,
}

impl<P: Ports> App<P> {
    /// Everything that is to be done from time to time: ends the sessions whose time is over, and has the store keep itself
    /// in good shape. The server does it by itself, too.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn maintain(&self) -> Result<Maintained, Error> {
        let sessions = self.sweep_sessions().await?;
        self.ports.upkeep().optimise().await?;
        Ok(Maintained { sessions })
    }

    /// Ends the sessions whose time is over, and cuts the sockets that still hang on them. Returns how many.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn sweep_sessions(&self) -> Result<usize, Error> {
        let (now, policy) = (self.now().millis(), self.settings.sessions);
        let before = |span: std::time::Duration| {
            let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
            Timestamp::from_millis(now.saturating_sub(millis).saturating_add(1))
        };
        let sessions = self.ports.sessions();
        let ended = sessions
            .sweep_sessions(before(policy.absolute), before(policy.idle), self.now())
            .await?;
        for (session_id, user_id) in &ended {
            self.forget_session(*session_id);
            self.publish(Notice::SessionEnded {
                session_id: *session_id,
                user_id: *user_id,
            });
        }
        Ok(ended.len())
    }
}
