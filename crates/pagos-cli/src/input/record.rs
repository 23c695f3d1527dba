//! One record of a file or a sheet, and why there is no next one.

use std::io;

use crate::input::{Problem, look::Look, quotes::StrayQuote};

/// The largest record, far larger than 13 columns of text.
pub(super) const RECORD_SIZE_BYTES_MAX: usize = 64 * 1024;
pub(super) const FIELDS_MAX: usize = 256;

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
    pub(super) bytes: Vec<u8>,
    pub(super) ends: Vec<usize>,
    pub(super) count: usize,
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

impl From<RecordError> for io::Error {
    fn from(error: RecordError) -> io::Error {
        match error {
            RecordError::Io(error) => error,
            RecordError::Fatal(problem) => io::Error::other(problem.to_string()),
        }
    }
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
