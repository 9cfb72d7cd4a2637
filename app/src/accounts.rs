//! Accounts and sign-ins.

mod authenticate;
mod register;
mod sessions;
mod sign_in;
mod sign_out;
mod sweep;
pub mod token;
mod tokens;
pub(crate) mod ws_token;

pub use register::Registration;
pub use sign_in::Attempt;
pub use sweep::Maintained;
pub use tokens::NewToken;

use std::net::IpAddr;

use chat_domain::{Need, Network, Refusal, Session, TokenHash, User};

use token::SessionToken;

/// Proof of a sign-in that stands: only authentication hands it out.
#[derive(Debug, Clone)]
pub struct SignedIn {
    user: User,
    session: Session,
    token: TokenHash,
}

impl SignedIn {
    /// Who.
    #[must_use]
    pub const fn user(&self) -> &User {
        &self.user
    }

    /// Lets through who has what is needed.
    ///
    /// # Errors
    /// `insufficient_scope`.
    pub fn allow(&self, need: Need) -> Result<(), Refusal> {
        self.session.grant.allow(need)
    }

    /// By which session.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }
}

/// A sign-in made right now, with the token that the client gets to keep.
#[derive(Debug)]
pub struct SignedInNow {
    /// The proof.
    pub signed_in: SignedIn,
    /// The token; this is the only time it is seen.
    pub token: SessionToken,
}

/// Where a request comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The client's address.
    pub address: IpAddr,
    /// What the client says it is, cut to a bearable length.
    pub agent: String,
}

impl Origin {
    /// Characters that are kept of what a client says it is.
    const AGENT: usize = 256;

    /// What limits by address count this by.
    #[must_use]
    pub fn network(&self) -> Network {
        Network::of(self.address)
    }

    /// Takes an address and a `User-Agent`.
    #[must_use]
    pub fn new(address: IpAddr, agent: &str) -> Self {
        Self {
            address,
            agent: agent.chars().take(Self::AGENT).collect(),
        }
    }
}
