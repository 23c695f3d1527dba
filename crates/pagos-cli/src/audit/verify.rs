//! Checks an audit file from its first to its last byte. Changes nothing, and needs no database.

use std::io::{self, BufRead, Read};

use crate::audit::{
    FORMAT, HEAD, NO_LINE,
    chain::{Counts, Kind, hash, line},
};

/// Longer than any line that is written. A longer one is damage.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// More faults are counted and not kept.
const FAULTS_MAX: usize = 20;

/// The result of a check.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) counts: Counts,
    /// The hash of the last line, by which all of the file is known.
    pub(crate) last_sha256: Option<String>,
    /// The first faults: the line, and what is wrong with it.
    pub(crate) faults: Vec<(u64, String)>,
    /// How many more there are.
    pub(crate) faults_more: u64,
}

impl Verified {
    fn fault(&mut self, line: u64, because: impl Into<String>) {
        match self.faults.len() < FAULTS_MAX {
            true => self.faults.push((line, because.into())),
            false => self.faults_more += 1,
        }
    }
}

/// Checks a file.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn verify(mut file: impl BufRead) -> io::Result<Verified> {
    let mut reading = Reading { previous: NO_LINE.to_owned(), ..Reading::default() };
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        file.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            break;
        }
        reading.number += 1;
        let number = reading.number;
        if reading.end.is_some() {
            reading.verified.fault(number, "stands behind the last line");
            break;
        }
        if bytes.last() != Some(&b'\n') {
            reading.verified.fault(number, "is cut off");
            return Ok(reading.verified);
        }
        reading.line(&bytes);
    }
    reading.end()
}

#[derive(Default)]
struct Reading {
    verified: Verified,
    /// The hash of the line before.
    previous: String,
    number: u64,
    /// How far the numbers are off: lines behind one that is missing are all one too far, and that
    /// is one fault.
    shift: u64,
    /// The last line and the number in it.
    end: Option<(u64, Vec<u8>)>,
}

impl Reading {
    fn line(&mut self, bytes: &[u8]) {
        let (number, place) = (self.number, Place::read(bytes));
        match &place {
            None => {
                self.verified.fault(number, "does not begin as a line of an audit file does");
            }
            Some(place) => {
                self.check(place);
                self.verified.counts.count(place.kind);
                if place.kind == Kind::End {
                    self.end = Some((place.number, bytes.to_vec()));
                }
            }
        }
        if number == 1
            && let Some(because) = head_fault(place.as_ref())
        {
            self.verified.fault(1, because);
        }
        self.previous = hash(bytes);
    }

    fn check(&mut self, place: &Place<'_>) {
        let (number, shift) = (self.number, place.number.wrapping_sub(self.number));
        if shift != self.shift {
            self.shift = shift;
            let written_as = place.number;
            let because =
                format!("was written as line {written_as}: lines were removed, inserted or moved");
            self.verified.fault(number, because);
        }
        if place.previous != self.previous {
            let before = number.saturating_sub(1).max(1);
            let because = format!("is not what line {number} follows: one of them was changed");
            self.verified.fault(before, because);
        }
        if (place.kind == Kind::Head) != (number == 1) {
            self.verified.fault(number, "is not the kind of line that belongs here");
        }
    }

    fn end(mut self) -> io::Result<Verified> {
        let mut verified = self.verified;
        let Some((written_as, bytes)) = self.end.take() else {
            let because = "is missing: the file is cut off before its last line";
            verified.fault(self.number + 1, because);
            return Ok(verified);
        };
        // No line follows that would name the hash of the last one, so every byte of it is compared.
        let before = Place::read(&bytes).map(|place| place.previous).unwrap_or_default();
        let last = verified.counts.lines;
        if line(written_as, before, Kind::End, &verified.counts)? != bytes || written_as != last {
            verified.fault(last, "does not fit the lines before it");
        }
        if verified.faults.is_empty() {
            verified.last_sha256 = Some(self.previous);
        }
        Ok(verified)
    }
}

/// What is wrong with the first line, whose hash alone does not say that it is a head.
fn head_fault(place: Option<&Place<'_>>) -> Option<String> {
    let head = place.filter(|place| place.kind == Kind::Head);
    let rest = head.and_then(|head| head.members.strip_prefix(HEAD));
    match rest.and_then(|rest| rest.split_once(',')) {
        None => Some("is no head of an audit file of pagos".to_owned()),
        Some((format, _)) if format == FORMAT.to_string() => None,
        Some(_) => Some(format!("has another format, and this version of pagos reads {FORMAT}")),
    }
}

/// The beginning of a line: its place in the chain.
struct Place<'a> {
    number: u64,
    previous: &'a str,
    kind: Kind,
    /// What follows, as far as it is text.
    members: &'a str,
}

impl<'a> Place<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let text = line.utf8_chunks().next()?.valid();
        let (digits, rest) = text.strip_prefix("{\"line\":")?.split_once(",\"previous\":\"")?;
        let is_number = digits.len() < 19 && digits.bytes().all(|it| it.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| is_number && !digits.starts_with('0'))?;
        let (previous, rest) = rest.split_at_checked(64)?;
        let is_hash = previous.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
        let (word, rest) = rest.strip_prefix("\",\"kind\":\"")?.split_once('"')?;
        let members = rest.strip_prefix([',', '}'])?;
        let kind = Kind::from_word(word).filter(|_| is_hash && line.ends_with(b"}\n"))?;
        Some(Self { number, previous, kind, members })
    }
}
