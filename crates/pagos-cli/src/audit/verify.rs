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
    let mut verified = Verified::default();
    let mut previous = NO_LINE.to_owned();
    let (mut bytes, mut number) = (Vec::new(), 0_u64);
    // Lines behind one that is missing are all one too far; that is one fault.
    let mut shift = 0_u64;
    let mut end = None;
    loop {
        bytes.clear();
        file.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            break;
        }
        number += 1;
        if end.is_some() {
            verified.fault(number, "stands behind the last line");
            break;
        }
        if bytes.last() != Some(&b'\n') {
            verified.fault(number, "is cut off");
            return Ok(verified);
        }
        match Place::read(&bytes) {
            None => verified.fault(number, "does not begin as a line of an audit file does"),
            Some(place) => {
                if place.number.wrapping_sub(number) != shift {
                    shift = place.number.wrapping_sub(number);
                    let because = format!(
                        "was written as line {}: lines were removed, inserted or moved",
                        place.number
                    );
                    verified.fault(number, because);
                }
                if place.previous != previous {
                    let before = number.saturating_sub(1).max(1);
                    let because =
                        format!("is not what line {number} follows: one of them was changed");
                    verified.fault(before, because);
                }
                if (place.kind == Kind::Head) != (number == 1) {
                    verified.fault(number, "is not the kind of line that belongs here");
                }
                verified.counts.count(place.kind);
                if place.kind == Kind::End {
                    end = Some((place.number, bytes.clone()));
                }
            }
        }
        if number == 1
            && let Some(because) = head_fault(Place::read(&bytes).as_ref())
        {
            verified.fault(1, because);
        }
        previous = hash(&bytes);
    }
    let Some((written_as, bytes)) = end else {
        verified.fault(number + 1, "is missing: the file is cut off before its last line");
        return Ok(verified);
    };
    // No line follows that would name the hash of the last one, so every byte of it is compared.
    let before = Place::read(&bytes).map(|place| place.previous).unwrap_or_default().to_owned();
    let last = verified.counts.lines;
    if line(written_as, &before, Kind::End, &verified.counts)? != bytes || written_as != last {
        verified.fault(last, "does not fit the lines before it");
    }
    if verified.faults.is_empty() {
        verified.last_sha256 = Some(previous);
    }
    Ok(verified)
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
