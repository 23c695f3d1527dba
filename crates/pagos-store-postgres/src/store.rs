//! [`PostgresStore`]: the engine's store on a PostgreSQL server.

use async_trait::async_trait;
use pagos_core::*;
use pagos_engine::*;

use crate::options::PostgresOptions;
use crate::settings::Finding;
use crate::settings::ServerSettings;

/// A [`Store`] on a PostgreSQL server.
#[derive(Debug)]
pub struct PostgresStore;

fn unbuilt() -> StoreError {
    StoreError::new("not built yet")
}

impl PostgresStore {
    /// Opens the store.
    ///
    /// # Errors
    /// See the message.
    pub async fn connect(_url: &str, _options: PostgresOptions) -> Result<Self, StoreError> {
        Err(unbuilt())
    }

    /// Opens the store to look at it.
    ///
    /// # Errors
    /// See the message.
    pub async fn connect_read_only(
        _url: &str,
        _options: PostgresOptions,
    ) -> Result<Self, StoreError> {
        Err(unbuilt())
    }

    /// What the server is set to.
    ///
    /// # Errors
    /// See the message.
    pub async fn settings(&self) -> Result<ServerSettings, StoreError> {
        Err(unbuilt())
    }
}

impl ServerSettings {
    /// What the settings mean, the worst first.
    pub fn findings(&self) -> Vec<Finding> {
        Vec::new()
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn bind(&self, _account: &AccountName, _world: &str) -> Result<String, StoreError> {
        Err(unbuilt())
    }

    async fn submit(&self, _intents: Vec<Intent>) -> Result<Vec<Submitted>, StoreError> {
        Err(unbuilt())
    }

    async fn release(&self, _run: &RunId, _now: Timestamp) -> Result<u64, StoreError> {
        Err(unbuilt())
    }

    async fn withdraw(&self, _run: &RunId) -> Result<u64, StoreError> {
        Err(unbuilt())
    }

    async fn claim(&self, _request: ClaimRequest) -> Result<Vec<Claim>, StoreError> {
        Err(unbuilt())
    }

    async fn end_claims(&self) -> Result<u64, StoreError> {
        Err(unbuilt())
    }

    async fn commit(&self, _step: Step) -> Result<Committed, StoreError> {
        Err(unbuilt())
    }

    async fn payout(&self, _key: &OrderKey) -> Result<Option<Payout>, StoreError> {
        Err(unbuilt())
    }

    async fn payout_of(
        &self,
        _account: &AccountName,
        _reference: &ProviderRef,
    ) -> Result<Option<OrderKey>, StoreError> {
        Err(unbuilt())
    }

    async fn list(
        &self,
        _filter: &Filter,
        _after: Option<&OrderKey>,
        _limit: usize,
    ) -> Result<Vec<Payout>, StoreError> {
        Err(unbuilt())
    }

    async fn history(&self, _key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        Err(unbuilt())
    }

    async fn tally(&self, _run: Option<&RunId>) -> Result<Tally, StoreError> {
        Err(unbuilt())
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        Err(unbuilt())
    }

    async fn receive(
        &self,
        _account: &AccountName,
        _delivery: &Delivery,
    ) -> Result<InboxId, StoreError> {
        Err(unbuilt())
    }

    async fn inbox(&self, _now: Timestamp, _limit: usize) -> Result<Vec<InboxItem>, StoreError> {
        Err(unbuilt())
    }

    async fn file(
        &self,
        _id: InboxId,
        _due_at: Option<Timestamp>,
        _outcome: &str,
    ) -> Result<(), StoreError> {
        Err(unbuilt())
    }

    async fn outbox(&self, _after: u64, _limit: usize) -> Result<Vec<(u64, Notice)>, StoreError> {
        Err(unbuilt())
    }
}

#[async_trait]
impl PaymentStore for PostgresStore {
    async fn ask_for(&self, _order: PaymentOrder, _now: Timestamp) -> Result<Asked, StoreError> {
        Err(unbuilt())
    }

    async fn payment(&self, _key: &OrderKey) -> Result<Option<Payment>, StoreError> {
        Err(unbuilt())
    }

    async fn session(
        &self,
        _account: &AccountName,
        _reference: &ProviderRef,
    ) -> Result<Option<KnownSession>, StoreError> {
        Err(unbuilt())
    }

    async fn commit_payment(&self, _step: PaymentStep) -> Result<Committed, StoreError> {
        Err(unbuilt())
    }

    async fn payments(
        &self,
        _status: Option<&str>,
        _after: Option<&OrderKey>,
        _limit: usize,
    ) -> Result<Vec<Payment>, StoreError> {
        Err(unbuilt())
    }

    async fn due_payments(
        &self,
        _now: Timestamp,
        _limit: usize,
    ) -> Result<Vec<Payment>, StoreError> {
        Err(unbuilt())
    }

    async fn payment_history(&self, _key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        Err(unbuilt())
    }
}
