//! What clients pin of this installation.

use chat_domain::Timestamp;
use chat_e2ee::ids::InstanceId;
use chat_ports::{AccountSecrets as _, KeyStore as _, Ports};

use crate::{App, Error};

/// The installation, as clients know it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instance {
    /// Its id.
    pub id: [u8; 16],
    /// The key of its signatures.
    pub key: [u8; 32],
    /// Its time.
    pub now: Timestamp,
}

impl<P: Ports> App<P> {
    /// The installation's id and key. The id is drawn when it is asked for the first time.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn instance(&self) -> Result<Instance, Error> {
        Ok(Instance {
            id: *self.instance_id().await?.as_bytes(),
            key: self.ports.secrets().instance_key(),
            now: self.now(),
        })
    }

    pub(super) async fn instance_id(&self) -> Result<InstanceId, Error> {
        if let Some(known) = self.instance.get() {
            return Ok(*known);
        }
        let fresh = self.ports.entropy().draw();
        let id = InstanceId(self.ports.keys().instance(fresh).await?);
        Ok(*self.instance.get_or_init(|| id))
    }
}
