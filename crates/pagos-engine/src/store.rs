//! What the engine needs of a store: a few transactions. No SQL and no policy.
//!
//! A store keeps rows and guards them: a write names the version that it was computed from, and a
//! worker's write names the claim that it works under. What the rows mean is the engine's business.

use std::time::Duration;

use async_trait::async_trait;
use pagos_core::AccountName;
use pagos_core::Delivery;
use pagos_core::OrderKey;
use pagos_core::PayoutOrder;
use pagos_core::ProviderRef;
use pagos_core::Timestamp;

use crate::history::Entry;
use crate::history::Notice;
use crate::intent::Digest;
use crate::intent::Intent;
use crate::intent::RunId;
use crate::intent::Submitted;
use crate::payment::store::PaymentStore;
use crate::progress::Progress;
use crate::tally::Tally;

/// Keeps payouts, their history, the inbox of webhooks and the outbox of notices; and payments, as
/// [`PaymentStore`] says.
///
/// Every method is one transaction, durable when it returns; only `release` and `withdraw` may work
/// through a large run in portions, and are repeated if they are interrupted. A method whose future
/// is dropped may or may not have happened. The suite (feature `suite`) says the same as tests.
///
/// A payout's version starts at 1 and rises with `commit` and `release`; its epoch rises with
/// `claim` and `end_claims`.
#[async_trait]
pub trait Store: PaymentStore {
    /// Ties an account to the world that it pays in (`live`, `sandbox`, simulated ...): the first word
    /// stays for ever. Returns the word that stays; whoever meant another one must not go on, or
    /// payouts of a test would go out as real money.
    async fn bind(&self, account: &AccountName, world: &str) -> Result<String, StoreError>;

    /// Stores intents that are not there yet, all or none of them.
    ///
    /// The same key with the same digest and account yields what is stored (and joins the intent's
    /// run); another body is [`Submitted::Conflict`]. If any conflicts, nothing of the batch is
    /// stored. New intents are held: nobody can claim them before [`Store::release`].
    async fn submit(&self, intents: Vec<Intent>) -> Result<Vec<Submitted>, StoreError>;

    /// Makes the held payouts of `run` due at `now`; returns how many.
    async fn release(&self, run: &RunId, now: Timestamp) -> Result<u64, StoreError>;

    /// Takes back what of `run` is still held: payouts that no release ever made due, and that
    /// nobody can have sent. Returns how many. A payout that joined the run later stays.
    async fn withdraw(&self, run: &RunId) -> Result<u64, StoreError>;

    /// Claims up to `limit` payouts that are due and under no live claim, earliest due first.
    ///
    /// A claim raises the payout's epoch, so that an older claim of the same payout can write
    /// nothing that is fenced.
    async fn claim(&self, request: ClaimRequest) -> Result<Vec<Claim>, StoreError>;

    /// Ends all claims, for a program that knows to be the only worker (an embedded store behind a
    /// file lock). Returns how many.
    async fn end_claims(&self) -> Result<u64, StoreError>;

    /// Writes one step if the payout still has the version that the step was computed from, and,
    /// for a fenced step, the claim's epoch. A payout that is not there is a conflict too. No step
    /// releases a held payout.
    async fn commit(&self, step: Step) -> Result<Committed, StoreError>;

    /// One payout.
    async fn payout(&self, key: &OrderKey) -> Result<Option<Payout>, StoreError>;

