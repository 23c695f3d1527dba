//! Checks an archive from start to end. Changes nothing.

use std::path::Path;

use super::{Fault, SUMS, chain::Chain, file, folder, name_of, numbers_in};

/// The result of a check.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verified {
    /// Files that are unchanged.
    pub(crate) files: u64,
    /// Payouts in them. One that was archived twice counts twice.
    pub(crate) payouts: u64,
    /// The hash of the last file. If it is also kept elsewhere, a complete replacement of the
    /// archive is noticed.
    pub(crate) last_sha256: Option<String>,
    /// All faults.
    pub(crate) faults: Vec<Fault>,
    /// A whole file at the end that a crash left unlisted. The next prune lists it.
    pub(crate) unlisted: Option<String>,
}

/// Checks every file of an archive.
///
/// # Errors
/// If there is none.
pub(crate) fn verify(folder: &Path) -> Result<Verified, Fault> {
    if !folder::is_archive(folder) {
        return Err(Fault::new(folder.display().to_string(), "is no archive of pagos"));
    }
    let there = numbers_in(folder)?;
    let mut verified = Verified::default();
    let chain = match Chain::read(folder) {
        Ok(chain) => chain,
        Err(fault) => {
            verified.faults.push(fault);
            return Ok(verified);
        }
    };
    if chain.hashes.is_empty() && there.len() > 1 {
        verified.faults.push(Fault::new(SUMS, "is missing or empty"));
    }
    let mut previous: Option<&String> = None;
    for (number, hash) in (1_u64..).zip(&chain.hashes) {
        if !there.contains(&number) {
            verified.faults.push(Fault::new(name_of(number), "is missing"));
        } else {
            verified.check(folder, number, previous, Some(hash));
        }
        previous = Some(hash);
    }
    for number in there.into_iter().filter(|number| *number == 0 || *number > chain.last()) {
        let is_next = number == chain.last() + 1;
        if is_next && verified.check(folder, number, previous, None) {
            verified.unlisted = Some(name_of(number));
        } else if !is_next {
            let because = format!("is not listed in {SUMS}");
            verified.faults.push(Fault::new(name_of(number), because));
        }
    }
    Ok(verified)
}

impl Verified {
    /// Checks one file, and returns whether it is good.
    fn check(
        &mut self,
        folder: &Path,
        number: u64,
        previous: Option<&String>,
        hash: Option<&String>,
    ) -> bool {
        let found = match file::read(folder, number, |_| ()) {
            Ok(found) => found,
            Err(fault) => {
                self.faults.push(fault);
                return false;
            }
        };
        let because = if found.head.number != number {
            format!("is exchanged: it was written as {}", name_of(found.head.number))
        } else if hash.is_some_and(|hash| *hash != found.sha256) {
            format!("was changed: its SHA-256 is not the one that {SUMS} lists")
        } else if found.head.previous.as_ref() != previous {
            "does not follow the file before it: one of the two was replaced".to_owned()
        } else {
            self.files += 1;
            self.payouts += found.payouts;
            self.last_sha256 = Some(found.sha256);
            return true;
        };
        self.faults.push(Fault::new(name_of(number), because));
        false
    }
}
