//! The inbox of [`PostgresStore`]. Maps each call to its work; the SQL is elsewhere.

use async_trait::async_trait;
use pagos_core::{AccountName, Delivery, Timestamp};
use pagos_engine::{
    Filed, Filing, InboxId, InboxItem, InboxState, InboxStore, Refused, StoreError, Trust, Verdict,
};

use super::PostgresStore;
use crate::{filed, inbox};

#[async_trait]
impl InboxStore for PostgresStore {
    async fn receive(
        &self,
        account: &AccountName,
        delivery: &Delivery,
        verdict: &Verdict,
    ) -> Result<InboxId, StoreError> {
        self.pool.fly(&inbox::Receive { account, delivery, verdict }).await
    }

    async fn inbox(
        &self,
        trust: Trust,
        accounts: &[AccountName],
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<InboxItem>, StoreError> {
        self.pool.read(&filed::ReadDue { trust, accounts, now, limit }).await
    }

    async fn file(&self, id: InboxId, filing: Filing) -> Result<(), StoreError> {
        self.pool.fly(&inbox::File { id, filing: &filing }).await
    }

    async fn reopen(
        &self,
        id: InboxId,
        verdict: Option<Verdict>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.pool.fly(&inbox::Reopen { id, verdict: verdict.as_ref(), now }).await
    }

    async fn delivery(&self, id: InboxId) -> Result<Option<Filed>, StoreError> {
        self.pool.read(&filed::ReadDelivery { id }).await
    }

    async fn deliveries(
        &self,
        state: Option<InboxState>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Filed>, StoreError> {
        self.pool.read(&filed::ListDeliveries { state, after, limit }).await
    }

    async fn count_refused(&self, refused: Vec<Refused>) -> Result<(), StoreError> {
        self.pool.fly(&inbox::CountRefused { refused: &refused }).await
    }

    async fn refused(&self) -> Result<Vec<Refused>, StoreError> {
        self.pool.read(&filed::ReadRefused).await
    }
}
