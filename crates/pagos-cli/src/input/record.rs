//! Splits a text into records with exact line numbers, in constant memory.
//!
//! It is built on `csv-core`, the parser of the `csv` crate, and not on `csv` itself, which counts
//! one line too few after `\r\n` and after an empty line, and lets an unclosed quote grow without a
//! limit.

use std::io::{self, Read};

use csv_core::ReadRecordResult;

use crate::input::{
    Delimiter, Problem, header,
    look::Look,
    quotes::{Quotes, StrayQuote},
};

/// The largest record, far larger than 13 columns of text.
pub(super) const RECORD_SIZE_BYTES_MAX: usize = 64 * 1024;
pub(super) const FIELDS_MAX: usize = 256;
const BLOCK_SIZE_BYTES: usize = 256 * 1024;

/// Why there is no next record.
#[derive(Debug)]
pub(crate) enum RecordError {
    Io(io::Error),
    /// Nothing after this place can be read.
    Fatal(Problem),
}

/// One record. Its buffers are reused for the next.
#[derive(Debug)]
pub(crate) struct Record {
    /// The line of its first byte, or its row in a sheet; from 1.
    pub(crate) line: u64,
    /// A quote where none is allowed.
    pub(crate) stray_quote: Option<StrayQuote>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
    /// The kind of each cell of a sheet; empty for text.
    kinds: Vec<CellKind>,
    /// What cells of a sheet show besides their content, by position. Usually empty.
    looks: Vec<(usize, Look)>,
    is_of_sheet: bool,
}

/// A cell of a sheet.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) kind: CellKind,
    pub(super) text: String,
    pub(super) looks: Vec<Look>,
}

impl Cell {
    pub(super) fn empty() -> Self {
        Self { kind: CellKind::Text, text: String::new(), looks: Vec::new() }
    }
}

/// The kind of a cell's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellKind {
    Text,
    Number,
    /// A date, a truth value, a duration: nothing that occurs in a payroll.
    Other,
}

impl Record {
    /// A record with room for this many bytes and fields, to be filled repeatedly.
    pub(super) fn with_room(size_bytes: usize, fields: usize) -> Self {
        Self {
            line: 0,
            stray_quote: None,
            bytes: vec![0; size_bytes],
            ends: vec![0; fields],
            count: 0,
            kinds: Vec::new(),
            looks: Vec::new(),
            is_of_sheet: false,
        }
    }

    /// The row of a sheet, with this many cells; those after the given ones are empty.
    pub(super) fn of_cells(line: u64, width: usize, cells: impl Iterator<Item = Cell>) -> Self {
        let mut record = Self { line, is_of_sheet: true, ..Self::with_room(0, 0) };
        for (place, cell) in cells.enumerate() {
            record.bytes.extend_from_slice(cell.text.as_bytes());
            record.ends.push(record.bytes.len());
            record.kinds.push(cell.kind);
            record.looks.extend(cell.looks.into_iter().map(|look| (place, look)));
        }
        record.count = width;
        record
    }

    /// The memory that it occupies.
    pub(super) fn size_bytes(&self) -> usize {
        let looks = self.looks.len() * size_of::<(usize, Look)>();
        size_of::<Self>() + self.bytes.len() + self.ends.len() * size_of::<usize>() + looks
    }

    /// What the cells of a sheet show besides their content, by position.
    pub(super) fn looks(&self) -> &[(usize, Look)] {
        &self.looks
    }

    /// The kind of a cell, and its address; `None` for text with separators.
    pub(crate) fn cell(&self, place: usize) -> Option<(CellKind, String)> {
        let kind = self.kinds.get(place).copied().unwrap_or(CellKind::Text);
        self.is_of_sheet.then(|| (kind, address(place, self.line)))
    }

    /// The number of fields.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The bytes of one field, without quotes; empty beyond the last.
    pub(crate) fn field(&self, place: usize) -> &[u8] {
        if place >= self.count {
            return &[];
        }
        let end = self.ends.get(place).copied().unwrap_or(0);
        let start = match place.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(0),
            None => 0,
        };
        self.bytes.get(start..end).unwrap_or(&[])
    }

    /// All fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.count).map(|place| self.field(place))
    }

    pub(super) fn is_blank(&self) -> bool {
        let ends = self.ends.get(..self.count.min(self.ends.len()));
        let used = ends.and_then(|ends| ends.last()).copied().unwrap_or(0);
        self.bytes.get(..used).is_none_or(|bytes| bytes.iter().all(u8::is_ascii_whitespace))
    }
}

/// The records of a file, one after another.
pub(crate) struct Records<R> {
    source: R,
    block: Vec<u8>,
    start: usize,
    end: usize,
    is_ended: bool,
    line: u64,
    parser: csv_core::Reader,
    quotes: Quotes,
    record: Record,
}

impl<R: Read> Records<R> {
    /// Reads the first block, removes a byte order mark, and finds the delimiter.
    pub(crate) fn open(source: R) -> Result<(Self, Delimiter), RecordError> {
        let mut records = Self {
            source,
            block: vec![0; BLOCK_SIZE_BYTES],
            start: 0,
            end: 0,
            is_ended: false,
            line: 1,
            parser: csv_core::Reader::new(),
            quotes: Quotes::new(b','),
            record: Record::with_room(RECORD_SIZE_BYTES_MAX, FIELDS_MAX),
        };
        while records.end < RECORD_SIZE_BYTES_MAX && !records.is_ended {
            records.fill()?;
        }
        if records.rest().starts_with(b"\xEF\xBB\xBF") {
            records.start += 3;
        }
        records.skip_empty_lines()?;
        let beginning = header::begin(records.rest(), records.line).map_err(RecordError::Fatal)?;
        records.start += beginning.skipped_bytes;
        let byte = beginning.delimiter.byte();
        records.parser = csv_core::ReaderBuilder::new().delimiter(byte).build();
        records.quotes = Quotes::new(byte);
        Ok((records, beginning.delimiter))
    }

