//! Reads lines one after the other, and verifies their chain.

use std::path::Path;

use pagos_engine::WitnessError;

use crate::{
    line::{self, Place},
    medium::Medium,
    trouble,
};

/// Reads on from a place.
#[derive(Debug)]
pub(crate) struct Scan {
    place: Place,
    /// Nothing is read behind it.
    until: u64,
    chunk_bytes: usize,
    /// Bytes that were read, from `place` on.
    buffer: Vec<u8>,
    /// How many of them are used.
    used: usize,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A whole line, and where it begins.
    Line { text: Vec<u8>, begin: u64 },
    /// No whole line; so many bytes are of a write that a crash or a power cut has torn.
    End { torn_bytes: u64 },
}

impl Scan {
    pub(crate) fn new(place: Place, until: u64) -> Self {
        Self { place, until, chunk_bytes: CHUNK_BYTES, buffer: Vec::new(), used: 0 }
    }

    /// Reads no more than a line needs.
    pub(crate) fn of_one_line(place: Place, until: u64) -> Self {
        Self { chunk_bytes: LINE_BYTES, ..Self::new(place, until) }
    }

    /// Behind the last line that was read.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    pub(crate) fn next<M: Medium>(
        &mut self,
        medium: &mut M,
        path: &Path,
    ) -> Result<Next, WitnessError> {
        let mut searched = 0;
        loop {
            let rest = self.buffer.get(self.used..).unwrap_or_default();
            let found = rest.iter().skip(searched).position(|byte| *byte == b'\n');
            if let Some(length) = found.map(|it| it + searched) {
                return match self.take(length) {
                    Some(line) => Ok(line),
                    None => self.judge_rest(medium, path),
                };
            }
            searched = rest.len();
            if !self.fill(medium, path)? {
                return self.end(path);
            }
        }
    }

    /// Reads the next chunk. Returns whether there was one.
    fn fill<M: Medium>(&mut self, medium: &mut M, path: &Path) -> Result<bool, WitnessError> {
        self.buffer.drain(..self.used);
        self.used = 0;
        let from = self.place.offset.saturating_add(self.buffer.len() as u64);
        let left = usize::try_from(self.until.saturating_sub(from)).unwrap_or(usize::MAX);
        if left == 0 || self.buffer.len() > TORN_BYTES_MAX {
            return Ok(false);
        }
        let old = self.buffer.len();
        self.buffer.resize(old.saturating_add(left.min(self.chunk_bytes)), 0);
        let read = medium.read_at(from, self.buffer.get_mut(old..).unwrap_or_default());
        let count = read.map_err(|error| trouble::of_system(path, "it cannot be read", &error))?;
        self.buffer.truncate(old + count);
        Ok(count > 0)
    }

    /// The line of this length, if it is the one that was written there.
    fn take(&mut self, length: usize) -> Option<Next> {
        let number = self.place.line.saturating_add(1);
        let rest = self.buffer.get(self.used..).unwrap_or_default();
        let (text, checksum) = line::verify(rest.get(..length)?, self.place.checksum)?;
        let (text, begin) = (text.to_vec(), self.place.offset);
        let offset = begin.saturating_add(length as u64).saturating_add(1);
        self.place = Place { offset, checksum, line: number };
        self.used += length + 1;
        Some(Next::Line { text, begin })
    }

    /// Judges what begins with a line that is not the one that was written there. A power cut loses what
    /// was not synced sector by sector, and a lost sector is empty: a write can miss its first part and have
    /// its last. It is torn if whole sectors are empty, and if no later line says that all of this was
    /// durable when it was written. Anything else is damage.
    fn judge_rest<M: Medium>(&mut self, medium: &mut M, path: &Path) -> Result<Next, WitnessError> {
        while self.fill(medium, path)? {}
        let rest = self.buffer.get(self.used..).unwrap_or_default();
        let was_durable = |line: &[u8]| {
            line::durable_bytes_of(line).is_some_and(|durable| durable > self.place.offset)
        };
        let is_damaged = rest.len() > TORN_BYTES_MAX
            || !has_lost_sectors(rest, self.place.offset)
            || rest.split(|byte| matches!(byte, 0 | b'\n')).any(was_durable);
        if is_damaged {
            let number = self.place.line.saturating_add(1);
            let what = format!("line {number} is not the one that was written there");
            return Err(trouble::damaged(path, &what));
        }
        Ok(Next::End { torn_bytes: rest.len() as u64 })
    }

    /// What is left is a torn line, unless it is a whole one whose line break was changed.
    fn end(&self, path: &Path) -> Result<Next, WitnessError> {
        let torn = self.buffer.get(self.used..).unwrap_or_default();
        let whole = torn.split_last().and_then(|(_, it)| line::verify(it, self.place.checksum));
        if whole.is_some() || torn.len() > TORN_BYTES_MAX {
            let number = self.place.line.saturating_add(1);
            let what = format!("line {number} does not end as it was written");
            return Err(trouble::damaged(path, &what));
        }
        Ok(Next::End { torn_bytes: torn.len() as u64 })
    }
}

/// Whether bytes that begin at `begin` and end with the file are empty by sectors, and somewhere are.
fn has_lost_sectors(bytes: &[u8], begin: u64) -> bool {
    let is_border = |place: usize| {
        place == 0
            || place == bytes.len()
            || begin.saturating_add(place as u64).is_multiple_of(SECTOR_BYTES)
    };
    let mut place = 0;
    let mut has_lost = false;
    for run in bytes.chunk_by(|one, other| (*one == 0) == (*other == 0)) {
        let end = place + run.len();
        if run.first() == Some(&0) {
            has_lost = true;
            if !is_border(place) || !is_border(end) {
                return false;
            }
        }
        place = end;
    }
    has_lost
}

/// No disk tears a smaller piece.
const SECTOR_BYTES: u64 = 512;

/// How much is read at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// As long as most lines.
const LINE_BYTES: usize = 512;

/// More than one write. A longer stretch without a line break was not torn by a crash.
const TORN_BYTES_MAX: usize = 16 * 1024 * 1024;
