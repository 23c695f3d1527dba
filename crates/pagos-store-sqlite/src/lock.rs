//! The lock of the one process that dispatches from a store. Versions and epochs guard the rows,
//! not this lock.
//!
//! The lock is a file beside the database; it names its database and stays as a trace of it. On
//! Linux the database itself is locked as well, so that removing the lock file lets no other
//! process in.

use std::{
    fs::{self, File, Metadata, TryLockError},
    io::{self, ErrorKind, Read, Seek, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use pagos_engine::{Guard, StoreError, Turn};

use crate::{
    file,
    place::{beside, blame},
};

/// Held by the process that dispatches. It is released when dropped, or by the operating system
/// when the process ends in any way.
#[derive(Debug)]
struct WorkerLock {
    _file: File,
    _itself: itself::Held,
}

impl Guard for WorkerLock {}

/// Takes the turn to dispatch from the store at `path`, if no other process has it.
pub(crate) fn take_turn(path: &Path, identity: &str) -> Result<Turn, StoreError> {
    let lock = path_of(path);
    let failed =
        |cause| StoreError::new(format!("{}: cannot be locked", lock.display())).with_source(cause);
    let Some(mut file) = hold(&lock).map_err(failed)? else { return Ok(Turn::Taken) };
    let Some(itself) = itself::hold(path).map_err(failed)? else { return Ok(Turn::Taken) };
    check_signature(path, Some(identity))?;
    sign(&mut file, identity).map_err(failed)?;
    Ok(Turn::Alone(Box::new(WorkerLock { _file: file, _itself: itself })))
}

/// Takes the lock of a place where there is no database, and signs it for the one that is about to
/// be put there. It is given back when the returned file is dropped.
///
/// # Errors
/// If a process holds it, or if it names another database.
pub(crate) fn take_place(path: &Path, identity: &str) -> Result<File, StoreError> {
    let lock = path_of(path);
    let failed = |cause| blame(&lock, "cannot be locked").with_source(cause);
    let mut file = file::create(&lock).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::Error(cause)) => return Err(failed(cause)),
        Err(TryLockError::WouldBlock) => {
            return Err(blame(
                path,
                "a pagos process still works on the database that was here; end it (`pagos serve`, \
                 `pagos pay`), and try again",
            ));
        }
    }
    check_signature(path, Some(identity))?;
    sign(&mut file, identity).map_err(failed)?;
    Ok(file)
}

/// Takes the lock. Waits a moment for the maker of a database, which holds it until it is signed.
fn hold(lock: &Path) -> io::Result<Option<File>> {
    let patience_ends_at = Instant::now() + file::MAKING_MAX;
    loop {
        let file = file::create(lock)?;
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(cause)) => return Err(cause),
            Err(TryLockError::WouldBlock) => {}
        }
        if !has_no_signature(&file.metadata()?) || Instant::now() >= patience_ends_at {
            return Ok(None);
        }
        std::thread::sleep(file::BUSY_BEAT);
    }
}

/// How far a database has come, by its lock file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing is written there. Older versions never wrote anything, so it may have been used.
    Unsigned,
    /// It was being made, and nothing was ever dispatched from it.
    Begun,
    /// It is made.
    Signed,
}

impl Stage {
    pub(crate) fn read(file: &mut File) -> io::Result<Self> {
        Ok(match content(file)?.as_slice() {
            [] => Self::Unsigned,
            BEGUN => Self::Begun,
            _ => Self::Signed,
        })
    }

    /// The same of a file that another process holds, by its length: nothing is decided by it but
    /// whether to wait.
    pub(crate) fn guess(lock: &Metadata) -> Self {
        match has_no_signature(lock) {
            true => Self::Unsigned,
            false => Self::Signed,
        }
    }
}

/// Is its database not made yet, or made by an older version? Opening it shows which.
pub(crate) fn has_no_signature(lock: &Metadata) -> bool {
    lock.len() == 0 || usize::try_from(lock.len()).is_ok_and(|length| length == BEGUN.len())
}

/// Makes the lock file of a database that is about to be made; returns whether it was not there
/// before. It is durable before it has its name: a power failure leaves no empty lock file, which could
/// be that of a used database.
pub(crate) fn begin(lock: &Path) -> io::Result<bool> {
    let unnamed = beside(lock, &format!("-{}", std::process::id()));
    let made = || {
        let mut file = file::create(&unnamed)?;
        file.set_len(0)?;
        file.write_all(BEGUN)?;
        file.sync_all()?;
        fs::hard_link(&unnamed, lock)
    };
    let made = made();
    // What is left of it is a trace of nothing.
    let _ = fs::remove_file(&unnamed);
    match made {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        // A file system without links.
        Err(_) => match file::private().create_new(true).open(lock) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        },
    }
}

