//! The content of one file, twice: what programs see, and what is durable. Between the two lie the
//! sectors that were written since the last sync, in every version that they had.

use std::collections::BTreeMap;

use crate::power::disk::luck::Luck;

/// What a disk writes whole or not at all.
pub(super) const SECTOR_BYTES: usize = 512;

type Sector = [u8; SECTOR_BYTES];

/// One file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Content {
    written: Vec<u8>,
    durable: Vec<u8>,
    /// What each sector held since the last sync, oldest first. The kernel may have written any of
    /// them to the disk by itself.
    versions: BTreeMap<usize, Vec<Sector>>,
    /// The sizes that the file had since the last sync.
    sizes: Vec<usize>,
}

impl Content {
    /// A file whose bytes are durable.
    fn durable(bytes: Vec<u8>) -> Self {
        Self { written: bytes.clone(), durable: bytes, ..Self::default() }
    }

    pub(super) fn size(&self) -> usize {
        self.written.len()
    }

    /// What programs read there; less at the end of the file.
    pub(super) fn read(&self, offset: usize, count: usize) -> &[u8] {
        let end = offset.saturating_add(count).min(self.written.len());
        self.written.get(offset..end).unwrap_or_default()
    }

    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if end > self.written.len() {
            self.resize(end);
        }
        if let Some(target) = self.written.get_mut(offset..end) {
            target.copy_from_slice(bytes);
        }
        self.keep_versions(offset, end);
    }

    /// Cuts the file off, or lengthens it with zeros.
    pub(super) fn set_size(&mut self, size: usize) {
        let before = self.written.len();
        self.resize(size);
        // What is cut off reads as zeros if the file grows again.
        self.keep_versions(size, before);
    }

    fn resize(&mut self, size: usize) {
        if size != self.written.len() {
            self.written.resize(size, 0);
            self.sizes.push(size);
        }
    }

    fn keep_versions(&mut self, from: usize, to: usize) {
        for number in from / SECTOR_BYTES..to.div_ceil(SECTOR_BYTES) {
            let sector = sector_at(&self.written, number);
            self.versions.entry(number).or_default().push(sector);
        }
    }

    /// Makes durable what programs see.
    pub(super) fn sync(&mut self) {
        self.durable.resize(self.written.len(), 0);
        for (number, _) in std::mem::take(&mut self.versions) {
            put(&mut self.durable, number, &sector_at(&self.written, number));
        }
        self.sizes.clear();
    }

    /// What a disk may hold after a power cut: any of the sizes since the last sync, and each sector
    /// as it was then or at some moment since.
    pub(super) fn cut(&self, luck: &mut Luck) -> Self {
        let size = luck.pick(&self.sizes).copied().unwrap_or(self.durable.len());
        let mut bytes = self.durable.clone();
        bytes.resize(size, 0);
        for (number, versions) in &self.versions {
            if let Some(sector) = luck.pick(versions) {
                put(&mut bytes, *number, sector);
            }
        }
        Self::durable(bytes)
    }

    /// May a cut have left these bytes?
    #[cfg(test)]
    pub(super) fn allows(&self, bytes: &[u8]) -> bool {
        let is_size = bytes.len() == self.durable.len() || self.sizes.contains(&bytes.len());
        let is_legal = |number: usize| {
            let end = bytes.len().min((number + 1) * SECTOR_BYTES);
            let length = end - number * SECTOR_BYTES;
            let is = |sector: &Sector| sector_at(bytes, number)[..length] == sector[..length];
            is(&sector_at(&self.durable, number))
                || self.versions.get(&number).is_some_and(|all| all.iter().any(is))
        };
        is_size && (0..bytes.len().div_ceil(SECTOR_BYTES)).all(is_legal)
    }
}

/// A sector of a file, with zeros behind the file's end.
fn sector_at(bytes: &[u8], number: usize) -> Sector {
    let mut sector = [0; SECTOR_BYTES];
    let rest = bytes.get(number * SECTOR_BYTES..).unwrap_or_default();
    sector.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    sector
}

/// Writes a sector, as far as the file reaches.
fn put(bytes: &mut [u8], number: usize, sector: &Sector) {
    let rest = bytes.get_mut(number * SECTOR_BYTES..).unwrap_or_default();
    rest.iter_mut().zip(sector).for_each(|(to, from)| *to = *from);
}
