//! Splits a file into records with exact line numbers, in constant memory, and digests its bytes.
//!
//! Built on `csv-core`, the parser of the `csv` crate, and not on `csv` itself: that one counts a
//! line too few after `\r\n` and after an empty line, and lets a quote that nobody closes grow
//! without a limit. Knows nothing of columns.

use std::fmt;
use std::io;
use std::io::Read;

use csv_core::ReadRecordResult;
use sha2::Digest as _;
use sha2::Sha256;

use crate::input::Delimiter;
use crate::input::Problem;

/// The largest record. 13 columns of text are far below it.
const RECORD_SIZE_BYTES_MAX: usize = 64 * 1024;
const FIELDS_MAX: usize = 256;
const BLOCK_SIZE_BYTES: usize = 256 * 1024;

/// SHA-256 of the bytes of a file: which file was planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    /// The digest of everything that `source` yields.
    pub(crate) fn of(mut source: impl Read) -> io::Result<Self> {
        let mut digest = Sha256::new();
        let mut block = vec![0; BLOCK_SIZE_BYTES];
        loop {
            match source.read(&mut block) {
                Ok(0) => return Ok(Self(digest.finalize().into())),
                Ok(count) => digest.update(block.get(..count).unwrap_or(&[])),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Why there is no next record.
#[derive(Debug)]
pub(crate) enum RecordError {
    Io(io::Error),
    /// Nothing behind this place can be read.
    Fatal(Problem),
}

/// One record. Its buffers are used again for the next.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) line: u64,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
}

impl Record {
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

    fn is_blank(&self) -> bool {
        let used = self.ends.get(..self.count).and_then(|ends| ends.last()).copied().unwrap_or(0);
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
    digest: Sha256,
    parser: csv_core::Reader,
    record: Record,
}

impl<R: Read> Records<R> {
    /// Reads the first block, takes a byte order mark off, and finds the delimiter.
    pub(crate) fn open(source: R) -> Result<(Self, Delimiter), RecordError> {
        let record = Record {
            line: 0,
            bytes: vec![0; RECORD_SIZE_BYTES_MAX],
            ends: vec![0; FIELDS_MAX],
            count: 0,
        };
        let mut records = Self {
            source,
            block: vec![0; BLOCK_SIZE_BYTES],
            start: 0,
            end: 0,
            is_ended: false,
            line: 1,
            digest: Sha256::new(),
            parser: csv_core::Reader::new(),
            record,
        };
        while records.end < RECORD_SIZE_BYTES_MAX && !records.is_ended {
            records.fill()?;
        }
        records.take_mark()?;
        records.skip_empty_lines()?;
        let delimiter = Delimiter::detect(records.rest());
        records.parser = csv_core::ReaderBuilder::new().delimiter(delimiter.byte()).build();
        Ok((records, delimiter))
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

    /// The digest of the whole file; reads what is left of it.
    pub(crate) fn into_digest(mut self) -> io::Result<Digest> {
        while !self.is_ended {
            self.start = self.end;
            self.fill()?;
        }
        Ok(Digest(self.digest.finalize().into()))
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

    /// A `\r` was taken: with a `\n` behind it or without, it ends one line.
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

    /// Reads a block behind what is left. At the end of the file nothing changes.
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
        self.digest.update(room.get(..count).unwrap_or(&[]));
        self.end += count;
        self.is_ended = self.is_ended || count == 0;
        Ok(())
    }

    fn take_mark(&mut self) -> Result<(), RecordError> {
        let rest = self.rest();
        if rest.starts_with(b"\xEF\xBB\xBF") {
            self.start += 3;
            return Ok(());
        }
        if rest.starts_with(b"\xFF\xFE") || rest.starts_with(b"\xFE\xFF") {
            let remedy = "save it as \"CSV UTF-8\"";
            return Err(RecordError::Fatal(Problem::of_line(1, "the file is UTF-16", remedy)));
        }
        if rest.starts_with(b"PK\x03\x04") {
            let because = "the file is a spreadsheet or a zip archive, not a CSV";
            let remedy = "export the sheet as \"CSV UTF-8\"";
            return Err(RecordError::Fatal(Problem::of_line(1, because, remedy)));
        }
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

fn too_long(line: u64) -> Problem {
    let because = format!(
        "a row begins here that is longer than {RECORD_SIZE_BYTES_MAX} bytes or has more than \
         {FIELDS_MAX} fields, so nothing behind it could be read"
    );
    Problem::of_line(line, because, "look for a double quote that is not closed")
}
