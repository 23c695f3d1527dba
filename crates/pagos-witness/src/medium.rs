//! What the log is written on: a file, or in tests a disk that fails.

use std::{
    fmt::Debug,
    fs::{File, Metadata, OpenOptions},
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use crate::line;

/// A file that is appended to by several processes.
pub(crate) trait Medium: Debug + Send {
    /// Waits until no other handle has the lock.
    fn lock(&mut self) -> io::Result<()>;
    /// Gives the lock back. Failing to is no harm to what was written.
    fn unlock(&mut self);
    /// Whether the path still leads to this file, and how long it is.
    fn found(&mut self) -> io::Result<Found>;
    /// Reads from a place, as much as there is and the buffer holds.
    fn read_at(&mut self, place: u64, buffer: &mut [u8]) -> io::Result<usize>;
    /// Writes at the end, in one write as long as the system takes all of it.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes what was appended durable.
    fn sync(&mut self) -> io::Result<()>;
    /// Shortens the file, durably.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

/// Whether the path still leads to the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// With its length.
    Here(u64),
    /// Another file is there.
    Replaced,
    /// No file is there.
    Gone,
}

/// A file on a disk.
#[derive(Debug)]
pub(crate) struct DiskFile {
    path: PathBuf,
    file: File,
}

impl DiskFile {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).append(true).open(path)?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Makes a file for its owner only, with this content, and its entry in the folder durable. A file that
    /// was left by a power cut while it was being made is made anew.
    pub(crate) fn create(path: &Path, content: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(path) {
            Ok(mut file) => {
                let made = file.lock().and_then(|()| fill(path, &mut file, content));
                if made.is_err() {
                    // Nobody relies on it yet. Whatever stays was never begun.
                    let _ = std::fs::remove_file(path);
                }
                made
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let mut file = OpenOptions::new().read(true).append(true).open(path)?;
                file.lock()?;
                if !was_never_begun(&mut file)? {
                    return Err(error);
                }
                file.set_len(0)?;
                fill(path, &mut file, content)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a file is there whose making came to its end, or a link to one that is away.
    pub(crate) fn is_there(path: &Path) -> bool {
        match File::open(path) {
            Ok(mut file) => !was_never_begun(&mut file).unwrap_or(false),
            Err(_) => path.symlink_metadata().is_ok(),
        }
    }
}

/// Whether nothing relies on a file: its first line was never durable, so nothing was appended. A power
/// cut leaves a part of that line, or as many empty bytes.
fn was_never_begun(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() > HEADER_BYTES_MAX {
        return Ok(false);
    }
    let mut content = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(HEADER_BYTES_MAX).read_to_end(&mut content)?;
    let is_begun_alike =
        content.iter().zip(line::NAME.bytes()).all(|(byte, of_name)| *byte == of_name);
    let is_empty = content.iter().all(|byte| *byte == 0);
    Ok(is_empty || (is_begun_alike && !content.contains(&b'\n')))
}

/// Longer than every first line.
const HEADER_BYTES_MAX: u64 = 512;

fn fill(path: &Path, file: &mut File, content: &[u8]) -> io::Result<()> {
    // The umask may have taken the owner's own permissions away.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    file.write_all(content)?;
    file.sync_all()?;
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

impl Medium for DiskFile {
    fn lock(&mut self) -> io::Result<()> {
        loop {
            match self.file.lock() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                locked => return locked,
            }
        }
    }

    fn unlock(&mut self) {
        let _ = self.file.unlock();
    }

    fn found(&mut self) -> io::Result<Found> {
        let there = match std::fs::metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Gone),
            there => there?,
        };
        let own = self.file.metadata()?;
        Ok(if is_same(&own, &there) { Found::Here(own.len()) } else { Found::Replaced })
    }

    fn read_at(&mut self, place: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.seek(SeekFrom::Start(place))?;
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.file.read(rest) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.file.sync_all()
    }
}

#[cfg(unix)]
fn is_same(own: &Metadata, there: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (own.dev(), own.ino()) == (there.dev(), there.ino())
}

/// A system without inodes keeps an open file from being replaced.
#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}
