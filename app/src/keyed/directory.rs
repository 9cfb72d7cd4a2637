//! The directory of identities, for those who keep it whole.

use std::sync::Arc;

use chat_domain::keyed::DirectoryRecord;
use chat_ports::{KeyStore as _, Notice, Ports};

use crate::{App, Error, SignedIn};

/// A part of the directory, and its newest record.
#[derive(Debug, Clone)]
pub struct DirectoryPage {
    /// The records, in their order.
    pub records: Vec<DirectoryRecord>,
    /// The newest one of all, whose head is signed: it may lie beyond this page.
    pub newest: Option<DirectoryRecord>,
}

impl<P: Ports> App<P> {
    /// Tells everybody who keeps up with the directory that it has this record.
    pub(super) fn tell_of_record(&self, record: &DirectoryRecord) {
        self.publish(Notice::DirectoryGrew(Arc::new(record.clone())));
    }

    /// Records from a place on. `_who`: the directory is for those who are signed in.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn directory(&self, _who: &SignedIn, from: u64, limit: u32) -> Result<DirectoryPage, Error> {
        // The newest first: a record that is appended in between is then one that the page may have, not one it lacks.
        let newest = self.ports.keys().newest_record().await?;
        Ok(DirectoryPage {
            records: self.ports.keys().directory(from, limit).await?,
            newest,
        })
    }
}
