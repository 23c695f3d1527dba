//! What is told about payouts before they leave, and to whom. Writes no file.

use std::{error::Error, fmt::Debug};

use async_trait::async_trait;
use pagos_core::{PayoutOrder, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{history::Entry, intent::RunId, progress::Progress, retention::store::Candidate};

/// Everything that a store knows of a payout. Serialised, its key comes first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedPayout {
    /// The key once more, so that a line can be found without being read whole.
    pub key: String,
    /// The version that it had; of several copies, the one with the highest is the last.
    pub version: u64,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// When it was archived.
    pub archived_at: Timestamp,
    /// The runs that it is a member of.
    pub runs: Vec<RunId>,
    /// What was ordered.
    pub order: PayoutOrder,
    /// How far it came.
    pub progress: Progress,
    /// Everything learned and done about it, oldest first.
    pub history: Vec<Entry>,
}

impl ArchivedPayout {
    /// A payout that leaves at `archived_at`.
    pub(crate) fn of(candidate: Candidate, history: Vec<Entry>, archived_at: Timestamp) -> Self {
        Self {
            key: candidate.payout.order.key.to_string(),
            version: candidate.payout.version,
            created_at: candidate.payout.created_at,
            changed_at: crate::retention::changed_at(&candidate, &history),
            archived_at,
            runs: candidate.runs,
            order: candidate.payout.order,
            progress: candidate.payout.progress,
            history,
        }
    }
}

/// Keeps payouts that leave the store.
#[async_trait]
pub trait Archive: Debug + Send {
    /// Keeps these payouts. They are durable when it returns without an error: from then on they may be
    /// gone from the store. What is kept twice is no fault.
    async fn keep(
        &mut self,
        payouts: &[ArchivedPayout],
    ) -> Result<(), Box<dyn Error + Send + Sync>>;
}
