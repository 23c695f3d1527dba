//! Identifies the bytes that were planned.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// SHA-256 of the bytes of a file, as they are in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    pub(super) fn new(digest: Sha256) -> Self {
        Self(digest.finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
