//! What the engine needs from a store: a few transactions.
//!
//! A store keeps rows and guards them: a write names the version that it was computed from, and a
//! worker's write names the claim that it works under. The engine decides what the rows mean.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use async_trait::async_trait;
use pagos_core::{AccountName, OrderKey, PayoutOrder, ProviderRef, Status, Timestamp};

use crate::{
    books::BookStore,
    delivery::{InboxId, InboxStore},
    history::{Entry, Notice},
    intent::{Closed, Digest, Intent, Permit, Released, Run, RunId, Submitted},
    list::{Filter, Page},
    payment::store::PaymentStore,
    progress::{Progress, Wait},
    records::RecordStore,
    retention::RetentionStore,
    tally::Tally,
};

/// Keeps payouts, their history, the runs that they are members of, and the outbox of notices. Its
/// supertraits keep webhooks ([`InboxStore`]), payments ([`PaymentStore`]), the keys of archived
/// payouts ([`RetentionStore`]), small records of the service ([`RecordStore`]), and the lines of
/// bank statements ([`BookStore`]).
///
/// Every method is one transaction, durable when it returns. Only `release` and `withdraw` may work
/// through a large run in portions, and are repeated if they are interrupted. If a method's future
/// is dropped, the transaction may or may not have happened. The suite (feature `suite`) states the
/// same rules as tests.
///
/// A payout's version starts at 1 and rises with `commit`, with `release`, and with a claim that
/// begins an attempt. Its epoch rises with every claim to send, and with `end_claims`. Both rise by
/// [`stride`], and so does the version of a record, which starts with one.
#[async_trait]
pub trait Store: PaymentStore + InboxStore + RetentionStore + RecordStore + BookStore {
    /// The random identity of this store, 32 hexadecimal digits for a store that is kept. A copy of
    /// a store has the same identity.
    async fn identity(&self) -> Result<String, StoreError>;

    /// Names the line of history that the store was last seen on, for a store whose server can
    /// continue from an earlier state while Pagos runs: the system identifier and the timeline. What
    /// was committed on another line may be lost here. `None` for a store without such a name.
    fn lineage(&self) -> Option<String>;

    /// Takes the turn to send, if it is free.
    async fn take_turn(&self) -> Result<Turn, StoreError>;

    /// Ties an account to the world that it pays in (`live`, `sandbox`, simulated ...): the first
    /// word is kept for ever. Returns the word that is kept. A caller with another word must not go
    /// on, or payouts of a test would be sent as real money.
    async fn bind(&self, account: &AccountName, world: &str) -> Result<String, StoreError>;

    /// Stores the intents that are new and makes all of them members of `run`; all or none of them.
    ///
    /// If the key exists with the same digest, the stored payout is kept; another body is
    /// [`Submitted::Conflict`], and an order that is not in a closed run is
    /// [`Submitted::Closed`]. If there is any of these, nothing of the batch is stored. New intents
    /// are held: nobody can claim them before [`Store::release`]. A run exists from the first call
    /// on. Whoever submits something that is stored, or becomes a member, is noted with the run.
    ///
    /// A sealed key counts as known too: [`Submitted::Archived`] with the same digest, a conflict
    /// with another one. It becomes a member, counts in the run, and is never stored again.
    async fn submit(&self, run: &RunId, intents: Vec<Intent>)
    -> Result<Vec<Submitted>, StoreError>;

    /// Fixes the members of `run`, if there are `expected` of them; makes nothing due. Closing it
    /// again changes nothing.
    async fn close(&self, run: &RunId, expected: u64, now: Timestamp)
    -> Result<Closed, StoreError>;

    /// Makes the held members of `run` due at `now` and fixes its members, if it is the run that
    /// `permit` names and has as many members; otherwise changes nothing.
    async fn release(
        &self,
        run: &RunId,
        permit: Permit,
        now: Timestamp,
    ) -> Result<Released, StoreError>;

    /// Takes back a run that was not released: its members leave it, and those that are held and
    /// have no other run are deleted. Returns how many were deleted. A released run stays as it is.
    async fn withdraw(&self, run: &RunId) -> Result<u64, StoreError>;

    /// What is known of a run; `None` if nothing was ever submitted to it.
    async fn run(&self, run: &RunId) -> Result<Option<Run>, StoreError>;

