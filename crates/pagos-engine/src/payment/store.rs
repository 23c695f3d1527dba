//! What the engine needs from a store for payments: a few transactions.

use std::fmt::Debug;

use async_trait::async_trait;
use pagos_core::{AccountName, OrderKey, PaymentOrder, ProviderRef, Secret, Timestamp};

use crate::{
    delivery::InboxId,
    history::{Entry, Notice},
    payment::{KnownSession, Payment, PaymentProgress},
    store::{ClaimRequest, Lease, StoreError},
};

/// Stores payments, the secrets of their sessions, and their history. Part of [`crate::Store`].
///
/// Every method is one transaction, durable when it returns. If a method's future is dropped, the
/// transaction may or may not have happened. Payments and payouts have separate keys: the same text
/// may name one of each.
#[async_trait]
pub trait PaymentStore: Debug + Send + Sync {
    /// Stores a new payment with version 1, not due.
    ///
    /// If the key exists with the same digest and account, the stored payment is returned; another
    /// body is [`SubmittedPayment::Conflict`].
    async fn submit_payment(
        &self,
        order: PaymentOrder,
        now: Timestamp,
    ) -> Result<SubmittedPayment, StoreError>;

    /// One payment.
    async fn payment(&self, key: &OrderKey) -> Result<Option<Payment>, StoreError>;

    /// Finds a session by its account and the provider's id of it.
    async fn session(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Result<Option<KnownSession>, StoreError>;

    /// Writes one step if the payment still has the version that the step was computed from. A
    /// missing payment is a conflict too. A session that belongs to another payment of the account
    /// is [`PaymentCommitted::SessionTaken`]. Orphans of the inbox that name a new session become
    /// due.
    async fn commit_payment(&self, step: PaymentStep) -> Result<PaymentCommitted, StoreError>;

    /// Payments sorted by key, after `after`, at most `limit`; only those with this status word
    /// (`created`, `unknown`, `pending`, `succeeded`, `failed`, `quarantined`), if one is given.
    async fn payments(
        &self,
        status: Option<&str>,
        after: Option<&OrderKey>,
        limit: usize,
    ) -> Result<Vec<Payment>, StoreError>;

    /// Claims payments that are due and under no live claim: from every share of
    /// [`crate::Work::Follow`] up to its limit, earliest due first. Nobody else can claim them
    /// until the lease is over or a step ends it. A row that this version cannot read is put into
    /// quarantine.
    async fn claim_payments(&self, request: ClaimRequest) -> Result<Vec<Payment>, StoreError>;

    /// Everything learned and done about one payment, oldest first.
    async fn payment_history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError>;
}

/// The result of submitting a payment order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubmittedPayment {
    /// Stored.
    New(Payment),
    /// The store already had it, with the same body.
    Existing(Payment),
    /// The key exists with another body; nothing was stored.
    Conflict,
}

/// One write to one payment, with everything that belongs to it, in one transaction.
#[derive(Debug, Clone)]
pub struct PaymentStep {
    /// The payment.
    pub key: OrderKey,
    /// The version that the step was computed from.
    pub version: u64,
    /// What happens to the claim.
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
    /// The delivery that this step applies and closes.
    pub applies: Option<InboxId>,
}

/// The result of a step of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentCommitted {
    /// Durable, with this new version.
    Done {
        /// The payment's new version.
        version: u64,
    },
    /// The payment has another version: read it again and decide again.
    Conflict,
    /// The session belongs to another payment. Deciding again does not help.
    SessionTaken,
}

/// A new session and its secret, which is stored nowhere else.
#[derive(Debug, Clone)]
pub struct OpenedSession {
    /// The provider's id of it.
    pub reference: ProviderRef,
    /// The secret that verifies its notifications.
    pub secret: Option<Secret>,
}
