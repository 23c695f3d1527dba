//! What is written down about a payout: entries for us, notices for the application. Append-only.

use pagos_core::{
    AccountName, Change, Money, Observation, OrderKey, ProviderRef, Status, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::intent::RunId;

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
    /// A query was sent that brought no observation.
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

/// What the application is told. Written in the transaction that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The account.
    pub account: AccountName,
    /// What happened.
    pub event: NoticeKind,
    /// What it is about.
    #[serde(flatten)]
    pub about: NoticeAbout,
    /// When it was committed, by our clock.
    pub at: Timestamp,
}

/// What a notice is about; `subject` in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "subject")]
pub enum NoticeAbout {
    /// A payout.
    Payout(OrderNews),
    /// A payment.
    Payment(OrderNews),
    /// A webhook in the inbox; `pagos inbox show` has it.
    Delivery {
        /// Its number in the inbox.
        delivery: u64,
    },
    /// The account itself.
    Account,
}

/// Where an order stands after the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderNews {
    /// Which one.
    pub key: OrderKey,
    /// The runs that it is a member of. Filled in by the store when the notice is read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunId>,
    /// Where it stands now.
    pub status: Status,
    /// Where it stood before.
    #[serde(default)]
    pub was: Option<Status>,
    /// Why, in the provider's words where there are any.
    #[serde(default)]
    pub reason: Option<String>,
    /// The ordered amount.
    pub amount: Money,
    /// What came back, if some did.
    pub returned: Option<Money>,
    /// The provider's id.
    pub reference: Option<ProviderRef>,
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
    /// Only payments: a payer's try had failed, and a later one of his paid. Nothing was taken back.
    PaidByLaterTry {
        /// What held before.
        from: Status,
    },
    /// A person must look.
    Attention {
        /// Why.
        because: String,
    },
    /// Only accounts: the provider works with it again.
    InServiceAgain,
}

impl Notice {
    /// The key of the order that it is about.
    pub fn key(&self) -> Option<&OrderKey> {
        self.order().map(|news| &news.key)
    }

    /// Where the order that it is about stands.
    pub fn order(&self) -> Option<&OrderNews> {
        match &self.about {
            NoticeAbout::Payout(news) | NoticeAbout::Payment(news) => Some(news),
            NoticeAbout::Delivery { .. } | NoticeAbout::Account => None,
        }
    }

    /// For stores: names the runs of the payout that it is about.
    pub fn set_runs(&mut self, runs: Vec<RunId>) {
        if let NoticeAbout::Payout(news) = &mut self.about {
            news.runs = runs;
        }
    }
}
