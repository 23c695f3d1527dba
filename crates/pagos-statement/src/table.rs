//! Statements as tables: rows of a CSV or a sheet, read by a mapping. Splitting a file into rows is
//! the caller's work.

mod columns;
mod row;

use std::fmt;

use pagos_core::{Day, Money};

use crate::{
    Balance, Counts, Head, Line, Mapping, Part, Problem, Tail, Text, mapping::Order,
    problem::Problems, sum::check_sum,
};
use columns::Columns;

/// One row of a table.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// The number of its first line in the file, or of the row in its sheet, from 1.
    pub place: u64,
    /// The cells as text. A number of a sheet goes through `Mapping::number`, and a day of a sheet
    /// is given as `2026-01-31`.
    pub cells: Vec<String>,
}

/// Shows no cell, since they name people and accounts.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({}, {} cells)", self.place, self.cells.len())
    }
}

/// Reads the rows of a table. Rows above the header row do not count.
///
/// A table with a problem gives `Err` at its end, after parts of it went into the sink: use none of
/// them. Either read the table twice, first into a sink that does nothing, or keep what the sink
/// gets until the end.
///
/// ```
/// use pagos_statement::{Mapping, Row, read_table};
///
/// let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/mapping.toml"));
/// let mapping = &Mapping::parse(text).unwrap()["bank"];
/// let rows = [
///     ["Fecha", "Descripción", "N° operación", "Cargos", "Abonos", "Saldo"],
///     ["31/01/2026", "Pago nómina payroll-7", "B-1", "150.000", "", "850.000"],
/// ];
/// let rows = rows.iter().zip(1..).map(|(cells, place)| Row {
///     place,
///     cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
/// });
/// let mut parts = Vec::new();
/// let counts = read_table(rows, mapping, &mut |part| parts.push(part)).unwrap();
/// assert_eq!((counts.lines, parts.len()), (1, 3));
/// ```
///
/// # Errors
/// Every problem of the table, up to 1,000.
pub fn read_table(
    rows: impl Iterator<Item = Row>,
    mapping: &Mapping,
    sink: &mut dyn FnMut(Part),
) -> Result<Counts, Vec<Problem>> {
    let mut table = Table {
        mapping,
        statement: None,
        counts: Counts::default(),
        problems: Problems::default(),
    };
    let mut columns = mapping.header.is_empty().then(|| Columns::by_number(mapping));
    let mut above = 0;
    for row in rows {
        if table.problems.is_full() {
            break;
        }
        match &columns {
            Some(columns) if table.accept(&row, columns, sink) => {}
            Some(_) => break,
            None if columns::is_header(mapping, &row) => {
                let found = Columns::find(mapping, &row);
                let Some(found) = table.problems.take(found) else { break };
                columns = Some(found);
            }
            None => above += 1,
        }
        if columns.is_none() && above >= ABOVE_MAX {
            break;
        }
    }
    if columns.is_none() && table.problems.is_empty() {
        let because = format!("none of the first {above} rows has the columns of the mapping");
        let remedy = "compare the names in \"header\" of the mapping with the file";
        table.problems.add(Problem::new(0, because, remedy));
    }
    table.end(sink);
    table.problems.finish(table.counts)
}

struct Table<'a> {
    mapping: &'a Mapping,
    statement: Option<Statement>,
    counts: Counts,
    problems: Problems,
}

/// The rows of one account so far.
struct Statement {
    account: Option<Text>,
    /// The balance that was seen last, and what lines changed since.
    balance: Option<Money>,
    since_minor: i128,
    /// The balance of the first row and of the last one.
    newest: Option<Balance>,
    days: (Day, Day),
}

