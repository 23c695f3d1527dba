//! What the engine needs of a store: a few transactions. No SQL and no policy.
//!
//! A store keeps rows and guards them: a write names the version that it was computed from, and a
//! worker's write names the claim that it works under. What the rows mean is the engine's business.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use pagos_core::{AccountName, OrderKey, PayoutOrder, ProviderRef, Status, Timestamp};

use crate::{
    delivery::{InboxId, InboxStore},
    history::{Entry, Notice},
    intent::{Digest, Intent, Released, Run, RunId, Submitted},
    list::{Filter, Page},
    payment::store::PaymentStore,
    progress::Progress,
    retention::RetentionStore,
    tally::Tally,
};

/// Keeps payouts, their history, the runs that they are members of, and the outbox of notices; the
/// inbox of webhooks, as [`InboxStore`] says; payments, as [`PaymentStore`] says; and the keys of what
/// was archived, as [`RetentionStore`] says.
///
/// Every method is one transaction, durable when it returns; only `release` and `withdraw` may work
/// through a large run in portions, and are repeated if they are interrupted. A method whose future
/// is dropped may or may not have happened. The suite (feature `suite`) says the same as tests.
///
/// A payout's version starts at 1 and rises with `commit`, with `release`, and with a claim that begins
/// an attempt; its epoch rises with every claim to send, and with `end_claims`.
#[async_trait]
pub trait Store: PaymentStore + InboxStore + RetentionStore {
    /// What tells this store from every other one, made at random with it: 32 hexadecimal digits where
    /// it is kept. A copy has the same.
    async fn identity(&self) -> Result<String, StoreError>;

    /// Takes the turn to send what is due, if it is free.
    async fn take_turn(&self) -> Result<Turn, StoreError>;

    /// Ties an account to the world that it pays in (`live`, `sandbox`, simulated ...): the first word
    /// stays for ever. Returns the word that stays; whoever meant another one must not go on, or
    /// payouts of a test would go out as real money.
    async fn bind(&self, account: &AccountName, world: &str) -> Result<String, StoreError>;

    /// Stores intents that are not there yet and makes all of them members of `run`; all or none of
    /// them.
    ///
    /// The same key with the same digest yields what is stored; another body is
    /// [`Submitted::Conflict`], and an order that a released run does not have is
    /// [`Submitted::Closed`]. If there is any of these, nothing of the batch is stored. New intents are
    /// held: nobody can claim them before [`Store::release`]. A run exists from the first call on.
    ///
    /// A sealed key is known in the same way, [`Submitted::Archived`] with the same digest and a
    /// conflict with another one. It becomes a member, counts in the run, and is never stored again.
    async fn submit(&self, run: &RunId, intents: Vec<Intent>)
    -> Result<Vec<Submitted>, StoreError>;

    /// Makes those members of `run` due at `now` that are held, and fixes its members, if there are
    /// `expected` of them; otherwise it changes nothing.
    async fn release(
        &self,
        run: &RunId,
        expected: u64,
        now: Timestamp,
    ) -> Result<Released, StoreError>;

    /// Takes back a run that was not released: its members leave it, and those that are held and have
    /// no run any more are forgotten. Returns how many were forgotten. A released run stays as it is.
    async fn withdraw(&self, run: &RunId) -> Result<u64, StoreError>;

    /// What is known of a run; `None` if nobody ever submitted it.
    async fn run(&self, run: &RunId) -> Result<Option<Run>, StoreError>;

    /// Claims payouts that are due and under no live claim: of every share (of
    /// [`Work::OF_PAYOUTS`]) up to its limit, earliest due first.
    ///
    /// A claim to send is durable, together with the attempt that `begin` decided on, and raises the
    /// payout's epoch, so that an older claim of the same payout can write nothing that is fenced. A
    /// claim to ask only keeps others from asking at the same time: it raises nothing, and a store
    /// may forget it.
    ///
    /// A row that this version cannot read is not claimed: it is put in quarantine with the reason,
    /// and a notice calls a person.
    async fn claim(
        &self,
        request: ClaimRequest,
        begin: &dyn Begin,
    ) -> Result<Vec<Claim>, StoreError>;

    /// Ends all claims, of payouts and of payments, for a program that knows to be the only worker
    /// ([`Turn::Alone`]). Returns how many there were to send payouts and to follow payments.
    async fn end_claims(&self) -> Result<u64, StoreError>;

    /// Writes one step if the payout still has the version that the step was computed from, and,
    /// for a fenced step, the claim's epoch. A payout that is not there is a conflict too. No step
    /// releases a held payout. Where a step is the first to name a reference, orphans of the inbox
    /// that name it are due again.
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

    /// The payouts of a page. Rows that cannot be read are left out here and counted by
    /// [`Store::tally`]; they make no page short.
    async fn list(&self, filter: &Filter, page: &Page) -> Result<Vec<Payout>, StoreError>;

    /// Everything learned and done about one payout, oldest first.
    async fn history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError>;

    /// Counts and sums by account, currency and status; of one run with its archived members, or of all
    /// that are in the store.
    async fn tally(&self, run: Option<&RunId>) -> Result<Tally, StoreError>;

    /// The earliest moment at which something of `lanes` can be claimed or taken from the inbox.
    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError>;

    /// Notices for the application after the one numbered `after` (0 for all), at most `limit`.
    async fn outbox(&self, after: u64, limit: usize) -> Result<Vec<(u64, Notice)>, StoreError>;

    /// The number of the newest notice; 0 if there is none.
    async fn newest_notice(&self) -> Result<u64, StoreError>;

    /// How far a reader of the outbox has got: the number of the last notice that it acknowledged.
    /// `None` for a name that never acknowledged anything.
    async fn reader(&self, name: &str) -> Result<Option<u64>, StoreError>;

