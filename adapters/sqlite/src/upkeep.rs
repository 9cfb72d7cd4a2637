//! Keeping the database in good shape.

use chat_ports::{StoreError, Upkeep};

use crate::{SqliteStore, error};

impl Upkeep for SqliteStore {
    async fn optimise(&self) -> Result<(), StoreError> {
        // The mask has it look at all tables, not at those alone that this connection has read. It looks at a sample of
        // each index, and takes milliseconds also where there are millions of rows.
        let optimise = "PRAGMA analysis_limit = 400; PRAGMA optimize(0x10002);";
        self.write(move |connection, _| connection.execute_batch(optimise).map_err(error::store))
            .await
    }
}
