//! Finds what stands in a file more than once, a key say, with 16 bytes a row. Keeps no value.
//!
//! Rows are compared by 96 bits of a hash whose seed is drawn for each run. Equal keys are always
//! found; two different ones are taken for equal once in 10^17 files of a million rows, and then a
//! good file is refused, which costs nobody money.

use std::hash::BuildHasher;
use std::hash::RandomState;

/// The hashes of one value of each row, with their lines. A file has fewer than 4 milliard lines.
pub(crate) struct RowHashes {
    states: [RandomState; 2],
    seen: Vec<Seen>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    hash: u64,
    hash_more: u32,
    line: u32,
}

impl Seen {
    fn is_equal_to(&self, other: &Self) -> bool {
        (self.hash, self.hash_more) == (other.hash, other.hash_more)
    }
}

/// A row whose value another row has too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Repeated {
    pub(crate) line: u32,
    /// The first row of that value; for the first row itself, the second.
    pub(crate) other: u32,
}

impl RowHashes {
    pub(crate) fn new() -> Self {
        Self { states: [RandomState::new(), RandomState::new()], seen: Vec::new() }
    }

    pub(crate) fn add(&mut self, value: &[u8], line: u64) {
        let [hash, hash_more] = self.states.each_ref().map(|state| state.hash_one(value));
        // The upper half of the second hash is dropped on purpose.
        #[allow(clippy::cast_possible_truncation)]
        let hash_more = hash_more as u32;
        self.seen.push(Seen { hash, hash_more, line: u32::try_from(line).unwrap_or(u32::MAX) });
    }

    /// The rows that share their value, in the order of lines. Usually none.
    pub(crate) fn into_repeated(mut self) -> Vec<Repeated> {
        self.seen.sort_unstable();
        let mut repeated = Vec::new();
        for group in self.seen.chunk_by(Seen::is_equal_to) {
            let [first, second, ..] = group else {
                continue;
            };
            repeated.push(Repeated { line: first.line, other: second.line });
            let others = group.iter().skip(1);
            repeated.extend(others.map(|seen| Repeated { line: seen.line, other: first.line }));
        }
        repeated.sort_unstable();
        repeated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_a_shared_value_names_another() {
        let mut hashes = RowHashes::new();
        for (key, line) in [("a", 2), ("b", 3), ("a", 4), ("c", 5), ("a", 6)] {
            hashes.add(key.as_bytes(), line);
        }
        let expected = [(2, 4), (4, 2), (6, 2)].map(|(line, other)| Repeated { line, other });
        assert_eq!(hashes.into_repeated(), expected);
        assert_eq!(size_of::<Seen>(), 16);
    }
}