    /// The runs with a number below `before` (`None` for the newest), newest first, at most `limit`.
    async fn runs(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(RunId, Run)>, StoreError>;

    /// The members of `run` that are held, by key and with a key greater than `after`, at most
    /// `limit`.
    async fn held(
        &self,
        run: &RunId,
        after: Option<&OrderKey>,
        limit: usize,
    ) -> Result<Vec<Payout>, StoreError>;

    /// Claims payouts that are due and under no live claim: from every share (of
    /// [`Work::OF_PAYOUTS`]) up to its limit, earliest due first.
    ///
    /// A claim to send is durable, together with the attempt that `begin` decided on; `begin` sees the
    /// payout with its new epoch. The claim raises the payout's epoch, so that no fenced write under
    /// an older claim succeeds. A claim to ask only keeps other workers from asking at the same
    /// time: it raises nothing, and a store may forget it.
    ///
    /// A row that this version cannot read is not claimed: it is put into quarantine with the
    /// reason, and a notice calls a person.
    async fn claim(
        &self,
        request: ClaimRequest,
        begin: &dyn Begin,
    ) -> Result<Vec<Claim>, StoreError>;

    /// Ends all claims, of payouts and of payments. Only for a program that is certainly the only
    /// worker ([`Turn::Alone`]). Returns how many claims to send payouts and to follow payments
    /// there were.
    async fn end_claims(&self) -> Result<u64, StoreError>;

    /// Writes one step if the payout still has the version that the step was computed from, and,
    /// for a fenced step, the claim's epoch. A missing payout is a conflict too. No step releases a
    /// held payout. If a step is the first to name a reference, orphans of the inbox that name it
    /// become due.
    async fn commit(&self, step: Step) -> Result<Committed, StoreError>;

    /// One payout.
    async fn payout(&self, key: &OrderKey) -> Result<Option<Payout>, StoreError>;

    /// The payout of an account that has the provider's id `reference`, once that is known; one of
    /// them if there are several.
    async fn payout_of(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Result<Option<OrderKey>, StoreError>;

    /// The payouts of a page. Rows that cannot be read are left out here and counted by
    /// [`Store::tally`]; a page is not shorter because of them.
    async fn list(&self, filter: &Filter, page: &Page) -> Result<Vec<Payout>, StoreError>;

    /// The payouts of an account with the status word `unknown`, the first submitted first, at most
    /// `limit`. Its cost grows with the number of those of all accounts, and with nothing else. Rows
    /// that cannot be read are left out.
    async fn doubts(&self, account: &AccountName, limit: usize) -> Result<Vec<Payout>, StoreError>;

    /// Everything learned and done about one payout, oldest first.
    async fn history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError>;

    /// Counts and sums by account, currency and status: of one run with its archived members, or of
    /// all payouts in the store.
    async fn tally(&self, run: Option<&RunId>) -> Result<Tally, StoreError>;

    /// The earliest moment at which something in `lanes` can be claimed or taken from the inbox.
    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError>;

    /// Notices for the application after number `after` (0 for all), at most `limit`.
    async fn outbox(&self, after: u64, limit: usize) -> Result<Vec<(u64, Notice)>, StoreError>;

    /// The number of the newest notice; 0 if there is none.
    async fn newest_notice(&self) -> Result<u64, StoreError>;

    /// How far a reader of the outbox has come: the number of the last notice that it acknowledged.
    /// `None` for a name that never acknowledged anything.
    async fn reader(&self, name: &str) -> Result<Option<u64>, StoreError>;

    /// Notes that a reader has come as far as `number`; it never goes back.
    async fn acknowledge(&self, name: &str, number: u64) -> Result<(), StoreError>;

    /// When each part of an account's list was last read, by the number of the part.
    async fn swept(&self, account: &AccountName) -> Result<BTreeMap<u32, Timestamp>, StoreError>;

    /// Notes that a part of an account's list is read at `at`, if the noted time is still `was`.
    /// Returns false if it is not: another worker was faster.
    async fn note_swept(
        &self,
        account: &AccountName,
        part: u32,
        was: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Notes that an account is out of service, with a notice, unless that is already noted.
    /// Returns whether it is new.
    async fn halt(&self, notice: Notice) -> Result<bool, StoreError>;

    /// Notes that an account works again, with a notice, if it was out of service.
    async fn resume(&self, notice: Notice) -> Result<bool, StoreError>;

    /// The accounts that are noted as out of service, sorted by name.
    async fn halted(&self) -> Result<Vec<AccountName>, StoreError>;
}

/// Whether an engine may send what is due.
#[derive(Debug)]
pub enum Turn {
    /// Yes, and nobody else may while the guard lives. Whoever else holds a claim is dead.
    Alone(Box<dyn Guard>),
    /// Yes, and others may too; leases and epochs keep them apart.
    Shared,
    /// No: another process has the turn.
    Taken,
}

/// Keeps a turn until it is dropped.
pub trait Guard: std::fmt::Debug + Send + Sync {}

/// A kind of work that can be due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Work {
    /// Send a payout, within the account's rate.
    Send,
    /// Query a payout that is under way, in doubt or contradicted.
    Ask,
    /// Query a settled payout. It comes after all others.
    Watch,
    /// Query a payment.
    Follow,
    /// Apply a verified delivery.
    Apply,
    /// Turn a hint into a query.
    Hint,
}

impl Work {
    /// The word for indexes of payouts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Ask => "ask",
            Self::Watch => "watch",
            Self::Follow => "follow",
            Self::Apply => "apply",
            Self::Hint => "hint",
        }
    }

