//! A statement of a bank as a file: XML, MT940, or a table that a mapping describes. It can be read any
//! number of times, and says if it changed in between.

use std::{
    cell::{Cell, RefCell},
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use pagos_statement::{Counts, Format, Mapping, Part, Row, read_camt, read_mt940, read_table};

use crate::{
    exit::Failure,
    input::{
        Payroll, Purpose, path_text,
        record::{CellKind, Record, RecordError},
        rows::Rows,
    },
};

/// An open statement.
#[derive(Debug)]
pub(crate) struct StatementSource {
    file: Payroll,
    format: Format,
    mapping: Option<Mapping>,
}

impl StatementSource {
    /// Opens a file, or a pipe. `mapping` is how tables are read.
    ///
    /// # Errors
    /// If it cannot be read or has none of the formats; if it is a table and there is no mapping.
    pub(crate) fn open(path: &Path, mapping: Option<&Mapping>) -> Result<Self, Failure> {
        let file = Payroll::open_for(path, Purpose::Statement)?;
        let name = path_text(&file.name);
        let Some(format) = Format::detect(&file.start) else {
            let because = "it is empty, or no statement that can be read: name a camt.053 or camt.054 \
                           (XML), an MT940, a CSV or an .xlsx";
            return Err(Failure::new(format!("{name}: {because}")));
        };
        if format == Format::Table && mapping.is_none() {
            let because = "it is a table, and the book has no mapping: write mapping = \"NAME\" into \
                           its [books.NAME]; `pagos reconcile mappings` lists those that there are";
            return Err(Failure::new(format!("{name}: {because}")));
        }
        Ok(Self { file, format, mapping: mapping.cloned() })
    }

    /// Its name for people.
    pub(crate) fn name(&self) -> String {
        path_text(&self.file.name)
    }

    /// The format, for people and scripts.
    pub(crate) fn format_word(&self) -> &'static str {
        match self.format {
            Format::Camt => "camt",
            Format::Mt940 => "mt940",
            Format::Table => "table",
        }
    }

    /// The SHA-256 of its bytes as it was opened.
    pub(crate) fn sha256(&self) -> String {
        self.file.digest.to_string()
    }

    /// Reads all of it. Nothing that `sink` got may be used if it fails.
    ///
    /// # Errors
    /// All problems of the file; that it changed since it was opened.
    pub(crate) fn read(&self, sink: &mut dyn FnMut(Part)) -> Result<Counts, Failure> {
        let told = |problems: Vec<pagos_statement::Problem>| {
            let name = self.name();
            Failure::many(problems.iter().map(|problem| format!("{name}: {problem}")).collect())
        };
        match (self.format, &self.mapping) {
            (Format::Camt, _) => self.read_raw(|source| read_camt(source, sink).map_err(told)),
            (Format::Mt940, _) => self.read_raw(|source| read_mt940(source, sink).map_err(told)),
            (Format::Table, Some(mapping)) => {
                let (mut rows, _) = Rows::open(&self.file).map_err(|error| self.failure(error))?;
                let failed = Cell::new(None);
                let table = Table { rows: &mut rows, mapping, failed: &failed };
                let read = read_table(table, mapping, sink).map_err(told);
                match failed.into_inner() {
                    Some(error) => Err(self.failure(error)),
                    None => {
                        let counts = read?;
                        let digest = rows.into_digest().map_err(|error| self.unread(&error))?;
                        self.check(digest)?;
                        Ok(counts)
                    }
                }
            }
            (Format::Table, None) => Err(Failure::new(format!("{}: has no mapping", self.name()))),
        }
    }

    fn read_raw(
        &self,
        read: impl FnOnce(&mut dyn BufRead) -> Result<Counts, Failure>,
    ) -> Result<Counts, Failure> {
        let text = self.file.raw().map_err(|error| self.unread(&error))?;
        let failed = RefCell::new(None);
        let mut source =
            BufReader::with_capacity(BUFFER_SIZE_BYTES, Told { text, failed: &failed });
        let read = read(&mut source);
        let Told { text, .. } = source.into_inner();
        if let Some(error) = failed.take() {
            return Err(self.unread(&error));
        }
        let counts = read?;
        self.check(text.into_digest().map_err(|error| self.unread(&error))?)?;
        Ok(counts)
    }

    fn check(&self, digest: crate::input::Digest) -> Result<(), Failure> {
        match digest == self.file.digest {
            true => Ok(()),
            false => {
                let name = self.name();
                Err(Failure::new(format!("{name}: was changed while it was read; read it again")))
            }
        }
    }

    fn failure(&self, error: RecordError) -> Failure {
        match error {
            RecordError::Io(error) => self.unread(&error),
            RecordError::Fatal(problem) => Failure::new(format!("{}: {problem}", self.name())),
        }
    }

    fn unread(&self, error: &io::Error) -> Failure {
        Failure::new(format!("{}: cannot be read: {error}", self.name()))
    }
}

/// The rows of a table, until one cannot be split.
struct Table<'a, 'b> {
    rows: &'a mut Rows<'b>,
    mapping: &'a Mapping,
    failed: &'a Cell<Option<RecordError>>,
}

impl Iterator for Table<'_, '_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        match self.rows.next() {
            Ok(record) => record.map(|record| row(record, self.mapping)),
            Err(error) => {
                self.failed.set(Some(error));
                None
            }
        }
    }
}

fn row(record: &Record, mapping: &Mapping) -> Row {
    let cell = |(place, field): (usize, &[u8])| {
        let text = String::from_utf8_lossy(field);
        match record.cell(place) {
            Some((CellKind::Number, _)) => mapping.number(&text),
            Some((CellKind::Text | CellKind::Other, _)) | None => text.into_owned(),
        }
    };
    Row { place: record.line, cells: record.fields().enumerate().map(cell).collect() }
}

/// Remembers why reading failed, since the readers of statements tell that as a problem of the text.
struct Told<'a, R> {
    text: R,
    failed: &'a RefCell<Option<io::Error>>,
}

impl<R: Read> Read for Told<'_, R> {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        self.text.read(block).inspect_err(|error| {
            let kept = io::Error::new(error.kind(), error.to_string());
            self.failed.replace(Some(kept));
        })
    }
}

const BUFFER_SIZE_BYTES: usize = 256 * 1024;
