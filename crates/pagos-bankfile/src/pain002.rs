//! `CustomerPaymentStatusReport`: a bank's answer to a pain.001, in pain.002.001.03 to .14.
//!
//! It is evidence for a person. A status of the whole file or of a payment instruction also holds
//! for its transfers, unless they have one of their own. Source of the forms: ISO 20022, the schemas
//! of pain.002; source of the codes: ISO 20022, external code sets "payment group status" and
//! "payment transaction status".

mod doubt;
mod read;
mod status;
#[cfg(test)]
mod tests;

pub use read::read;
pub use status::{Code, Meaning};

use crate::Problem;

/// What a bank says about a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The bank's name of the report.
    pub message_id: String,
    /// When the bank made it, in its own words.
    pub created: String,
    /// The message id of the file that it answers.
    pub original_message_id: String,
    /// The status of the whole file.
    pub group: Option<Stated>,
    /// How many transfers the file had.
    pub counts: Counts,
    /// The payment instructions that it speaks of.
    pub payments: Vec<Payment>,
    /// What is missing in it, and what contradicts: each is a question to the bank.
    pub doubts: Vec<Problem>,
}

/// A payment instruction of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payment {
    /// Its id in the file.
    pub id: String,
    /// Its status, if it has one of its own.
    pub stated: Option<Stated>,
    /// How many transfers it had.
    pub counts: Counts,
    /// The transfers that the report names.
    pub transfers: Vec<TransferStatus>,
}

/// How many transfers there are, as far as the bank says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub all: Option<u64>,
    /// Those with a status.
    pub by_status: Vec<(Code, u64)>,
}

/// A status with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The status.
    pub code: Code,
    /// Why, as far as the bank says.
    pub reasons: Vec<Reason>,
}

/// A reason: a code (`AC04`), a bank's own code, or words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason {
    /// The code.
    pub code: Option<String>,
    /// The words. A bank can put anything here, a name too.
    pub text: Vec<String>,
}

/// What the report says about one transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferStatus {
    /// The key of the order, as the bank wrote it.
    pub key: String,
    /// Its status: its own, or else that of its payment instruction, or else that of the file.
    pub stated: Stated,
    /// Whose status it is.
    pub level: Level,
    /// The bank's reference, if it gave one.
    pub reference: Option<String>,
    /// The amount and the currency, as the bank wrote them.
    pub amount: Option<(String, String)>,
}

/// Whose status a transfer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Its own.
    Transfer,
    /// That of its payment instruction.
    Payment,
    /// That of the whole file.
    Group,
}

/// How a file stands as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every transfer of the file is settled.
    Settled,
    /// The bank refused some or all, and settled the rest.
    SomeRefused,
    /// Something is not finished, not clear, contradicts something else or is not mentioned.
    Open,
}

impl Payment {
    /// How many transfers of it the report names.
    fn listed(&self) -> u64 {
        self.transfers.len() as u64
    }
}

impl Report {
    /// All transfers that the report names.
    pub fn transfers(&self) -> impl Iterator<Item = &TransferStatus> {
        self.payments.iter().flat_map(|payment| &payment.transfers)
    }
}
