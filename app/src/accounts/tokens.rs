//! Tokens that somebody makes for their programs.

use std::time::Duration;

use chat_domain::{AccountKind, Grant, Refusal, Scopes, SessionId, TokenName};
use chat_ports::{KnownSession, NewSession, Ports, SessionStore};

use crate::{App, Error, Origin, SessionToken, SignedIn};

/// A token that somebody asks for.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What they call it.
    pub name: TokenName,
    /// What it is to be good for.
    pub scopes: Scopes,
    /// For how long; `None`: until it is revoked.
    pub lasts: Option<Duration>,
}

impl<P: Ports> App<P> {
    /// Makes a token for a program of a basic account. It is good for what its scopes name of what the account may, until
    /// it ends or is revoked; it ends as well when the account gets another password, or is banned. This is the only time
    /// that it is seen.
    ///
    /// # Errors
    /// `forbidden` for a keyed account, whose programs need its keys; `too_many_tokens`.
    pub async fn make_token(
        &self,
        who: &SignedIn,
        asked: NewToken,
        origin: &Origin,
    ) -> Result<(KnownSession, SessionToken), Error> {
        if who.user().kind != AccountKind::Basic {
            return Err(Refusal::Forbidden.into());
        }
        let token = SessionToken::draw(self.ports.entropy());
        let grant = Grant::Token {
            scopes: asked.scopes,
            ends_at: asked.lasts.map(|span| self.now().after(span)),
        };
        let new = NewSession {
            name: Some(asked.name),
            ..self.new_session(who.user().id, &token, grant, origin)
        };
        let session = self.ports.sessions().open_session(new.clone()).await?;
        let known = KnownSession {
            session,
            address: new.address,
            agent: new.agent,
            name: new.name,
        };
        Ok((known, token))
    }

    /// The user's tokens, the one that was used last first.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn tokens(&self, who: &SignedIn) -> Result<Vec<KnownSession>, Error> {
        let known = self.ports.sessions().sessions_of(who.user().id).await?;
        let is_token = |known: &KnownSession| matches!(known.session.grant, Grant::Token { .. });
        Ok(known.into_iter().filter(is_token).collect())
    }

    /// Revokes a token: it is worth nothing when this returns, and its sockets are cut.
    ///
    /// # Errors
    /// `not_found` for what is no token of the user's.
    pub async fn revoke_token(&self, who: &SignedIn, id: SessionId) -> Result<(), Error> {
        let tokens = self.tokens(who).await?;
        let meant = tokens.iter().find(|known| known.session.id == id);
        self.close(&meant.ok_or(Refusal::NotFound)?.session).await
    }
}
