//! The folders of a disk: which name leads to which file, and the journal of what changes that. Knows
//! no content.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
};

/// The number of a file or folder.
pub(in crate::power) type Number = u64;

/// Every name there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    folders: BTreeMap<Number, BTreeMap<OsString, Number>>,
    /// How many names each file has.
    links: BTreeMap<Number, u32>,
}

/// One entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// A name for a file or a link: a new one, or a further one.
    Name {
        folder: Number,
        name: OsString,
        number: Number,
    },
    MakeFolder {
        folder: Number,
        name: OsString,
        number: Number,
    },
    Remove {
        folder: Number,
        name: OsString,
    },
    Rename {
        from: (Number, OsString),
        to: (Number, OsString),
    },
}

impl Change {
    /// Does it change the entries of this folder?
    pub(super) fn is_of(&self, number: Number) -> bool {
        match self {
            Self::Name { folder, .. }
            | Self::MakeFolder { folder, .. }
            | Self::Remove { folder, .. } => *folder == number,
            Self::Rename { from, to } => from.0 == number || to.0 == number,
        }
    }
}

impl Names {
    /// An empty folder, and nothing else.
    pub(super) fn with_root(root: Number) -> Self {
        Self { folders: BTreeMap::from([(root, BTreeMap::new())]), ..Self::default() }
    }

    /// The entries of a folder; `None` if it is none.
    pub(super) fn entries(&self, folder: Number) -> Option<&BTreeMap<OsString, Number>> {
        self.folders.get(&folder)
    }

    pub(super) fn links(&self, number: Number) -> u32 {
        self.links.get(&number).copied().unwrap_or(0)
    }

    /// Everything that has a name.
    pub(super) fn numbers(&self) -> impl Iterator<Item = Number> {
        self.folders.keys().chain(self.links.keys()).copied()
    }

    /// Makes a change; whoever asks has made sure that it is possible.
    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::Name { folder, name, number } => self.put(*folder, name, *number),
            Change::MakeFolder { folder, name, number } => {
                self.folders.insert(*number, BTreeMap::new());
                self.put(*folder, name, *number);
            }
            Change::Remove { folder, name } => {
                if let Some(number) = self.take(*folder, name) {
                    self.folders.remove(&number);
                }
            }
            Change::Rename { from, to } => {
                let Some(moved) = self.take(from.0, &from.1) else { return };
                // A folder that is replaced is empty and gone.
                if let Some(replaced) = self.take(to.0, &to.1).filter(|it| *it != moved) {
                    self.folders.remove(&replaced);
                }
                self.put(to.0, &to.1, moved);
            }
        }
    }

    fn put(&mut self, folder: Number, name: &OsStr, number: Number) {
        if let Some(entries) = self.folders.get_mut(&folder) {
            entries.insert(name.to_owned(), number);
            *self.links.entry(number).or_default() += 1;
        }
    }

    fn take(&mut self, folder: Number, name: &OsStr) -> Option<Number> {
        let number = self.folders.get_mut(&folder)?.remove(name)?;
        match self.links.get_mut(&number) {
            Some(links) if *links > 1 => *links -= 1,
            _ => drop(self.links.remove(&number)),
        }
        Some(number)
    }
}