    /// The next record that is not blank, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<&Record>, RecordError> {
        loop {
            self.skip_empty_lines()?;
            if self.rest().is_empty() {
                return Ok(None);
            }
            self.read_record()?;
            if !self.record.is_blank() {
                return Ok(Some(&self.record));
            }
        }
    }

    /// The source of the records.
    pub(crate) fn into_source(self) -> R {
        self.source
    }

    fn read_record(&mut self) -> Result<(), RecordError> {
        let line = self.line;
        let (mut written, mut ended) = (0, 0);
        loop {
            if self.rest().is_empty() {
                self.fill()?;
            }
            // `start <= end <= block.len()`, and the two counts never pass their buffers: the
            // parser is given what is left of them.
            let input = self.block.get(self.start..self.end).unwrap_or(&[]);
            let output = self.record.bytes.get_mut(written..).unwrap_or(&mut []);
            let ends = self.record.ends.get_mut(ended..).unwrap_or(&mut []);
            let (result, taken, out, found) = self.parser.read_record(input, output, ends);
            let taken_bytes = input.get(..taken).unwrap_or(&[]);
            self.quotes.follow(taken_bytes, self.line);
            let breaks = taken_bytes.iter().filter(|byte| **byte == b'\n').count();
            let is_after_return = taken_bytes.last() == Some(&b'\r');
            self.line += breaks as u64;
            self.start += taken;
            written += out;
            ended += found;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err(RecordError::Fatal(too_long(line)));
                }
                ReadRecordResult::Record | ReadRecordResult::End => {
                    if is_after_return {
                        self.end_line_after_return()?;
                    }
                    self.record.line = line;
                    self.record.count = ended;
                    self.record.stray_quote = self.quotes.end_record(line);
                    if let Some(stray) = self.record.stray_quote.filter(StrayQuote::is_unclosed) {
                        return Err(RecordError::Fatal(unclosed(stray.line, self.line)));
                    }
                    return Ok(());
                }
            }
        }
    }

    /// Empty lines between records, with any of the three line endings.
    fn skip_empty_lines(&mut self) -> Result<(), RecordError> {
        loop {
            if self.rest().is_empty() {
                self.fill()?;
            }
            match self.rest().first() {
                Some(b'\n') => {
                    self.start += 1;
                    self.line += 1;
                }
                Some(b'\r') => {
                    self.start += 1;
                    self.end_line_after_return()?;
                }
                _ => return Ok(()),
            }
        }
    }

    /// After a `\r`: it ends one line, with or without a `\n` after it.
    fn end_line_after_return(&mut self) -> Result<(), RecordError> {
        if self.rest().is_empty() {
            self.fill()?;
        }
        if self.rest().first() == Some(&b'\n') {
            self.start += 1;
        }
        self.line += 1;
        Ok(())
    }

    fn rest(&self) -> &[u8] {
        self.block.get(self.start..self.end).unwrap_or(&[])
    }

    /// Reads a block after what is left. At the end of the file nothing changes.
    fn fill(&mut self) -> Result<(), RecordError> {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
        let room = self.block.get_mut(self.end..).unwrap_or(&mut []);
        let count = loop {
            match self.source.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other.map_err(RecordError::Io)?,
            }
        };
        self.end += count;
        self.is_ended = self.is_ended || count == 0;
        Ok(())
    }
}

impl From<RecordError> for io::Error {
    fn from(error: RecordError) -> io::Error {
        match error {
            RecordError::Io(error) => error,
            RecordError::Fatal(problem) => io::Error::other(problem.to_string()),
        }
    }
}

/// Everything after it is part of one field, so nobody can know which rows that were.
fn unclosed(line: u64, last: u64) -> Problem {
    let because = format!(
        "a double quote begins a field in this row and is never closed, so that everything up to line \
         {last} is one field"
    );
    Problem::of_line(line, because, "close the quote, or remove it")
}

fn too_long(line: u64) -> Problem {
    let because = format!(
        "a row begins here that is longer than {RECORD_SIZE_BYTES_MAX} bytes or has more than \
         {FIELDS_MAX} fields, so nothing behind it could be read"
    );
    Problem::of_line(
        line,
        because,
        "look for a double quote that is not closed, or for a file that is no payroll",
    )
}

/// The address of a cell, such as `J12`.
pub(super) fn address(place: usize, line: u64) -> String {
    format!("{}{line}", letters(place))
}

/// The letters of a column of a sheet: A to Z, AA and so on.
fn letters(place: usize) -> String {
    let mut text = String::new();
    let mut rest = place + 1;
    while rest > 0 {
        // Below 26, so a letter.
        let letter = u8::try_from((rest - 1) % 26).unwrap_or(0);
        text.insert(0, char::from(b'A' + letter));
        rest = (rest - 1) / 26;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_letters_of_a_spreadsheet() {
        for (place, expected) in [(0, "A"), (9, "J"), (25, "Z"), (26, "AA"), (701, "ZZ")] {
            assert_eq!(letters(place), expected);
        }
    }
}