impl Table<'_> {
    /// Takes one row. Is there more to read?
    fn accept(&mut self, row: &Row, columns: &Columns<'_>, sink: &mut dyn FnMut(Part)) -> bool {
        let is_met = |rules: &[(usize, &crate::mapping::Rule)]| {
            rules.iter().any(|(at, rule)| rule.is_met(columns::cell(row, *at)))
        };
        if row.cells.iter().all(|cell| cell.trim().is_empty()) {
            return true;
        }
        if is_met(&columns.end) {
            return false;
        }
        let is_header = !self.mapping.header.is_empty() && columns::is_header(self.mapping, row);
        if is_header || is_met(&columns.skip) {
            self.counts.skipped += 1;
            return true;
        }
        let reader = row::Reader { mapping: self.mapping, columns, row };
        let read = reader.line();
        match self.problems.take(read) {
            Some((line, balance)) => self.add(line, balance, reader.own_account(), sink),
            None => self.statement.iter_mut().for_each(Statement::forget_balance),
        }
        true
    }

    fn add(
        &mut self,
        line: Line,
        balance: Option<Money>,
        account: Option<Text>,
        sink: &mut dyn FnMut(Part),
    ) {
        let is_same = self.statement.as_ref().is_some_and(|it| it.account == account);
        if !is_same {
            self.end(sink);
            let opening = self.opening(&line, balance);
            let currency = self.mapping.currency;
            self.counts.statements += 1;
            sink(Part::Begin(Head { id: None, account: account.clone(), currency, opening }));
            self.statement = Some(Statement {
                account,
                balance: None,
                since_minor: 0,
                newest: None,
                days: (line.day, line.day),
            });
        }
        let order = self.mapping.balance.as_ref().map(|(_, order)| *order);
        if let (Some(order), Some(statement)) = (order, &mut self.statement) {
            self.problems.take(statement.check(&line, balance, order));
        }
        if let Some(statement) = &mut self.statement {
            let (first, last) = statement.days;
            statement.days = (first.min(line.day), last.max(line.day));
        }
        self.counts.add(&line);
        sink(Part::Line(Line { balance, ..line }));
    }

    /// The balance before the first row, if rows are sorted from the oldest on.
    fn opening(&self, line: &Line, balance: Option<Money>) -> Option<Balance> {
        let (_, order) = self.mapping.balance.as_ref()?;
        let before = balance?.minor.checked_sub(line.change().minor)?;
        let amount = Money::new(before, self.mapping.currency);
        (*order == Order::OldestFirst).then_some(Balance { day: None, amount })
    }

    fn end(&mut self, sink: &mut dyn FnMut(Part)) {
        let Some(statement) = self.statement.take() else { return };
        let (from, through) = statement.days;
        // What follows the last balance that a row has is not known to be in it.
        let closing = match self.mapping.balance.as_ref().map(|(_, order)| order) {
            Some(Order::NewestFirst) => statement.newest,
            Some(Order::OldestFirst) if statement.since_minor == 0 => {
                statement.balance.map(|amount| Balance { day: Some(through), amount })
            }
            _ => None,
        };
        sink(Part::End(Tail { closing, from: Some(from), through: Some(through) }));
    }
}

impl Statement {
    /// A row could not be read, so the next balance says nothing about the last one.
    fn forget_balance(&mut self) {
        (self.balance, self.since_minor) = (None, 0);
    }

    /// The balance of a row is that of the row before it, changed by what lies between them.
    fn check(&mut self, line: &Line, balance: Option<Money>, order: Order) -> Result<(), Problem> {
        let change = i128::from(line.change().minor);
        if order == Order::OldestFirst {
            self.since_minor += change;
        }
        let Some(balance) = balance else {
            if order == Order::NewestFirst {
                self.since_minor += change;
            }
            return Ok(());
        };
        let before = self.balance.replace(balance);
        let since = std::mem::take(&mut self.since_minor);
        if order == Order::NewestFirst {
            self.since_minor = change;
            if before.is_none() && since == 0 {
                self.newest = Some(Balance { day: Some(line.day), amount: balance });
            }
        }
        let Some(before) = before else { return Ok(()) };
        match order {
            Order::OldestFirst => check_sum(line.place, before, since, balance),
            Order::NewestFirst => check_sum(line.place, balance, since, before),
        }
    }
}

const ABOVE_MAX: usize = 100;