    /// A reader has got as far as `number`, and never goes back.
    async fn acknowledge(&self, name: &str, number: u64) -> Result<(), StoreError>;

    /// When each part of an account's list was read last, by its number.
    async fn swept(&self, account: &AccountName) -> Result<BTreeMap<u32, Timestamp>, StoreError>;

    /// Notes that a part of an account's list is read at `at`, if what is noted of it still is `was`. False
    /// if it is not: another worker was faster.
    async fn note_swept(
        &self,
        account: &AccountName,
        part: u32,
        was: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Notes that an account is out of service, with a notice, unless that is noted already. Returns
    /// whether it is new.
    async fn halt(&self, notice: Notice) -> Result<bool, StoreError>;

    /// Notes that an account works again, with a notice, unless it was not out of service.
    async fn resume(&self, notice: Notice) -> Result<bool, StoreError>;

    /// The accounts that are noted as out of service, in the order of their names.
    async fn halted(&self) -> Result<Vec<AccountName>, StoreError>;
}

/// Whether an engine may send what is due.
#[derive(Debug)]
pub enum Turn {
    /// Yes, and nobody else may while the guard lives: whoever holds a claim is dead.
    Alone(Box<dyn Guard>),
    /// Yes, and others may as well; leases and epochs keep them apart.
    Shared,
    /// No: another process does.
    Taken,
}

/// Keeps a turn until it is dropped.
pub trait Guard: std::fmt::Debug + Send + Sync {}

/// A kind of work that can be due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Work {
    /// A payout is to be sent, which the account's rate limits.
    Send,
    /// A provider is to be asked about a payout that is under way, in doubt or contradicted.
    Ask,
    /// A provider is to be asked about a settled payout, which waits until all others are asked about.
    Watch,
    /// A provider is to be asked about a payment.
    Follow,
    /// A verified delivery of the inbox is to be applied.
    Apply,
    /// A hint of the inbox is to become a query.
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

    /// What is done about payouts.
    pub const OF_PAYOUTS: [Self; 3] = [Self::Ask, Self::Watch, Self::Send];

    /// All of it.
    pub const ALL: [Self; 6] =
        [Self::Send, Self::Ask, Self::Watch, Self::Follow, Self::Apply, Self::Hint];
}

/// One kind of work of one account. Nobody's lane waits for another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane {
    /// The account.
    pub account: AccountName,
    /// What is done there.
    pub work: Work,
}

/// One payout as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// What was ordered.
    pub order: PayoutOrder,
    /// The digest of the order.
    pub digest: Digest,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// How far it is.
    pub progress: Progress,
    /// When something is to be done about it; `None`: nothing, until something is learned.
    pub due_at: Option<Timestamp>,
    /// Changes with every write; what the next step is computed from.
    pub version: u64,
    /// The epoch of the newest claim.
    pub epoch: u64,
}

impl Payout {
    /// Where it stands.
    pub fn status(&self) -> Status {
        self.progress.status()
    }
}

/// Who claims, and how much.
#[derive(Debug, Clone)]
pub struct ClaimRequest {
    /// The present moment.
    pub now: Timestamp,
    /// What this worker has room for, at most one share a lane.
    pub shares: Vec<Share>,
}

/// How much of one lane is claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The lane.
    pub lane: Lane,
    /// At most so many.
    pub limit: usize,
    /// For how long the claims hold.
    pub lease: Duration,
}

/// A claimed payout: this worker's until `lease_until`.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The payout as it is stored now.
    pub payout: Payout,
    /// What it was claimed for.
    pub work: Work,
    /// When the claim ends by itself.
    pub lease_until: Timestamp,
}

impl Claim {
    /// Has an attempt begun with it? Then it is to be sent now.
    pub fn has_begun(&self) -> bool {
        self.work == Work::Send && self.payout.progress.open.is_some()
    }
}

/// Decides whether an attempt begins with a claim to send, in the same transaction.
///
/// A store calls it for each payout that it is about to claim, and again if it has to do the
/// transaction anew; only the last answer counts, and only if the claim is returned.
pub trait Begin: Send + Sync {
    /// The payout with the attempt; `None` to claim it and write nothing else.
    fn begin(&self, payout: &Payout) -> Option<Begun>;
}

impl<F: Fn(&Payout) -> Option<Begun> + Send + Sync> Begin for F {
    fn begin(&self, payout: &Payout) -> Option<Begun> {
        self(payout)
    }
}

/// Begins nothing: a claim and no more.
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

/// A store that could not do its work. Unless [`StoreErrorKind`] says otherwise, the outcome of a write is
/// then not known: read again before anything is decided.
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
    /// What it is about, and so what to do.
    pub kind: StoreErrorKind,
    /// What happened and what to do.
    pub message: String,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What a [`StoreError`] is about: the next step of whoever runs an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreErrorKind {
    /// The store could not do its work, for a reason that stays: a setting, a right, a fault. Read the
    /// message.
    Failed,
    /// Somebody else keeps it locked, or keeps its rows busy. Try again in a moment.
    Busy,
    /// The server of the store, or the way to it, is away. Try again later.
    Unreachable,
    /// The disk is full; nothing was written. Make room, then try again.
    Full,
    /// A write was under way when the store went away, and it may have happened. Read again before
    /// anything is decided.
    UnknownOutcome,
    /// The store's file is damaged. Stop, and restore a backup: a new store would pay again.
    Damaged,
    /// One row cannot be read, because a newer version wrote it or because it is damaged. Other rows
    /// are as good as ever.
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

    /// What it is about, and so what to do.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// The same error, of this kind.
    #[must_use]
    pub fn of_kind(self, kind: StoreErrorKind) -> Self {
        Self { kind, ..self }
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
