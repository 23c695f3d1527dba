//! Decides which payouts may leave the store, as pure functions. `retention/prune.rs` moves them
//! out, and `retention/store.rs` says what a store does for that.

mod archive;
mod mark;
pub(crate) mod prune;
pub(crate) mod seal;
pub(crate) mod store;
mod survey;

use std::time::Duration;

use pagos_core::{Observation, Status, Timestamp};
use serde::Serialize;

pub use archive::{Archive, ArchivedPayout};
pub use mark::Mark;
pub use prune::{Portion, PruneError};
pub use seal::{Seal, SealedAs};
pub use store::{Candidate, Leaving, RetentionStore, Scope, Sealing};
pub use survey::{Survey, SurveyRow};

use crate::history::Entry;

/// The moment since which a payout must have been left alone to leave the store now.
///
/// ```
/// use pagos_core::Timestamp;
/// use pagos_engine::Horizon;
/// use std::time::Duration;
///
/// let now = Timestamp::from_millis(1_800_000_000_000);
/// let horizon = Horizon::new(Timestamp::from_millis(1_700_000_000_000), now)?;
/// assert_eq!(horizon.before(), Timestamp::from_millis(1_700_000_000_000));
/// assert!(Horizon::new(now, now).is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    before: Timestamp,
    now: Timestamp,
}

impl Horizon {
    /// The minimum age of a horizon. It is longer than any call to a provider takes, so that every
    /// query about a payout that was sent before the horizon has been answered.
    pub const MARGIN: Duration = Duration::from_secs(3_600);

    /// The horizon at `before`.
    ///
    /// # Errors
    /// What to change, if `before` is less than [`Horizon::MARGIN`] ago.
    pub fn new(before: Timestamp, now: Timestamp) -> Result<Self, String> {
        if before.plus(Self::MARGIN) > now {
            return Err(format!(
                "{before} is not an hour ago (it is {now}); name an earlier moment"
            ));
        }
        Ok(Self { before, now })
    }

    /// The moment itself.
    pub fn before(self) -> Timestamp {
        self.before
    }

    /// The present moment that it was created with.
    pub fn now(self) -> Timestamp {
        self.now
    }
}

/// Why a payout stays in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stay {
    /// Its status is not final.
    Unfinished,
    /// It waits for the release of a run.
    Held,
    /// A person must look.
    Attention,
    /// An observation contradicts its status, or was not understood.
    Contradicted,
    /// It is due for something: its watch is not over.
    Due,
    /// A worker has a claim on it.
    Claimed,
    /// A run that it is a member of was not released.
    OpenRun,
    /// It was changed at the horizon or after it.
    Recent,
}

impl Stay {
    /// The reason in words, to follow a number of payouts in a sentence.
    pub fn because(self) -> &'static str {
        match self {
            Self::Unfinished => "are not final",
            Self::Held => "wait for the release of a run",
            Self::Attention => "wait for a person",
            Self::Contradicted => "were told something that contradicts their status",
            Self::Due => "are watched, or have something else due",
            Self::Claimed => "are being worked on",
            Self::OpenRun => "are members of a run that was not released",
            Self::Recent => "were changed since then",
        }
    }
}

/// When something was last done or learned about a payout. It is the latest moment in the stored
/// rows and does not depend on the clock that wrote them.
///
/// ```
/// use pagos_core::Timestamp;
/// use pagos_engine::{Candidate, Entry, changed_at};
///
/// fn is_older(candidate: &Candidate, history: &[Entry], than: Timestamp) -> bool {
///     changed_at(candidate, history) < than
/// }
/// ```
pub fn changed_at(candidate: &Candidate, history: &[Entry]) -> Timestamp {
    let progress = &candidate.payout.progress;
    let repeated = progress.repeated.as_ref().map(|seen| seen.seen_at);
    let told =
        [Some(candidate.payout.created_at), Some(seen_at(progress.standing.held())), repeated];
    let told = told.into_iter().chain([progress.settled_at]).flatten();
    told.chain(history.iter().map(written_at)).max().unwrap_or(candidate.payout.created_at)
}

fn seen_at(observation: &Observation) -> Timestamp {
    observation.seen_at
}

fn written_at(entry: &Entry) -> Timestamp {
    match entry {
        Entry::Observed { observation, .. } | Entry::Contradicted { observation, .. } => {
            observation.seen_at
        }
        Entry::AttemptBegun { at, .. }
        | Entry::AttemptClosed { at, .. }
        | Entry::Asked { at, .. }
        | Entry::Decided { at, .. }
        | Entry::Disclosed { at, .. }
        | Entry::Attention { at, .. } => *at,
    }
}

/// Why a payout with this history stays; `None` if it may leave the store.
///
/// A part of the history never gives a reason that the whole does not give, so an empty history is
/// enough to find most payouts that stay.
///
/// ```
/// use pagos_engine::{Candidate, Horizon, Stay, stay};
///
/// fn may_leave(candidate: &Candidate, horizon: Horizon) -> bool {
///     match stay(candidate, &[], horizon) {
///         Some(Stay::Recent) | None => true, // its history says whether it is
///         Some(reason) => {
///             println!("{} stays: {reason:?}", candidate.payout.order.key);
///             false
///         }
///     }
/// }
/// ```
pub fn stay(candidate: &Candidate, history: &[Entry], horizon: Horizon) -> Option<Stay> {
    let Candidate { payout, is_held, lease_until, has_open_run, .. } = candidate;
    let progress = &payout.progress;
    let is_final = match progress.status() {
        Status::Succeeded | Status::Failed(_) => true,
        Status::Created | Status::Unknown | Status::Pending => false,
    };
    let standing = &progress.standing;
    let is_contradicted = standing.confirm_since().is_some() || standing.not_understood().is_some();
    let reasons = [
        (progress.attention.is_some(), Stay::Attention),
        (!is_final, Stay::Unfinished),
        (*is_held, Stay::Held),
        (is_contradicted, Stay::Contradicted),
        (payout.due_at.is_some() || progress.ahead_of.is_some(), Stay::Due),
        (lease_until.is_some_and(|until| until > horizon.now), Stay::Claimed),
        (*has_open_run, Stay::OpenRun),
        (changed_at(candidate, history) >= horizon.before, Stay::Recent),
    ];
    reasons.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason)
}

#[cfg(test)]
mod tests;
