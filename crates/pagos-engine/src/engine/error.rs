//! Why the engine cannot go on, in words that say what happened, to what, and what to do next.

use pagos_core::{AccountName, Error, OrderKey, Violation};

use crate::{
    approval::{Resend, RunApproval},
    intent::RunId,
    retention::Seal,
    store::StoreError,
    witness::{Restored, WitnessError},
};

/// Why the engine cannot go on. No payout is lost by it.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The store failed. Whether the write happened is unknown; read again to find out.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
    /// Another process has the turn to send from this store.
    #[error("another process works on this store; stop it first, or wait until it ends")]
    Taken,
    /// The store ties the account to another world.
    #[error(
        "account {account} of this store is {stored}, and here it is {given}; use another store, or \
         give the account another name"
    )]
    OtherWorld {
        /// The account.
        account: AccountName,
        /// The word in the store.
        stored: String,
        /// The word of this engine.
        given: String,
    },
    /// The waiting times would allow a second payout while a first one is under way.
    #[error("unsafe policy: {0}")]
    UnsafePolicy(String),
    /// The witness cannot be read, so nothing may be sent.
    #[error("nothing is sent without the witness: {0}")]
    Witness(#[from] WitnessError),
    /// The store was restored from a backup, and nothing has shown what was sent since.
    #[error(
        "this database was restored at {} from a backup of {}, and does not know what was sent since; \
         configure its `witness`, or compare with the provider and then run `pagos restore --accept`",
        .0.restored_at, .0.backup_at
    )]
    Restored(Restored),
    /// An order or a payout belongs to an account that is not configured.
    #[error("no account {0} is configured")]
    NoAccount(AccountName),
    /// No payout has this key.
    #[error("no payout {0}")]
    NoPayout(OrderKey),
    /// The payout was settled and left the store for the archive. It is never sent again.
    #[error(
        "payout {0} {word} and is in the archive since {day}: `pagos archive find {0} DIR` shows it",
        word = .1.ended.word(), day = .1.day_text()
    )]
    Archived(OrderKey, Seal),
    /// No payment has this key.
    #[error("no payment {0}")]
    NoPayment(OrderKey),
    /// The provider cannot carry the order. Nothing was stored or sent.
    #[error("the order cannot be sent")]
    Invalid(Vec<Violation>),
    /// These orders cannot be sent by their providers. Nothing was stored.
    #[error("{} cannot be sent: {}", list_keys(.0.iter().map(|(key, _)| key)), list_violations(.0))]
    Unsendable(Vec<(OrderKey, Vec<Violation>)>),
    /// These keys already name other orders. Nothing was stored.
    #[error("{} was submitted with another body before; a key names one payout for ever: give the \
             new payout a new key", list_keys(.0.iter()))]
    Conflict(Vec<OrderKey>),
    /// The run was released without these orders, and its members are fixed. Nothing was stored.
    #[error("{} came after the run was released; submit it in a run of its own", list_keys(.0.iter()))]
    RunClosed(Vec<OrderKey>),
    /// The run does not have the expected number of orders. Nothing was released.
    #[error(
        "run {} has {members} orders and not {expected}: another process took some back, or they were \
         never submitted; nothing was released; submit all of them again", run.0
    )]
    Incomplete {
        /// The run.
        run: RunId,
        /// How many orders were expected.
        expected: u64,
        /// How many it has.
        members: u64,
    },
    /// The provider could not do what was asked for; the kind is the next step.
    #[error("{0}")]
    Provider(#[source] Error),
    /// The decision does not fit the payout, or the answer the run.
    #[error("{0}")]
    Refused(String),
    /// Nothing was ever submitted to a run of this name.
    #[error("no run {}", .0.0)]
    NoRun(RunId),
    /// The run is stored and its members are fixed; nothing of it is sent before people approve.
    #[error(
        "run {} waits for {} more of {} approvals, and nothing of it is sent before: `pagos approve`",
        .0.run.0, .0.missing(), .0.needed
    )]
    WaitsForApproval(Box<RunApproval>),
    /// Somebody rejected the run. Nothing of it is sent.
    #[error("run {} was rejected{}; withdraw it and submit it again", .0.run.0, rejection_of(.0))]
    RunRejected(Box<RunApproval>),
    /// The run is over a limit that nobody lifts by approving. Nothing of it is sent.
    #[error("run {} is over a limit: {because}; nothing of it is sent", run.0)]
    OverLimit {
        /// The run.
        run: RunId,
        /// Which limit.
        because: String,
    },
    /// The decision to send a payout once more is kept until people approve it.
    #[error(
        "to send {} again waits for {} approvals by others than {}", .0.key, .0.needed, .0.decided.by
    )]
    ResendWaits(Box<Resend>),
}

fn rejection_of(approval: &RunApproval) -> String {
    let said = approval.rejection.as_ref();
    said.map(|said| format!(" by {}: {}", said.by, said.note)).unwrap_or_default()
}

/// The first few keys, and the number of the others.
fn list_keys<'a>(keys: impl Iterator<Item = &'a OrderKey>) -> String {
    const SHOWN_MAX: usize = 3;
    let keys: Vec<&OrderKey> = keys.collect();
    let shown: Vec<&str> = keys.iter().take(SHOWN_MAX).map(|key| key.as_str()).collect();
    match keys.len().saturating_sub(SHOWN_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn list_violations(unsendable: &[(OrderKey, Vec<Violation>)]) -> String {
    let first = unsendable.first().map(|(_, violations)| violations.as_slice()).unwrap_or_default();
    let texts: Vec<String> = first.iter().map(ToString::to_string).collect();
    texts.join("; ")
}
