//! [`SqliteStore`]: the engine's store in one file. Chooses the thread for each call; the SQL is
//! elsewhere.

mod books;
mod inbox;
mod payment;
mod records;
mod retention;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use pagos_core::{AccountName, OrderKey, ProviderRef, Timestamp};
use pagos_engine::{
    Begin, Claim, ClaimRequest, Closed, Committed, Entry, Filter, Intent, Lane, Lease, Notice,
    Page, Payout, Permit, Released, Run, RunId, Share, Step, Store, StoreError, Submitted, Tally,
    Turn, Work,
};

use crate::{
    account,
    asked::Asked,
    claim::{self, Due, Writing},
    file, list, lock, making, moved, outbox, place, query,
    run::{self, Begun},
    step::{self, Written},
    submit,
    thread::{Mode, OnWait, Thread, Transaction},
};

/// A [`Store`] in one SQLite file, for one machine.
///
/// Several processes may open the same file; one of them dispatches: the one that took the turn
/// with [`Store::take_turn`], a lock on the file `<path>.lock`. Dropping the store waits for the
/// calls that were begun, then closes the file.
///
/// Releasing or withdrawing a run of more than 10,000 payouts takes several transactions, so that
/// webhooks do not wait for it. If it is interrupted, calling it again completes it.
///
/// The file contains the secrets of payment sessions in plain text, beside names and account
/// numbers. Only its owner can read it. That is not encryption at rest: a copy of the file is as
/// secret as the file.
#[derive(Debug)]
pub struct SqliteStore {
    // Fields are dropped in this order: the writer closes last, so it can tidy up the write-ahead
    // log.
    reader: Thread,
    writer: Option<Thread>,
    path: PathBuf,
    asked: Asked,
}

/// Where a claim is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    InTheFile,
    InMemory,
}

