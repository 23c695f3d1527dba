//! The retention of [`PostgresStore`]. Maps each call to its work; the SQL is elsewhere.

use async_trait::async_trait;
use pagos_core::{OrderKey, Timestamp};
use pagos_engine::{
    Candidate, Leaving, RetentionStore, RunId, Scope, Seal, Sealing, StoreError, Tally,
};

use super::PostgresStore;
use crate::{forget, retention, sealed, tallies};

#[async_trait]
impl RetentionStore for PostgresStore {
    async fn candidates(
        &self,
        scope: Scope,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Candidate>, StoreError> {
        self.pool.read(&retention::ReadCandidates { scope, after, limit }).await
    }

    async fn seal(
        &self,
        leaving: Vec<Leaving>,
        now: Timestamp,
    ) -> Result<Vec<Sealing>, StoreError> {
        self.pool.write(&retention::TakeOut { leaving: &leaving, now }).await
    }

    async fn sealed(&self, key: &OrderKey) -> Result<Option<Seal>, StoreError> {
        self.pool.read(&sealed::ReadSeal { key }).await
    }

    async fn archived(&self, run: &RunId) -> Result<Tally, StoreError> {
        self.pool.read(&tallies::ReadTally { of: tallies::Of::Archived(run) }).await
    }

    async fn forgettable_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.pool.read(&forget::CountDeliveries { before }).await
    }

    async fn forget_deliveries(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
        self.pool.write(&forget::ForgetDeliveries { before, limit }).await
    }

    async fn forget_notices(&self, up_to: u64) -> Result<u64, StoreError> {
        // A notice that nobody has read has no number yet, and the newest one must have a number.
        self.number_notices().await?;
        self.pool.write(&forget::ForgetNotices { up_to }).await
    }

    async fn forget_reader(&self, name: &str) -> Result<bool, StoreError> {
        self.pool.write(&forget::ForgetReader { name }).await
    }

    async fn readers(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.pool.read(&forget::ReadReaders).await
    }
}
