//! Where a database really is. Its log and its lock lie beside it, under names made of its own; so a
//! database has one name, and whatever would give it two is refused. Opens nothing.

use std::{
    ffi::OsString,
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use pagos_engine::StoreError;

/// The one name of the database at `path`: links are resolved, whether or not it is there yet.
///
/// # Errors
/// If what is there has another name as well, or is no file.
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

/// One that leads nowhere, or in a circle.
fn refuse_link(path: &Path) -> StoreError {
    blame(path, "is a link to a file that is not there; name the file itself, or mend the link")
}

/// A database that is to be made, in a folder that is there.
fn find_new(path: &Path) -> Result<PathBuf, StoreError> {
    // It may have been made by somebody else just now; a link was not.
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

/// A file that is mounted by itself has the device and the number of the file that it shows, so only
/// the list of mounts tells. Source: proc_pid_mountinfo(5), field 5.
#[cfg(target_os = "linux")]
fn is_mount_point(real: &Path) -> io::Result<bool> {
    use std::os::unix::ffi::OsStrExt;

    let mounts = match fs::read("/proc/self/mountinfo") {
        Ok(mounts) => mounts,
        // No list of mounts: a sandbox without /proc, in which nobody mounts either.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let wanted = escaped(real.as_os_str().as_bytes());
    let mut lines = mounts.split(|byte| *byte == b'\n');
    Ok(lines.any(|line| line.split(|byte| *byte == b' ').nth(4) == Some(&wanted[..])))
}

/// Blanks and backslashes stand in that list as octal numbers.
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

/// Elsewhere a mounted file is of another device than its folder.
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

/// Is there nothing, or a file of no bytes? One that has bytes and none of our tables is what is left of
/// a database: whoever makes one writes its tables with its first bytes.
pub(crate) fn is_blank(real: &Path) -> io::Result<bool> {
    match fs::metadata(real) {
        Ok(metadata) => Ok(metadata.len() == 0),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// What shows that a database was here, but for its lock: its logs.
pub(crate) fn trace_of_a_database(real: &Path) -> Option<PathBuf> {
    let suffixes = ["-wal", "-shm", "-journal"];
    suffixes.iter().map(|suffix| beside(real, suffix)).find(|path| path.exists())
}

/// A database was here, and is not any more.
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

/// What a file is that has bytes and no tables: nobody makes one.
pub(crate) fn words_of_no_tables() -> String {
    format!("has no tables, and a database was here before, {NO_LOG}")
}

/// What a file is that was made and never used, though it has been opened.
pub(crate) fn words_of_a_beginning() -> String {
    format!("is the beginning of a database and nothing more, {NO_LOG}")
}

/// What a file is whose making was broken off. Whoever opens it for writing ends it.
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
