//! The history of a payout or a payment as answers show it.

use pagos_core::{Change, Observation};
use pagos_engine::{Entry, Proof};
use serde::Serialize;
use utoipa::ToSchema;

use crate::amount::major;

/// Everything that was learned and done about one order, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryView {
    /// The key of the order.
    pub(crate) key: String,
    /// The entries.
    pub(crate) entries: Vec<HistoryEntry>,
}

/// One line of a history.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct HistoryEntry {
    /// `attempt_begun`, `attempt_closed`, `observed`, `contradicted`, `asked`, `decided`,
    /// `disclosed` or `attention`.
    entry: String,
    /// When.
    at: String,
    /// The number of the attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    /// What proves that the attempt is not alive.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<String>,
    /// What was observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    /// Where it was learned: `reply`, `query`, `verified_event`, `unverified_event`, `listing` or
    /// `operator`.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// What it changed: `same`, `advanced`, `reversed`, `stale` or `confirm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<String>,
    /// The provider's own code.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_code: Option<String>,
    /// The provider's time.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_at: Option<String>,
    /// The provider's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// What came back, in major units.
    #[serde(skip_serializing_if = "Option::is_none")]
    returned: Option<String>,
    /// Who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// The decision: `succeeded`, `failed`, `resend` or `ask`.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<String>,
    /// Who approved the decision, where that was needed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    approved_by: Vec<String>,
    /// In words. A decision begins with `operator:` and the name of whoever made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
}

impl HistoryEntry {
    pub(crate) fn of(entry: &Entry, hide: &dyn Fn(&str) -> String) -> Self {
        match entry {
            Entry::AttemptBegun { number, at, .. } => {
                let attempt = Some(*number);
                Self { attempt, ..Self::new("attempt_begun", at.to_string()) }
            }
            Entry::AttemptClosed { number, proof, at, because } => Self {
                attempt: Some(*number),
                proof: Some(word_of_proof(*proof).to_owned()),
                because: Some(hide(because)),
                ..Self::new("attempt_closed", at.to_string())
            },
            Entry::Observed { observation, change } => Self {
                change: Some(word_of_change(*change).to_owned()),
                because: observation.message.as_deref().map(hide),
                ..Self::seen("observed", observation, hide)
            },
            Entry::Contradicted { observation, because } => Self {
                because: Some(hide(because)),
                ..Self::seen("contradicted", observation, hide)
            },
            Entry::Asked { at, answer } => {
                Self { because: Some(hide(answer)), ..Self::new("asked", at.to_string()) }
            }
            Entry::Decided { at, by, decision, note, approved_by } => Self {
                by: Some(by.to_string()),
                decision: Some(decision.clone()),
                approved_by: approved_by.iter().map(ToString::to_string).collect(),
                because: Some(hide(note)),
                ..Self::new("decided", at.to_string())
            },
            Entry::Disclosed { at, by } => {
                Self { by: Some(by.to_string()), ..Self::new("disclosed", at.to_string()) }
            }
            Entry::Attention { at, because } => {
                Self { because: Some(hide(because)), ..Self::new("attention", at.to_string()) }
            }
        }
    }

    fn new(entry: &str, at: String) -> Self {
        Self { entry: entry.to_owned(), at, ..Self::default() }
    }

    fn seen(entry: &str, seen: &Observation, hide: &dyn Fn(&str) -> String) -> Self {
        Self {
            status: Some(seen.status.word().to_owned()),
            source: Some(seen.source.word().to_owned()),
            provider_code: seen.provider_code.as_deref().map(hide),
            provider_at: seen.provider_at.map(|at| at.to_string()),
            reference: seen.reference.as_ref().map(ToString::to_string),
            returned: seen.returned.map(major),
            ..Self::new(entry, seen.seen_at.to_string())
        }
    }
}

fn word_of_proof(proof: Proof) -> &'static str {
    match proof {
        Proof::NeverReached => "never_reached",
        Proof::RefusedUnread => "refused_unread",
        Proof::Rejected => "rejected",
        Proof::Absent => "absent",
        Proof::Operator => "operator",
    }
}

fn word_of_change(change: Change) -> &'static str {
    match change {
        Change::Same => "same",
        Change::Advanced => "advanced",
        Change::Reversed { .. } => "reversed",
        Change::Stale => "stale",
        Change::Confirm => "confirm",
    }
}
