//! Adds to an archive. What [`ArchiveFolder`] has kept is durable, including the folder's entries.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use pagos_engine::{Archive, ArchivedPayout};

use super::{FORMAT, Fault, Head, SUMS, chain::Chain, file, name_of, number_of, numbers_in};

/// The lock file: the process that has it locked may add.
const LOCK: &str = "lock";

/// The prefix of unfinished files.
const UNFINISHED: &str = ".unfinished-";

/// An archive to which only this process adds. Only the owner can read its files.
#[derive(Debug)]
pub(crate) struct ArchiveFolder {
    folder: PathBuf,
    database: String,
    chain: Chain,
    /// Locked as long as this value lives.
    _lock: File,
}

impl ArchiveFolder {
    /// Opens the archive of a database, and creates it if it is missing. A file that a crash left
    /// unlisted is added to the list.
    ///
    /// # Errors
    /// If another process adds to it, if it belongs to another database, or if its end is damaged.
    pub(crate) fn open(folder: &Path, database: &str) -> Result<Self, Fault> {
        let fault = |error: io::Error| Fault::new(folder.display().to_string(), error.to_string());
        make_folder(folder).map_err(fault)?;
        let lock = private().create(true).truncate(false).open(folder.join(LOCK));
        let lock = lock.map_err(fault)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let because = "another pagos process adds to this archive; wait until it has ended";
                return Err(Fault::new(folder.display().to_string(), because));
            }
            Err(TryLockError::Error(error)) => return Err(fault(error)),
        }
        let (chain, database) = (Chain::read(folder)?, database.to_owned());
        let mut archive = Self { folder: folder.to_owned(), database, chain, _lock: lock };
        archive.remove_unfinished().map_err(fault)?;
        archive.check_end()?;
        archive.list_the_unlisted()?;
        Ok(archive)
    }

    /// Removes them: their writer was stopped before it deleted anything from the database.
    fn remove_unfinished(&self) -> io::Result<()> {
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Checks the last file, since the next file continues from it.
    fn check_end(&self) -> Result<(), Fault> {
        let Some(hash) = self.chain.hashes.last() else { return Ok(()) };
        let found = file::read(&self.folder, self.chain.last(), |_| ())?;
        if found.sha256 != *hash {
            let because = format!("is not the file that {SUMS} lists");
            return Err(Fault::new(name_of(self.chain.last()), because));
        }
        self.check_database(&found.head)
    }

    fn check_database(&self, head: &Head) -> Result<(), Fault> {
        if head.database == self.database {
            return Ok(());
        }
        let because = "is of another database; name another folder for this one";
        Err(Fault::new(name_of(head.number), because))
    }

    /// Lists a file after a crash between the file and the list. Its payouts are in the database
    /// too.
    fn list_the_unlisted(&mut self) -> Result<(), Fault> {
        let listed = self.chain.last();
        for number in numbers_in(&self.folder)?.into_iter().filter(|number| *number > listed) {
            let found = file::read(&self.folder, number, |_| ())?;
            if found.head.number != self.chain.last() + 1
                || found.head.previous.as_ref() != self.chain.hashes.last()
            {
                let because = format!("does not follow the last file that {SUMS} lists");
                return Err(Fault::new(name_of(number), because));
            }
            self.check_database(&found.head)?;
            self.list(found.sha256)?;
        }
        Ok(())
    }

    fn list(&mut self, hash: String) -> Result<(), Fault> {
        let mut chain = self.chain.clone();
        chain.hashes.push(hash);
        let written = self.write(SUMS, chain.text().as_bytes(), Existing::Replace);
        written.map_err(|error| Fault::new(SUMS, format!("cannot be written ({error})")))?;
        self.chain = chain;
        Ok(())
    }

    /// Adds a file with these payouts.
    fn add(&mut self, payouts: &[ArchivedPayout]) -> Result<(), Fault> {
        let number = self.chain.last() + 1;
        let name = name_of(number);
        let fault = |error: io::Error| Fault::new(&name, format!("cannot be written ({error})"));
        let head = Head {
            archive: "pagos".to_owned(),
            format: FORMAT,
            number,
            previous: self.chain.hashes.last().cloned(),
            database: self.database.clone(),
        };
        let bytes = file::encode(&head, payouts).map_err(fault)?;
        self.write(&name, &bytes, Existing::Refuse).map_err(fault)?;
        // Read from the disk: a file that cannot be read must not be the only copy.
        let found = file::read(&self.folder, number, |_| ())?;
        if found.head != head || found.payouts != payouts.len() as u64 {
            return Err(Fault::new(name, "is not what was written; is the disk sound?"));
        }
        self.list(found.sha256)
    }

    /// Written under another name first, so that a file is whole or missing.
    fn write(&self, name: &str, bytes: &[u8], existing: Existing) -> io::Result<()> {
        let mut unfinished =
            tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.folder)?;
        unfinished.write_all(bytes)?;
        unfinished.as_file().sync_all()?;
        let path = self.folder.join(name);
        match existing {
            Existing::Refuse => unfinished.persist_noclobber(path)?,
            Existing::Replace => unfinished.persist(path)?,
        };
        sync_folder(&self.folder)
    }
}

/// What to do with an existing file of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Existing {
    Refuse,
    Replace,
}

#[async_trait]
impl Archive for ArchiveFolder {
    /// Blocks the caller's thread for as long as a flush of the disk takes.
    async fn keep(
        &mut self,
        payouts: &[ArchivedPayout],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.add(payouts)?)
    }
}

/// Whether the folder contains files of ours.
pub(super) fn is_archive(folder: &Path) -> bool {
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names = names.map(|entry| entry.file_name());
    names.any(|name| name.to_str().is_some_and(|name| name == SUMS || number_of(name).is_some()))
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;

        builder.mode(0o700);
    }
    builder.create(folder)?;
    // The folder's own entry must be durable too.
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    sync_folder(parent.unwrap_or(Path::new(".")))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;

        options.mode(0o600);
    }
    options
}

/// Makes new entries in a folder durable. Only Unix can open folders; elsewhere the file system
/// takes care of it.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
