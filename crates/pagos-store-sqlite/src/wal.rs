//! Checks that the write-ahead log is whole. SQLite stops reading a log at the first invalid frame
//! and does not report what lies behind it, so we check the log before SQLite opens it.
//!
//! A partial last transaction, which a power failure leaves, is no damage: nobody was told that it
//! is committed. The next transaction begins only after the last one was flushed, so a frame that
//! follows a commit shows that this commit was durable. A log that ends early, with whole frames,
//! cannot be told from one that was never longer.
//!
//! Source: sqlite.org/fileformat2.html#walformat and sqlite.org/walformat.html.

mod index;

use std::{
    fs::File,
    io::{self, BufReader, ErrorKind, Read},
    path::Path,
    thread,
};

use pagos_engine::StoreError;

use crate::{
    file::BUSY_BEAT,
    place::{beside, blame},
};

/// Refuses a database if a part of its log is lost.
///
/// # Errors
/// If something that was committed is lost, or if the log cannot be read.
pub(crate) fn check(real: &Path) -> Result<(), StoreError> {
    let log = beside(real, "-wal");
    let found = find_damage(real, &log);
    match found.map_err(|cause| blame(&log, "cannot be looked at").with_source(cause))? {
        None => Ok(()),
        Some(damage) => Err(damage.refusal(real, &log)),
    }
}

/// A fault of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Damage {
    /// Its header is damaged, without which none of it is read.
    Header { header: Header },
    /// The first invalid frame, counted from 1. Something behind it was durable.
    Frame { header: Header, number: u64 },
    /// The log has no frames, but its index has some that the database does not have yet.
    Gone,
}

impl Damage {
    fn refusal(self, real: &Path, log: &Path) -> StoreError {
        let shm = beside(real, "-shm");
        let todo = "Stop every pagos that works on it, keep all of its files, and do as \"A damaged \
                    database\" in docs/OPERATIONS.md says";
        let lost = "what was sent may not be known any more, and would be sent again";
        match self {
            Self::Header { .. } => blame(
                log,
                &format!(
                    "the beginning of the log is damaged, so none of it can be read: {lost}. {todo}"
                ),
            ),
            Self::Frame { number, .. } => blame(
                log,
                &format!(
                    "the log is damaged in its frame {number}, and what was committed behind that \
                     cannot be read: {lost}. {todo}"
                ),
            ),
            Self::Gone => blame(
                log,
                &format!(
                    "the log is missing or empty, and {} tells that payouts were written to it last: \
                     {lost}. Bring the log back, or do as \"A damaged database\" in docs/OPERATIONS.md \
                     says; where a backup was restored since, remove {}",
                    shm.display(),
                    shm.display()
                ),
            ),
        }
    }
}

/// How often to check a log that keeps changing. If it does, a running process is writing to it and
/// knows its content better than the file.
const LOOKS_MAX: u32 = 10;

/// Looks twice, because another process may write while we read, and what was read early is then
/// older than what was read late. Only damage that is found twice is real: everything that the
/// first look saw behind a frame was written before the second look begins, and so was that frame.
fn find_damage(real: &Path, log: &Path) -> io::Result<Option<Damage>> {
    let mut suspected = None;
    for _ in 0..LOOKS_MAX {
        let damage = match look(real, log)? {
            Look::Whole => return Ok(None),
            Look::Changed => None,
            Look::Damaged(damage) if suspected == Some(damage) => return Ok(suspected),
            Look::Damaged(damage) => Some(damage),
        };
        suspected = damage;
        thread::sleep(BUSY_BEAT);
    }
    Ok(None)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Whole,
    Damaged(Damage),
    /// The log was restarted or removed meanwhile.
    Changed,
}

fn look(real: &Path, log: &Path) -> io::Result<Look> {
    let Some(file) = open(log)? else { return Ok(look_at_index(real)) };
    let looked = read(BufReader::with_capacity(BUFFER_BYTES, file))?;
    let found = match looked {
        Found::NoFrame => return Ok(look_at_index(real)),
        Found::Whole => return Ok(Look::Whole),
        Found::Damaged(damage) => damage,
    };
    // Another log may be there by now, with another header.
    let Some(mut again) = open(log)? else { return Ok(Look::Changed) };
    let mut bytes = [0; HEADER_BYTES];
    let is_same = match found {
        Damage::Header { header } | Damage::Frame { header, .. } => {
            fill(&mut again, &mut bytes)? && Header(bytes) == header
        }
        Damage::Gone => true,
    };
    Ok(if is_same { Look::Damaged(found) } else { Look::Changed })
}

fn look_at_index(real: &Path) -> Look {
    match index::has_more_than_the_database(&beside(real, "-shm")) {
        true => Look::Damaged(Damage::Gone),
        false => Look::Whole,
    }
}

fn open(log: &Path) -> io::Result<Option<File>> {
    match File::open(log) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// There is no log, or it is empty.
    NoFrame,
    Whole,
    Damaged(Damage),
}