impl SqliteStore {
    /// Opens the store at `path`. A missing file is created, readable only by its owner.
    ///
    /// Links are followed, and the log and the lock lie beside the file itself. These are refused:
    ///
    /// * a file that has several names (hard links) or is a mount point of its own, because it
    ///   would have a log and a lock for each name;
    /// * a path where a database was, as its lock or its log shows, and where there is now none or
    ///   an empty file: nobody knows any more what it sent;
    /// * a file without tables, or whose log is damaged or missing;
    /// * another database than its lock file names.
    ///
    /// Blocks for as long as opening takes, and up to 5 seconds if another process is writing.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// use pagos_store_sqlite::SqliteStore;
    ///
    /// let store = SqliteStore::open(folder.join("pagos.db"))?;
    /// # drop(store);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the file cannot be opened, is not ours, or was written by a newer version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_telling(path, || ())
    }

    /// Like [`SqliteStore::open`], but calls `on_wait`, on a thread of the store, when another
    /// program has kept the file locked for five seconds. The store goes on waiting, half a minute
    /// for each transaction.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// use pagos_store_sqlite::SqliteStore;
    ///
    /// let path = folder.join("pagos.db");
    /// let store = SqliteStore::open_telling(path, || eprintln!("the database is locked"))?;
    /// # drop(store);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`SqliteStore::open`].
    pub fn open_telling(
        path: impl AsRef<Path>,
        on_wait: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, StoreError> {
        let path = place::find(path.as_ref())?;
        let on_wait: OnWait = Arc::new(on_wait);
        let writer = Thread::spawn(making::open(&path)?, Mode::Write, Arc::clone(&on_wait))?;
        let reader = Thread::spawn(file::open_reader(&path)?, Mode::Read, on_wait)?;
        Ok(Self { reader, writer: Some(writer), path, asked: Asked::default() })
    }

    /// Opens the store at `path` for reading, even while another process pays. Every write is an
    /// error.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// use pagos_store_sqlite::SqliteStore;
    ///
    /// let path = folder.join("pagos.db");
    /// assert!(SqliteStore::open_read_only(&path).is_err(), "there is no database yet");
    /// let writing = SqliteStore::open(&path)?;
    /// let reading = SqliteStore::open_read_only(&path)?;
    /// # drop((reading, writing));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`SqliteStore::open`]; also if there is no database or if it must be migrated
    /// first. A database that its lock file does not name can be read, though.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = place::find(path.as_ref())?;
        let reader = Thread::spawn(file::open_read_only(&path)?, Mode::Read, Arc::new(|| ()))?;
        Ok(Self { reader, writer: None, path, asked: Asked::default() })
    }

    /// Whether a store at `path` would be a new one. Creates nothing.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// use pagos_store_sqlite::SqliteStore;
    ///
    /// let path = folder.join("pagos.db");
    /// assert!(SqliteStore::is_new(&path)?);
    /// drop(SqliteStore::open(&path)?);
    /// assert!(!SqliteStore::is_new(&path)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`SqliteStore::open`], as far as they can be found without opening it.
    pub fn is_new(path: impl AsRef<Path>) -> Result<bool, StoreError> {
        file::is_new(&place::find(path.as_ref())?)
    }

    /// Checks, without writing, whether [`SqliteStore::open`] would refuse the database at `path`:
    /// because a part of its log is lost, or because its lock file names another database.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// use pagos_store_sqlite::SqliteStore;
    ///
    /// let path = folder.join("pagos.db");
    /// drop(SqliteStore::open(&path)?);
    /// SqliteStore::check(&path)?; // its log and its lock file belong to it
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The refusal, and the same as [`SqliteStore::open_read_only`].
    pub fn check(path: impl AsRef<Path>) -> Result<(), StoreError> {
        file::check_for_writing(&place::find(path.as_ref())?)
    }

    /// Checks every page of the database at `path`, even while another process pays, and reports
    /// what is wrong with them (`PRAGMA quick_check`); an empty list if they are whole. It reads
    /// the whole file and takes as long as that.
    ///
    /// The report names tables and pages, and no content. Whole pages do not prove that nothing is
    /// missing.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// use pagos_store_sqlite::SqliteStore;
    ///
    /// let path = folder.join("pagos.db");
    /// drop(SqliteStore::open(&path)?);
    /// assert!(SqliteStore::damage(&path)?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`SqliteStore::open_read_only`], if the damage keeps the file from being opened,
    /// or if another program keeps it locked.
    pub fn damage(path: impl AsRef<Path>) -> Result<Vec<String>, StoreError> {
        file::damage(&place::find(path.as_ref())?)
    }

    /// How many transactions this handle has committed. Under load they are fewer than its calls.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// use pagos_store_sqlite::SqliteStore;
    ///
    /// let store = SqliteStore::open(folder.join("pagos.db"))?;
    /// assert_eq!(store.commits(), 0); // nothing was written yet
    /// # drop(store);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn commits(&self) -> u64 {
        self.writer.as_ref().map_or(0, Thread::commits)
    }

    /// Finds what each share may claim.
    async fn due(&self, shares: &[Share], now: Timestamp) -> Result<Vec<Due>, StoreError> {
        // The file does not contain these claims.
        let asked = self.asked.claimed(now);
        let shares = shares.to_vec();
        let look = move |transaction: &mut Transaction<'_>| {
            let due = |share| claim::due(transaction.connection, share, now, &asked);
            shares.iter().map(due).collect::<Result<Vec<_>, _>>()
        };
        self.reader.call(look).await
    }

    fn writer(&self) -> Result<&Thread, StoreError> {
        let writer = self.writer.as_ref();
        writer.ok_or_else(|| StoreError::new("the store was opened for reading only"))
    }
}

#[async_trait]
impl Store for SqliteStore {
    /// A file goes back only while nobody has it open.
    fn lineage(&self) -> Option<String> {
        None
    }

    async fn take_turn(&self) -> Result<Turn, StoreError> {
        self.writer()?;
        let identity = self.identity().await?;
        let turn = lock::take_turn(&self.path, &identity)?;
        // Now nobody else moves it; somebody may have just done so.
        self.reader.call(|transaction| moved::refuse(transaction.connection)).await?;
        Ok(turn)
    }

    async fn identity(&self) -> Result<String, StoreError> {
        self.reader.call(|transaction| query::identity(transaction.connection)).await
    }

    async fn bind(&self, account: &AccountName, world: &str) -> Result<String, StoreError> {
        let (account, world) = (account.clone(), world.to_owned());
        self.writer()?
            .call(move |transaction| account::bind(transaction.connection, &account, &world))
            .await
    }

