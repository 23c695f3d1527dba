//! Records in memory.

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    records::{Record, RecordKind, RecordStore, RecordWrite, RecordWritten},
    store::{StoreError, stride},
};

#[async_trait]
impl RecordStore for MemoryStore {
    async fn record(&self, kind: RecordKind, name: &str) -> Result<Option<Record>, StoreError> {
        Ok(self.tables().records.get(&(kind, name.to_owned())).cloned())
    }

    async fn records(
        &self,
        kind: RecordKind,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let tables = self.tables();
        let of_kind =
            tables.records.iter().filter(|((of, name), _)| *of == kind && name.as_str() > after);
        Ok(of_kind.take(limit).map(|(_, record)| record.clone()).collect())
    }

    async fn write_record(&self, write: RecordWrite) -> Result<RecordWritten, StoreError> {
        let mut tables = self.tables();
        let RecordWrite { kind, name, was, body, notices } = write;
        let place = (kind, name.clone());
        if tables.records.get(&place).map(|record| record.version) != was {
            return Ok(RecordWritten::Conflict);
        }
        let version = match body {
            Some(body) => {
                let version = was.unwrap_or(0) + stride();
                tables.records.insert(place, Record { name, version, body });
                version
            }
            None => {
                tables.records.remove(&place);
                0
            }
        };
        tables.outbox.extend(notices);
        Ok(RecordWritten::Done { version })
    }
}