    /// The work on payouts.
    pub const OF_PAYOUTS: [Self; 3] = [Self::Ask, Self::Watch, Self::Send];

    /// All kinds of work.
    pub const ALL: [Self; 6] =
        [Self::Send, Self::Ask, Self::Watch, Self::Follow, Self::Apply, Self::Hint];
}

/// One kind of work of one account. No lane waits for another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane {
    /// The account.
    pub account: AccountName,
    /// The kind of work.
    pub work: Work,
}

/// One payout as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// The order.
    pub order: PayoutOrder,
    /// The digest of the order.
    pub digest: Digest,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// How far it has come.
    pub progress: Progress,
    /// When to work on it; `None` if nothing is to be done until something is learned.
    pub due_at: Option<Timestamp>,
    /// Changes with every write. A step names the version that it was computed from.
    pub version: u64,
    /// The epoch of the newest claim; 0 before the first.
    pub epoch: u64,
}

impl Payout {
    /// Its status.
    pub fn status(&self) -> Status {
        self.progress.status()
    }

    /// Since when nobody knows whether it was paid; `None` if it is not in doubt. It was submitted
    /// earlier, perhaps much earlier.
    pub fn in_doubt_since(&self) -> Option<Timestamp> {
        let waiting = self.progress.waiting?;
        (self.status() == Status::Unknown && waiting.wait == Wait::Doubt).then_some(waiting.since)
    }
}

/// A worker's request for claims.
#[derive(Debug, Clone)]
pub struct ClaimRequest {
    /// The present moment.
    pub now: Timestamp,
    /// What this worker has room for, at most one share per lane.
    pub shares: Vec<Share>,
}

/// How much of one lane to claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The lane.
    pub lane: Lane,
    /// The maximum number.
    pub limit: usize,
    /// How long the claims hold.
    pub lease: Duration,
}

/// A claimed payout, which this worker holds until `lease_until`.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The payout as it is stored after the claim.
    pub payout: Payout,
    /// What it was claimed for.
    pub work: Work,
    /// When the claim ends by itself.
    pub lease_until: Timestamp,
}

impl Claim {
    /// Whether an attempt has begun with the claim, so that it must be sent now.
    pub fn has_begun(&self) -> bool {
        self.work == Work::Send && self.payout.progress.open.is_some()
    }
}

/// How much a version or an epoch rises with one write: at least 1, and at random up to 2^32.
///
/// A store that goes back to an earlier state takes its versions back too. If they were counted, a
/// worker that read a payout before could write over another state of it that has the same number by
/// now, or take another worker's claim for its own. A random number does not come back.
///
/// ```
/// use pagos_engine::stride;
///
/// assert!(stride() > 0);
/// assert_ne!(stride(), stride());
/// ```
pub fn stride() -> u64 {
    // Each `RandomState` has keys of its own, which nobody can predict.
    let random = RandomState::new().build_hasher().finish();
    (random >> 32) + 1
}

/// Decides whether an attempt begins with a claim to send, in the same transaction.
///
/// A store calls it for each payout that it is about to claim, and again if it repeats the
/// transaction. Only the last answer counts, and only if the claim is returned.
pub trait Begin: Send + Sync {
    /// The payout with the attempt; `None` to claim it without one. `payout` has the epoch of this
    /// claim.
    fn begin(&self, payout: &Payout) -> Option<Begun>;
}

