//! The retention of [`SqliteStore`]. Chooses the thread for each call; the SQL is elsewhere.

use async_trait::async_trait;
use pagos_core::{OrderKey, Timestamp};
use pagos_engine::{
    Candidate, Leaving, RetentionStore, RunId, Scope, Seal, Sealing, StoreError, Tally,
};

use super::SqliteStore;
use crate::{forget, outbox, query, retention, sealed};

#[async_trait]
impl RetentionStore for SqliteStore {
    async fn candidates(
        &self,
        scope: Scope,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Candidate>, StoreError> {
        let look = self.reader.call(move |transaction| {
            retention::candidates(transaction.connection, scope, after, limit)
        });
        let mut candidates = look.await?;
        for candidate in &mut candidates {
            let asked_until = self.asked.until(&candidate.payout.order.key);
            candidate.lease_until = candidate.lease_until.max(asked_until);
        }
        Ok(candidates)
    }

    async fn seal(
        &self,
        leaving: Vec<Leaving>,
        now: Timestamp,
    ) -> Result<Vec<Sealing>, StoreError> {
        let is_asked = |one: &Leaving| self.asked.is_claimed(&one.key, now);
        let asked: Vec<bool> = leaving.iter().map(is_asked).collect();
        let mut free = leaving.clone();
        free.retain(|one| !is_asked(one));
        let sealed = self.writer()?;
        let sealed = sealed.call(move |transaction| retention::seal(transaction, &free, now));
        let mut sealed = sealed.await?.into_iter();
        let answer = |is_asked| match is_asked {
            true => Sealing::Changed,
            false => sealed.next().unwrap_or(Sealing::Changed),
        };
        Ok(asked.into_iter().map(answer).collect())
    }

    async fn sealed(&self, key: &OrderKey) -> Result<Option<Seal>, StoreError> {
        let key = key.clone();
        self.reader.call(move |transaction| sealed::seal(transaction.connection, &key)).await
    }

    async fn archived(&self, run: &RunId) -> Result<Tally, StoreError> {
        let run = run.clone();
        self.reader.call(move |transaction| query::archived(transaction.connection, &run)).await
    }

    async fn forgettable_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.reader
            .call(move |transaction| forget::count_deliveries(transaction.connection, before))
            .await
    }

    /// The reading thread finds them, since that can take a while in a large inbox.
    async fn forget_deliveries(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let writer = self.writer()?;
        let find = self.reader.call(move |transaction| {
            forget::find_deliveries(transaction.connection, before, limit)
        });
        let ids = find.await?;
        if ids.is_empty() {
            return Ok(0);
        }
        writer
            .call(move |transaction| forget::deliveries(transaction.connection, &ids, before))
            .await
    }

    async fn forget_notices(&self, up_to: u64) -> Result<u64, StoreError> {
        self.writer()?.call(move |transaction| forget::notices(transaction.connection, up_to)).await
    }

    async fn forget_reader(&self, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.writer()?
            .call(move |transaction| outbox::forget_reader(transaction.connection, &name))
            .await
    }

    async fn readers(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.reader.call(|transaction| outbox::readers(transaction.connection)).await
    }
}
