//! Writes lines, each with the hash of the line before it.

use std::io::{self, Write};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{archive::hex, audit::NO_LINE};

/// What a line is about. Its word is in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The first line: where the file is from, and what it is about.
    Head,
    /// A run: who submitted it, and who approved it.
    Run,
    /// A decision to send a payout again, which waits for approval.
    Resend,
    /// A payout: its order and how far it has come. Its entries and deliveries follow.
    Payout,
    /// One entry of the history of a payout.
    Entry,
    /// A verified webhook about a payout.
    Delivery,
    /// Payouts that belong into the file and are not in it.
    Gap,
    /// The last line.
    End,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Head,
        Self::Run,
        Self::Resend,
        Self::Payout,
        Self::Entry,
        Self::Delivery,
        Self::Gap,
        Self::End,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Run => "run",
            Self::Resend => "resend",
            Self::Payout => "payout",
            Self::Entry => "entry",
            Self::Delivery => "delivery",
            Self::Gap => "gap",
            Self::End => "end",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// How many lines there are of each kind. The last line has these members, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    /// All lines, with the first and the last.
    pub(crate) lines: u64,
    pub(crate) runs: u64,
    pub(crate) resends: u64,
    pub(crate) payouts: u64,
    pub(crate) entries: u64,
    pub(crate) deliveries: u64,
    pub(crate) gaps: u64,
}

impl Counts {
    pub(super) fn count(&mut self, kind: Kind) {
        self.lines += 1;
        match kind {
            Kind::Head | Kind::End => {}
            Kind::Run => self.runs += 1,
            Kind::Resend => self.resends += 1,
            Kind::Payout => self.payouts += 1,
            Kind::Entry => self.entries += 1,
            Kind::Delivery => self.deliveries += 1,
            Kind::Gap => self.gaps += 1,
        }
    }
}

/// A file in the making.
#[derive(Debug)]
pub(super) struct Chain<W> {
    out: W,
    previous: String,
    counts: Counts,
}

impl<W: Write> Chain<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, previous: NO_LINE.to_owned(), counts: Counts::default() }
    }

    /// What was written so far.
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Writes a line with the members of `body`, which is an object.
    pub(super) fn push(&mut self, kind: Kind, body: &impl Serialize) -> io::Result<()> {
        self.counts.count(kind);
        let line = line(self.counts.lines, &self.previous, kind, body)?;
        self.out.write_all(&line)?;
        self.previous = hash(&line);
        Ok(())
    }

    /// Writes the last line; returns the counts, its hash and the writer.
    pub(super) fn end(mut self) -> io::Result<(Counts, String, W)> {
        let mut counts = self.counts;
        counts.count(Kind::End);
        self.push(Kind::End, &counts)?;
        self.out.flush()?;
        Ok((counts, self.previous, self.out))
    }
}

/// The bytes of one line.
pub(super) fn line(
    number: u64,
    previous: &str,
    kind: Kind,
    body: &impl Serialize,
) -> io::Result<Vec<u8>> {
    let place =
        format!("{{\"line\":{number},\"previous\":\"{previous}\",\"kind\":\"{}\"", kind.word());
    let mut line = place.into_bytes();
    let body = serde_json::to_vec(body)?;
    match body.as_slice() {
        b"{}" => line.push(b'}'),
        [b'{', members @ ..] => {
            line.push(b',');
            line.extend_from_slice(members);
        }
        _ => return Err(io::Error::other("the body of a line is not an object")),
    }
    line.push(b'\n');
    Ok(line)
}

/// The SHA-256 of a line with its line feed, in hexadecimal digits.
pub(super) fn hash(line: &[u8]) -> String {
    hex(&Sha256::digest(line))
}
