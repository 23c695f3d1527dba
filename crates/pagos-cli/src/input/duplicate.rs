//! Finds values that occur more than once in a file, exactly or nearly, with 16 bytes per row and
//! without keeping any value.
//!
//! Each row has a kind and, within it, a form: for a key, the key in lower case and the key itself.
//! Kinds are compared by 64 bits of a hash whose seed is drawn for each run, forms by 32 more bits.
//! Equal values are always found. Two different keys are taken for equal once in 10^17 files of a
//! million rows; then a good file is refused, which costs nobody money. Two kinds are confused once
//! in 10^7 such files; then a warning is wrong.

use std::hash::{BuildHasher, RandomState};

/// The hashes of one value of each row, with their lines. A file has fewer than 4 billion lines.
pub(crate) struct RowHashes {
    states: [RandomState; 2],
    seen: Vec<Seen>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    kind: u64,
    form: u32,
    line: u32,
}

/// A row whose value another row has too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Repeated {
    pub(crate) line: u32,
    /// The first row with that value; for the first row itself, the second.
    pub(crate) other: u32,
}

/// The repeated values of a file, sorted by line. Usually there are none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Repeats {
    /// The rows that share kind and form, including the first ones.
    pub(crate) equal: Vec<Repeated>,
    /// The rows whose form differs from that of the first row of their kind, which is `other`.
    pub(crate) alike: Vec<Repeated>,
}

impl RowHashes {
    pub(crate) fn new() -> Self {
        Self { states: [RandomState::new(), RandomState::new()], seen: Vec::new() }
    }

    pub(crate) fn add(&mut self, kind: &[u8], form: &[u8], line: u64) {
        let [of_kind, of_form] = &self.states;
        // The upper half of the second hash is dropped on purpose.
        #[allow(clippy::cast_possible_truncation)]
        let form = of_form.hash_one(form) as u32;
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        self.seen.push(Seen { kind: of_kind.hash_one(kind), form, line });
    }

    /// The rows that share their value, exactly or nearly.
    pub(crate) fn into_repeats(mut self) -> Repeats {
        self.seen.sort_unstable();
        let mut repeats = Repeats::default();
        for kind in self.seen.chunk_by(|one, other| one.kind == other.kind) {
            if kind.len() > 1 {
                repeats.add(kind);
            }
        }
        repeats.equal.sort_unstable();
        repeats.alike.sort_unstable();
        repeats
    }
}

impl Repeats {
    /// Adds the rows of one kind, sorted by form and line.
    fn add(&mut self, kind: &[Seen]) {
        for form in kind.chunk_by(|one, other| one.form == other.form) {
            let [first, second, ..] = form else {
                continue;
            };
            self.equal.push(Repeated { line: first.line, other: second.line });
            let others = form.iter().skip(1);
            self.equal.extend(others.map(|seen| Repeated { line: seen.line, other: first.line }));
        }
        let Some(first) = kind.iter().min_by_key(|seen| seen.line) else {
            return;
        };
        let others = kind.iter().filter(|seen| seen.form != first.form);
        self.alike.extend(others.map(|seen| Repeated { line: seen.line, other: first.line }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_a_shared_value_names_another() {
        let mut hashes = RowHashes::new();
        let rows = [("a", "a", 2), ("b", "b", 3), ("a", "a", 4), ("a", "A", 5), ("a", "a", 6)];
        for (kind, form, line) in rows.into_iter().chain([("b", "B", 7), ("b", "B", 8)]) {
            hashes.add(kind.as_bytes(), form.as_bytes(), line);
        }
        let repeated = |(line, other)| Repeated { line, other };
        let equal = [(2, 4), (4, 2), (6, 2), (7, 8), (8, 7)].map(repeated).to_vec();
        let alike = [(5, 2), (7, 3), (8, 3)].map(repeated).to_vec();
        assert_eq!(hashes.into_repeats(), Repeats { equal, alike });
        assert_eq!(size_of::<Seen>(), 16);
    }
}
