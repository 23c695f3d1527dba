//! What the archive receives about a payout before it leaves the store.

use std::{error::Error, fmt::Debug};

use async_trait::async_trait;
use pagos_core::{PayoutOrder, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{history::Entry, intent::RunId, progress::Progress, retention::store::Candidate};

/// Everything that a store knows about a payout. The key comes first in the serialised form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedPayout {
    /// A copy of the key, so that a line can be found without parsing all of it.
    pub key: String,
    /// The version that it had. Of several copies, the one with the highest version is the last.
    pub version: u64,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// When it was archived.
    pub archived_at: Timestamp,
    /// The runs that it is a member of.
    pub runs: Vec<RunId>,
    /// The order.
    pub order: PayoutOrder,
    /// How far it has come.
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

/// Keeps the payouts that leave the store.
#[async_trait]
pub trait Archive: Debug + Send {
    /// Keeps these payouts. They are durable when it returns without an error: they may be deleted
    /// from the store from then on. Keeping a payout twice does no harm.
    async fn keep(
        &mut self,
        payouts: &[ArchivedPayout],
    ) -> Result<(), Box<dyn Error + Send + Sync>>;
}
