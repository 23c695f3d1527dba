//! Copies a whole database to a file that is there as a whole or not at all: [`back_up`] copies one
//! while others work on it, and [`restore`] puts a copy in the place of a database that is gone.
//!
//! Every copy carries the mark of a restored database from before it has a name. So nothing is sent
//! from it before it was compared, whoever puts it in place and however; a crash cannot part the two.

mod copy;
mod gap;
mod target;

use std::path::{Path, PathBuf};

use pagos_core::Timestamp;
use pagos_engine::{Moved, Restored, StoreError};
use rusqlite::Connection;

use crate::{failure::Failure, file, place, query, records};
use target::Target;

pub use gap::Gap;

/// What the making of a copy has just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyStep {
    /// There is an unfinished file, under a name of its own.
    Begun,
    /// So many bytes are copied.
    Copied {
        /// So far.
        bytes: u64,
        /// Altogether.
        of: u64,
    },
    /// One kind of rows was summed up.
    Compared {
        /// Which one.
        kind: Moved,
        /// How many there are.
        rows: u64,
    },
    /// Every page is whole, and all rows are as they were.
    Verified,
    /// The copy carries its mark.
    Marked,
    /// All of it is on the disk, under the unfinished name.
    Flushed,
    /// It has its name, and that is on the disk too.
    Named,
}

/// One kind of rows of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedPart {
    /// The kind.
    pub kind: Moved,
    /// How many there are.
    pub rows: u64,
    /// The digest over them, in hexadecimal digits.
    pub digest: String,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// Where it is.
    pub path: PathBuf,
    /// The identity of the database, which a copy shares.
    pub identity: String,
    /// The copy has everything that was committed before this moment.
    pub made_at: Timestamp,
    /// Its size.
    pub size_bytes: u64,
    /// Its rows, as they are in the database too.
    pub parts: Vec<CopiedPart>,
}

/// A database that was put in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutBack {
    /// Where it is.
    pub path: PathBuf,
    /// Its identity.
    pub identity: String,
    /// The mark that it carries.
    pub restored: Restored,
    /// What it knows of that may have gone on since.
    pub gap: Gap,
}

/// Copies the database at `from` to the new file `to`, even while other processes pay from it. The
/// copy is one consistent state. It is compared with the database row by row, and has its name only
/// when all of it is on the disk. `now` is what the caller's clock shows. `watch` hears what was done,
/// and can break it off.
///
/// While this runs, the log of the database cannot begin anew, so it grows with what is written.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// use pagos_core::Timestamp;
/// use pagos_store_sqlite::{SqliteStore, back_up, restore};
///
/// let (path, copy) = (folder.join("pagos.db"), folder.join("copy.db"));
/// let store = SqliteStore::open(&path)?;
/// let made = back_up(&path, &copy, Timestamp::from_millis(5_000), &mut |_| Ok(()))?;
/// assert_eq!(made.made_at, Timestamp::from_millis(5_000));
/// drop(store);
///
/// let (to, now) = (folder.join("again.db"), Timestamp::from_millis(9_000));
/// let put_back = restore(&copy, &to, now, &mut |_| Ok(()))?;
/// assert_eq!(put_back.restored.backup_at, made.made_at);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If there is a file at `to`, or it cannot be written; if the copy is not as it should be; and the
/// errors of [`crate::SqliteStore::open_read_only`]. Nothing is at `to` then.
pub fn back_up(
    from: impl AsRef<Path>,
    to: impl AsRef<Path>,
    now: Timestamp,
    watch: &mut dyn FnMut(CopyStep) -> Result<(), StoreError>,
) -> Result<BackedUp, StoreError> {
    let from = place::find(from.as_ref())?;
    let target = Target::of_backup(to.as_ref())?;
    let source = file::open_read_only(&from)?;
    let named = |failure| file::name(&from, failure);
    // One snapshot for the pages and for the sums: what others commit meanwhile is in neither.
    source.execute_batch("BEGIN").map_err(Failure::from).map_err(named)?;
    let identity = query::identity(&source).map_err(named)?;
    let mark = records::restored(&source).map_err(named)?;
    let unfinished = target.begin()?;
    let of_target = |failure: Failure| target.failed(failure.error);
    watch(CopyStep::Begun)?;
    copy::pages(&source, unfinished.path(), watch).map_err(of_target)?;
    let mut parts = copy::sums(&source, watch).map_err(named)?;
    // The log may begin anew.
    drop(source);
    let copied = copy::open(unfinished.path(), target.path())?;
    copy::verify(&copied, Some(&parts), watch).map_err(of_target)?;
    watch(CopyStep::Verified)?;
    let restored = Restored::of_copy(now, now, mark.as_ref());
    copy::mark(&copied, &restored).map_err(of_target)?;
    copy::seal(&copied, &mut parts).map_err(of_target)?;
    copy::close(copied).map_err(of_target)?;
    watch(CopyStep::Marked)?;
    let size_bytes = target.flush(unfinished.path())?;
    watch(CopyStep::Flushed)?;
    target.keep(unfinished)?;
    watch(CopyStep::Named)?;
    let path = target.path().to_owned();
    Ok(BackedUp { path, identity, made_at: now, size_bytes, parts })
}

/// Puts a copy of the backup `from` at `to`, where there must be no database, and marks it as
/// restored before it has its name. `from` stays as it is. A copy that other tools made is as good;
/// it was made at the newest moment that is found in it.
///
/// # Errors
/// If `from` is not whole or is not a database of Pagos that may be restored, if there is anything
/// of a database at `to`, or if it cannot be written. Nothing is at `to` then.
pub fn restore(
    from: impl AsRef<Path>,
    to: impl AsRef<Path>,
    now: Timestamp,
    watch: &mut dyn FnMut(CopyStep) -> Result<(), StoreError>,
) -> Result<PutBack, StoreError> {
    let from = from.as_ref();
    let target = Target::of_database(to.as_ref())?;
    let unfinished = target.begin()?;
    watch(CopyStep::Begun)?;
    copy::bytes(from, unfinished.path(), &target, watch)?;
    let copied = copy::open(unfinished.path(), from)?;
    let named = |failure| file::name(from, failure);
    let sealed = copy::sealed(&copied).map_err(named)?;
    copy::verify(&copied, sealed.as_deref(), watch).map_err(named)?;
    watch(CopyStep::Verified)?;
    let (identity, restored, gap) = prepare(&copied, now, sealed.is_some()).map_err(named)?;
    copy::close(copied).map_err(|failure| target.failed(failure.error))?;
    watch(CopyStep::Marked)?;
    target.flush(unfinished.path())?;
    watch(CopyStep::Flushed)?;
    target.put_in_place(unfinished, &identity)?;
    watch(CopyStep::Named)?;
    Ok(PutBack { path: target.path().to_owned(), identity, restored, gap })
}

fn prepare(
    copied: &Connection,
    now: Timestamp,
    is_sealed: bool,
) -> Result<(String, Restored, Gap), Failure> {
    let known = records::restored(copied)?;
    let own = known.as_ref().filter(|_| is_sealed).map(|it| it.backup_at);
    let made_at = match own {
        Some(made_at) => made_at,
        None => gap::newest_moment(copied)?,
    };
    let restored = Restored::of_copy(made_at, now, known.as_ref());
    copy::mark(copied, &restored)?;
    file::end_backup(copied)?;
    Ok((query::identity(copied)?, restored, gap::look(copied)?))
}
