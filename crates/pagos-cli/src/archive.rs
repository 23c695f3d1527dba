//! The archive: a folder of compressed files with the payouts that left the database. The engine
//! decides which leave. The archive deletes only what an interrupted write left.
//!
//! `payouts-000001.jsonl.zst` and so on contain JSON lines: a head, one line per payout, and an end
//! with the count and the SHA-256 of the lines before it. The head names the SHA-256 of the
//! previous file, so the files form a chain; `SHA256SUMS` lists all of them in the format of
//! `sha256sum`. A file is never changed: it is written under another name, flushed and renamed.

mod chain;
mod file;
mod folder;
#[cfg(test)]
mod tests;
mod verify;

use std::{fmt, path::Path};

use serde::{Deserialize, Serialize};

pub(crate) use folder::ArchiveFolder;
pub(crate) use verify::verify;

/// The list of the files.
pub(crate) const SUMS: &str = "SHA256SUMS";

/// The first line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// Always `pagos`.
    archive: String,
    /// The version of the format.
    format: u32,
    /// 1 for the first file.
    number: u64,
    /// The SHA-256 of the file before, in hexadecimal digits.
    previous: Option<String>,
    /// The identity of the database.
    database: String,
}

/// The version of a file's format.
const FORMAT: u32 = 1;

/// The last line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    end: Count,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    payouts: u64,
    /// The SHA-256 of all lines before this one.
    sha256: String,
}

/// A fault of an archive: which file, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) file: String,
    pub(crate) because: String,
}

impl Fault {
    fn new(file: impl Into<String>, because: impl Into<String>) -> Self {
        Self { file: file.into(), because: because.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.because)
    }
}

impl std::error::Error for Fault {}

/// The name of the file with this number.
fn name_of(number: u64) -> String {
    format!("payouts-{number:06}.jsonl.zst")
}

/// The number in a file's name, if it is one of ours.
fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("payouts-")?.strip_suffix(".jsonl.zst")?;
    digits.parse().ok().filter(|number| name_of(*number) == name)
}

/// The numbers of the files in a folder, sorted.
fn numbers_in(folder: &Path) -> Result<Vec<u64>, Fault> {
    let fault = |error: std::io::Error| Fault::new(folder.display().to_string(), error.to_string());
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        let name = entry.map_err(fault)?.file_name();
        numbers.extend(name.to_str().and_then(number_of));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Passes every payout's line of an archive to `take`, and returns the faults. A damaged file does
/// not hide the others.
///
/// # Errors
/// If there is no archive.
pub(crate) fn read_all(folder: &Path, take: &mut dyn FnMut(&[u8])) -> Result<Vec<Fault>, Fault> {
    if !folder::is_archive(folder) {
        return Err(Fault::new(folder.display().to_string(), "is no archive of pagos"));
    }
    let mut faults = Vec::new();
    for number in numbers_in(folder)? {
        faults.extend(file::read(folder, number, &mut *take).err());
    }
    Ok(faults)
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
