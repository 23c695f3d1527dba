//! What a move of a whole database from one store to another consists of. The stores read and write
//! it; this file only names the parts and compares them.

use std::fmt;

use sha2::{Digest, Sha256};

/// One kind of rows that a move copies and compares, whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Moved {
    /// The worlds that accounts are bound to, and which are out of service.
    Accounts,
    /// When the lists of providers were read.
    Swept,
    /// Runs, with the moments when they were closed and released.
    Runs,
    /// Who submitted to a run.
    RunActors,
    /// Orders of payouts.
    Orders,
    /// The progress of payouts.
    Payouts,
    /// What is due, and when.
    Queue,
    /// What has not succeeded.
    Unsettled,
    /// The members of runs.
    Members,
    /// The histories of payouts.
    Entries,
    /// Payouts by the provider's id.
    References,
    /// Sums by run and status.
    Tallies,
    /// Payments, with their progress.
    Payments,
    /// The sessions of payments.
    Sessions,
    /// The histories of payments.
    PaymentEntries,
    /// Deliveries.
    Inbox,
    /// How many deliveries were refused.
    Refused,
    /// Notices, with their numbers.
    Outbox,
    /// The positions of the readers of notices.
    Readers,
    /// Small records: tokens, endpoints, approvals, spending, statements.
    Records,
    /// The seals of archived payouts.
    Sealed,
    /// Further runs of archived payouts.
    SealedMembers,
    /// Lines of bank statements.
    Lines,
    /// The payouts that lines were matched with.
    Matches,
}

impl Moved {
    /// All kinds, in the order in which they are copied.
    pub const ALL: [Self; 24] = [
        Self::Accounts,
        Self::Swept,
        Self::Runs,
        Self::RunActors,
        Self::Orders,
        Self::Payouts,
        Self::Queue,
        Self::Unsettled,
        Self::Members,
        Self::Entries,
        Self::References,
        Self::Tallies,
        Self::Payments,
        Self::Sessions,
        Self::PaymentEntries,
        Self::Inbox,
        Self::Refused,
        Self::Outbox,
        Self::Readers,
        Self::Records,
        Self::Sealed,
        Self::SealedMembers,
        Self::Lines,
        Self::Matches,
    ];

    /// What people call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Swept => "read lists",
            Self::Runs => "runs",
            Self::RunActors => "submitters",
            Self::Orders => "orders",
            Self::Payouts => "payouts",
            Self::Queue => "due payouts",
            Self::Unsettled => "unsettled payouts",
            Self::Members => "members of runs",
            Self::Entries => "history of payouts",
            Self::References => "references",
            Self::Tallies => "tallies",
            Self::Payments => "payments",
            Self::Sessions => "sessions",
            Self::PaymentEntries => "history of payments",
            Self::Inbox => "deliveries",
            Self::Refused => "refused deliveries",
            Self::Outbox => "notices",
            Self::Readers => "readers",
            Self::Records => "records",
            Self::Sealed => "archived payouts",
            Self::SealedMembers => "archived members",
            Self::Lines => "lines of statements",
            Self::Matches => "matches of lines",
        }
    }
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The number of rows of one kind, and a digest over them in order. Two stores hold the same rows
/// if these are equal.
///
/// Each row is one line that ends with a line feed, and its values contain none.
///
/// ```
/// use pagos_engine::MovedSum;
///
/// let (mut whole, mut parts) = (MovedSum::default(), MovedSum::default());
/// whole.add(b"a\t1\nb\t2\n");
/// parts.add(b"a\t1\nb");
/// parts.add(b"\t2\n");
/// assert_eq!(whole.rows(), 2);
/// assert_eq!(whole.finish(), parts.finish());
/// ```
#[derive(Debug, Clone, Default)]
pub struct MovedSum {
    rows: u64,
    hash: Sha256,
}

impl MovedSum {
    /// Adds the next lines, or parts of lines.
    pub fn add(&mut self, lines: &[u8]) {
        let ends = lines.iter().filter(|byte| **byte == b'\n').count();
        self.rows = self.rows.saturating_add(ends.try_into().unwrap_or(u64::MAX));
        self.hash.update(lines);
    }

    /// How many lines were added.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The number of rows, and the digest in hexadecimal digits.
    pub fn finish(self) -> (u64, String) {
        let digest = self.hash.finalize();
        (self.rows, digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_is_listed_once_under_a_word_of_its_own() {
        let kinds: BTreeSet<Moved> = Moved::ALL.into_iter().collect();
        let words: BTreeSet<&str> = Moved::ALL.iter().map(|kind| kind.word()).collect();
        assert_eq!((kinds.len(), words.len()), (Moved::ALL.len(), Moved::ALL.len()));
    }

    #[test]
    fn another_order_or_another_row_is_another_sum() {
        let sum = |lines: &[u8]| {
            let mut sum = MovedSum::default();
            sum.add(lines);
            sum.finish()
        };
        assert_ne!(sum(b"a\nb\n"), sum(b"b\na\n"));
        assert_ne!(sum(b"a\n"), sum(b"a\na\n"));
    }
}
