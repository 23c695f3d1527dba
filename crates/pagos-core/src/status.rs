//! The status machine: five statuses, and the one rule that decides what an observation changes.
//!
//! [`crate::manual::reversal`] gives the reasons.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Observation, Source};

/// The status of a payout or payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The order is stored. Nothing was sent, or what was sent certainly did not arrive.
    Created,
    /// The order may have been sent; we do not know.
    Unknown,
    /// The provider has accepted it and has not finished.
    Pending,
    /// The provider says that the money arrived. Final, but it can be reversed.
    Succeeded,
    /// The provider says that the money does not arrive. Final, but it can be reversed.
    Failed(FailReason),
}

/// Why a payout failed, in terms that providers share. Their own words are kept beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailReason {
    /// The provider refused it before accepting it; no money moved under this key.
    Rejected,
    /// The provider accepted it, and it failed later.
    Declined,
    /// Cancelled by us or by the provider.
    Cancelled,
    /// It was not completed in time.
    Expired,
    /// It was paid, and the money came back.
    Returned,
}

impl Status {
    /// Whether the status is final. A final status is settled but not frozen: a reversal can change
    /// it.
    pub fn is_final(self) -> bool {
        matches!(self, Status::Succeeded | Status::Failed(_))
    }

    /// The stable word for reports and stores: `created`, `unknown`, `pending`, `succeeded`,
    /// `failed`.
    pub fn word(self) -> &'static str {
        match self {
            Status::Created => "created",
            Status::Unknown => "unknown",
            Status::Pending => "pending",
            Status::Succeeded => "succeeded",
            Status::Failed(_) => "failed",
        }
    }

    fn is_same_kind(self, other: Self) -> bool {
        self.word() == other.word()
    }
}

impl FailReason {
    /// The word for reports.
    pub fn word(self) -> &'static str {
        match self {
            FailReason::Rejected => "rejected",
            FailReason::Declined => "declined",
            FailReason::Cancelled => "cancelled",
            FailReason::Expired => "expired",
            FailReason::Returned => "returned",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Status::Failed(reason) => write!(f, "failed ({})", reason.word()),
            other => f.write_str(other.word()),
        }
    }
}

/// What an observation changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It repeats the status that is held.
    Same,
    /// It moves the status forward.
    Advanced,
    /// A final status turned into the opposite one. Money moved, or moved back.
    Reversed {
        /// The status before.
        from: Status,
        /// The status now.
        to: Status,
    },
    /// It is older than what is held.
    Stale,
    /// It may be true: query the provider, then decide.
    Confirm,
}

/// What `seen` changes, given `last`, the observation that determines the current status. Pure and
/// total.
///
/// | last \ seen | Unknown | Pending | Succeeded | Failed |
/// |---|---|---|---|---|
/// | Created | Advanced | Advanced | Advanced | Advanced |
/// | Unknown | Same | Advanced | Advanced | Advanced |
/// | Pending | Stale | Same | Advanced | Advanced |
/// | Succeeded | Stale | Stale | Same | Reversed, Confirm or Stale |
/// | Failed | Stale | Stale | Reversed, Confirm or Stale | Same |
///
/// An unverified event is always `Confirm`. An observation of `Created` is always `Stale`.
///
/// ```
/// use pagos_core::{Change, Observation, Source, Status, Timestamp, change};
///
/// let event = |status, provider_ms| Observation {
///     provider_at: Some(Timestamp::from_millis(provider_ms)),
///     ..Observation::new(status, Source::VerifiedEvent, Timestamp::from_millis(9_000))
/// };
/// let failed = Status::Failed(pagos_core::FailReason::Declined);
/// let paid = event(Status::Succeeded, 1_000);
/// let taken_back = event(failed, 2_000);
/// assert_eq!(
///     change(&paid, &taken_back),
///     Change::Reversed { from: Status::Succeeded, to: failed },
/// );
/// assert_eq!(change(&taken_back, &paid), Change::Stale); // the late retry of the first webhook
/// ```
pub fn change(last: &Observation, seen: &Observation) -> Change {
    if last == seen {
        return Change::Same;
    }
    if seen.source == Source::UnverifiedEvent {
        return Change::Confirm;
    }
    if last.status.is_same_kind(seen.status) {
        return Change::Same;
    }
    match (last.status, seen.status) {
        (_, Status::Created) => Change::Stale,
        (Status::Created, _) => Change::Advanced,
        (_, Status::Unknown) => Change::Stale,
        (Status::Unknown, _) => Change::Advanced,
        (_, Status::Pending) => Change::Stale,
        (Status::Pending, _) => Change::Advanced,
        (Status::Succeeded | Status::Failed(_), Status::Succeeded | Status::Failed(_)) => {
            contradiction(last, seen)
        }
    }
}

/// Two final statuses that exclude each other: decides which one is newer.
fn contradiction(last: &Observation, seen: &Observation) -> Change {
    let reversed = Change::Reversed { from: last.status, to: seen.status };
    // A query that was sent before the held status was seen says nothing about later events.
    if seen.asked_at.is_some_and(|asked_at| asked_at < last.seen_at) {
        return Change::Stale;
    }
    match seen.source {
        Source::Operator if seen.seen_at > last.seen_at => reversed,
        Source::Operator => Change::Stale,
        Source::Query if seen.asked_at.is_some_and(|asked_at| asked_at > last.seen_at) => reversed,
        Source::VerifiedEvent => match (last.provider_at, seen.provider_at) {
            (Some(held), Some(told)) if told > held => reversed,
            (Some(held), Some(told)) if told < held => Change::Stale,
            _ => Change::Confirm,
        },
        // Left are a query of the same millisecond, a list that may lag, and a reply that took
        // long.
        Source::Query | Source::Listing | Source::Reply | Source::UnverifiedEvent => {
            Change::Confirm
        }
    }
}
