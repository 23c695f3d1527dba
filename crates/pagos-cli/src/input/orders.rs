//! The second pass: the orders of a planned file. It refuses a file that changed since.

use std::{fmt, io};

use pagos_core::PayoutOrder;

use crate::{
    input::{
        Accounts, InputError, Payroll, Plan,
        header::{self, Layout},
        record::RecordError,
        row,
        rows::Rows,
    },
    words::file,
};

/// An order with its line in the file.
#[derive(Debug)]
pub(crate) struct NumberedOrder {
    pub(crate) line: u64,
    pub(crate) order: PayoutOrder,
}

/// Why a row yields no order.
#[derive(Debug)]
pub(crate) enum RowError {
    /// The row is bad, or shares its key with another row: the plan has reported it. The next row
    /// may be good.
    Bad,
    /// The file cannot be read any further, or is not the planned one. No row follows.
    File(InputError),
}

/// The orders of a planned file, in its order, as a stream.
///
/// The file is compared with the plan when it is opened, and again after the last row: store the
/// orders, drain the iterator, and only then begin to pay.
pub(crate) struct Orders<'a> {
    payroll: &'a Payroll,
    plan: &'a Plan,
    accounts: &'a dyn Accounts,
    layout: Layout,
    /// `None` after the end or an error.
    rows: Option<Rows<'a>>,
}

impl<'a> Orders<'a> {
    /// Begins a second pass over the file that `plan` was made from.
    ///
    /// # Errors
    /// If it cannot be read or has changed.
    pub(crate) fn open(
        payroll: &'a Payroll,
        plan: &'a Plan,
        accounts: &'a dyn Accounts,
    ) -> Result<Self, InputError> {
        let (layout, rows) =
            open_planned(payroll, plan).map_err(|error| InputError::new(&payroll.name, error))?;
        Ok(Self { payroll, plan, accounts, layout, rows: Some(rows) })
    }

    fn fail(&mut self, error: io::Error) -> Option<Result<NumberedOrder, RowError>> {
        self.rows = None;
        Some(Err(RowError::File(InputError::new(&self.payroll.name, error))))
    }

    /// After the last row, checks that these are the bytes that were planned.
    fn end(&mut self) -> Option<Result<NumberedOrder, RowError>> {
        match self.rows.take()?.into_digest() {
            Ok(digest) if digest == self.plan.digest => None,
            Ok(_) => self.fail(changed()),
            Err(error) => self.fail(error),
        }
    }
}

impl Iterator for Orders<'_> {
    type Item = Result<NumberedOrder, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rows = self.rows.as_mut()?;
        let (line, read) = match rows.next() {
            Ok(Some(record)) => (record.line, row::read(record, &self.layout, self.accounts)),
            Ok(None) => return self.end(),
            Err(error) => return self.fail(error.into()),
        };
        let is_repeated = u32::try_from(line)
            .is_ok_and(|line| self.plan.lines_repeated.binary_search(&line).is_ok());
        match read {
            Ok(_) if is_repeated => Some(Err(RowError::Bad)),
            Ok(read) => Some(Ok(NumberedOrder { line, order: read.order })),
            Err(_) => Some(Err(RowError::Bad)),
        }
    }
}

impl fmt::Debug for Orders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Orders").field("payroll", &self.payroll.name).finish_non_exhaustive()
    }
}

fn open_planned<'a>(payroll: &'a Payroll, plan: &Plan) -> io::Result<(Layout, Rows<'a>)> {
    if payroll.digest_now()? != plan.digest {
        return Err(changed());
    }
    if plan.is_unreadable {
        return Err(io::Error::other(String::from(file::file_is_refused())));
    }
    let (mut rows, _) = Rows::open(payroll)?;
    let layout = match rows.next()?.map(Layout::read) {
        Some(Ok(layout)) => layout,
        Some(Err(_)) => return Err(changed()),
        None => return Err(RecordError::Fatal(header::absent()).into()),
    };
    Ok((layout, rows))
}

fn changed() -> io::Error {
    io::Error::other(String::from(file::file_changed_since()))
}
