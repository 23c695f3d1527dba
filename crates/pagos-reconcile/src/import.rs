//! The import of a statement: its lines are stored once, however often files repeat them.
//!
//! The id of a line is its fingerprint and its number among the equal lines of its file. So files
//! that overlap share the lines that both have, and two equal lines that a bank booked stay two.

use std::collections::HashMap;

use pagos_core::{Day, Timestamp};
use pagos_engine::{Actor, BookLine, LineState, RecordKind, RecordWrite, RecordWritten};
use pagos_statement::{Head, Line, Tail};
use sha2::{Digest, Sha256};

use crate::{
    book::{BATCH, Reconciler},
    error::Error,
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
            at: file.at,
            by: file.by,
        };
        Ok(Begun::New(Box::new(Import {
            reconciler: self.clone(),
            record,
            equal: HashMap::new(),
            batch: Vec::with_capacity(BATCH),
            days: None,
        })))
    }
}

impl Import {
    /// Adds a line. Lines are stored by the thousand.
    ///
    /// # Errors
    /// `Refused` for a line of another currency; `Store`.
    pub async fn add(&mut self, line: Line) -> Result<(), Error> {
        let book = &self.reconciler.book;
        if line.amount.currency != book.currency {
            return Err(Error::refused(format!(
                "line {} is in {}, and book {} is in {}; import it into a book of its currency",
                line.place, line.amount.currency, book.name, book.currency
            )));
        }
        let fingerprint = line.fingerprint();
        let ordinal = self.equal.entry(fingerprint.clone()).or_default();
        *ordinal = ordinal.saturating_add(1);
        let (from, through) = self.days.unwrap_or((line.day, line.day));
        self.days = Some((from.min(line.day), through.max(line.day)));
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
    /// `Refused` for a statement of another currency.
    pub fn end_statement(&mut self, head: &Head, tail: &Tail) -> Result<(), Error> {
        let book = &self.reconciler.book;
        if head.currency != book.currency {
            return Err(Error::refused(format!(
                "the statement is in {}, and book {} is in {}",
                head.currency, book.name, book.currency
            )));
        }
        let days = self.days.take();
        self.record.statements.push(StatementSpan {
            id: head.id.clone(),
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
        let lines = batch.len();
        if lines == 0 {
            return Ok(());
        }
        let is_new = self.reconciler.writer.add_lines(batch).await.map_err(Error::store)?;
        self.record.lines += lines as u64;
        self.record.new += is_new.into_iter().filter(|it| *it).count() as u64;
        Ok(())
    }
}
