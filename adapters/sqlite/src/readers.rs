//! The readers: a pool of connections that cannot write.

use std::path::Path;

use chat_ports::StoreError;
use deadpool_sqlite::{Config, Hook, HookError, Pool, Runtime};
use rusqlite::Connection;

use crate::{error::OpenError, schema};

/// Connections that read at the same time. Each works on a thread of the blocking pool.
const READERS: usize = 4;

#[derive(Clone)]
pub(crate) struct Readers(Pool);

impl Readers {
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let builder = Config::new(path)
            .builder(Runtime::Tokio1)
            .map_err(|e| OpenError::io(path, e))?;
        // deadpool-sqlite opens plainly and sets nothing.
        let configure = Hook::async_fn(|object, _| {
            Box::pin(async move {
                let configured = object.interact(|connection| {
                    schema::configure(connection)?;
                    connection.pragma_update(None, "query_only", true)
                });
                match configured.await {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(error)) => Err(HookError::Backend(error)),
                    Err(error) => Err(HookError::message(error.to_string())),
                }
            })
        });
        let pool = builder.max_size(READERS).post_create(configure).build();
        pool.map(Self).map_err(|error| OpenError::io(path, error))
    }

    pub(crate) async fn call<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let connection = self.0.get().await.map_err(StoreError::failed)?;
        let done = connection.interact(move |connection| work(connection)).await;
        done.map_err(|error| StoreError::failed(error.to_string()))?
    }
}