/// Writes into a lock file which database it belongs to. It is durable when this returns, and stays as
/// it is if it is right: a power failure takes no signature away.
pub(crate) fn sign(file: &mut File, identity: &str) -> io::Result<()> {
    let signature = format!("{SIGNATURE}{identity}\n");
    if content(file)? == signature.as_bytes() {
        return Ok(());
    }
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(signature.as_bytes())?;
    file.sync_all()
}

/// The beginning of a lock file; a signature is shorter.
fn content(file: &mut File) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.rewind()?;
    file.take(CONTENT_BYTES_MAX).read_to_end(&mut content)?;
    Ok(content)
}

/// Refuses a database if its lock file names another one, before anything is written to either.
/// `identity` is `None` for a database of an older version, which has none.
///
/// # Errors
/// If it is another database, or if the lock file cannot be read.
pub(crate) fn check_signature(path: &Path, identity: Option<&str>) -> Result<(), StoreError> {
    let lock = path_of(path);
    let signed = match fs::read(&lock) {
        Ok(signed) => signed,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(blame(&lock, "cannot be read").with_source(error)),
    };
    // Empty, or written by an older version: it names no database.
    let signed = String::from_utf8_lossy(&signed);
    let named = signed.lines().next().and_then(|line| line.strip_prefix(SIGNATURE));
    let named = named
        .filter(|named| !named.is_empty() && named.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let Some(named) = named.filter(|named| identity != Some(named)) else { return Ok(()) };
    // A power failure while it was signed: the disk has the new text, and still the length of the old one.
    let is_cut_off = !signed.ends_with('\n');
    if is_cut_off && identity.is_some_and(|own| own.starts_with(named)) {
        return Ok(());
    }
    let own = identity.map_or("has no identity yet".to_owned(), |own| format!("is {own}"));
    let lock = lock.display();
    Err(blame(
        path,
        &format!(
            "is another database than the one that was here before: it {own}, and {lock} names {named}; \
             what the other one sent is not known to this one, and would be sent again. Put the other \
             one back, or name the right one; if it is meant to take its place, remove {lock}"
        ),
    ))
}

/// Precedes the identity in a lock file.
const SIGNATURE: &str = "pagos database ";

/// The content of the lock file of a database that is being made.
const BEGUN: &[u8] = b"pagos is making a database\n";

const CONTENT_BYTES_MAX: u64 = 1_024;

/// A file of its own: SQLite's locks on the database are lost when any handle to its file is
/// closed.
pub(crate) fn path_of(path: &Path) -> PathBuf {
    beside(path, ".lock")
}

/// A lock on the database's own file, whatever its name. Its handle is never closed, since that
/// would drop SQLite's locks. `flock` is independent of those on Linux, and only there for certain.
#[cfg(target_os = "linux")]
mod itself {
    use std::{
        collections::BTreeMap,
        fs::{self, File, TryLockError},
        io,
        os::unix::fs::MetadataExt,
        path::Path,
        sync::{Mutex, MutexGuard, PoisonError},
    };

    /// Device and inode number, which identify the file itself.
    type Place = (u64, u64);

    #[derive(Debug)]
    struct Handle {
        file: File,
        is_held: bool,
    }

    /// One handle for each database that this process ever dispatched from.
    static HANDLES: Mutex<BTreeMap<Place, Handle>> = Mutex::new(BTreeMap::new());

    #[derive(Debug)]
    pub(super) struct Held {
        place: Place,
    }

    pub(super) fn hold(path: &Path) -> io::Result<Option<Held>> {
        let mut handles = handles();
        let mut place = place_of(&fs::metadata(path)?);
        if !handles.contains_key(&place) {
            let file = File::open(path)?;
            // It may have been replaced in between. Every opened file stays open.
            place = place_of(&file.metadata()?);
            handles.entry(place).or_insert(Handle { file, is_held: false });
        }
        let Some(handle) = handles.get_mut(&place).filter(|handle| !handle.is_held) else {
            return Ok(None);
        };
        match handle.file.try_lock() {
            Ok(()) => handle.is_held = true,
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        Ok(Some(Held { place }))
    }

    impl Drop for Held {
        fn drop(&mut self) {
            if let Some(handle) = handles().get_mut(&self.place) {
                handle.is_held = false;
                // If this fails, the operating system releases it with the process.
                let _ = handle.file.unlock();
            }
        }
    }

    fn place_of(metadata: &fs::Metadata) -> Place {
        (metadata.dev(), metadata.ino())
    }

    fn handles() -> MutexGuard<'static, BTreeMap<Place, Handle>> {
        // The guarded value is whole, since nothing panics while it holds the lock.
        HANDLES.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(not(target_os = "linux"))]
mod itself {
    use std::{io, path::Path};

    #[derive(Debug)]
    pub(super) struct Held;

    pub(super) fn hold(_: &Path) -> io::Result<Option<Held>> {
        Ok(Some(Held))
    }
}
