//! What the engine needs of a store for payments: a few transactions. No SQL and no policy.

use std::fmt::Debug;

use async_trait::async_trait;
use pagos_core::{AccountName, OrderKey, PaymentOrder, ProviderRef, Secret, Timestamp};

use crate::{
    delivery::InboxId,
    history::{Entry, Notice},
    payment::{KnownSession, Payment, PaymentProgress},
    store::{ClaimRequest, Lease, StoreError},
};

/// Keeps payments, the secrets of their sessions, and their history. Part of [`crate::Store`].
///
/// Every method is one transaction, durable when it returns. A method whose future is dropped may
/// or may not have happened. The keys of payments and those of payouts do not meet: the same text
/// may name one of each.
#[async_trait]
pub trait PaymentStore: Debug + Send + Sync {
    /// Stores a payment that is not there yet, with version 1 and not due.
    ///
    /// The same key with the same digest and account yields what is stored; another body is
    /// [`SubmittedPayment::Conflict`].
    async fn submit_payment(
        &self,
        order: PaymentOrder,
        now: Timestamp,
    ) -> Result<SubmittedPayment, StoreError>;

    /// One payment.
    async fn payment(&self, key: &OrderKey) -> Result<Option<Payment>, StoreError>;

    /// The session of an account by the provider's id of it.
    async fn session(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Result<Option<KnownSession>, StoreError>;

    /// Writes one step if the payment still has the version that the step was computed from. A
    /// payment that is not there is a conflict too. A session that another payment of the account has
    /// is [`PaymentCommitted::SessionTaken`]. Orphans of the inbox that name a new session are due again.
    async fn commit_payment(&self, step: PaymentStep) -> Result<PaymentCommitted, StoreError>;

    /// Payments in the order of their keys, after `after`, at most `limit`; only those with this
    /// status word (`created`, `unknown`, `pending`, `succeeded`, `failed`, `quarantined`), if one is
    /// given.
    async fn payments(
        &self,
        status: Option<&str>,
        after: Option<&OrderKey>,
        limit: usize,
    ) -> Result<Vec<Payment>, StoreError>;

    /// Claims payments that are due and under no live claim: of every share of
    /// [`crate::Work::Follow`] up to its limit, earliest due first. Nobody else claims them until the
    /// lease is over or a step ends it. A row that this version cannot read is put in quarantine.
    async fn claim_payments(&self, request: ClaimRequest) -> Result<Vec<Payment>, StoreError>;

    /// Everything learned and done about one payment, oldest first.
    async fn payment_history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError>;
}

/// What became of an order that was handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubmittedPayment {
    /// Stored.
    New(Payment),
    /// It was there already, with the same body.
    Existing(Payment),
    /// The key is there with another body; nothing was stored.
    Conflict,
}

/// One write to one payment, with all that belongs to it, in one transaction.
#[derive(Debug, Clone)]
pub struct PaymentStep {
    /// The payment.
    pub key: OrderKey,
    /// The version that the step was computed from.
    pub version: u64,
    /// What becomes of the claim.
    pub lease: Lease,
    /// The new progress.
    pub progress: PaymentProgress,
    /// The session that this step adds to the progress, so that it can be found by its id.
    pub opens: Option<OpenedSession>,
    /// The new due time.
    pub due_at: Option<Timestamp>,
    /// What to add to the history.
    pub entries: Vec<Entry>,
    /// What to tell the application.
    pub notices: Vec<Notice>,
    /// The delivery that this step applies, which is closed with it.
    pub applies: Option<InboxId>,
}

/// What became of a step of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentCommitted {
    /// Durable, under this new version.
    Done {
        /// The payment's new version.
        version: u64,
    },
    /// The payment has another version: read it again, decide again.
    Conflict,
    /// The session belongs to another payment. Deciding again does not help.
    SessionTaken,
}

/// A new session and its secret, which stands nowhere else.
#[derive(Debug, Clone)]
pub struct OpenedSession {
    /// The provider's id of it.
    pub reference: ProviderRef,
    /// What its notifications are verified with.
    pub secret: Option<Secret>,
}
