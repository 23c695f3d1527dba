//! From a payroll, as text with separators or as a workbook, to orders, or to everything that is
//! wrong with it. Sends nothing.
//!
//! [`Payroll`] opens the file. Two passes follow: [`plan`] reads the whole of it, reports every
//! problem and adds up totals; [`Orders`] yields the orders of a planned file and refuses a file that
//! changed in between. Text is streamed: memory does not grow with it, but for 48 bytes a row that
//! find equal keys and equal payouts. A workbook is held, and is 64 MiB at most.

mod banks;
mod book;
mod column;
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
pub(crate) use source::Payroll;

/// The configured accounts, as far as a CSV needs them.
pub(crate) trait Accounts {
    /// Is there an account of this name?
    fn contains(&self, name: &AccountName) -> bool;

    /// All names, for the message about one that is not there.
    fn names(&self) -> Vec<String>;

    /// Everything that the order's account has against it. Pure.
    ///
    /// # Errors
    /// All violations in one go.
    fn check(&self, order: &PayoutOrder) -> Result<(), Vec<Violation>>;

    /// The bank of an order that its account has nothing against, as the provider understands it;
    /// nothing if no table has it.
    fn bank(&self, order: &PayoutOrder) -> Option<Bank>;
}

/// The file cannot be read at all. What is wrong *in* it is a [`Problem`].
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

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", path_text(&self.path), self.source)
    }
}

impl std::error::Error for InputError {}

/// A path for a message. Names of files can hold anything, a terminal's commands too.
pub(crate) fn path_text(path: &Path) -> String {
    printable(&path.to_string_lossy(), 1_000)
}
