//! Where the newest attempt of each key lies in the file.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher},
};

use pagos_core::OrderKey;

/// 16 bytes for each key: the hash of the key, and the place of its line. A million keys take
/// 37 MB. The line itself tells its key and number; two keys of one hash are told apart by it.
#[derive(Debug)]
pub(crate) struct Index {
    hash: fn(&OrderKey) -> u64,
    places: HashMap<u64, u64, BuildHasherDefault<DefaultHasher>>,
    /// Keys whose hash belongs to another key.
    collided: HashMap<OrderKey, u64, BuildHasherDefault<DefaultHasher>>,
}

/// Whose the line at a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    ThisKey,
    AnotherKey,
}

impl Index {
    pub(crate) fn new() -> Self {
        Self::hashing_with(|key| {
            let mut hasher = DefaultHasher::new();
            key.as_str().hash(&mut hasher);
            hasher.finish()
        })
    }

    pub(crate) fn hashing_with(hash: fn(&OrderKey) -> u64) -> Self {
        Self { hash, places: HashMap::default(), collided: HashMap::default() }
    }

    /// Where the newest line of the key is, if there is one. The line there may be another key's.
    pub(crate) fn place(&self, key: &OrderKey) -> Option<u64> {
        let place = self.collided.get(key).or_else(|| self.places.get(&(self.hash)(key)));
        place.copied()
    }

    /// Notes a newer line of the key. `owner` is whose the line at [`Index::place`] is, if any.
    pub(crate) fn note(&mut self, key: &OrderKey, owner: Option<Owner>, place: u64) {
        if owner == Some(Owner::AnotherKey) || self.collided.contains_key(key) {
            self.collided.insert(key.clone(), place);
            return;
        }
        self.places.insert((self.hash)(key), place);
    }
}
