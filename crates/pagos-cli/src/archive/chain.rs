//! `SHA256SUMS`: the files of an archive with their hashes, in order. `sha256sum --check` can read
//! it.

use std::path::Path;

use super::{Fault, SUMS, name_of};

/// The list, as far as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Chain {
    /// The hashes of the files, in order.
    pub(super) hashes: Vec<String>,
}

impl Chain {
    /// Reads the list of a folder; an empty one if there is none.
    ///
    /// # Errors
    /// If it cannot be read, or has another format.
    pub(super) fn read(folder: &Path) -> Result<Self, Fault> {
        let text = match std::fs::read_to_string(folder.join(SUMS)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(Fault::new(SUMS, format!("cannot be read ({error})"))),
        };
        let mut chain = Self::default();
        for (number, line) in (1_u64..).zip(text.lines()) {
            let wanted = name_of(number);
            let hash = line.strip_suffix(&wanted).and_then(|line| line.strip_suffix("  "));
            let is_hash =
                |hash: &&str| hash.len() == 64 && hash.bytes().all(|it| it.is_ascii_hexdigit());
            let hash = hash.filter(is_hash).ok_or_else(|| {
                Fault::new(SUMS, format!("line {number} is not the hash of {wanted} and its name"))
            })?;
            chain.hashes.push(hash.to_owned());
        }
        Ok(chain)
    }

    /// The number of the last file; 0 if there is none.
    pub(super) fn last(&self) -> u64 {
        self.hashes.len() as u64
    }

    pub(super) fn text(&self) -> String {
        let lines = self.hashes.iter().zip(1_u64..);
        lines.map(|(hash, number)| format!("{hash}  {}\n", name_of(number))).collect()
    }
}
