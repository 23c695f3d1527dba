//! The first pass over a file: every problem, the totals, and the digest.

use std::io;

use pagos_core::{AccountName, Currency, PayoutOrder};

use crate::{
    input::{
        Accounts, Digest, InputError, Payroll, Problem,
        banks::{BankTally, BanksPaid},
        column::Column,
        duplicate::{Repeated, RowHashes},
        field,
        header::{self, Layout},
        record::RecordError,
        row,
        rows::{Format, Rows},
        source::Body,
        warnings::Warnings,
    },
    words::file,
};

/// The result of planning a file.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The rows that can be paid.
    pub(crate) rows: u64,
    /// The rows that cannot be paid; 1 for a file of which no row can be read.
    pub(crate) rows_bad: u64,
    /// Whether the file is refused as a whole, because of its header or of something that affects
    /// all of it.
    pub(crate) is_unreadable: bool,
    /// The sums of the good rows, by account and currency.
    pub(crate) totals: Vec<Total>,
    /// The banks of the good rows, as each provider understands them.
    pub(crate) banks: Vec<BanksPaid>,
    /// The digest of the bytes that were planned.
    pub(crate) digest: Digest,
    /// The detected format of the file; `None` if it could not be read at all.
    pub(crate) format: Option<Format>,
    /// Odd values that are no errors.
    pub(crate) warnings: Vec<Problem>,
    /// The number of warnings beyond those.
    pub(crate) warnings_more: u64,
    /// The lines of good rows that share their key with another row, sorted.
    pub(super) lines_repeated: Vec<u32>,
}

impl Plan {
    /// Whether every row can be paid.
    pub(crate) fn is_good(&self) -> bool {
        self.rows_bad == 0
    }

    /// Whether there are no warnings.
    pub(crate) fn is_clean(&self) -> bool {
        self.warnings.is_empty()
    }

    /// Removes a row that was counted as good but shares its key.
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

/// The amount of money that leaves through one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Total {
    pub(crate) account: AccountName,
    pub(crate) currency: Currency,
    pub(crate) count: u64,
    /// It may exceed `i64` if a file has enough rows.
    pub(crate) amount_minor: i128,
}

/// Reads the whole file. `report` gets every problem as it is found; repeated keys come last.
///
/// # Errors
/// If the file cannot be read, or `report` fails.
pub(crate) fn plan(
    payroll: &Payroll,
    accounts: &dyn Accounts,
    report: &mut dyn FnMut(Problem) -> io::Result<()>,
) -> Result<Plan, InputError> {
    plan_file(payroll, accounts, report).map_err(|error| InputError::new(&payroll.name, error))
}

fn plan_file(
    payroll: &Payroll,
    accounts: &dyn Accounts,
    report: &mut dyn FnMut(Problem) -> io::Result<()>,
) -> io::Result<Plan> {
    let mut pass = Pass::new();
    match pass.read(payroll, accounts, report) {
        Ok(digest) if digest == payroll.digest => {}
        Ok(_) => return Err(io::Error::other(String::from(file::file_changed()))),
        Err(RecordError::Io(error)) => return Err(error),
        Err(RecordError::Fatal(problem)) => {
            report(problem)?;
            // Rows before a fatal problem do not count, because the file is refused.
            pass = Pass { rows_bad: 1, format: pass.format, ..Pass::new() };
        }
    }
    let is_empty = pass.has_header && pass.rows + pass.rows_bad == 0;
    if is_empty {
        pass.warnings.add_empty();
    }
    let keys = pass.keys.into_repeats();
    let unknown = pass.banks.unknown();
    unknown.iter().for_each(|bank| pass.warnings.add_bank(bank));
    let (warnings, warnings_more) = pass.warnings.finish(&keys);
    let mut plan = Plan {
        rows: pass.rows,
        rows_bad: pass.rows_bad,
        is_unreadable: !pass.has_header,
        totals: pass.totals,
        banks: Vec::new(),
        digest: payroll.digest,
        format: pass.format,
        warnings,
        warnings_more,
        lines_repeated: Vec::new(),
    };
    if !keys.equal.is_empty() {
        take_out_repeated(&mut plan, &mut pass.banks, &keys.equal, payroll, accounts, report)?;
    }
    plan.banks = pass.banks.finish();
    Ok(plan)
}

struct Pass {
    format: Option<Format>,
    has_header: bool,
    rows: u64,
    rows_bad: u64,
    totals: Vec<Total>,
    banks: BankTally,
    /// Each key: the kind is the key in lower case, the form the key itself.
    keys: RowHashes,
    warnings: Warnings,
}

