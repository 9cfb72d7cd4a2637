//! The state that an account's clients share, sealed for them alone.

use chat_domain::keyed::SealedState;
use chat_domain::{Refusal, UserId};
use chat_ports::{KeyStore as _, Notice, Ports};

use super::STATE_BYTES;
use crate::{App, Error, SignedIn};

impl<P: Ports> App<P> {
    /// The sealed state of who is signed in.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn state(&self, who: &SignedIn) -> Result<Option<SealedState>, Error> {
        Ok(self.ports.keys().state(who.user().id).await?)
    }

    /// Puts a state in the place of the one that it was made from.
    ///
    /// # Errors
    /// `state_conflict` with the one that is there, if another was stored meanwhile; `malformed` for one that is too
    /// large or empty.
    pub async fn put_state(&self, who: &SignedIn, state: SealedState) -> Result<u64, Error> {
        if !fits(&state) {
            return Err(Refusal::Malformed.into());
        }
        let version = state.version;
        match self.ports.keys().put_state(who.user().id, state).await? {
            None => {
                self.publish(Notice::StateStored {
                    user_id: who.user().id,
                    by: who.session().id,
                    version,
                });
                Ok(version)
            }
            Some(kept) => Err(Refusal::StateConflict { kept: Box::new(kept) }.into()),
        }
    }

    /// The refusal of a state that another one came before.
    pub(super) async fn state_moved(&self, user: UserId) -> Result<Error, Error> {
        let none = SealedState {
            version: 0,
            sealed: Vec::new(),
        };
        let kept = self.ports.keys().state(user).await?.unwrap_or(none);
        Ok(Refusal::StateConflict { kept: Box::new(kept) }.into())
    }
}

/// Whether it has a size that is stored.
pub(super) const fn fits(state: &SealedState) -> bool {
    !state.sealed.is_empty() && state.sealed.len() <= STATE_BYTES
}
