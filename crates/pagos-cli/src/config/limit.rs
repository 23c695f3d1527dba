//! One limit in a table of them: its name, its bound, and where it is kept.

use std::time::Duration;

/// A limit of settings `S`: a whole number up to `most`, so that no typing error removes it.
pub(super) struct Limit<S> {
    pub(super) name: &'static str,
    pub(super) most: u64,
    pub(super) set: fn(&mut S, u64),
}

impl<S> Limit<S> {
    /// The limit of this name.
    ///
    /// # Errors
    /// The names that there are, for a sentence.
    pub(super) fn find<'t>(table: &'t [Self], name: &str) -> Result<&'t Self, String> {
        table.iter().find(|limit| limit.name == name).ok_or_else(|| {
            let names: Vec<&str> = table.iter().map(|limit| limit.name).collect();
            names.join(", ")
        })
    }
}

pub(super) fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

pub(super) fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

pub(super) fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
