//! Reads the index of a log, which SQLite keeps in the file `-shm`: how many frames the log had,
//! and how many of them the database has. The index stays after a crash and is otherwise deleted
//! with the log, so an index without its log shows that the log was removed.
//!
//! Source: sqlite.org/walformat.html#the_wal_index_file_format.

#[cfg(unix)]
use std::fs;
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

/// Two copies of the header, and how many frames the database has.
const BYTES: usize = 100;
const COPY_BYTES: usize = 48;
const IS_INIT_AT: usize = 12;
const FRAMES_AT: usize = 16;
const BACKFILLED_AT: usize = 96;
const VERSION: u32 = 3_007_000;

/// Whether there are frames that the database does not have. An unreadable index says nothing.
pub(super) fn has_more_than_the_database(shm: &Path) -> bool {
    read(shm).is_some_and(|bytes| tells_of_more(&bytes))
}

fn tells_of_more(bytes: &[u8; BYTES]) -> bool {
    let number = |at: usize| {
        let word = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
        word.map_or(0, |word| u32::from_ne_bytes(*word))
    };
    let (one, rest) = bytes.split_at(COPY_BYTES);
    // The copies differ while SQLite writes them.
    let is_whole = rest.starts_with(one) && one.get(IS_INIT_AT) == Some(&1);
    is_whole && number(0) == VERSION && number(FRAMES_AT) > number(BACKFILLED_AT)
}

/// Keeps every handle that it opens, since closing one would drop the locks that SQLite holds on
/// the file in this process. There are few, because the index is read only if a log has no frames.
#[cfg(unix)]
fn read(shm: &Path) -> Option<[u8; BYTES]> {
    use std::{
        os::unix::fs::MetadataExt,
        sync::{Mutex, PoisonError},
    };

    /// By device and inode number.
    static HANDLES: Mutex<Vec<((u64, u64), File)>> = Mutex::new(Vec::new());

    let place_of = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let place = place_of(fs::metadata(shm).ok()?);
    // The guarded value is whole, since nothing panics while it holds the lock.
    let mut handles = HANDLES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, file)) = handles.iter_mut().find(|(known, _)| *known == place) {
        return read_from(file);
    }
    let file = File::open(shm).ok()?;
    // It may have been replaced in between.
    let place = file.metadata().map_or(place, place_of);
    handles.push((place, file));
    read_from(&mut handles.last_mut()?.1)
}

/// On other systems a lock belongs to its handle.
#[cfg(not(unix))]
fn read(shm: &Path) -> Option<[u8; BYTES]> {
    read_from(&mut File::open(shm).ok()?)
}

fn read_from(file: &mut File) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    file.seek(SeekFrom::Start(0)).ok()?;
    file.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_tells_how_much_the_database_does_not_have() {
        let index = |frames: u32, backfilled: u32| {
            let mut copy = [0_u8; COPY_BYTES];
            copy[..4].copy_from_slice(&VERSION.to_ne_bytes());
            copy[IS_INIT_AT] = 1;
            copy[FRAMES_AT..FRAMES_AT + 4].copy_from_slice(&frames.to_ne_bytes());
            let mut bytes = [0; BYTES];
            bytes[..COPY_BYTES].copy_from_slice(&copy);
            bytes[COPY_BYTES..BACKFILLED_AT].copy_from_slice(&copy);
            bytes[BACKFILLED_AT..].copy_from_slice(&backfilled.to_ne_bytes());
            bytes
        };
        assert!(tells_of_more(&index(5, 4)));
        assert!(!tells_of_more(&index(5, 5)));
        assert!(!tells_of_more(&index(0, 0)));
        let mut torn = index(5, 4);
        torn[COPY_BYTES + FRAMES_AT] ^= 1;
        assert!(!tells_of_more(&torn));
        assert!(!tells_of_more(&[0; BYTES]));
    }
}
