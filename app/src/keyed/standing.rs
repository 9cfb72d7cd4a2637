//! How far things stand that clients of keyed accounts keep up with.

use chat_domain::AccountKind;
use chat_domain::keyed::DirectoryRecord;
use chat_ports::{KeyStore as _, Ports};

use crate::{App, Error, SignedIn};

/// What a client compares with what it knows.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The directory's newest record.
    pub newest: Option<DirectoryRecord>,
    /// The version of the account's sealed state.
    pub state_version: Option<u64>,
}

impl<P: Ports> App<P> {
    /// How far things stand; nothing for an account without keys, which keeps up with none of it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn standing(&self, who: &SignedIn) -> Result<Option<Standing>, Error> {
        let user = who.user();
        if user.kind != AccountKind::Keyed {
            return Ok(None);
        }
        Ok(Some(Standing {
            newest: self.ports.keys().newest_record().await?,
            state_version: self.ports.keys().state_version(user.id).await?,
        }))
    }

    /// The directory's newest record, if it comes after this place and the account keeps up with the directory.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn directory_after(
        &self,
        who: &SignedIn,
        known: u64,
    ) -> Result<Option<DirectoryRecord>, Error> {
        if who.user().kind != AccountKind::Keyed {
            return Ok(None);
        }
        let newest = self.ports.keys().newest_record().await?;
        Ok(newest.filter(|newest| newest.i > known))
    }
}
