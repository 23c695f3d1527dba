//! A payout order before anything is sent: the order, its digest, and the run that it belongs to.

mod digest;

use pagos_core::{PayoutOrder, Status, Timestamp};

use crate::retention::Seal;

pub use digest::{Canonical, Digest};

/// Names a set of orders that is submitted, released and reported as a whole, such as one CSV file.
///
/// Its members are fixed when it is released; a payout can be a member of several runs.
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

/// An order to be stored.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The order.
    pub order: PayoutOrder,
    /// When it was submitted.
    pub created_at: Timestamp,
}

/// The result of submitting one intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    /// Stored, and held until a run that it is a member of is released.
    New,
    /// The store already had it, with the same body; it is now a member of this run too.
    Existing {
        /// Its status.
        status: Status,
    },
    /// The same order was settled and archived earlier. It is now a member of this run too, and is
    /// never sent again.
    Archived(Seal),
    /// The key exists with another body. Nothing of the batch was stored.
    Conflict,
    /// The run was released without this order, and its members are fixed. Nothing of the batch was
    /// stored.
    Closed,
}

impl Submitted {
    /// Whether it keeps the whole batch from being stored.
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::Conflict | Self::Closed)
    }
}

/// What is stored about a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// How many payouts are members of it, including archived ones.
    pub members: u64,
    /// How many of them are archived.
    pub archived: u64,
    /// How many orders the caller of the release counted. `None` before the release.
    pub expected: Option<u64>,
    /// When it was released. Its members are fixed from then on.
    pub released_at: Option<Timestamp>,
}

/// The result of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// The run's held payouts are due.
    Done {
        /// How many this call made due.
        made_due: u64,
    },
    /// The run does not have the expected number of members, so nothing was released.
    Incomplete {
        /// How many members it has.
        members: u64,
    },
}
