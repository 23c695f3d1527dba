//! Finds the real path of a database. Its log and its lock lie beside it under names derived from
//! its own, so a database must have exactly one name; anything that would give it two is refused.

use std::{
    ffi::OsString,
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use pagos_engine::StoreError;

/// The one name of the database at `path`, with links resolved, whether or not it exists yet.
///
/// # Errors
/// If the file there also has another name, or is not a file.
pub(crate) fn find(path: &Path) -> Result<PathBuf, StoreError> {
    match fs::canonicalize(path) {
        Ok(real) => {
            check(&real)?;
            Ok(real)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => find_new(path),
        Err(error) if error.kind() != ErrorKind::PermissionDenied && is_link(path) => {
            Err(refuse_link(path))
        }
        Err(error) => Err(blame(path, "cannot be opened").with_source(error)),
    }
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
}

/// The error for a link that leads nowhere, or in a circle.
fn refuse_link(path: &Path) -> StoreError {
    blame(path, "is a link to a file that is not there; name the file itself, or mend the link")
}

/// A database that does not exist yet, in a folder that does.
fn find_new(path: &Path) -> Result<PathBuf, StoreError> {
    // Another process may have made a database just now, but not a link.
    if is_link(path) {
        return Err(refuse_link(path));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = fs::canonicalize(folder.unwrap_or(Path::new(".")));
    let folder =
        folder.map_err(|error| blame(path, "its folder cannot be opened").with_source(error))?;
    let name = path.file_name().ok_or_else(|| blame(path, "is not the name of a file"))?;
    Ok(folder.join(name))
}

fn check(real: &Path) -> Result<(), StoreError> {
    let failed = |error| blame(real, "cannot be looked at").with_source(error);
    let metadata = fs::metadata(real).map_err(failed)?;
    if !metadata.is_file() {
        return Err(blame(real, "is not a file, so it cannot be a database"));
    }
    let names = count_names(&metadata);
    if names > 1 {
        return Err(blame(
            real,
            &format!(
                "has {names} names (hard links), and each would have a log and a lock of its own: \
                 payouts could be sent twice; remove the other names, or copy it with SQLite's \
                 `.backup`"
            ),
        ));
    }
    if is_mount_point(real).map_err(failed)? {
        return Err(blame(
            real,
            "is a mount point of its own, so its log and its lock would not be beside it: payouts \
             could be sent twice; mount its folder instead",
        ));
    }
    Ok(())
}

#[cfg(unix)]
fn count_names(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn count_names(_: &fs::Metadata) -> u64 {
    1
}

/// A file that is mounted by itself has the device and inode number of the file that it shows, so
/// only the list of mounts reveals it. Source: proc_pid_mountinfo(5), field 5.
#[cfg(target_os = "linux")]
fn is_mount_point(real: &Path) -> io::Result<bool> {
    use std::os::unix::ffi::OsStrExt;

    let mounts = match fs::read("/proc/self/mountinfo") {
        Ok(mounts) => mounts,
        // There is no list of mounts in a sandbox without /proc, in which nobody mounts anything
        // either.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let wanted = escaped(real.as_os_str().as_bytes());
    let mut lines = mounts.split(|byte| *byte == b'\n');
    Ok(lines.any(|line| line.split(|byte| *byte == b' ').nth(4) == Some(&wanted[..])))
}

/// Blanks and backslashes appear in that list as octal numbers.
#[cfg(target_os = "linux")]
fn escaped(path: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(path.len());
    for byte in path {
        match byte {
            b' ' => escaped.extend(b"\\040"),
            b'\t' => escaped.extend(b"\\011"),
            b'\n' => escaped.extend(b"\\012"),
            b'\\' => escaped.extend(b"\\134"),
            other => escaped.push(*other),
        }
    }
    escaped
}

/// On other systems a mounted file is on another device than its folder.
#[cfg(all(unix, not(target_os = "linux")))]
fn is_mount_point(real: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let folder = real.parent().unwrap_or(Path::new("/"));
    Ok(fs::metadata(real)?.dev() != fs::metadata(folder)?.dev())
}

#[cfg(not(unix))]
fn is_mount_point(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Whether there is no file, or an empty one. A file with content but without our tables is what is
/// left of a database, because a new one gets its tables with its first bytes.
pub(crate) fn is_blank(real: &Path) -> io::Result<bool> {
    match fs::metadata(real) {
        Ok(metadata) => Ok(metadata.len() == 0),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// The file that shows that a database was here, apart from its lock: its logs.
pub(crate) fn trace_of_a_database(real: &Path) -> Option<PathBuf> {
    let suffixes = ["-wal", "-shm", "-journal"];
    find_beside(real, &suffixes)
}

/// The same where a database was being made: its tables are made with a journal, which a crash leaves.
pub(crate) fn trace_of_a_log(real: &Path) -> Option<PathBuf> {
    find_beside(real, &["-wal", "-shm"])
}

fn find_beside(real: &Path, suffixes: &[&str]) -> Option<PathBuf> {
    suffixes.iter().map(|suffix| beside(real, suffix)).find(|path| path.exists())
}

/// The error for a database that was here and is gone.
pub(crate) fn refuse_gone(real: &Path, trace: &Path) -> StoreError {
    let what = if real.exists() { "is empty" } else { "is not there" };
    let trace = trace.display();
    blame(
        real,
        &format!(
            "{what}, and a database was here before: {trace} is its; what was sent from it is not \
             known any more, and would be sent again. Restore a backup, or use another name for a new \
             database; if it never paid anything, remove {trace}"
        ),
    )
}

/// What a file with content but without tables is: no new database looks like this.
pub(crate) fn words_of_no_tables() -> String {
    format!("has no tables, and a database was here before, {NO_LOG}")
}

/// What a file is that was made and never used, although it has been opened.
pub(crate) fn words_of_a_beginning() -> String {
    format!("is the beginning of a database and nothing more, {NO_LOG}")
}

/// What a file is whose creation was interrupted. Opening it for writing completes it.
pub(crate) const HALF_MADE: &str = "is being made, or that was broken off before anything was sent from it: the next `pagos pay` or \
     `pagos serve` ends it";

const NO_LOG: &str = "whose log (-wal) was deleted or was not copied with it; what was sent from it is not \
     known any more, and would be sent again. Bring the log back or restore a backup, or use another \
     name for a new database; if it never paid anything, remove it";

/// A file beside the database.
pub(crate) fn beside(real: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(real);
    name.push(suffix);
    PathBuf::from(name)
}

pub(crate) fn blame(path: &Path, what: &str) -> StoreError {
    StoreError::new(format!("{}: {what}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_mount_is_named_is_compared_as_the_system_writes_it() {
        assert_eq!(escaped(b"/a b\\c\td\n"), b"/a\\040b\\134c\\011d\\012");
        assert!(is_mount_point(Path::new("/")).unwrap());
        assert!(!is_mount_point(Path::new("/proc/self/mountinfo")).unwrap());
    }
}
