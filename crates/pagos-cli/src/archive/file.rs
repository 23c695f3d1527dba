//! One file of an archive: written as a whole, and read line by line in constant memory.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
};

use pagos_engine::ArchivedPayout;
use sha2::{Digest, Sha256};

use super::{Count, End, FORMAT, Fault, Head, hex, name_of};

/// zstd's own default: ten times smaller, and faster than any disk.
const LEVEL: i32 = 3;

/// Longer than the history of any payout. A longer line is damage.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// The bytes of a file.
///
/// # Errors
/// If a payout cannot be encoded, which is a bug.
pub(super) fn encode(head: &Head, payouts: &[ArchivedPayout]) -> std::io::Result<Vec<u8>> {
    let mut encoder = zstd::Encoder::new(Vec::new(), LEVEL)?;
    encoder.include_checksum(true)?;
    let mut lines = Lines { hash: Sha256::new(), out: encoder };
    lines.push(head)?;
    for payout in payouts {
        lines.push(payout)?;
    }
    let sha256 = hex(&lines.hash.clone().finalize());
    lines.push(&End { end: Count { payouts: payouts.len() as u64, sha256 } })?;
    lines.out.finish()
}

struct Lines<W> {
    hash: Sha256,
    out: W,
}

impl<W: Write> Lines<W> {
    fn push(&mut self, line: &impl serde::Serialize) -> std::io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.hash.update(&bytes);
        self.out.write_all(&bytes)
    }
}

/// The result of reading a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(super) head: Head,
    /// The SHA-256 of the whole file.
    pub(super) sha256: String,
    pub(super) payouts: u64,
}

/// Reads a file of this folder from start to end, checks that it is whole, and passes each payout's
/// line to `take`.
///
/// # Errors
/// The fault. Lines before it were already passed on.
pub(crate) fn read(
    folder: &Path,
    number: u64,
    mut take: impl FnMut(&[u8]),
) -> Result<Found, Fault> {
    let name = name_of(number);
    let fault = |because: String| Fault::new(name.clone(), because);
    let broken = |error: std::io::Error| fault(format!("is damaged or cut off ({error})"));
    let opened = File::open(folder.join(&name));
    let opened = opened.map_err(|error| fault(format!("cannot be read ({error})")))?;
    let hashed = Hashed { hash: Sha256::new(), inner: opened };
    let decoder = zstd::Decoder::with_buffer(BufReader::new(hashed)).map_err(broken)?;
    let mut lines = BufReader::new(decoder);
    let mut hash = Sha256::new();
    let mut line = Vec::new();
    if !next_line(&mut lines, &mut line).map_err(broken)? {
        return Err(fault("is empty".to_owned()));
    }
    let head: Head = serde_json::from_slice(&line)
        .map_err(|_| fault("does not begin as a file of an archive does".to_owned()))?;
    if head.archive != "pagos" || head.format != FORMAT {
        return Err(fault(format!(
            "has format {}, and this version of pagos reads {FORMAT}",
            head.format
        )));
    }
    hash.update(&line);
    let mut payouts = 0;
    let end = loop {
        if !next_line(&mut lines, &mut line).map_err(broken)? {
            return Err(fault("is cut off: its last line is missing".to_owned()));
        }
        if line.starts_with(b"{\"end\":") {
            break line.clone();
        }
        hash.update(&line);
        payouts += 1;
        take(&line);
    };
    let end: End = serde_json::from_slice(&end)
        .map_err(|_| fault("is damaged: its last line cannot be read".to_owned()))?;
    if end.end != (Count { payouts, sha256: hex(&hash.finalize()) }) {
        return Err(fault("is damaged: its last line does not fit what is before it".to_owned()));
    }
    if next_line(&mut lines, &mut line).map_err(broken)? {
        return Err(fault("goes on behind its last line".to_owned()));
    }
    let mut hashed = lines.into_inner().finish().into_inner();
    std::io::copy(&mut hashed, &mut std::io::sink()).map_err(broken)?;
    Ok(Found { head, sha256: hex(&hashed.hash.finalize()), payouts })
}

/// Returns false at the end.
fn next_line(lines: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    lines.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', line)?;
    match line.last() {
        None => Ok(false),
        Some(b'\n') => Ok(true),
        Some(_) => Err(std::io::Error::other("a line has no end")),
    }
}

/// Hashes what is read.
struct Hashed<R> {
    hash: Sha256,
    inner: R,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        // A reader never returns more than the buffer's length.
        self.hash.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}
