//! The import of a statement: its lines are stored once, however often files repeat them.
//!
//! The id of a line is its fingerprint and its number among the equal lines of its file. So files
//! that overlap share the lines that both have, and two equal lines that a bank booked stay two. Where
//! a bank gives neither references nor balances, that is true only of days that one of the files has
//! whole; what is taken for the same on other days is counted and told.

use std::collections::{BTreeMap, HashMap};

use pagos_core::{Currency, Day, Timestamp};
use pagos_engine::{Actor, BookLine, LineState, RecordKind, RecordWrite, RecordWritten};
use pagos_statement::{Head, Line, Tail};
use sha2::{Digest, Sha256};

use crate::{
    book::{BATCH, Reconciler},
    error::Error,
    fold,
    stored::{LineBody, StatementRecord, StatementSpan, parse, record_name, write},
};

/// A file that is to be imported.
#[derive(Debug, Clone)]
pub struct StatementFile {
    /// Its name; a folder before it is left out.
    pub name: String,
    /// The digest of its bytes, from [`digest`].
    pub sha256: String,
    /// The format that it is read as.
    pub format: String,
    /// When it is imported.
    pub at: Timestamp,
    /// Who imports it.
    pub by: Actor,
}

/// The digest of a file, in hexadecimal digits.
///
/// ```
/// let empty = pagos_reconcile::digest(b"");
/// assert_eq!(&empty[..8], "e3b0c442");
/// ```
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How an import begins.
#[derive(Debug)]
pub enum Begun {
    /// The same file was imported before, so there is nothing to do.
    Known(Box<StatementRecord>),
    /// Its lines can be added.
    New(Box<Import>),
}

/// A file that is being imported. If it is dropped before [`Import::finish`], the lines so far stay
/// in the book and no record says that the file was imported; importing it again completes it.
#[derive(Debug)]
pub struct Import {
    reconciler: Reconciler,
    record: StatementRecord,
    equal: HashMap<String, u32>,
    batch: Vec<BookLine>,
    days: Option<(Day, Day)>,
    /// What was imported before.
    earlier: Vec<StatementSpan>,
    /// Whether each line of the batch could be another one than an equal line of another file.
    is_vague: Vec<bool>,
    /// Lines that could be, and were known, by day.
    vague: BTreeMap<Day, u64>,
}

impl Reconciler {
    /// Begins to import a file.
    ///
    /// # Errors
    /// `Store`; `Unreadable` if the record of the same file cannot be read.
    pub async fn import(&self, file: StatementFile) -> Result<Begun, Error> {
        let name = record_name(&self.book.name, &file.sha256);
        let known = self.store.record(RecordKind::Statement, &name).await;
        if let Some(known) = known.map_err(Error::store)? {
            return Ok(Begun::Known(Box::new(parse(&known.body, &name)?)));
        }
        let without_folder = file.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let record = StatementRecord {
            file: without_folder.to_owned(),
            sha256: file.sha256,
            format: file.format,
            statements: Vec::new(),
            lines: 0,
            new: 0,
            unsure: 0,
            at: file.at,
            by: file.by,
        };
        Ok(Begun::New(Box::new(Import {
            reconciler: self.clone(),
            record,
            equal: HashMap::new(),
            batch: Vec::with_capacity(BATCH),
            days: None,
            earlier: self.spans().await?,
            is_vague: Vec::new(),
            vague: BTreeMap::new(),
        })))
    }

    /// Checks that a statement is of the account and in the currency of the book, before any line of
    /// it is stored.
    ///
    /// # Errors
    /// `Refused` if it is not; `Store`.
    pub async fn check(&self, head: &Head) -> Result<(), Error> {
        self.check_head(head, &self.spans().await?)
    }

    /// The latest day that a line can have: tomorrow, since clocks differ.
    pub fn latest_day(&self, now: Timestamp) -> Day {
        Day::at(now, self.book.utc_offset_minutes).plus(1)
    }

    async fn spans(&self) -> Result<Vec<StatementSpan>, Error> {
        Ok(self.statements().await?.into_iter().flat_map(|it| it.statements).collect())
    }

    fn check_head(&self, head: &Head, earlier: &[StatementSpan]) -> Result<(), Error> {
        self.check_currency("the statement", head.currency)?;
        let Some(account) = head.account.as_ref().map(|it| fold::number(it.as_str())) else {
            return Ok(());
        };
        let known = earlier.iter().rev().find_map(|it| it.account.as_ref());
        let Some(known) = known.map(|it| fold::number(it.as_str())) else { return Ok(()) };
        // A bank may write a number with and without what stands before it.
        let is_tail = known.ends_with(&account) || account.ends_with(&known);
        let is_same = known == account || (is_tail && known.len().min(account.len()) >= TAIL_MIN);
        if is_same {
            return Ok(());
        }
        let last =
            |number: &str| number.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev();
        let (given, known): (String, String) = (last(&account).collect(), last(&known).collect());
        Err(Error::refused(format!(
            "the statement is of the account that ends in {given}, and book {} has statements of the \
             one that ends in {known}: a book is one account, so name another book",
            self.book.name
        )))
    }

