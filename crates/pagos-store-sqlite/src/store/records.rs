//! The records of [`SqliteStore`]. Chooses the thread for each call; the SQL is elsewhere.

use async_trait::async_trait;
use pagos_engine::{Record, RecordKind, RecordStore, RecordWrite, RecordWritten, StoreError};

use super::SqliteStore;
use crate::records;

#[async_trait]
impl RecordStore for SqliteStore {
    async fn record(&self, kind: RecordKind, name: &str) -> Result<Option<Record>, StoreError> {
        let name = name.to_owned();
        self.reader
            .call(move |transaction| records::record(transaction.connection, kind, &name))
            .await
    }

    async fn records(
        &self,
        kind: RecordKind,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let after = after.to_owned();
        self.reader
            .call(move |transaction| records::records(transaction.connection, kind, &after, limit))
            .await
    }

    async fn write_record(&self, write: RecordWrite) -> Result<RecordWritten, StoreError> {
        self.writer()?.call(move |transaction| records::write(transaction.connection, &write)).await
    }
}
