//! The file as a list of lines: what is appended, what others appended, and what is read back.
//!
//! Every operation holds the lock of the file and first reads what others appended since. Nothing
//! that was read once is read again, except the line of a key that comes back.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use pagos_core::OrderKey;
use pagos_engine::{Noted, Reading, SentAttempt, WitnessError, WitnessErrorKind, WitnessMark};

use crate::{
    index::{Index, Owner},
    line::{self, CHECKSUM_BYTES, Checksum, Header, Parsed, Place},
    medium::{Found, Medium},
    scan::{Next, Scan},
    trouble,
};

/// A witness's file under one handle.
#[derive(Debug)]
pub(crate) struct Log<M> {
    medium: M,
    path: PathBuf,
    header: Header,
    /// The place behind the header.
    first: Place,
    /// The place behind the last line that was read or written.
    end: Place,
    /// How much of the file is durable for certain.
    durable_bytes: u64,
    index: Index,
}

/// What is to be written, and where its lines will be.
#[derive(Debug)]
struct Draft {
    bytes: Vec<u8>,
    end: Place,
    /// The attempts, and where their lines begin.
    lines: Vec<(SentAttempt, u64)>,
    /// Where the newest of each key is in `lines`.
    newest: HashMap<OrderKey, usize>,
}

impl Draft {
    fn new(end: Place) -> Self {
        Self { bytes: Vec::new(), end, lines: Vec::new(), newest: HashMap::new() }
    }

    fn newest(&self, key: &OrderKey) -> Option<&SentAttempt> {
        let (attempt, _) = self.lines.get(*self.newest.get(key)?)?;
        Some(attempt)
    }
}

impl<M: Medium> Log<M> {
    /// Reads the whole file.
    pub(crate) fn open(medium: M, path: &Path, store: &str) -> Result<Self, WitnessError> {
        Self::open_with(medium, path, store, Index::new())
    }

    pub(crate) fn open_with(
        mut medium: M,
        path: &Path,
        store: &str,
        index: Index,
    ) -> Result<Self, WitnessError> {
        medium.lock().map_err(|error| trouble::of_system(path, "it cannot be locked", &error))?;
        let opened = read_header(&mut medium, path, store);
        medium.unlock();
        let (header, first) = opened?;
        let path = path.to_owned();
        let mut log = Self { medium, path, header, first, end: first, durable_bytes: 0, index };
        log.locked(|_, _| Ok(()))?;
        Ok(log)
    }

    pub(crate) fn identity(&self) -> &str {
        &self.header.identity
    }

    /// Appends what is new of each request, all of it in one write and one sync.
    pub(crate) fn append(
        &mut self,
        requests: &[Vec<SentAttempt>],
    ) -> Result<Vec<Vec<Noted>>, WitnessError> {
        self.locked(|log, torn_bytes| {
            if log.durable_bytes == 0 {
                log.make_durable()?;
            }
            let mut draft = Draft::new(log.end);
            let mut answers = Vec::with_capacity(requests.len());
            for attempts in requests {
                let noted = attempts.iter().map(|attempt| log.draft(attempt, &mut draft));
                answers.push(noted.collect::<Result<_, _>>()?);
            }
            if !draft.bytes.is_empty() {
                log.write(draft, torn_bytes)?;
            }
            Ok(answers)
        })
    }

    /// The end, once all before it is durable.
    pub(crate) fn mark(&mut self) -> Result<WitnessMark, WitnessError> {
        self.locked(|log, _| {
            log.make_durable()?;
            Ok(mark_of(log.end))
        })
    }

    /// A page of attempts behind the mark.
    pub(crate) fn read(
        &mut self,
        after: Option<&WitnessMark>,
        limit: usize,
    ) -> Result<Reading, WitnessError> {
        self.locked(|log, _| {
            log.make_durable()?;
            let Some(place) = log.place_of(after)? else { return Ok(Reading::Unrecognised) };
            let mut scan = Scan::new(place, log.end.offset);
            let mut attempts = Vec::new();
            while attempts.len() < limit {
                match scan.next(&mut log.medium, &log.path)? {
                    Next::Line { text, .. } => attempts.push(log.parse(&text, scan.place().line)?),
                    Next::End { .. } => break,
                }
            }
            Ok(Reading::Attempts { attempts, next: mark_of(scan.place()) })
        })
    }

