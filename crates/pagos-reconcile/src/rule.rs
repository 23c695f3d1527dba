//! By which rule a line was matched, where in the line the evidence stands, and the limits of the
//! rules.

use serde::{Deserialize, Serialize};

/// By what a line was matched or explained, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The line names the provider's reference.
    Reference,
    /// The line names our key.
    Key,
    /// The line names the tracking key of the rail.
    Tracking,
    /// The line names our key in capitals or without punctuation.
    FoldedKey,
    /// The line names the run, and is the sum of its payouts.
    Batch,
    /// The account of the beneficiary, the amount and the day agree.
    Account,
    /// Name or document of the beneficiary, the amount and the day agree. Only ever a proposal.
    Payee,
    /// The line is the sum of all open payouts of one account and day. Only ever a proposal.
    WholeDay,
    /// The line is a fee.
    Fee,
    /// The line is a tax.
    Tax,
    /// The line is interest.
    Interest,
    /// A person said so.
    Person,
}

impl Rule {
    /// The stable word for reports and stores.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Key => "key",
            Self::Tracking => "tracking",
            Self::FoldedKey => "folded_key",
            Self::Batch => "batch",
            Self::Account => "account",
            Self::Payee => "payee",
            Self::WholeDay => "whole_day",
            Self::Fee => "fee",
            Self::Tax => "tax",
            Self::Interest => "interest",
            Self::Person => "person",
        }
    }

    /// The rule as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Reference => "The line names the provider's reference of the payout.",
            Self::Key => "The line names the key of the payout.",
            Self::Tracking => "The line names the tracking key of the transfer.",
            Self::FoldedKey => "The line names the key of the payout in the bank's capitals.",
            Self::Batch => "The line names the run and is the sum of its payouts.",
            Self::Account => "Account, amount and day of the line are those of the payout.",
            Self::Payee => "Payee, amount and day of the line are those of the payout.",
            Self::WholeDay => "The line is the sum of all open payouts of that account and day.",
            Self::Fee => "The bank calls the line a fee.",
            Self::Tax => "The bank calls the line a tax.",
            Self::Interest => "The bank calls the line interest.",
            Self::Person => "A person said so.",
        }
    }
}

/// Where in a line the evidence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the bank's own reference.
    BankReference,
    /// In one of the references that whoever ordered the transfer chose or was given.
    References,
    /// In the tracking key.
    Tracking,
    /// In the text.
    Text,
    /// The whole number of the other account.
    Account,
    /// The last digits of the other account.
    AccountTail,
    /// The name of the other side.
    Name,
    /// The document of the other side.
    Document,
    /// The amount and the day.
    Amount,
    /// The kind that the bank gives the line.
    Kind,
    /// The note of a person.
    Note,
}

impl Place {
    /// The evidence in words, to follow "evidence:".
    pub fn words(self) -> &'static str {
        match self {
            Self::BankReference => "the bank's own reference",
            Self::References => "a reference of the transfer",
            Self::Tracking => "the tracking key",
            Self::Text => "the text of the line",
            Self::Account => "the whole account number",
            Self::AccountTail => "the last digits of the account number",
            Self::Name => "the name",
            Self::Document => "the document",
            Self::Amount => "the amount and the day",
            Self::Kind => "the kind of the line",
            Self::Note => "the note of a person",
        }
    }
}

/// The limits of the rules, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How many days before a payout was sent a bank may book it, since its day ends elsewhere.
    pub before_days: i32,
    /// How many days after a payout was sent or settled a bank books it at the latest.
    pub after_days: i32,
    /// How many days after that a return, or a second payment, is still looked for.
    pub reach_days: i32,
    /// The largest amount, in minor units, that is a fee or a tax because the bank or the mapping
    /// calls it one; a larger one waits for a person. `None` for no limit.
    pub fee_max: Option<i64>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { before_days: 1, after_days: 5, reach_days: 60, fee_max: None }
    }
}
