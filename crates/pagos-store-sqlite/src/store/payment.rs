//! The payments of [`SqliteStore`]. Chooses the thread for each call; the SQL is elsewhere.

use async_trait::async_trait;
use pagos_core::{AccountName, OrderKey, PaymentOrder, ProviderRef, Timestamp};
use pagos_engine::{
    ClaimRequest, Entry, KnownSession, Payment, PaymentCommitted, PaymentStep, PaymentStore,
    StoreError, SubmittedPayment,
};

use super::SqliteStore;
use crate::{payment, session};

#[async_trait]
impl PaymentStore for SqliteStore {
    async fn submit_payment(
        &self,
        order: PaymentOrder,
        now: Timestamp,
    ) -> Result<SubmittedPayment, StoreError> {
        self.writer()?
            .call(move |transaction| payment::submit_payment(transaction.connection, &order, now))
            .await
    }

    async fn payment(&self, key: &OrderKey) -> Result<Option<Payment>, StoreError> {
        let key = key.clone();
        self.reader.call(move |transaction| payment::payment(transaction.connection, &key)).await
    }

    async fn session(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Result<Option<KnownSession>, StoreError> {
        let account = account.clone();
        let reference = reference.clone();
        self.reader
            .call(move |transaction| session::known(transaction.connection, &account, &reference))
            .await
    }

    async fn commit_payment(&self, step: PaymentStep) -> Result<PaymentCommitted, StoreError> {
        self.writer()?.call(move |transaction| payment::commit(transaction.connection, &step)).await
    }

    async fn payments(
        &self,
        status: Option<&str>,
        after: Option<&OrderKey>,
        limit: usize,
    ) -> Result<Vec<Payment>, StoreError> {
        let status = status.map(str::to_owned);
        let after = after.cloned();
        self.reader
            .call(move |transaction| {
                payment::list(transaction.connection, status.as_deref(), after.as_ref(), limit)
            })
            .await
    }

    async fn claim_payments(&self, request: ClaimRequest) -> Result<Vec<Payment>, StoreError> {
        self.writer()?.call(move |transaction| payment::claim(transaction, &request)).await
    }

    async fn payment_history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        let key = key.clone();
        self.reader.call(move |transaction| payment::history(transaction.connection, &key)).await
    }
}