    /// Runs `work` under the lock, after reading what others appended. It is given the length of a
    /// torn write at the end.
    fn locked<T>(
        &mut self,
        work: impl FnOnce(&mut Self, u64) -> Result<T, WitnessError>,
    ) -> Result<T, WitnessError> {
        let locked = self.medium.lock();
        locked.map_err(|error| self.of_system("it cannot be locked", &error))?;
        let done = self.catch_up().and_then(|torn_bytes| work(self, torn_bytes));
        self.medium.unlock();
        done
    }

    /// Reads what others appended since, and returns the length of a torn write at the end.
    fn catch_up(&mut self) -> Result<u64, WitnessError> {
        let found = self.medium.found();
        let length = match found.map_err(|error| self.of_system("it cannot be read", &error))? {
            Found::Here(length) => length,
            Found::Gone => return Err(trouble::gone(&self.path, "the witness is gone")),
            Found::Replaced => {
                let what = "another file took the place of the witness while it was in use";
                return Err(trouble::gone(&self.path, what));
            }
        };
        if length < self.end.offset || !self.is_line_end(self.end)? {
            let lines = self.end.line;
            let what = format!("the witness had {lines} lines and has lost some of them");
            return Err(trouble::damaged(&self.path, &what));
        }
        let mut scan = Scan::new(self.end, length);
        loop {
            match scan.next(&mut self.medium, &self.path)? {
                Next::Line { text, begin } => {
                    let attempt = self.parse(&text, scan.place().line)?;
                    self.note(&attempt.key, begin)?;
                    self.end = scan.place();
                }
                Next::End { torn_bytes } => return Ok(torn_bytes),
            }
        }
    }

    /// Adds an attempt to the draft if it is new.
    fn draft(&mut self, attempt: &SentAttempt, draft: &mut Draft) -> Result<Noted, WitnessError> {
        let newest = match draft.newest(&attempt.key) {
            Some(drafted) => Some(drafted.clone()),
            None => self.newest(&attempt.key)?,
        };
        if let Some(known) = newest.filter(|known| known.number >= attempt.number) {
            return Ok(Noted::Known(known));
        }
        let Some(text) = line::text_of(attempt, self.durable_bytes) else {
            let what = format!("{attempt} cannot be written as JSON");
            return Err(trouble::trouble(WitnessErrorKind::Unavailable, &self.path, &what));
        };
        draft.newest.insert(attempt.key.clone(), draft.lines.len());
        draft.lines.push((attempt.clone(), draft.end.offset));
        let checksum = line::write(&mut draft.bytes, &text, draft.end.checksum);
        let offset = self.end.offset.saturating_add(draft.bytes.len() as u64);
        draft.end = Place { offset, checksum, line: draft.end.line.saturating_add(1) };
        Ok(Noted::New)
    }

    /// Writes the draft durably, or leaves nothing of it behind.
    fn write(&mut self, draft: Draft, torn_bytes: u64) -> Result<(), WitnessError> {
        if torn_bytes > 0 {
            let cut = self.medium.cut(self.end.offset);
            cut.map_err(|error| self.of_system("its torn last line cannot be cut off", &error))?;
        }
        let written = self.medium.append(&draft.bytes).and_then(|()| self.medium.sync());
        if let Err(error) = written {
            // Whatever stays in spite of this is known to the next append, whole or torn.
            let _ = self.medium.cut(self.end.offset);
            return Err(self.of_system("it cannot be written", &error));
        }
        self.durable_bytes = draft.end.offset;
        for (attempt, begin) in &draft.lines {
            self.note(&attempt.key, *begin)?;
        }
        self.end = draft.end;
        Ok(())
    }

    /// Another process may have ended between its write and its sync.
    fn make_durable(&mut self) -> Result<(), WitnessError> {
        if self.durable_bytes < self.end.offset {
            let synced = self.medium.sync();
            synced.map_err(|error| self.of_system("it cannot be written", &error))?;
            self.durable_bytes = self.end.offset;
        }
        Ok(())
    }

    /// The attempt of the key with the highest number, read back from the file.
    fn newest(&mut self, key: &OrderKey) -> Result<Option<SentAttempt>, WitnessError> {
        let Some(begin) = self.index.place(key) else { return Ok(None) };
        Ok(Some(self.attempt_at(begin)?).filter(|attempt| attempt.key == *key))
    }

    fn note(&mut self, key: &OrderKey, begin: u64) -> Result<(), WitnessError> {
        let owner = match self.index.place(key) {
            None => None,
            Some(place) if self.attempt_at(place)?.key == *key => Some(Owner::ThisKey),
            Some(_) => Some(Owner::AnotherKey),
        };
        self.index.note(key, owner, begin);
        Ok(())
    }

