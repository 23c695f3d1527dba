//! Everything of one kind that exists, found by the twin's number or by the merchant's.
//! Not unique by the merchant's number: of some providers no such rule is known.

use std::{collections::HashMap, fmt, sync::Arc};

/// What a book holds.
pub(crate) trait Entry {
    /// The twin's number, unique.
    fn reference(&self) -> &Arc<str>;
    /// The merchant's number.
    fn key(&self) -> &Arc<str>;
}

pub(crate) struct Book<T> {
    entries: Vec<T>,
    by_reference: HashMap<Arc<str>, u32>,
    by_key: HashMap<Arc<str>, KeyState>,
}

/// What is known of a merchant's number, whether or not anything came of it.
#[derive(Debug, Default)]
struct KeyState {
    entries: Vec<u32>,
    creates: u32,
    queries: u32,
}

impl<T: Entry> Book<T> {
    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        self.entries.get(usize::try_from(index).ok()?)
    }

    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.entries.get_mut(usize::try_from(index).ok()?)
    }

    /// In the order of creation.
    pub(crate) fn entries(&self) -> &[T] {
        &self.entries
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn by_reference(&self, reference: &str) -> Option<u32> {
        self.by_reference.get(reference).copied()
    }

    /// All of one key, oldest first.
    pub(crate) fn by_key(&self, key: &str) -> &[u32] {
        self.by_key.get(key).map_or(&[], |state| &state.entries)
    }

    /// The oldest one of a key.
    pub(crate) fn first_of(&self, key: &str) -> Option<&T> {
        self.get(*self.by_key(key).first()?)
    }

    /// How many there are of a key.
    pub(crate) fn count_of(&self, key: &str) -> u32 {
        u32::try_from(self.by_key(key).len()).unwrap_or(u32::MAX)
    }

    /// Adds an entry. `None` beyond 2^32 of them.
    pub(crate) fn add(&mut self, entry: T) -> Option<u32> {
        let index = u32::try_from(self.entries.len()).ok()?;
        self.by_reference.insert(Arc::clone(entry.reference()), index);
        self.by_key.entry(Arc::clone(entry.key())).or_default().entries.push(index);
        self.entries.push(entry);
        Some(index)
    }

    /// How many creates this key had before this one.
    pub(crate) fn count_create(&mut self, key: &str) -> u32 {
        count(&mut self.state(key).creates)
    }

    /// How many creates this key has had.
    pub(crate) fn creates(&self, key: &str) -> u32 {
        self.by_key.get(key).map_or(0, |state| state.creates)
    }

    /// How many queries this key had before this one.
    pub(crate) fn count_query(&mut self, key: &str) -> u32 {
        count(&mut self.state(key).queries)
    }

    fn state(&mut self, key: &str) -> &mut KeyState {
        self.by_key.entry(key.into()).or_default()
    }
}

/// Adds one and tells what it was before.
fn count(counter: &mut u32) -> u32 {
    let before = *counter;
    *counter = before.saturating_add(1);
    before
}

impl<T> Default for Book<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), by_reference: HashMap::new(), by_key: HashMap::new() }
    }
}

/// Entries hold names and account numbers, so only their count shows.
impl<T> fmt::Debug for Book<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Book").field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Entry for (Arc<str>, Arc<str>) {
        fn reference(&self) -> &Arc<str> {
            &self.0
        }

        fn key(&self) -> &Arc<str> {
            &self.1
        }
    }

    #[test]
    fn keys_are_counted_without_an_entry() {
        let mut book: Book<(Arc<str>, Arc<str>)> = Book::default();
        assert_eq!([book.count_create("k"), book.count_create("k")], [0, 1]);
        assert_eq!([book.count_query("k"), book.count_query("l")], [0, 0]);
        assert!(book.by_key("k").is_empty());
        assert_eq!(book.by_reference("r"), None);
        assert_eq!(book.add(("r".into(), "k".into())), Some(0));
        assert_eq!((book.by_reference("r"), book.by_key("k")), (Some(0), &[0][..]));
    }
}
