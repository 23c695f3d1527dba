//! The second pass: the orders of a file that was planned. Refuses a file that changed since.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;

use pagos_core::PayoutOrder;

use crate::input::Accounts;
use crate::input::Digest;
use crate::input::InputError;
use crate::input::Plan;
use crate::input::header;
use crate::input::header::Layout;
use crate::input::record::RecordError;
use crate::input::record::Records;
use crate::input::row;

/// An order with its place in the file.
#[derive(Debug)]
pub(crate) struct NumberedOrder {
    pub(crate) line: u64,
    pub(crate) order: PayoutOrder,
}

/// A row that yields no order.
#[derive(Debug)]
pub(crate) enum RowError {
    /// The row is bad, or its key is another row's too: the plan has told about it. The next one may
    /// be good.
    Bad,
    /// The file cannot be read any further, or is not the planned one. Nothing follows.
    File(InputError),
}

/// The orders of a planned file, in its order. Streams.
///
/// The file is compared with the plan when it is opened, and once more behind the last row: store
/// the orders, drain the iterator, and only then begin to pay.
pub(crate) struct Orders<'a> {
    path: &'a Path,
    plan: &'a Plan,
    accounts: &'a dyn Accounts,
    layout: Layout,
    /// `None` once the end or an error was met.
    records: Option<Records<File>>,
}

impl<'a> Orders<'a> {
    /// Opens the file that `plan` was made from.
    ///
    /// # Errors
    /// If it cannot be read or changed since.
    pub(crate) fn open(
        path: &'a Path,
        plan: &'a Plan,
        accounts: &'a dyn Accounts,
    ) -> Result<Self, InputError> {
        let (layout, records) =
            open_planned(path, plan.digest).map_err(|error| InputError::new(path, error))?;
        Ok(Self { path, plan, accounts, layout, records: Some(records) })
    }

    fn fail(&mut self, error: io::Error) -> Option<Result<NumberedOrder, RowError>> {
        self.records = None;
        Some(Err(RowError::File(InputError::new(self.path, error))))
    }

    /// Behind the last row: are these the bytes that were planned?
    fn end(&mut self) -> Option<Result<NumberedOrder, RowError>> {
        match self.records.take()?.into_digest() {
            Ok(digest) if digest == self.plan.digest => None,
            Ok(_) => self.fail(changed()),
            Err(error) => self.fail(error),
        }
    }
}

impl Iterator for Orders<'_> {
    type Item = Result<NumberedOrder, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let records = self.records.as_mut()?;
        let (line, read) = match records.next() {
            Ok(Some(record)) => (record.line, row::read(record, &self.layout, self.accounts)),
            Ok(None) => return self.end(),
            Err(error) => return self.fail(error.into()),
        };
        let is_repeated = u32::try_from(line)
            .is_ok_and(|line| self.plan.lines_repeated.binary_search(&line).is_ok());
        match read {
            Ok(_) if is_repeated => Some(Err(RowError::Bad)),
            Ok(order) => Some(Ok(NumberedOrder { line, order })),
            Err(_) => Some(Err(RowError::Bad)),
        }
    }
}

impl fmt::Debug for Orders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Orders").field("path", &self.path).finish_non_exhaustive()
    }
}

fn open_planned(path: &Path, planned: Digest) -> io::Result<(Layout, Records<File>)> {
    if Digest::of(File::open(path)?)? != planned {
        return Err(changed());
    }
    let (mut records, _) = Records::open(File::open(path)?)?;
    let layout = match records.next()?.map(Layout::read) {
        Some(Ok(layout)) => layout,
        Some(Err(_)) => return Err(changed()),
        None => return Err(RecordError::Fatal(header::absent()).into()),
    };
    Ok((layout, records))
}

fn changed() -> io::Error {
    io::Error::other("the file changed after it was planned; plan it again")
}
