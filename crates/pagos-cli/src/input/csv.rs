//! Splits a text into records with exact line numbers, in constant memory.
//!
//! It is built on `csv-core`, the parser of the `csv` crate, and not on `csv` itself, which counts
//! one line too few after `\r\n` and after an empty line, and lets an unclosed quote grow without a
//! limit.

use std::io::{self, Read};

use csv_core::ReadRecordResult;

use crate::{
    input::{
        Delimiter, Problem, Purpose, header,
        quotes::{Quotes, StrayQuote},
        record::{FIELDS_MAX, RECORD_SIZE_BYTES_MAX, Record, RecordError},
    },
    words::file,
};

const BLOCK_SIZE_BYTES: usize = 256 * 1024;

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
    pub(crate) fn open(source: R, purpose: Purpose) -> Result<(Self, Delimiter), RecordError> {
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
        let beginning = match purpose {
            Purpose::Payroll => header::begin(records.rest(), records.line),
            Purpose::Statement => Ok(header::begin_anywhere(records.rest())),
        }
        .map_err(RecordError::Fatal)?;
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

/// Everything after it is part of one field, so nobody can know which rows that were.
fn unclosed(line: u64, last: u64) -> Problem {
    Problem::of_line(line, file::quote_is_unclosed(last), file::close_the_quote())
}

fn too_long(line: u64) -> Problem {
    let because = file::row_is_too_long(RECORD_SIZE_BYTES_MAX, FIELDS_MAX);
    Problem::of_line(line, because, file::look_for_unclosed_quote())
}
