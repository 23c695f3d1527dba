//! A disk as a pure structure: what programs have written to it, and what of that would be there
//! after a power cut. Mounts nothing.
//!
//! What a cut may leave is what POSIX lets a file system leave, so more than one kind of file system
//! ever does: each unsynced sector is lost or kept by itself, in any version that it had; a size may be
//! old or new; changes of names are kept up to some point of their order. A sync of a file makes its
//! content durable and not its name, which ext4 does as well: only a sync of the folder does. Modes,
//! owners and times are durable at once, since nothing here depends on them.

mod content;
mod luck;
mod names;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    time::SystemTime,
};

pub(super) use self::names::Number;
use self::{
    content::Content,
    luck::Luck,
    names::{Change, Names},
};

pub(super) const ROOT: Number = 1;

/// Why something is not possible; the words are the system's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    NotFound,
    Exists,
    NotAFolder,
    IsAFolder,
    NotEmpty,
}

/// What a file is apart from its content and its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) mode: u16,
    pub(super) user: u32,
    pub(super) group: u32,
    pub(super) changed_at: SystemTime,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    kind: Kind,
    marks: Marks,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    File(Content),
    Folder,
    Link(PathBuf),
}

/// What something is, as programs ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    File,
    Folder,
    Link,
}

/// What programs are told about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct About {
    pub(super) number: Number,
    pub(super) sort: Sort,
    pub(super) size: usize,
    pub(super) links: u32,
    pub(super) marks: Marks,
}

/// Does a sync do what it says?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Honesty {
    Honest,
    /// It does nothing, and a cut takes everything that was written since.
    Lies,
}

/// The disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Disk {
    honesty: Honesty,
    nodes: BTreeMap<Number, Node>,
    /// The names that programs see.
    names: Names,
    durable_names: Names,
    /// What leads from the durable names to those that programs see, in its order.
    journal: Vec<Change>,
    next: Number,
}

impl Disk {
    /// An empty and honest one, whose first folder has these marks.
    pub(super) fn new(marks: Marks) -> Self {
        let names = Names::with_root(ROOT);
        let root = Node { kind: Kind::Folder, marks };
        Self {
            honesty: Honesty::Honest,
            nodes: BTreeMap::from([(ROOT, root)]),
            durable_names: names.clone(),
            names,
            journal: Vec::new(),
            next: ROOT + 1,
        }
    }

    /// From now on.
    pub(super) fn set_honesty(&mut self, honesty: Honesty) {
        self.honesty = honesty;
    }

    pub(super) fn find(&self, folder: Number, name: &OsStr) -> Result<Number, Refusal> {
        let entries = self.names.entries(folder).ok_or(Refusal::NotAFolder)?;
        entries.get(name).copied().ok_or(Refusal::NotFound)
    }

    pub(super) fn about(&self, number: Number) -> Result<About, Refusal> {
        let node = self.nodes.get(&number).ok_or(Refusal::NotFound)?;
        let (sort, size, links) = match &node.kind {
            Kind::File(content) => (Sort::File, content.size(), self.names.links(number)),
            Kind::Folder => (Sort::Folder, 0, 2),
            Kind::Link(target) => (Sort::Link, target.as_os_str().len(), self.names.links(number)),
        };
        Ok(About { number, sort, size, links, marks: node.marks })
    }

    pub(super) fn marks_of(&mut self, number: Number) -> Result<&mut Marks, Refusal> {
        self.nodes.get_mut(&number).map(|node| &mut node.marks).ok_or(Refusal::NotFound)
    }

    /// The entries of a folder, in a lasting order.
    pub(super) fn list(&self, folder: Number) -> Result<Vec<(OsString, Number)>, Refusal> {
        let entries = self.names.entries(folder).ok_or(Refusal::NotAFolder)?;
        Ok(entries.iter().map(|(name, number)| (name.clone(), *number)).collect())
    }

    pub(super) fn read(&self, number: Number, offset: usize, count: usize) -> &[u8] {
        match self.nodes.get(&number).map(|node| &node.kind) {
            Some(Kind::File(content)) => content.read(offset, count),
            _ => &[],
        }
    }

    pub(super) fn target(&self, number: Number) -> Result<&Path, Refusal> {
        match self.nodes.get(&number).map(|node| &node.kind) {
            Some(Kind::Link(target)) => Ok(target),
            _ => Err(Refusal::NotFound),
        }
    }

    pub(super) fn write(
        &mut self,
        number: Number,
        offset: usize,
        bytes: &[u8],
    ) -> Result<(), Refusal> {
        self.content(number).map(|content| content.write(offset, bytes))
    }

    pub(super) fn set_size(&mut self, number: Number, size: usize) -> Result<(), Refusal> {
        self.content(number).map(|content| content.set_size(size))
    }

    fn content(&mut self, number: Number) -> Result<&mut Content, Refusal> {
        match self.nodes.get_mut(&number).map(|node| &mut node.kind) {
            Some(Kind::File(content)) => Ok(content),
            Some(Kind::Folder) => Err(Refusal::IsAFolder),
            Some(Kind::Link(_)) | None => Err(Refusal::NotFound),
        }
    }

