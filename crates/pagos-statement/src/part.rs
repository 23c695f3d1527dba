//! What a reader gives, part by part, and what it counted.

use crate::{Head, Line, Tail};

/// A part of a file. A file may have several statements, each with a beginning and an end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "nearly every part is a line")]
pub enum Part {
    /// A statement begins.
    Begin(Head),
    /// A line of the statement that began last.
    Line(Line),
    /// The statement ends.
    End(Tail),
}

/// How much a file has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Statements that were given.
    pub statements: u64,
    /// Lines that were given.
    pub lines: u64,
    /// Transactions in these lines.
    pub transactions: u64,
    /// Entries that are pending or will come, which were left out.
    pub pending: u64,
    /// Entries for information only, which were left out.
    pub informational: u64,
    /// Rows that the mapping says to leave out, such as totals.
    pub skipped: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, line: &Line) {
        self.lines += 1;
        self.transactions += line.transactions.len() as u64;
    }
}