impl Pass {
    fn new() -> Self {
        Self {
            format: None,
            has_header: false,
            rows: 0,
            rows_bad: 0,
            totals: Vec::new(),
            banks: BankTally::default(),
            keys: RowHashes::new(),
            warnings: Warnings::new(),
        }
    }

    fn read(
        &mut self,
        payroll: &Payroll,
        accounts: &dyn Accounts,
        report: &mut dyn FnMut(Problem) -> io::Result<()>,
    ) -> Result<Digest, RecordError> {
        let (mut rows, format) = Rows::open(payroll)?;
        self.warnings.add_format(&format);
        if let Ok(Body::Sheet(sheet)) = &payroll.body {
            self.warnings.add_sheet(sheet);
        }
        self.format = Some(format);
        let layout = match rows.next()?.map(|header| (Layout::read(header), header)) {
            Some((Ok(layout), header)) => {
                if let Ok(Body::Sheet(sheet)) = &payroll.body {
                    self.warnings.add_columns(sheet, header, &layout);
                }
                layout
            }
            Some((Err(problems), _)) => {
                self.rows_bad += 1;
                problems.into_iter().try_for_each(&mut *report).map_err(RecordError::Io)?;
                return rows.into_digest().map_err(RecordError::Io);
            }
            None => return Err(RecordError::Fatal(header::absent())),
        };
        self.has_header = true;
        let (mut line, mut key_lower) = (1, Vec::new());
        while let Some(record) = rows.next()? {
            line = record.line;
            let key = layout.bytes(record, Column::Key);
            if record.len() == layout.width() && !key.is_empty() {
                key_lower.clear();
                key_lower.extend(key.iter().map(u8::to_ascii_lowercase));
                self.keys.add(&key_lower, key, record.line);
            }
            match row::read(record, &layout, accounts) {
                Ok(read) => {
                    self.count(&read.order, line, accounts);
                    self.warnings.add(&read.order, record.line, read.warnings);
                }
                Err(problems) => {
                    self.rows_bad += 1;
                    problems.into_iter().try_for_each(&mut *report).map_err(RecordError::Io)?;
                }
            }
        }
        if payroll.is_cut {
            self.warnings.add_cut(line);
        }
        rows.into_digest().map_err(RecordError::Io)
    }

    fn count(&mut self, order: &PayoutOrder, line: u64, accounts: &dyn Accounts) {
        self.rows += 1;
        self.banks.add(order, line, accounts);
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

/// There are only a few, so a search beats a map.
fn find<'a>(totals: &'a mut [Total], order: &PayoutOrder) -> Option<&'a mut Total> {
    let is_of = |total: &&mut Total| {
        total.currency == order.amount.currency && total.account == order.account
    };
    totals.iter_mut().find(is_of)
}

/// Reads the rows that share their key once more; reports them, and removes the good ones from the
/// totals. Nobody can know which of them is meant, so none of them counts.
fn take_out_repeated(
    plan: &mut Plan,
    banks: &mut BankTally,
    repeated: &[Repeated],
    payroll: &Payroll,
    accounts: &dyn Accounts,
    report: &mut dyn FnMut(Problem) -> io::Result<()>,
) -> io::Result<()> {
    let (mut rows, _) = Rows::open(payroll)?;
    let Some(Ok(layout)) = rows.next()?.map(Layout::read) else {
        return Ok(());
    };
    let mut waiting = repeated.iter().peekable();
    while let (Some(next), Some(record)) = (waiting.peek().copied(), rows.next()?) {
        if record.line != u64::from(next.line) {
            continue;
        }
        waiting.next();
        let cell = layout.place(Column::Key).and_then(|place| record.cell(place));
        let problem = repeated_key(next, layout.bytes(record, Column::Key));
        report(Problem { cell: cell.map(|(_, address)| address.into()), ..problem })?;
        if let Ok(read) = row::read(record, &layout, accounts) {
            banks.remove(&read.order, accounts);
            plan.take_out(&read.order, next.line);
        }
    }
    plan.totals.retain(|total| total.count > 0);
    Ok(())
}

fn repeated_key(repeated: &Repeated, key: &[u8]) -> Problem {
    let key = field::printable(&String::from_utf8_lossy(key), 64);
    let (because, remedy) = (file::is_key_of_line(repeated.other), file::give_own_keys());
    Problem::of_field(u64::from(repeated.line), Column::Key, &key, because, remedy)
}
