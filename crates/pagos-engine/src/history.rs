//! What is recorded about a payout: entries for its history, notices for the application.
//! Append-only.

use pagos_core::{
    AccountName, Change, Money, Observation, OrderKey, ProviderRef, Status, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    actor::Actor,
    approval::{RunDigest, RunTotal},
    intent::RunId,
};

/// One line of the history of a payout or a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "entry")]
pub enum Entry {
    /// An attempt became durable; the request may be sent from here on.
    AttemptBegun {
        /// 1 for the first.
        number: u32,
        /// When.
        at: Timestamp,
        /// The epoch of the claim under which it began; 0 if that is not known.
        #[serde(default)]
        epoch: u64,
    },
    /// An attempt was proven not to be alive.
    AttemptClosed {
        /// Which one.
        number: u32,
        /// What proves it.
        proof: Proof,
        /// When it was proven.
        at: Timestamp,
        /// The proof in words.
        because: String,
    },
    /// Something was learned.
    Observed {
        /// The observation.
        observation: Observation,
        /// What it changed.
        change: Change,
    },
    /// A source contradicted the order. The observation is kept, and not folded into the status.
    Contradicted {
        /// The observation.
        observation: Observation,
        /// The contradiction, in words.
        because: String,
    },
    /// A query brought no observation.
    Asked {
        /// When.
        at: Timestamp,
        /// The answer, in words.
        answer: String,
    },
    /// Somebody who is known by name decided; the entries after it say what that changed.
    Decided {
        /// When.
        at: Timestamp,
        /// Who.
        by: Actor,
        /// The word of the decision, as `pagos resolve` has it.
        decision: String,
        /// On what evidence, in their own words.
        note: String,
        /// Who approved it, where that was needed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        approved_by: Vec<Actor>,
    },
    /// Somebody looked at what is not shown to everybody.
    Disclosed {
        /// When.
        at: Timestamp,
        /// Who.
        by: Actor,
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
    /// The provider refused the request unread.
    RefusedUnread,
    /// The provider refused it with a documented, definite refusal.
    Rejected,
    /// The provider answered often enough, and over a long enough time, that it has no such payout.
    Absent,
    /// A person decided.
    Operator,
}

/// A message to the application, written in the same transaction as the change that it reports.
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
    /// A delivery in the inbox; `pagos inbox show` prints it.
    Delivery {
        /// Its number in the inbox.
        delivery: u64,
    },
    /// A run whose release needs approval. The notice's account is the first of its accounts.
    Run(RunNews),
    /// The account itself.
    Account,
    /// An endpoint that events are delivered to. The notice's account has the endpoint's name, since no
    /// account is concerned.
    Endpoint {
        /// Its name in the configuration.
        endpoint: String,
    },
}

/// The state of a run's approval after the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunNews {
    /// The run.
    pub run: RunId,
    /// What approvals are bound to.
    pub digest: RunDigest,
    /// Its sums by account and currency.
    pub totals: Vec<RunTotal>,
    /// How many people must approve.
    pub needed: u32,
    /// Who approved so far.
    pub approved_by: Vec<Actor>,
}

/// The state of an order after the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderNews {
    /// The order's key.
    pub key: OrderKey,
    /// The runs that it is a member of. The store fills this in when the notice is read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunId>,
    /// The status now.
    pub status: Status,
    /// The status before.
    #[serde(default)]
    pub was: Option<Status>,
    /// Why, in the provider's words if it gave any.
    #[serde(default)]
    pub reason: Option<String>,
    /// The ordered amount.
    pub amount: Money,
    /// The amount that came back, if any.
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
    /// A final status turned into the opposite one: money moved, or moved back.
    Reversed {
        /// What held before.
        from: Status,
    },
    /// The money came back, in part or in full.
    Returned,
    /// Only payments: a payer's try failed, and a later one was paid. Nothing was reversed.
    PaidByLaterTry {
        /// What held before.
        from: Status,
    },
    /// A person must look.
    Attention {
        /// Why.
        because: String,
    },
    /// Only accounts: the provider accepts the account again.
    InServiceAgain,
    /// Only runs, and payouts to be sent again: people must approve. It is told once more if what
    /// they approved is void.
    WaitingForApproval,
    /// Only runs, and payouts to be sent again: enough people approved.
    Approved,
    /// Only runs, and payouts to be sent again: somebody said no.
    Rejected {
        /// Why.
        because: String,
    },
    /// Only runs: too few people are left who may approve.
    Blocked,
    /// Only runs: it was taken back while it waited.
    Withdrawn,
}

impl Notice {
    /// The key of the order, if the notice is about one.
    pub fn key(&self) -> Option<&OrderKey> {
        self.order().map(|news| &news.key)
    }

    /// The state of the order, if the notice is about one.
    pub fn order(&self) -> Option<&OrderNews> {
        match &self.about {
            NoticeAbout::Payout(news) | NoticeAbout::Payment(news) => Some(news),
            NoticeAbout::Delivery { .. }
            | NoticeAbout::Run(_)
            | NoticeAbout::Account
            | NoticeAbout::Endpoint { .. } => None,
        }
    }

    /// For stores: sets the runs of the payout, if the notice is about one.
    pub fn set_runs(&mut self, runs: Vec<RunId>) {
        if let NoticeAbout::Payout(news) = &mut self.about {
            news.runs = runs;
        }
    }
}
