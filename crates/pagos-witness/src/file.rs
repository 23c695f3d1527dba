//! The witness in a file.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use pagos_engine::{
    Noted, Reading, SentAttempt, Witness, WitnessError, WitnessErrorKind, WitnessMark,
};

use crate::{
    line::{self, BEGINNING, Header},
    log::Log,
    medium::DiskFile,
    thread::{Request, Thread},
    trouble,
};

/// A witness in a file. Several processes of one machine may append to one file.
///
/// A thread of its own reads and writes the file. An append is answered when its lines are durable.
/// An append whose future is dropped while it waits is not written.
#[derive(Debug)]
pub struct FileWitness {
    path: PathBuf,
    identity: String,
    thread: Thread,
}

impl FileWitness {
    /// Begins a witness for the store with this identity. `identity` is that of the witness: 32
    /// random hexadecimal digits. The file is for its owner only.
    ///
    /// ```
    /// use pagos_engine::Witness;
    /// use pagos_witness::FileWitness;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("pagos.witness");
    /// // Both come from a random source; the second is what `Store::identity` returns.
    /// let (identity, store) = ("5d41402abc4b2a76b9719d911017c592", "7d793037a0760186574b0282f2f435e7");
    /// let witness = FileWitness::create(&path, identity, store)?;
    /// assert_eq!(witness.identity(), identity);
    /// assert!(FileWitness::create(&path, identity, store).is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Unavailable` if a file is there already ([`FileWitness::is_there`]), or if none can be made; `Full`.
    pub fn create(path: &Path, identity: &str, store: &str) -> Result<Self, WitnessError> {
        let refused = |what: &str| trouble::trouble(WitnessErrorKind::Unavailable, path, &what);
        if identity.len() != 32 || !identity.bytes().all(|it| it.is_ascii_hexdigit()) {
            return Err(refused("the identity of a witness is 32 hexadecimal digits"));
        }
        if store.is_empty() || !store.bytes().all(|it| it.is_ascii_graphic()) {
            return Err(refused("the identity of its database has a blank, or is empty"));
        }
        let header = Header { identity: identity.to_owned(), store: store.to_owned() };
        let mut bytes = Vec::new();
        line::write(&mut bytes, header.text().as_bytes(), BEGINNING);
        DiskFile::create(path, &bytes).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                refused("a file is there already and is not overwritten; name another place")
            }
            _ => trouble::of_system(path, "the witness cannot be made", &error),
        })?;
        Self::open(path, store)
    }

    /// Opens the witness of the store with this identity. Reads the whole file: a few seconds for
    /// a million attempts.
    ///
    /// ```
    /// # use pagos_witness::FileWitness;
    /// use pagos_engine::WitnessErrorKind;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("pagos.witness");
    /// # let (identity, store) = ("5d41402abc4b2a76b9719d911017c592", "7d793037a0760186574b0282f2f435e7");
    /// # drop(FileWitness::create(&path, identity, store)?);
    /// let witness = FileWitness::open(&path, store)?;
    /// let refused = FileWitness::open(&path, "another").unwrap_err();
    /// assert_eq!(refused.kind, WitnessErrorKind::OtherStore);
    /// # drop(witness);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Unavailable` if it is not there, `OtherStore`, `Damaged`.
    pub fn open(path: &Path, store: &str) -> Result<Self, WitnessError> {
        let file = DiskFile::open(path);
        let file = file.map_err(|error| trouble::of_system(path, "it cannot be opened", &error))?;
        let log = Log::open(file, path, store)?;
        let identity = log.identity().to_owned();
        let thread = Thread::spawn(log);
        let thread = thread
            .map_err(|error| trouble::of_system(path, "its thread does not start", &error))?;
        Ok(Self { path: path.to_owned(), identity, thread })
    }

    /// Whether a file is at this place, of whatever kind. One that a power cut left while it was being made
    /// counts as none: nothing relies on it, and [`FileWitness::create`] makes it anew.
    ///
    /// ```
    /// use pagos_witness::FileWitness;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("pagos.witness");
    /// assert!(!FileWitness::is_there(&path));
    /// std::fs::write(&path, [0; 80])?;
    /// assert!(!FileWitness::is_there(&path));
    /// std::fs::write(&path, "of somebody else\n")?;
    /// assert!(FileWitness::is_there(&path));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn is_there(path: &Path) -> bool {
        DiskFile::is_there(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[async_trait]
impl Witness for FileWitness {
    fn identity(&self) -> &str {
        &self.identity
    }

    async fn append(&self, attempts: &[SentAttempt]) -> Result<Vec<Noted>, WitnessError> {
        self.thread.call(|reply| Request::Append(attempts.to_vec(), reply)).await
    }

    async fn mark(&self) -> Result<WitnessMark, WitnessError> {
        self.thread.call(Request::Mark).await
    }

    async fn read(
        &self,
        after: Option<&WitnessMark>,
        limit: usize,
    ) -> Result<Reading, WitnessError> {
        self.thread.call(|reply| Request::Read(after.cloned(), limit, reply)).await
    }
}
