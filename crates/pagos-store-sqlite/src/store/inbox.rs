//! The inbox of [`SqliteStore`]. Chooses the thread for each call; the SQL is elsewhere.

use async_trait::async_trait;
use pagos_core::{AccountName, Delivery, Timestamp};
use pagos_engine::{
    Filed, Filing, InboxId, InboxItem, InboxState, InboxStore, Refused, StoreError, Trust, Verdict,
};

use super::SqliteStore;
use crate::{inbox, row};

#[async_trait]
impl InboxStore for SqliteStore {
    async fn receive(
        &self,
        account: &AccountName,
        delivery: &Delivery,
        verdict: &Verdict,
    ) -> Result<InboxId, StoreError> {
        let (account, delivery, verdict) = (account.clone(), delivery.clone(), verdict.clone());
        self.writer()?
            .call(move |transaction| {
                inbox::receive(transaction.connection, &account, &delivery, &verdict)
            })
            .await
    }

    async fn inbox(
        &self,
        trust: Trust,
        accounts: &[AccountName],
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<InboxItem>, StoreError> {
        let accounts = accounts.to_vec();
        self.reader
            .call(move |transaction| {
                inbox::due(transaction.connection, trust, &accounts, now, limit)
            })
            .await
    }

    async fn file(&self, id: InboxId, filing: Filing) -> Result<(), StoreError> {
        self.writer()?
            .call(move |transaction| inbox::file(transaction.connection, id, &filing))
            .await
    }

    async fn reopen(
        &self,
        id: InboxId,
        verdict: Option<Verdict>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.writer()?
            .call(move |transaction| {
                inbox::reopen(transaction.connection, id, verdict.as_ref(), now)
            })
            .await
    }

    async fn delivery(&self, id: InboxId) -> Result<Option<Filed>, StoreError> {
        let number = row::signed(id.0);
        self.reader.call(move |transaction| inbox::delivery(transaction.connection, number)).await
    }

    async fn deliveries(
        &self,
        state: Option<InboxState>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Filed>, StoreError> {
        self.reader
            .call(move |transaction| inbox::deliveries(transaction.connection, state, after, limit))
            .await
    }

    async fn count_refused(&self, refused: Vec<Refused>) -> Result<(), StoreError> {
        self.writer()?
            .call(move |transaction| inbox::count_refused(transaction.connection, &refused))
            .await
    }

    async fn refused(&self) -> Result<Vec<Refused>, StoreError> {
        self.reader.call(|transaction| inbox::refused(transaction.connection)).await
    }
}
