//! What somebody has begun to write, sealed for their other clients.

use chat_domain::{AccountKind, Refusal};
use chat_ports::{KeyStore as _, Ports};

use super::DRAFTS_BYTES;
use crate::{App, Error, SignedIn};

impl<P: Ports> App<P> {
    /// The sealed drafts of who is signed in.
    ///
    /// # Errors
    /// `needs_identity` for an account without keys.
    pub async fn drafts(&self, who: &SignedIn) -> Result<Option<Vec<u8>>, Error> {
        has_keys(who)?;
        Ok(self.ports.keys().drafts(who.user().id).await?)
    }

    /// Puts drafts in the place of those that are there: the last writer wins.
    ///
    /// # Errors
    /// `needs_identity` for an account without keys; `payload_too_large`; `malformed` for nothing at all.
    pub async fn put_drafts(&self, who: &SignedIn, sealed: Vec<u8>) -> Result<(), Error> {
        has_keys(who)?;
        if sealed.is_empty() {
            return Err(Refusal::Malformed.into());
        }
        if sealed.len() > DRAFTS_BYTES {
            return Err(Refusal::TooLarge { most: DRAFTS_BYTES }.into());
        }
        Ok(self.ports.keys().put_drafts(who.user().id, sealed).await?)
    }
}

fn has_keys(who: &SignedIn) -> Result<(), Refusal> {
    match who.user().kind {
        AccountKind::Keyed => Ok(()),
        AccountKind::Basic => Err(Refusal::NeedsIdentity),
    }
}
