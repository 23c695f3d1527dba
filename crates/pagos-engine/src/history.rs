//! What is written down about a payout: entries for us, notices for the application. Append-only.

use pagos_core::Change;
use pagos_core::Money;
use pagos_core::Observation;
use pagos_core::OrderKey;
use pagos_core::ProviderRef;
use pagos_core::Status;
use pagos_core::Subject;
use pagos_core::Timestamp;
use serde::Deserialize;
use serde::Serialize;

/// One line of the history of a payout or a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "entry")]
pub enum Entry {
    /// An attempt became durable; the request may leave from here on.
    AttemptBegun {
        /// 1 for the first.
        number: u32,
        /// When.
        at: Timestamp,
    },
    /// An attempt is proven not to be alive.
    AttemptClosed {
        /// Which one.
        number: u32,
        /// What proves it.
        proof: Proof,
        /// When it was proven.
        at: Timestamp,
        /// In words.
        because: String,
    },
    /// Something was learned.
    Observed {
        /// What.
        observation: Observation,
        /// What it changed.
        change: Change,
    },
    /// Something was told that contradicts the order. Kept, and not folded into the status.
    Contradicted {
        /// What was told.
        observation: Observation,
        /// The contradiction, in words.
        because: String,
    },
    /// A question was asked that brought no observation.
    Asked {
        /// When.
        at: Timestamp,
        /// The answer, in words.
        answer: String,
    },
    /// A person must look, or has looked.
    Attention {
        /// When.
        at: Timestamp,
        /// Why, in words.
        because: String,
    },
}

/// What proves that an attempt is not alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The request certainly never reached the provider.
    NeverReached,
    /// The provider refused it unread.
    RefusedUnread,
    /// The provider refused it with a documented, definite no.
    Rejected,
    /// The provider answered often enough, for long enough, that it has no such payout.
    Absent,
    /// A person decided.
    Operator,
}

/// What the application is told. Built from the committed row, never from memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Is it about a payout or a payment?
    #[serde(default)]
    pub subject: Subject,
    /// Which one.
    pub key: OrderKey,
    /// What happened.
    pub event: NoticeKind,
    /// Where it stands now.
    pub status: Status,
    /// The ordered amount.
    pub amount: Money,
    /// What came back, if some did.
    pub returned: Option<Money>,
    /// The provider's id.
    pub reference: Option<ProviderRef>,
    /// When it was committed, by our clock.
    pub at: Timestamp,
}

/// What happened, for the application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum NoticeKind {
    /// The status moved forward.
    Advanced,
    /// A final status became the other one: money moved, or moved back.
    Reversed {
        /// What held before.
        from: Status,
    },
    /// Part of the money or all of it came back.
    Returned,
    /// A person must look.
    Attention {
        /// Why.
        because: String,
    },
}