/// Reads a log from its beginning to its end.
fn read(mut log: impl Read) -> io::Result<Found> {
    let mut bytes = [0; HEADER_BYTES];
    if !fill(&mut log, &mut bytes)? {
        return Ok(Found::NoFrame);
    }
    let header = Header(bytes);
    let Some(rules) = header.rules() else {
        // The header is flushed before the first frame is written, so a torn header has no frames.
        let mut more = [0];
        let has_frames = fill(&mut log, &mut more)?;
        let damage = Found::Damaged(Damage::Header { header });
        return Ok(if has_frames { damage } else { Found::NoFrame });
    };
    let mut before = Before { sum: rules.sum, is_commit: false };
    let mut first_bad = None;
    let (mut frame, mut page) = ([0; FRAME_BYTES], vec![0; rules.page_bytes]);
    let mut count = 0;
    while fill(&mut log, &mut frame)? && fill(&mut log, &mut page)? {
        count += 1;
        let follows = rules.follows(before.sum, &frame, &page);
        match first_bad {
            None if !follows => first_bad = Some(count),
            // This frame was written after that commit, so the commit was durable; but SQLite reads
            // neither.
            Some(number) if follows && before.is_commit => {
                return Ok(Found::Damaged(Damage::Frame { header, number }));
            }
            None | Some(_) => {}
        }
        let is_commit = number_at(&frame, COMMIT_AT) != 0;
        before = Before { sum: pair_at(&frame, FRAME_SUM_AT), is_commit };
    }
    Ok(if count == 0 { Found::NoFrame } else { Found::Whole })
}

/// What the next frame is checked against.
struct Before {
    /// The checksum that is stored there, right or wrong.
    sum: Pair,
    is_commit: bool,
}

type Pair = [u32; 2];

/// The header of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header([u8; HEADER_BYTES]);

/// How to read the frames after a header.
struct Rules {
    read_word: fn([u8; 4]) -> u32,
    page_bytes: usize,
    salts: Pair,
    sum: Pair,
}

impl Header {
    /// `None` if the header is not whole.
    fn rules(&self) -> Option<Rules> {
        let Header(bytes) = self;
        let read_word = match number_at(bytes, 0) {
            MAGIC_LITTLE_ENDIAN => u32::from_le_bytes,
            MAGIC_BIG_ENDIAN => u32::from_be_bytes,
            _ => return None,
        };
        let page_bytes = usize::try_from(number_at(bytes, 8)).ok()?;
        let is_page = page_bytes.is_power_of_two() && (512..=65_536).contains(&page_bytes);
        let (salts, sum) = (pair_at(bytes, 16), pair_at(bytes, HEADER_SUM_AT));
        let (summed, _) = bytes.split_at(HEADER_SUM_AT);
        let is_whole = is_page && add([0, 0], summed, read_word) == sum;
        is_whole.then_some(Rules { read_word, page_bytes, salts, sum })
    }
}

impl Rules {
    /// Whether this frame was written after one with that checksum, in this log.
    fn follows(&self, before: Pair, frame: &[u8; FRAME_BYTES], page: &[u8]) -> bool {
        let (summed, _) = frame.split_at(8);
        pair_at(frame, 8) == self.salts
            && add(add(before, summed, self.read_word), page, self.read_word)
                == pair_at(frame, FRAME_SUM_AT)
    }
}

/// Continues a checksum over whole pairs of words.
fn add(sum: Pair, bytes: &[u8], read_word: fn([u8; 4]) -> u32) -> Pair {
    let (words, _) = bytes.as_chunks::<4>();
    let (pairs, _) = words.as_chunks::<2>();
    pairs.iter().fold(sum, |[one, two], [first, second]| {
        let one = one.wrapping_add(read_word(*first)).wrapping_add(two);
        [one, two.wrapping_add(read_word(*second)).wrapping_add(one)]
    })
}

/// The number at a position that the caller has checked; 0 if it is out of range.
fn number_at(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
    word.map_or(0, |word| u32::from_be_bytes(*word))
}

fn pair_at(bytes: &[u8], at: usize) -> Pair {
    [number_at(bytes, at), number_at(bytes, at + 4)]
}

/// Fills all of `bytes`; returns false if the file is too short.
fn fill(log: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

const HEADER_BYTES: usize = 32;
const HEADER_SUM_AT: usize = 24;
const FRAME_BYTES: usize = 24;
/// Non-zero in the last frame of a transaction: the size of the database after it, in pages.
const COMMIT_AT: usize = 4;
const FRAME_SUM_AT: usize = 16;
const MAGIC_LITTLE_ENDIAN: u32 = 0x377f_0682;
const MAGIC_BIG_ENDIAN: u32 = 0x377f_0683;
const BUFFER_BYTES: usize = 256 * 1_024;

#[cfg(test)]
mod tests;
