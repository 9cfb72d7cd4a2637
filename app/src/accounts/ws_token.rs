//! Tokens for the `auth` frame of a socket: single use, good for a minute, kept in memory only.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chat_domain::{Need, Refusal, Scope, Timestamp, TokenHash, limit};
use chat_ports::Ports;

use crate::{App, Error, SessionToken, SignedIn};

/// Unused tokens kept at once; beyond it the stale ones are dropped, and if that does not help, all.
const MOST: usize = 100_000;

/// Unused tokens: for each the session that it stands for, and when it ends.
#[derive(Default)]
pub(crate) struct WsTokens(Mutex<HashMap<TokenHash, (TokenHash, Timestamp)>>);

impl<P: Ports> App<P> {
    /// Gives out a token that signs one socket in for this session.
    pub fn issue_ws_token(&self, session: &SessionToken) -> SessionToken {
        let now = self.now();
        let token = SessionToken::draw(self.ports.entropy());
        let mut tokens = self.ws_tokens.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= MOST {
            tokens.retain(|_, (_, ends)| now < *ends);
        }
        if tokens.len() >= MOST {
            tokens.clear();
        }
        tokens.insert(
            token.hash(),
            (session.hash(), now.after(limit::WS_TOKEN_LIFETIME)),
        );
        token
    }

    /// Signs a socket in by a session token or by a token of [`App::issue_ws_token`], which is then used up.
    ///
    /// # Errors
    /// `unauthenticated` for a token that is worth nothing, `banned` for a banned account, `insufficient_scope` for a
    /// token that may not read.
    pub async fn authenticate_socket(&self, token: &SessionToken) -> Result<SignedIn, Error> {
        let now = self.now();
        let hash = token.hash();
        let used = self
            .ws_tokens
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&hash);
        let who = match used {
            Some((_, ends)) if ends <= now => return Err(Refusal::Unauthenticated.into()),
            Some((session, _)) => self.authenticate_hash(&session).await?,
            None => self.authenticate_hash(&hash).await?,
        };
        who.allow(Need::Scope(Scope::Read))?;
        Ok(who)
    }
}
