//! A payout order before anything is sent: the order, its digest, and the run that it belongs to.

mod digest;

use pagos_core::{OrderKey, PayoutOrder, Status, Timestamp};

use crate::{actor::Actor, retention::seal::Seal};

pub use digest::{Canonical, Digest};

/// Names a set of orders that is submitted, released and reported as a whole, such as one CSV file.
///
/// Its members are fixed when it is released; a payout can be a member of several runs.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct RunId(pub String);

impl RunId {
    /// The run of an order that is submitted by itself.
    pub fn of_one(key: &OrderKey) -> Self {
        Self(format!("payout {key}"))
    }
}

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
    /// Who submitted it, if that is known.
    pub by: Option<Actor>,
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
    /// The run was closed without this order, and its members are fixed. Nothing of the batch was
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The number of the run. A run that was withdrawn and submitted again has another one, so the
    /// number of a closed run stands for its members.
    pub id: u64,
    /// How many payouts are members of it, including archived ones.
    pub members: u64,
    /// How many of them are archived.
    pub archived: u64,
    /// How many orders the caller counted who closed or released it. `None` before.
    pub expected: Option<u64>,
    /// When it was submitted; `None` for a run of an earlier version.
    pub created_at: Option<Timestamp>,
    /// When its members were fixed.
    pub closed_at: Option<Timestamp>,
    /// When it was released, which closes it too.
    pub released_at: Option<Timestamp>,
    /// Who submitted orders to it, as far as that is known, sorted.
    pub submitted_by: Vec<Actor>,
}

/// The result of closing a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The members of the run are fixed.
    Done {
        /// The number of the run.
        id: u64,
    },
    /// The run does not have the expected number of members, so nothing was changed.
    Incomplete {
        /// How many members it has.
        members: u64,
    },
}

/// The engine's permission to make a run due. Only the engine makes one, after it has looked at
/// limits and approvals; so nothing outside it can make a payout due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permit {
    expected: u64,
    id: Option<u64>,
}

impl Permit {
    /// For any run of this name: one that no approval can be about yet, or one in tests of stores.
    pub(crate) fn for_members(expected: u64) -> Self {
        Self { expected, id: None }
    }

    /// For the run with this number.
    pub(crate) fn for_run(id: u64, expected: u64) -> Self {
        Self { expected, id: Some(id) }
    }

    /// The number of members that the run must have.
    pub fn expected(&self) -> u64 {
        self.expected
    }

    /// The number that the run must have, if the permit is for a certain closed run.
    pub fn id(&self) -> Option<u64> {
        self.id
    }
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
    /// The run is not the one that the permit is for, so nothing was released.
    AnotherRun,
}