    pub(super) fn make_file(
        &mut self,
        folder: Number,
        name: &OsStr,
        marks: Marks,
    ) -> Result<Number, Refusal> {
        let number =
            self.make(folder, name, Node { kind: Kind::File(Content::default()), marks })?;
        self.change(Change::Name { folder, name: name.to_owned(), number });
        Ok(number)
    }

    pub(super) fn make_folder(
        &mut self,
        folder: Number,
        name: &OsStr,
        marks: Marks,
    ) -> Result<Number, Refusal> {
        let number = self.make(folder, name, Node { kind: Kind::Folder, marks })?;
        self.change(Change::MakeFolder { folder, name: name.to_owned(), number });
        Ok(number)
    }

    pub(super) fn make_link(
        &mut self,
        folder: Number,
        name: &OsStr,
        target: &Path,
        marks: Marks,
    ) -> Result<Number, Refusal> {
        let kind = Kind::Link(target.to_owned());
        let number = self.make(folder, name, Node { kind, marks })?;
        self.change(Change::Name { folder, name: name.to_owned(), number });
        Ok(number)
    }

    fn make(&mut self, folder: Number, name: &OsStr, node: Node) -> Result<Number, Refusal> {
        self.refuse_existing(folder, name)?;
        let number = self.next;
        self.next += 1;
        self.nodes.insert(number, node);
        Ok(number)
    }

    /// Gives a file one more name.
    pub(super) fn link(
        &mut self,
        number: Number,
        folder: Number,
        name: &OsStr,
    ) -> Result<(), Refusal> {
        self.refuse_existing(folder, name)?;
        self.change(Change::Name { folder, name: name.to_owned(), number });
        Ok(())
    }

    pub(super) fn remove(&mut self, folder: Number, name: &OsStr) -> Result<(), Refusal> {
        let number = self.find(folder, name)?;
        if self.names.entries(number).is_some_and(|entries| !entries.is_empty()) {
            return Err(Refusal::NotEmpty);
        }
        self.change(Change::Remove { folder, name: name.to_owned() });
        Ok(())
    }

    /// Moves a name, over another one if there is one.
    pub(super) fn rename(
        &mut self,
        from: (Number, &OsStr),
        to: (Number, &OsStr),
    ) -> Result<(), Refusal> {
        let moved = self.find(from.0, from.1)?;
        match self.find(to.0, to.1) {
            // Two names of one file: both stay. Source: rename(2).
            Ok(replaced) if replaced == moved => return Ok(()),
            Ok(replaced)
                if self.names.entries(replaced).is_some_and(|entries| !entries.is_empty()) =>
            {
                return Err(Refusal::NotEmpty);
            }
            Ok(_) | Err(Refusal::NotFound) => {}
            Err(refusal) => return Err(refusal),
        }
        let (from, to) = ((from.0, from.1.to_owned()), (to.0, to.1.to_owned()));
        self.change(Change::Rename { from, to });
        Ok(())
    }

    fn refuse_existing(&self, folder: Number, name: &OsStr) -> Result<(), Refusal> {
        match self.find(folder, name) {
            Ok(_) => Err(Refusal::Exists),
            Err(Refusal::NotFound) => Ok(()),
            Err(refusal) => Err(refusal),
        }
    }

    fn change(&mut self, change: Change) {
        self.names.apply(&change);
        self.journal.push(change);
    }

    /// A sync of a file, or of a folder.
    pub(super) fn sync(&mut self, number: Number) {
        if self.honesty == Honesty::Lies {
            return;
        }
        if let Some(Kind::File(content)) = self.nodes.get_mut(&number).map(|node| &mut node.kind) {
            content.sync();
        }
        // A journal keeps the order, so what came before is durable, too.
        let last = self.journal.iter().rposition(|change| change.is_of(number));
        self.advance(last.map_or(0, |at| at + 1));
    }

    /// What an idle machine does by itself after some time.
    pub(super) fn sync_all(&mut self) {
        for node in self.nodes.values_mut() {
            if let Kind::File(content) = &mut node.kind {
                content.sync();
            }
        }
        self.advance(self.journal.len());
    }

    fn advance(&mut self, count: usize) {
        for change in self.journal.drain(..count) {
            self.durable_names.apply(&change);
        }
    }

    /// The disk after a power cut. The seed determines what is lost.
    pub(super) fn cut(&self, seed: u64) -> Self {
        let mut luck = match self.honesty {
            Honesty::Honest => Luck::new(seed),
            Honesty::Lies => Luck::none(),
        };
        let mut names = self.durable_names.clone();
        let kept = luck.count(self.journal.len());
        self.journal.iter().take(kept).for_each(|change| names.apply(change));
        let mut nodes = BTreeMap::new();
        for number in names.numbers() {
            let Some(Node { kind, marks }) = self.nodes.get(&number) else { continue };
            let kind = match kind {
                Kind::File(content) => Kind::File(content.cut(&mut luck)),
                Kind::Folder | Kind::Link(_) => kind.clone(),
            };
            nodes.insert(number, Node { kind, marks: *marks });
        }
        let (honesty, next) = (self.honesty, self.next);
        let durable_names = names.clone();
        Self { honesty, nodes, names, durable_names, journal: Vec::new(), next }
    }
}
