//! The payments of [`PostgresStore`]. Maps each call to its work; the SQL is elsewhere.

use async_trait::async_trait;
use pagos_core::{AccountName, OrderKey, PaymentOrder, ProviderRef, Timestamp};
use pagos_engine::{
    ClaimRequest, Entry, KnownSession, Payment, PaymentCommitted, PaymentStep, PaymentStore,
    StoreError, SubmittedPayment,
};

use super::PostgresStore;
use crate::{claim::ClaimPayments, payment, session};

#[async_trait]
impl PaymentStore for PostgresStore {
    async fn submit_payment(
        &self,
        order: PaymentOrder,
        now: Timestamp,
    ) -> Result<SubmittedPayment, StoreError> {
        self.pool.write(&payment::AskFor { order: &order, now }).await
    }

    async fn payment(&self, key: &OrderKey) -> Result<Option<Payment>, StoreError> {
        self.pool.read(&payment::ReadPayment { key }).await
    }

    async fn session(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Result<Option<KnownSession>, StoreError> {
        self.pool.read(&session::FindSession { account, reference }).await
    }

    async fn commit_payment(&self, step: PaymentStep) -> Result<PaymentCommitted, StoreError> {
        self.pool.fly(&step).await
    }

    async fn payments(
        &self,
        status: Option<&str>,
        after: Option<&OrderKey>,
        limit: usize,
    ) -> Result<Vec<Payment>, StoreError> {
        self.pool.read(&payment::ListPayments { status, after, limit }).await
    }

    async fn claim_payments(&self, request: ClaimRequest) -> Result<Vec<Payment>, StoreError> {
        self.pool.write(&ClaimPayments { request: &request }).await
    }

    async fn payment_history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        self.pool.read(&payment::ReadPaymentHistory { key }).await
    }
}