    /// The payout of an account that bears the provider's id `reference`, once that was learned; one
    /// of them if there are several.
    async fn payout_of(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Result<Option<OrderKey>, StoreError>;

    /// Payouts in the order of their keys, after `after`, at most `limit`.
    async fn list(
        &self,
        filter: &Filter,
        after: Option<&OrderKey>,
        limit: usize,
    ) -> Result<Vec<Payout>, StoreError>;

    /// Everything learned and done about one payout, oldest first.
    async fn history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError>;

    /// Counts and sums by account, currency and status; of one run, or of all.
    async fn tally(&self, run: Option<&RunId>) -> Result<Tally, StoreError>;

    /// The earliest moment at which something can be claimed or taken from the inbox, or a payment
    /// is due.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Stores a delivery's raw bytes. What has the same [`crate::fingerprint`] is stored once per
    /// account.
    async fn receive(
        &self,
        account: &AccountName,
        delivery: &Delivery,
    ) -> Result<InboxId, StoreError>;

    /// Deliveries that wait to be applied and are due at `now`, oldest first, at most `limit`.
    async fn inbox(&self, now: Timestamp, limit: usize) -> Result<Vec<InboxItem>, StoreError>;

    /// Puts a delivery off until `due_at`, or closes it with `outcome` if that is `None`.
    async fn file(
        &self,
        id: InboxId,
        due_at: Option<Timestamp>,
        outcome: &str,
    ) -> Result<(), StoreError>;

    /// Notices for the application after the one numbered `after` (0 for all), at most `limit`.
    async fn outbox(&self, after: u64, limit: usize) -> Result<Vec<(u64, Notice)>, StoreError>;
}

/// One payout as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// What was ordered.
    pub order: PayoutOrder,
    /// The digest of the order.
    pub digest: Digest,
    /// How far it is.
    pub progress: Progress,
    /// When something is to be done about it; `None`: nothing, until something is learned.
    pub due_at: Option<Timestamp>,
    /// Changes with every write; what the next step is computed from.
    pub version: u64,
    /// The epoch of the newest claim.
    pub epoch: u64,
}

/// Who claims, and how much.
#[derive(Debug, Clone)]
pub struct ClaimRequest {
    /// The present moment.
    pub now: Timestamp,
    /// For how long the claim holds.
    pub lease: Duration,
    /// At most so many.
    pub limit: usize,
    /// Accounts that are out of service for now.
    pub except: Vec<AccountName>,
}

/// A claimed payout: this worker's until `lease_until`.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The payout as claimed.
    pub payout: Payout,
    /// When the claim ends by itself.
    pub lease_until: Timestamp,
}

/// One write to one payout, with all that belongs to it, in one transaction.
#[derive(Debug, Clone)]
pub struct Step {
    /// The payout.
    pub key: OrderKey,
    /// The version that the step was computed from.
    pub version: u64,
    /// Write only if this is still the newest claim's epoch.
    pub fence: Option<u64>,
    /// What becomes of the claim.
    pub lease: Lease,
    /// The new progress.
    pub progress: Progress,
    /// The new due time.
    pub due_at: Option<Timestamp>,
    /// What to add to the history.
    pub entries: Vec<Entry>,
    /// What to tell the application.
    pub notices: Vec<Notice>,
    /// The delivery that this step applies, which is closed with it.
    pub applies: Option<InboxId>,
}

/// What a step does to the claim on its payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// Leaves it alone.
    Keep,
    /// Ends it.
    End,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// Durable, under this new version.
    Done {
        /// The payout's new version.
        version: u64,
    },
    /// The payout has another version or a newer claim: read it again, decide again.
    Conflict,
}

/// Which payouts to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only of this run.
    pub run: Option<RunId>,
    /// Only with this status word (`created`, `unknown`, `pending`, `succeeded`, `failed`,
    /// `quarantined`).
    pub status: Option<String>,
}

/// The number of a delivery in the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InboxId(pub u64);

/// A delivery that waits to be applied.
#[derive(Debug, Clone)]
pub struct InboxItem {
    /// Its number.
    pub id: InboxId,
    /// The account that it came in for.
    pub account: AccountName,
    /// The raw bytes.
    pub delivery: Delivery,
    /// How often it was put off.
    pub deferrals: u32,
}

/// A store that could not do its work. The outcome of a write is then not known.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    /// What happened and what to do.
    pub message: String,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StoreError {
    /// An error without a cause.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }
}
