//! The first pass over a file: every problem, the totals, and the digest. Sends nothing.

use std::fs::File;
use std::io;
use std::path::Path;

use pagos_core::AccountName;
use pagos_core::Currency;
use pagos_core::PayoutOrder;

use crate::input::Accounts;
use crate::input::Delimiter;
use crate::input::Digest;
use crate::input::InputError;
use crate::input::Problem;
use crate::input::column::Column;
use crate::input::duplicate::KeyHashes;
use crate::input::duplicate::Repeated;
use crate::input::field;
use crate::input::header;
use crate::input::header::Layout;
use crate::input::length::AccountLengths;
use crate::input::record::RecordError;
use crate::input::record::Records;
use crate::input::row;

/// What a file asks for.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The rows that can be paid.
    pub(crate) rows: u64,
    /// The rows that cannot; and `1` for a file whose header cannot be read.
    pub(crate) rows_bad: u64,
    /// The sums of the good rows, by account and currency.
    pub(crate) totals: Vec<Total>,
    /// Which bytes were planned.
    pub(crate) digest: Digest,
    /// What separates the fields; detected.
    pub(crate) delimiter: Delimiter,
    /// What looks odd and is no error.
    pub(crate) warnings: Vec<Problem>,
    /// The lines of good rows whose key another row has too, in order.
    pub(super) lines_repeated: Vec<u32>,
}

impl Plan {
    /// Can every row be paid?
    pub(crate) fn is_good(&self) -> bool {
        self.rows_bad == 0
    }

    /// A row that was counted as good shares its key.
    fn take_out(&mut self, order: &PayoutOrder, line: u32) {
        self.lines_repeated.push(line);
        self.rows -= 1;
        self.rows_bad += 1;
        if let Some(total) = find(&mut self.totals, order) {
            total.count -= 1;
            total.amount_minor -= i128::from(order.amount.minor);
        }
    }
}

/// A sum of money that leaves through one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Total {
    pub(crate) account: AccountName,
    pub(crate) currency: Currency,
    pub(crate) count: u64,
    /// Beyond `i64` if a file has enough rows.
    pub(crate) amount_minor: i128,
}

/// Reads the whole file. `report` gets every problem as it is found; those of repeated keys last.
///
/// # Errors
/// If the file cannot be read, or `report` fails.
pub(crate) fn plan(
    path: &Path,
    accounts: &dyn Accounts,
    report: &mut dyn FnMut(Problem) -> io::Result<()>,
) -> Result<Plan, InputError> {
    plan_file(path, accounts, report).map_err(|error| InputError::new(path, error))
}

fn plan_file(
    path: &Path,
    accounts: &dyn Accounts,
    report: &mut dyn FnMut(Problem) -> io::Result<()>,
) -> io::Result<Plan> {
    let mut pass = Pass::new();
    let (digest, delimiter) = match pass.read(File::open(path)?, accounts, report) {
        Ok(told) => told,
        Err(RecordError::Io(error)) => return Err(error),
        Err(RecordError::Fatal(problem)) => {
            pass.rows_bad += 1;
            report(problem)?;
            pass.keys = KeyHashes::new();
            (Digest::of(File::open(path)?)?, Delimiter::Comma)
        }
    };
    let repeated = pass.keys.into_repeated();
    let mut plan = Plan {
        rows: pass.rows,
        rows_bad: pass.rows_bad,
        totals: pass.totals,
        digest,
        delimiter,
        warnings: pass.lengths.into_warnings(),
        lines_repeated: Vec::new(),
    };
    if !repeated.is_empty() {
        take_out_repeated(&mut plan, &repeated, path, accounts, report)?;
    }
    Ok(plan)
}

struct Pass {
    rows: u64,
    rows_bad: u64,
    totals: Vec<Total>,
    keys: KeyHashes,
    lengths: AccountLengths,
}

impl Pass {
    fn new() -> Self {
        let (keys, lengths) = (KeyHashes::new(), AccountLengths::default());
        Self { rows: 0, rows_bad: 0, totals: Vec::new(), keys, lengths }
    }

    fn read(
        &mut self,
        file: File,
        accounts: &dyn Accounts,
        report: &mut dyn FnMut(Problem) -> io::Result<()>,
    ) -> Result<(Digest, Delimiter), RecordError> {
        let (mut records, delimiter) = Records::open(file)?;
        let layout = match records.next()?.map(Layout::read) {
            Some(Ok(layout)) => layout,
            Some(Err(problems)) => {
                self.rows_bad += 1;
                problems.into_iter().try_for_each(&mut *report).map_err(RecordError::Io)?;
                return Ok((records.into_digest().map_err(RecordError::Io)?, delimiter));
            }
            None => return Err(RecordError::Fatal(header::absent())),
        };
        while let Some(record) = records.next()? {
            let key = layout.bytes(record, Column::Key);
            if record.len() == layout.width() && !key.is_empty() {
                self.keys.add(key, record.line);
            }
            match row::read(record, &layout, accounts) {
                Ok(order) => self.count(&order, record.line),
                Err(problems) => {
                    self.rows_bad += 1;
                    problems.into_iter().try_for_each(&mut *report).map_err(RecordError::Io)?;
                }
            }
        }
        Ok((records.into_digest().map_err(RecordError::Io)?, delimiter))
    }

    fn count(&mut self, order: &PayoutOrder, line: u64) {
        self.rows += 1;
        self.lengths.add(order, line);
        match find(&mut self.totals, order) {
            Some(total) => {
                total.count += 1;
                total.amount_minor += i128::from(order.amount.minor);
            }
            None => self.totals.push(Total {
                account: order.account.clone(),
                currency: order.amount.currency,
                count: 1,
                amount_minor: i128::from(order.amount.minor),
            }),
        }
    }
}

/// A handful at most, so a search beats a map.
fn find<'a>(totals: &'a mut [Total], order: &PayoutOrder) -> Option<&'a mut Total> {
    let is_of = |total: &&mut Total| {
        total.currency == order.amount.currency && total.account == order.account
    };
    totals.iter_mut().find(is_of)
}

/// Visits the rows that share their key once more; reports them, and takes the good ones out of the
/// totals. Which of them is meant nobody can know, so none of them counts.
fn take_out_repeated(
    plan: &mut Plan,
    repeated: &[Repeated],
    path: &Path,
    accounts: &dyn Accounts,
    report: &mut dyn FnMut(Problem) -> io::Result<()>,
) -> io::Result<()> {
    let (mut records, _) = Records::open(File::open(path)?)?;
    let Some(Ok(layout)) = records.next()?.map(Layout::read) else {
        return Ok(());
    };
    let mut waiting = repeated.iter().peekable();
    while let (Some(next), Some(record)) = (waiting.peek().copied(), records.next()?) {
        if record.line != u64::from(next.line) {
            continue;
        }
        waiting.next();
        report(repeated_key(next, layout.bytes(record, Column::Key)))?;
        if let Ok(order) = row::read(record, &layout, accounts) {
            plan.take_out(&order, next.line);
        }
    }
    plan.totals.retain(|total| total.count > 0);
    Ok(())
}

fn repeated_key(repeated: &Repeated, key: &[u8]) -> Problem {
    let key = field::printable(&String::from_utf8_lossy(key), 64);
    let because = format!("is the key of line {} too", repeated.other);
    let remedy = "give every payout a key of its own";
    Problem::of_field(u64::from(repeated.line), Column::Key, &key, because, remedy)
}
