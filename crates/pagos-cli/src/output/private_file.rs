//! A file for its owner only, which is there as a whole or not at all, and replaces nothing.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::{exit::Failure, input::path_text};

/// A file in the making. It has another name until it is [kept](PrivateFile::keep).
#[derive(Debug)]
pub(crate) struct PrivateFile {
    path: PathBuf,
    // A new file of `tempfile` has mode 0600.
    unfinished: BufWriter<NamedTempFile>,
}

impl PrivateFile {
    /// Begins a file.
    ///
    /// # Errors
    /// If there is one already, or if its folder cannot be written.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        if path.symlink_metadata().is_ok() {
            return Err(exists(path));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let unfinished = tempfile::Builder::new().prefix(".unfinished-").tempfile_in(folder);
        let unfinished = unfinished.map_err(|error| failure(path, &error))?;
        Ok(Self { path: path.to_owned(), unfinished: BufWriter::new(unfinished) })
    }

    /// Gives the file its name, when all of it is on the disk.
    ///
    /// # Errors
    /// If it cannot be written, or if a file of this name appeared meanwhile.
    pub(crate) fn keep(self) -> Result<(), Failure> {
        let path = self.path;
        let unfinished = self.unfinished.into_inner();
        let unfinished = unfinished.map_err(|error| failure(&path, error.error()))?;
        unfinished.as_file().sync_all().map_err(|error| failure(&path, &error))?;
        unfinished.persist_noclobber(&path).map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => exists(&path),
            _ => failure(&path, &error.error),
        })?;
        #[cfg(unix)]
        {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(())
    }
}

impl Write for PrivateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unfinished.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unfinished.flush()
    }
}

fn exists(path: &Path) -> Failure {
    Failure::new(format!(
        "{}: the file exists, and is not overwritten; name another one",
        path_text(path)
    ))
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path_text(path)))
}