    async fn submit(
        &self,
        run: &RunId,
        intents: Vec<Intent>,
    ) -> Result<Vec<Submitted>, StoreError> {
        let (writer, run) = (self.writer()?, run.clone());
        let intents = intents.into_iter().map(submit::Written::of);
        let intents = intents.collect::<Result<Vec<_>, _>>()?;
        writer.call(move |transaction| submit::submit(transaction, &run, &intents)).await
    }

    async fn close(
        &self,
        run: &RunId,
        expected: u64,
        now: Timestamp,
    ) -> Result<Closed, StoreError> {
        let run = run.clone();
        self.writer()?
            .call(move |transaction| run::close(transaction.connection, &run, expected, now))
            .await
    }

    async fn release(
        &self,
        run: &RunId,
        permit: Permit,
        now: Timestamp,
    ) -> Result<Released, StoreError> {
        let writer = self.writer()?;
        let run = run.clone();
        let begin = move |transaction: &mut Transaction<'_>| {
            run::begin_release(transaction.connection, &run, permit, now)
        };
        let (run, mut portion) = match writer.call(begin).await? {
            Begun::Incomplete { members } => return Ok(Released::Incomplete { members }),
            Begun::AnotherRun => return Ok(Released::AnotherRun),
            Begun::Fixed { run, portion } => (run, portion),
        };
        let mut made_due = portion.made_due;
        while let Some(last) = portion.last {
            let go_on = move |transaction: &mut Transaction<'_>| {
                run::release_portion(transaction.connection, run, &last, now)
            };
            portion = writer.call(go_on).await?;
            made_due += portion.made_due;
        }
        Ok(Released::Done { made_due })
    }

    async fn withdraw(&self, run: &RunId) -> Result<u64, StoreError> {
        let writer = self.writer()?;
        let mut forgotten = 0;
        loop {
            let run = run.clone();
            let withdraw =
                move |transaction: &mut Transaction<'_>| run::withdraw(transaction, &run);
            let withdrawn = writer.call(withdraw).await?;
            forgotten += withdrawn.forgotten;
            if withdrawn.is_done {
                return Ok(forgotten);
            }
        }
    }

    async fn run(&self, run: &RunId) -> Result<Option<Run>, StoreError> {
        let run = run.clone();
        self.reader.call(move |transaction| run::run(transaction.connection, &run)).await
    }

    async fn runs(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(RunId, Run)>, StoreError> {
        self.reader.call(move |transaction| run::runs(transaction.connection, before, limit)).await
    }

    async fn held(
        &self,
        run: &RunId,
        after: Option<&OrderKey>,
        limit: usize,
    ) -> Result<Vec<Payout>, StoreError> {
        let (run, after) = (run.clone(), after.cloned());
        self.reader
            .call(move |transaction| run::held(transaction.connection, &run, after.as_ref(), limit))
            .await
    }

    async fn claim(
        &self,
        request: ClaimRequest,
        begin: &dyn Begin,
    ) -> Result<Vec<Claim>, StoreError> {
        let writer = self.writer()?;
        let now = request.now;
        let mut writing = Writing::default();
        // Each claim is kept with whether it must be written, since a written one may turn out not
        // to hold.
        let mut claims = Vec::new();
        let due = self.due(&request.shares, now).await?;
        for (share, due) in request.shares.iter().zip(due) {
            writing.set_aside(due.unread, &share.lane);
            for found in due.payouts {
                match share.lane.work {
                    Work::Send => {
                        claims.push((writing.claim(found, share, now, begin)?, Kept::InTheFile));
                    }
                    Work::Ask | Work::Watch | Work::Follow | Work::Apply | Work::Hint => {
                        let claim = self.asked.claim(found.payout, share, now);
                        claims.extend(claim.map(|claim| (claim, Kept::InMemory)));
                    }
                }
            }
        }
        let mut hold = Vec::new();
        if !writing.is_nothing() {
            let write =
                move |transaction: &mut Transaction<'_>| claim::write(transaction, &writing, now);
            hold = writer.call(write).await?;
        }
        let mut hold = hold.into_iter();
        claims.retain(|(claim, kept)| match kept {
            Kept::InMemory => true,
            Kept::InTheFile => {
                let holds = hold.next().unwrap_or(false);
                if holds {
                    self.asked.end(&claim.payout.order.key);
                }
                holds
            }
        });
        Ok(claims.into_iter().map(|(claim, _)| claim).collect())
    }

    async fn end_claims(&self) -> Result<u64, StoreError> {
        let ended = self.writer()?.call(claim::end_claims).await?;
        self.asked.end_all();
        Ok(ended)
    }

    async fn commit(&self, step: Step) -> Result<Committed, StoreError> {
        let writer = self.writer()?;
        let ends = (step.lease == Lease::End).then(|| step.key.clone());
        let written = Written::of(step)?;
        let committed = writer.call(move |transaction| step::commit(transaction, &written)).await?;
        if let Some(key) = ends.filter(|_| committed != Committed::Conflict) {
            self.asked.end(&key);
        }
        Ok(committed)
    }

    async fn payout(&self, key: &OrderKey) -> Result<Option<Payout>, StoreError> {
        let key = key.clone();
        self.reader.call(move |transaction| query::payout(transaction.connection, &key)).await
    }

    async fn payout_of(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Result<Option<OrderKey>, StoreError> {
        let (account, reference) = (account.clone(), reference.clone());
        self.reader
            .call(move |transaction| query::payout_of(transaction.connection, &account, &reference))
            .await
    }

    async fn list(&self, filter: &Filter, page: &Page) -> Result<Vec<Payout>, StoreError> {
        let (filter, page) = (filter.clone(), page.clone());
        self.reader
            .call(move |transaction| list::list(transaction.connection, &filter, &page))
            .await
    }

    async fn doubts(&self, account: &AccountName, limit: usize) -> Result<Vec<Payout>, StoreError> {
        let account = account.clone();
        self.reader
            .call(move |transaction| list::doubts(transaction.connection, &account, limit))
            .await
    }

    async fn history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        let key = key.clone();
        self.reader.call(move |transaction| query::history(transaction.connection, &key)).await
    }

    async fn tally(&self, run: Option<&RunId>) -> Result<Tally, StoreError> {
        let run = run.cloned();
        self.reader
            .call(move |transaction| query::tally(transaction.connection, run.as_ref()))
            .await
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        let (lanes, asked) = (lanes.to_vec(), self.asked.copy());
        self.reader
            .call(move |transaction| query::next_due(transaction.connection, &lanes, &asked))
            .await
    }

    async fn outbox(&self, after: u64, limit: usize) -> Result<Vec<(u64, Notice)>, StoreError> {
        self.reader
            .call(move |transaction| outbox::told(transaction.connection, after, limit))
            .await
    }

    async fn newest_notice(&self) -> Result<u64, StoreError> {
        self.reader.call(|transaction| outbox::newest(transaction.connection)).await
    }

    async fn reader(&self, name: &str) -> Result<Option<u64>, StoreError> {
        let name = name.to_owned();
        self.reader.call(move |transaction| outbox::position(transaction.connection, &name)).await
    }

    async fn acknowledge(&self, name: &str, number: u64) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.writer()?
            .call(move |transaction| outbox::acknowledge(transaction.connection, &name, number))
            .await
    }

    async fn swept(&self, account: &AccountName) -> Result<BTreeMap<u32, Timestamp>, StoreError> {
        let account = account.clone();
        self.reader.call(move |transaction| account::swept(transaction.connection, &account)).await
    }

    async fn note_swept(
        &self,
        account: &AccountName,
        part: u32,
        was: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let account = account.clone();
        self.writer()?
            .call(move |transaction| {
                account::note_swept(transaction.connection, &account, part, was, at)
            })
            .await
    }

    async fn halt(&self, notice: Notice) -> Result<bool, StoreError> {
        self.writer()?.call(move |transaction| account::halt(transaction.connection, &notice)).await
    }

    async fn resume(&self, notice: Notice) -> Result<bool, StoreError> {
        self.writer()?
            .call(move |transaction| account::resume(transaction.connection, &notice))
            .await
    }

    async fn halted(&self) -> Result<Vec<AccountName>, StoreError> {
        self.reader.call(|transaction| account::halted(transaction.connection)).await
    }
}
