//! From the bytes of a CSV file to orders, or to everything that is wrong with it. Sends nothing.
//!
//! Two passes: [`plan`] reads the whole file, reports every problem and adds up totals;
//! [`Orders`] yields the orders of a planned file and refuses a file that changed in between.
//! Both stream: memory does not grow with the file, but for 16 bytes a row that find equal keys.

mod column;
mod damage;
mod duplicate;
mod field;
mod header;
mod length;
mod orders;
mod plan;
mod problem;
mod record;
mod row;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use pagos_core::AccountName;
use pagos_core::PayoutOrder;
use pagos_core::Violation;

pub(crate) use field::printable;
pub(crate) use header::Delimiter;
#[cfg(feature = "foreign")]
pub(crate) use orders::NumberedOrder;
pub(crate) use orders::Orders;
pub(crate) use orders::RowError;
pub(crate) use plan::Plan;
pub(crate) use plan::Total;
pub(crate) use plan::plan;
pub(crate) use problem::Problem;
pub(crate) use record::Digest;

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
        write!(f, "{}: {}", self.path.display(), self.source)
    }
}

impl std::error::Error for InputError {}
