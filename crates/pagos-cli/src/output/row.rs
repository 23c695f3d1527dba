//! A payout as it is reported. Words and field names are stable, because scripts read them.

use pagos_core::{AccountName, Currency, Money, Status, Timestamp};
use serde::Serialize;

use crate::{
    output::Style,
    words::{Text, payout},
};

/// The state of a payout, in the words of the reports: the status, or that a person must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Created,
    Unknown,
    Pending,
    Succeeded,
    Failed,
    Quarantined,
}

impl Outcome {
    /// The word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Outcome::Created => "created",
            Outcome::Unknown => "unknown",
            Outcome::Pending => "pending",
            Outcome::Succeeded => "succeeded",
            Outcome::Failed => "failed",
            Outcome::Quarantined => "quarantined",
        }
    }

    /// The word for people, in the language of the process.
    pub(crate) fn text(self) -> Text {
        match self {
            Outcome::Created => payout::created(),
            Outcome::Unknown => payout::unknown(),
            Outcome::Pending => payout::pending(),
            Outcome::Succeeded => payout::succeeded(),
            Outcome::Failed => payout::failed(),
            Outcome::Quarantined => payout::quarantined(),
        }
    }

    /// The colour that makes it visible in a long table.
    pub(crate) fn style(self) -> Style {
        match self {
            Outcome::Succeeded => Style::Good,
            Outcome::Failed => Style::Bad,
            Outcome::Unknown | Outcome::Quarantined => Style::Doubt,
            Outcome::Created | Outcome::Pending => Style::Plain,
        }
    }
}

impl From<Status> for Outcome {
    fn from(status: Status) -> Self {
        match status {
            Status::Created => Outcome::Created,
            Status::Unknown => Outcome::Unknown,
            Status::Pending => Outcome::Pending,
            Status::Succeeded => Outcome::Succeeded,
            Status::Failed(_) => Outcome::Failed,
        }
    }
}

/// One payout of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    pub(crate) key: &'a str,
    pub(crate) account: &'a AccountName,
    pub(crate) outcome: Outcome,
    /// Why it failed, or what it waits for, in words.
    pub(crate) reason: Option<&'a str>,
    /// Whether a person must look, which can also be so after a success or a failure.
    pub(crate) attention: bool,
    pub(crate) amount: Money,
    /// The provider's id.
    pub(crate) reference: Option<&'a str>,
    pub(crate) attempts: u32,
    pub(crate) reversals: u32,
    /// When it was submitted; `None` if it was not.
    pub(crate) created_at: Option<Timestamp>,
}

/// The row in JSON.
#[derive(Serialize)]
struct Wire<'a> {
    key: &'a str,
    provider: &'a str,
    status: Outcome,
    reason: Option<&'a str>,
    attention: bool,
    amount_minor: i64,
    currency: Currency,
    reference: Option<&'a str>,
    attempts: u32,
    reversals: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
}

impl Serialize for Row<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = Wire {
            key: self.key,
            provider: self.account.as_str(),
            status: self.outcome,
            reason: self.reason,
            attention: self.attention,
            amount_minor: self.amount.minor,
            currency: self.amount.currency,
            reference: self.reference,
            attempts: self.attempts,
            reversals: self.reversals,
            created_at: self.created_at,
        };
        wire.serialize(serializer)
    }
}
