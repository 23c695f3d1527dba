//! The audit file: what the database knows about payouts, as JSON lines that are chained by hashes.
//! Secrets and personal data are removed, and each line names what was removed from it.
//!
//! Every line begins `{"line":N,"previous":"HASH","kind":"KIND"`. HASH is the SHA-256 of the line
//! before, with its line feed; that of the first line is 64 zeros. The first line is the head, and
//! the last line counts the others. Without the hash of the last line, kept elsewhere, the chain
//! proves nothing against whoever can write the whole file anew.

mod chain;
mod content;
mod scrub;
mod selection;
#[cfg(test)]
mod tests;
mod verify;

pub(crate) use chain::Counts;
pub(crate) use content::write;
pub(crate) use selection::Selection;
pub(crate) use verify::{Verified, verify};

/// The version of the format.
const FORMAT: u32 = 1;

/// What the first line names as the line before it.
const NO_LINE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How the members of the first line begin, after its place in the chain.
const HEAD: &str = "\"audit\":\"pagos\",\"format\":";