    fn check_currency(&self, what: &str, currency: Currency) -> Result<(), Error> {
        match currency == self.book.currency {
            true => Ok(()),
            false => Err(Error::refused(format!(
                "{what} is in {currency}, and book {} is in {}; import it into a book of its currency",
                self.book.name, self.book.currency
            ))),
        }
    }
}

impl Import {
    /// Adds a line. Lines are stored in batches.
    ///
    /// # Errors
    /// `Refused` for a line of another currency or of a day that has not come; `Store`.
    pub async fn add(&mut self, line: Line) -> Result<(), Error> {
        let what = format!("line {}", line.place);
        self.reconciler.check_currency(&what, line.amount.currency)?;
        let latest = self.reconciler.latest_day(self.record.at);
        if line.day > latest {
            return Err(Error::refused(format!("{what} is of {}, which is after today", line.day)));
        }
        let book = &self.reconciler.book;
        let fingerprint = line.fingerprint();
        let ordinal = self.equal.entry(fingerprint.clone()).or_default();
        *ordinal = ordinal.saturating_add(1);
        let (from, through) = self.days.unwrap_or((line.day, line.day));
        self.days = Some((from.min(line.day), through.max(line.day)));
        self.is_vague.push(!line.is_distinct());
        self.batch.push(BookLine {
            book: book.name.clone(),
            id: format!("{fingerprint}-{ordinal}"),
            day: line.day,
            change: line.change(),
            state: LineState::Open,
            body: write(&LineBody::new(line))?,
            version: 1,
        });
        if self.batch.len() >= BATCH {
            self.store_batch().await?;
        }
        Ok(())
    }

    /// Ends one statement of the file, whose lines were added before.
    ///
    /// # Errors
    /// `Refused` for a statement of another account or currency.
    pub fn end_statement(&mut self, head: &Head, tail: &Tail) -> Result<(), Error> {
        self.reconciler.check_head(head, &self.earlier)?;
        let days = self.days.take();
        self.record.statements.push(StatementSpan {
            id: head.id.clone(),
            account: head.account.clone(),
            from: tail.from.or(days.map(|it| it.0)),
            through: tail.through.or(days.map(|it| it.1)),
            opening: head.opening,
            closing: tail.closing,
        });
        Ok(())
    }

    /// Stores what is left, and records that the file was imported.
    ///
    /// # Errors
    /// `Conflict` if somebody else imported the same file meanwhile, which leaves the same lines;
    /// `Store`.
    pub async fn finish(mut self) -> Result<StatementRecord, Error> {
        self.store_batch().await?;
        self.record.unsure = self.unsure();
        let name = record_name(&self.reconciler.book.name, &self.record.sha256);
        let write = RecordWrite {
            kind: RecordKind::Statement,
            name,
            was: None,
            body: Some(write(&self.record)?),
            notices: Vec::new(),
        };
        match self.reconciler.writer.write_record(write).await.map_err(Error::store)? {
            RecordWritten::Done { .. } => Ok(self.record),
            RecordWritten::Conflict => Err(Error::Conflict(
                "somebody else imported this file at the same moment; its lines are stored once"
                    .to_owned(),
            )),
        }
    }

    async fn store_batch(&mut self) -> Result<(), Error> {
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        let is_vague = std::mem::take(&mut self.is_vague);
        if batch.is_empty() {
            return Ok(());
        }
        let days: Vec<Day> = batch.iter().map(|it| it.day).collect();
        let is_new = self.reconciler.writer.add_lines(batch).await.map_err(Error::store)?;
        for ((is_new, is_vague), day) in is_new.into_iter().zip(is_vague).zip(days) {
            self.record.lines += 1;
            self.record.new += u64::from(is_new);
            if is_vague && !is_new {
                *self.vague.entry(day).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Of the lines that were known from another file, those that may be others: a file that has a whole
    /// day has all equal lines of it, and a first or last day need not be whole. Lines of days that no
    /// other file has are those of an import of this one that was broken off.
    fn unsure(&self) -> u64 {
        let spans = || self.earlier.iter().chain(&self.record.statements);
        let is_inside = |day: Day| {
            spans().any(|it| {
                it.from.is_some_and(|it| it < day) && it.through.is_some_and(|it| day < it)
            })
        };
        let is_of_another = |day: Day| self.earlier.iter().any(|it| it.touches(day, day));
        let unsure = self.vague.iter().filter(|(day, _)| is_of_another(**day) && !is_inside(**day));
        unsure.map(|(_, count)| count).sum()
    }
}

/// So many last characters tell accounts apart.
const TAIL_MIN: usize = 4;
