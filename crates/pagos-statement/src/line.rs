//! What a statement consists of, in whatever format it came.

use std::fmt;

use pagos_core::{Currency, Day, Money};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Text of a bank, which may name people or accounts; `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text {
    text: String,
}

impl Text {
    /// Keeps the text without white space around it.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self { text: text.as_ref().trim().to_owned() }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.text.len())
    }
}

/// The side of the account's holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Money left the account.
    Debit,
    /// Money came into the account.
    Credit,
}

/// What a line is about, as far as the bank or the mapping says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A transfer, or nothing that says otherwise.
    Transfer,
    /// A transfer that came back, or a booking that was reversed.
    Return,
    /// A fee.
    Fee,
    /// A tax.
    Tax,
    /// Interest.
    Interest,
}

/// What begins a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The bank's own id of the statement.
    pub id: Option<Text>,
    /// The number of the account, as the bank writes it.
    pub account: Option<Text>,
    /// The currency of the account.
    pub currency: Currency,
    /// The balance before the first line.
    pub opening: Option<Balance>,
}

/// What ends a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// The balance after the last line.
    pub closing: Option<Balance>,
    /// The first day that the statement is about: what it says, or else its first line.
    pub from: Option<Day>,
    /// The last day that the statement is about: what it says, or else its last line.
    pub through: Option<Day>,
}

/// A booked balance; negative if the account is overdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Balance {
    /// The day, if the bank says it.
    pub day: Option<Day>,
    /// The amount.
    pub amount: Money,
}

/// One entry that the bank booked. A line that is only expected or pending is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Where it is in its file: the number of its first line, from 1; in a sheet, its row.
    pub place: u64,
    /// When it was booked.
    pub day: Day,
    /// When the money counts, if the bank says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_day: Option<Day>,
    /// Whether money left or came.
    pub side: Side,
    /// How much; never negative.
    pub amount: Money,
    /// What it is about.
    pub kind: Kind,
    /// The balance after it, if the statement says or implies it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Money>,
    /// What the line is the sum of: one transaction, or those of a batch as far as the file names
    /// them. Never empty. If there are several, their sum is the amount of the line.
    pub transactions: Vec<Transaction>,
}

/// One transaction of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// How much; never negative. It has the side of its line.
    pub amount: Money,
    /// The bank's own reference of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_reference: Option<Text>,
    /// References that whoever ordered it chose or was given: end-to-end id, instruction id,
    /// message id, customer reference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Text>,
    /// The tracking key of the rail, such as SPEI's clave de rastreo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Text>,
    /// Whoever is on the other side.
    #[serde(default)]
    pub counterparty: Counterparty,
    /// Everything else that the bank writes about it, joined by a space.
    #[serde(default)]
    pub text: Text,
    /// Why it was returned, if the bank says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned_because: Option<Text>,
    /// Fees and taxes that are contained in its amount, or were booked with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<Charge>,
}

/// Whoever is on the other side of a transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counterparty {
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// The number of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Text>,
    /// The document: RUT, RFC, cédula, NIT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Text>,
}

/// A fee or a tax of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// How much; never negative.
    pub amount: Money,
    /// Whether the amount of the transaction contains it.
    pub is_included: bool,
}

impl Line {
    /// What it changes the balance by: negative if money left.
    pub fn change(&self) -> Money {
        match self.side {
            Side::Debit => Money::new(-self.amount.minor, self.amount.currency),
            Side::Credit => self.amount,
        }
    }

    /// Whether its fingerprint is that of no other line of the account: the bank gives a reference of
    /// its own, or the balance after it is known.
    pub fn is_distinct(&self) -> bool {
        self.balance.is_some() || self.bank_references().next().is_some()
    }

    fn bank_references(&self) -> impl Iterator<Item = &str> {
        let of_bank = self.transactions.iter().filter_map(|it| it.bank_reference.as_ref());
        of_bank.map(Text::as_str).filter(|it| !it.is_empty())
    }

    /// A fingerprint of what the line says, wherever it is in its file: 32 hexadecimal digits. Where
    /// the bank gives references of its own, they count and the texts do not, since texts differ
    /// between an export of today and one of next month. Where it gives none, the balance after the
    /// line counts, which tells two equal payments apart. Two lines that a bank booked can still have
    /// the same fingerprint; whoever stores them counts.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |field: &str| {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field);
        };
        add(&self.day.to_string());
        add(&self.change().to_string());
        let of_bank: Vec<&str> = self.bank_references().collect();
        if of_bank.is_empty() {
            add(&self.balance.map_or_else(String::new, |balance| balance.to_string()));
            for transaction in &self.transactions {
                transaction.references.iter().for_each(|it| add(it.as_str()));
                add(transaction.tracking.as_ref().map_or("", Text::as_str));
                add(transaction.text.as_str());
            }
        } else {
            of_bank.into_iter().for_each(add);
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}