    fn attempt_at(&mut self, begin: u64) -> Result<SentAttempt, WitnessError> {
        let what = || format!("the line at byte {begin} is not the one that was written there");
        let changed = || trouble::damaged(&self.path, &what());
        let mut before = [0; CHECKSUM_BYTES + 1];
        let place = begin.checked_sub(before.len() as u64).ok_or_else(changed)?;
        let read = self.medium.read_at(place, &mut before);
        read.map_err(|error| trouble::of_system(&self.path, "it cannot be read", &error))?;
        let checksum = before.strip_suffix(b"\n").and_then(Checksum::parse).ok_or_else(changed)?;
        let place = Place { offset: begin, checksum, line: 0 };
        let mut scan = Scan::of_one_line(place, u64::MAX);
        match scan.next(&mut self.medium, &self.path) {
            Ok(Next::Line { text, .. }) => line::attempt_of(&text).ok_or_else(changed),
            Ok(Next::End { .. }) => Err(changed()),
            Err(error) if error.kind == WitnessErrorKind::Damaged => Err(changed()),
            Err(error) => Err(error),
        }
    }

    /// Where a mark is; `None` if it is no mark of this file.
    fn place_of(&mut self, mark: Option<&WitnessMark>) -> Result<Option<Place>, WitnessError> {
        let Some(mark) = mark else { return Ok(Some(self.first)) };
        let Some(place) = parse_mark(mark) else { return Ok(None) };
        let is_within = (self.first.offset..=self.end.offset).contains(&place.offset);
        Ok(if is_within && self.is_line_end(place)? { Some(place) } else { None })
    }

    /// Whether a line with this checksum ends at this place.
    fn is_line_end(&mut self, place: Place) -> Result<bool, WitnessError> {
        let mut before = [0; CHECKSUM_BYTES + 1];
        let Some(begin) = place.offset.checked_sub(before.len() as u64) else { return Ok(false) };
        let read = self.medium.read_at(begin, &mut before);
        let count = read.map_err(|error| self.of_system("it cannot be read", &error))?;
        let is_whole = count == before.len();
        Ok(is_whole && before.strip_suffix(b"\n") == Some(place.checksum.as_bytes()))
    }

    fn parse(&self, text: &[u8], line: u64) -> Result<SentAttempt, WitnessError> {
        line::attempt_of(text).ok_or_else(|| {
            let what = format!("line {line} is whole and is no attempt");
            trouble::damaged(&self.path, &what)
        })
    }

    fn of_system(&self, what: &str, error: &std::io::Error) -> WitnessError {
        trouble::of_system(&self.path, what, error)
    }
}

/// Reads the first line, and refuses the witness of another store.
fn read_header<M: Medium>(
    medium: &mut M,
    path: &Path,
    store: &str,
) -> Result<(Header, Place), WitnessError> {
    let refused = |what: &str| trouble::damaged(path, what);
    let length = match medium.found() {
        Ok(Found::Here(length)) => length,
        Ok(Found::Gone | Found::Replaced) => {
            return Err(trouble::gone(path, "the witness is gone"));
        }
        Err(error) => return Err(trouble::of_system(path, "it cannot be read", &error)),
    };
    let mut scan = Scan::of_one_line(line::START, length);
    let text = match scan.next(medium, path) {
        Ok(Next::Line { text, .. }) => text,
        Ok(Next::End { .. }) => {
            let what = "its first line is not whole; if it was only just begun, remove it";
            return Err(refused(what));
        }
        Err(error) if error.kind == WitnessErrorKind::Damaged => {
            return Err(refused("its first line is not that of a witness"));
        }
        Err(error) => return Err(error),
    };
    match Header::parse(&text) {
        Parsed::Header(header) if header.store == store => Ok((header, scan.place())),
        Parsed::Header(header) => Err(trouble::other_store(path, &header.store, store)),
        Parsed::Other => Err(refused("its first line is not that of a witness")),
        Parsed::Newer => {
            let what = "a later version of Pagos wrote it; use that version";
            Err(trouble::trouble(WitnessErrorKind::Unavailable, path, &what))
        }
    }
}

fn mark_of(place: Place) -> WitnessMark {
    WitnessMark(format!("{}:{}:{}", place.offset, place.line, place.checksum.text()))
}

fn parse_mark(mark: &WitnessMark) -> Option<Place> {
    let (offset, rest) = mark.0.split_once(':')?;
    let (line, checksum) = rest.split_once(':')?;
    let checksum = Checksum::parse(checksum.as_bytes())?;
    Some(Place { offset: offset.parse().ok()?, checksum, line: line.parse().ok()? })
}
