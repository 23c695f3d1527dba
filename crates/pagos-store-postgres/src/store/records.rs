//! The records of [`PostgresStore`]. Maps each call to its work; the SQL is elsewhere.

use async_trait::async_trait;
use pagos_engine::{Record, RecordKind, RecordStore, RecordWrite, RecordWritten, StoreError};

use super::PostgresStore;
use crate::records;

#[async_trait]
impl RecordStore for PostgresStore {
    async fn record(&self, kind: RecordKind, name: &str) -> Result<Option<Record>, StoreError> {
        self.pool.read(&records::ReadRecord { kind, name }).await
    }

    async fn records(
        &self,
        kind: RecordKind,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        self.pool.read(&records::ReadRecords { kind, after, limit }).await
    }

    async fn write_record(&self, write: RecordWrite) -> Result<RecordWritten, StoreError> {
        self.pool.write(&records::WriteRecord { write: &write }).await
    }
}