impl<F: Fn(&Payout) -> Option<Begun> + Send + Sync> Begin for F {
    fn begin(&self, payout: &Payout) -> Option<Begun> {
        self(payout)
    }
}

/// Begins no attempt, so that the claim is just a claim.
#[derive(Debug, Clone, Copy)]
pub struct NoAttempt;

impl Begin for NoAttempt {
    fn begin(&self, _: &Payout) -> Option<Begun> {
        None
    }
}

/// What a claim that begins an attempt writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The new progress.
    pub progress: Progress,
    /// The new due time.
    pub due_at: Option<Timestamp>,
    /// What to add to the history.
    pub entries: Vec<Entry>,
}

/// One write to one payout, with everything that belongs to it, in one transaction.
#[derive(Debug, Clone)]
pub struct Step {
    /// The payout.
    pub key: OrderKey,
    /// The version that the step was computed from.
    pub version: u64,
    /// Write only if the newest claim still has this epoch.
    pub fence: Option<u64>,
    /// What happens to the claim.
    pub lease: Lease,
    /// The new progress.
    pub progress: Progress,
    /// The new due time.
    pub due_at: Option<Timestamp>,
    /// What to add to the history.
    pub entries: Vec<Entry>,
    /// What to tell the application.
    pub notices: Vec<Notice>,
    /// The delivery that this step applies and closes.
    pub applies: Option<InboxId>,
}

/// What a step does to the claim on its payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// Leaves the claim alone.
    Keep,
    /// Ends the claim.
    End,
}

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// Durable, with this new version.
    Done {
        /// The payout's new version.
        version: u64,
    },
    /// The payout has another version or a newer claim: read it again and decide again.
    Conflict,
}

/// The error of a store. Unless [`StoreErrorKind`] says otherwise, it is unknown whether a write
/// happened: read again before anything is decided.
///
/// ```
/// use pagos_engine::{StoreError, StoreErrorKind};
///
/// fn can_wait(error: &StoreError) -> bool {
///     match error.kind() {
///         StoreErrorKind::Busy | StoreErrorKind::Unreachable | StoreErrorKind::Full => true,
///         StoreErrorKind::UnknownOutcome => true,
///         StoreErrorKind::Damaged | StoreErrorKind::Failed => false,
///         StoreErrorKind::UnreadableRow => false,
///     }
/// }
/// assert!(!can_wait(&StoreError::new("the file is not a database")));
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    /// The kind, which determines what to do.
    pub kind: StoreErrorKind,
    /// What happened and what to do.
    pub message: String,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The kind of a [`StoreError`]: the next step for whoever runs an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreErrorKind {
    /// The store failed for a reason that stays: a setting, a permission, a fault. Read the
    /// message.
    Failed,
    /// Another process keeps the store locked, or its rows busy. Try again in a moment.
    Busy,
    /// The store's server cannot be reached. Try again later.
    Unreachable,
    /// The disk is full; nothing was written. Make room, then try again.
    Full,
    /// The connection was lost during a write, which may have happened. Read again before anything
    /// is decided.
    UnknownOutcome,
    /// The store's file is damaged. Stop, and restore a backup: a new store would pay everything
    /// again.
    Damaged,
    /// One row cannot be read, because a newer version wrote it or because it is damaged. Other
    /// rows are not affected.
    UnreadableRow,
}

impl StoreError {
    /// An error without a cause.
    pub fn new(message: impl Into<String>) -> Self {
        Self { kind: StoreErrorKind::Failed, message: message.into(), source: None }
    }

    /// A row that this version of the program cannot read.
    pub fn unreadable(message: impl Into<String>) -> Self {
        Self::new(message).of_kind(StoreErrorKind::UnreadableRow)
    }

    /// A delivery that the inbox does not have.
    pub fn missing_delivery(id: InboxId) -> Self {
        Self::new(format!(
            "the inbox has no delivery {}; a database that was restored, or a standby that took over, \
             may have forgotten it: the provider sends it again, or a query finds out",
            id.0
        ))
    }

    /// The kind, which determines what to do.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// The same error, of this kind.
    ///
    /// ```
    /// use pagos_engine::{StoreError, StoreErrorKind};
    ///
    /// let error = StoreError::new("the disk is full").of_kind(StoreErrorKind::Full);
    /// assert_eq!(error.kind(), StoreErrorKind::Full);
    /// ```
    #[must_use]
    pub fn of_kind(self, kind: StoreErrorKind) -> Self {
        Self { kind, ..self }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }
}
