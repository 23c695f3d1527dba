//! What a caller wants, before anything is sent: the order, its digest, and the run it belongs to.

mod digest;

use pagos_core::{PayoutOrder, Status, Timestamp};

use crate::retention::Seal;

pub use digest::{Canonical, Digest};

/// Names a set of orders that is accepted, released and reported as a whole, such as one CSV file.
///
/// The rows of a run are fixed when it is released; a payout can be a member of several runs.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct RunId(pub String);

impl From<&str> for RunId {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

/// An order that is to be stored.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The order.
    pub order: PayoutOrder,
    /// When it was submitted.
    pub created_at: Timestamp,
}

/// What became of an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    /// Stored, and held until a run that it is a member of is released.
    New,
    /// It was there already, with the same body; it is now a member of this run too.
    Existing {
        /// Where it stands.
        status: Status,
    },
    /// The same order was paid and archived long ago; it is now a member of this run too, and is never
    /// sent again.
    Archived(Seal),
    /// The key is there with another body. Nothing of the batch was stored.
    Conflict,
    /// The run was released before, without this order, and its rows are fixed. Nothing of the batch
    /// was stored.
    Closed,
}

impl Submitted {
    /// Does it keep the whole batch from being stored?
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::Conflict | Self::Closed)
    }
}

/// What is stored about a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// How many payouts are members of it, those that are archived among them.
    pub members: u64,
    /// How many of them are archived.
    pub archived: u64,
    /// How many the caller of the release counted. `None` until then.
    pub expected: Option<u64>,
    /// When it was released. From then on its members are fixed.
    pub released_at: Option<Timestamp>,
}

/// What became of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// The run's held payouts are due; so many of them were held.
    Done {
        /// How many became due by this call.
        made_due: u64,
    },
    /// The run does not have as many members as were expected, so nothing was released.
    Incomplete {
        /// How many it has.
        members: u64,
    },
}
