//! Turns a payroll (text with separators, or a workbook) into orders, or into a list of all its
//! problems.
//!
//! [`Payroll`] opens the file. Two passes follow: [`plan`] reads all of it, reports every problem
//! and adds up totals; [`Orders`] yields the orders of a planned file and refuses a file that
//! changed in between. Text is streamed in constant memory, except for 48 bytes per row that find
//! equal keys and equal payouts. A workbook is kept in memory, and is at most 64 MiB.

mod banks;
mod book;
mod column;
mod csv;
mod damage;
mod digest;
mod doubt;
mod duplicate;
mod encoding;
mod field;
mod fold;
mod header;
mod length;
mod look;
mod number_format;
mod orders;
mod plan;
mod problem;
mod quotes;
mod record;
mod row;
mod rows;
mod sheet;
mod source;
mod statement;
mod style;
#[cfg(test)]
mod tests;
mod warnings;
mod xml;

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use pagos_core::{AccountName, Bank, PayoutOrder, Violation};

use crate::words::Text;

pub(crate) use banks::BanksPaid;
pub(crate) use digest::Digest;
pub(crate) use field::printable;
pub(crate) use fold::Folded;
pub(crate) use header::Delimiter;
#[cfg(feature = "untrusted")]
pub(crate) use orders::NumberedOrder;
pub(crate) use orders::{Orders, RowError};
pub(crate) use plan::{Plan, Total, plan};
pub(crate) use problem::Problem;
pub(crate) use rows::Format;
pub(crate) use source::{Payroll, Purpose};
pub(crate) use statement::StatementSource;

/// What a CSV file needs from the configured accounts.
pub(crate) trait Accounts {
    /// Whether there is an account of this name.
    fn contains(&self, name: &AccountName) -> bool;

    /// All names, for the message about an unknown one.
    fn names(&self) -> Vec<String>;

    /// Reports everything that the order's account objects to. Pure.
    ///
    /// # Errors
    /// All violations at once.
    fn check(&self, order: &PayoutOrder) -> Result<(), Vec<Violation>>;

    /// The bank of a valid order, as the provider understands it; `None` if no table has it.
    fn bank(&self, order: &PayoutOrder) -> Option<Bank>;
}

/// The file cannot be read at all. A problem *in* it is a [`Problem`].
#[derive(Debug)]
pub(crate) struct InputError {
    path: PathBuf,
    source: io::Error,
}

impl InputError {
    fn new(path: &Path, source: io::Error) -> Self {
        Self { path: path.to_owned(), source }
    }
}

impl InputError {
    /// What is wrong, in both languages. Our own texts in it are in the language of the process.
    pub(crate) fn text(&self) -> Text {
        let source = Text::heard_alone(self.source.to_string());
        source.map(|source| format!("{}: {source}", path_text(&self.path)))
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", path_text(&self.path), self.source)
    }
}

impl std::error::Error for InputError {}

/// A path for a message. A file name can contain anything, even terminal commands.
pub(crate) fn path_text(path: &Path) -> String {
    printable(&path.to_string_lossy(), 1_000)
}
