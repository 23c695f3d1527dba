//! A thread that owns a connection and answers calls, group by group.
//!
//! A group is one transaction, and its calls are answered only after its commit. A call that fails
//! does not affect the others: the group is undone and run again, with a savepoint for each call.
//! The first run has no savepoints because failures are rare, and a savepoint copies every page
//! that its call changes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread::JoinHandle,
};

use futures_channel::oneshot;
use pagos_engine::StoreError;
use rusqlite::Connection;

use crate::{failure::Failure, tallies::TallyChanges, telemetry::Group};

/// What a call gets to work with.
#[derive(Debug)]
pub(crate) struct Transaction<'connection> {
    pub(crate) connection: &'connection Connection,
    /// The call's changes to the tallies; written once per group.
    pub(crate) tallies: TallyChanges,
}

/// How a thread groups its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As many waiting calls as the limit allows, in one transaction.
    Write,
    /// One call per transaction: an earlier snapshot could miss what the caller has written.
    Read,
}

impl Mode {
    fn begin(self) -> &'static str {
        match self {
            Mode::Write => "BEGIN IMMEDIATE",
            Mode::Read => "BEGIN DEFERRED",
        }
    }

    /// At 256 calls the flush is a small part of the group's time, and the group is still short.
    fn calls_max(self) -> usize {
        match self {
            Mode::Write => 256,
            Mode::Read => 1,
        }
    }
}

/// The caller's end of the thread. Dropping it ends the thread after the waiting calls.
#[derive(Debug)]
pub(crate) struct Thread {
    calls: Option<mpsc::Sender<Box<dyn Call>>>,
    handle: Option<JoinHandle<()>>,
    commits: Arc<AtomicU64>,
}

impl Thread {
    /// Calls `on_wait` when another program has kept the database locked for a while.
    pub(crate) fn spawn(
        connection: Connection,
        mode: Mode,
        on_wait: OnWait,
    ) -> Result<Self, StoreError> {
        let (calls, waiting) = mpsc::channel();
        let commits = Arc::new(AtomicU64::new(0));
        let owner = Owner { connection, mode, on_wait, commits: Arc::clone(&commits) };
        let name = match mode {
            Mode::Write => "pagos-store-write",
            Mode::Read => "pagos-store-read",
        };
        let handle = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || owner.serve(&waiting))
            .map_err(|cause| {
                StoreError::new("the store's thread did not start").with_source(cause)
            })?;
        Ok(Self { calls: Some(calls), handle: Some(handle), commits })
    }

    /// Runs `work` in a transaction and returns its answer after the commit. It may run a second
    /// time after the first run was undone, so it must change nothing but the database. Dropping
    /// the future does not cancel the call.
    pub(crate) async fn call<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnMut(&mut Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let call = Waiting { work, outcome: None, reply };
        let ended = || StoreError::new("the store's thread has ended; open the store again");
        let calls = self.calls.as_ref().ok_or_else(ended)?;
        calls.send(Box::new(call)).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }

    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        drop(self.calls.take());
        if let Some(handle) = self.handle.take() {
            // A thread that panicked has already reported it.
            let _ = handle.join();
        }
    }
}

/// A call whose types are erased.
trait Call: Send {
    /// Returns whether to keep what was written. The last run counts.
    fn run(&mut self, transaction: &mut Transaction<'_>) -> Kept;
    /// Sends the answer. `group` says why the group was not committed, if it was not.
    fn answer(self: Box<Self>, group: Option<&StoreError>);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Yes,
    No,
}

struct Waiting<T, W> {
    work: W,
    outcome: Option<Result<T, Failure>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> Call for Waiting<T, W>
where
    T: Send,
    W: FnMut(&mut Transaction<'_>) -> Result<T, Failure> + Send,
{
    fn run(&mut self, transaction: &mut Transaction<'_>) -> Kept {
        let outcome = (self.work)(transaction);
        let kept = if outcome.is_ok() { Kept::Yes } else { Kept::No };
        self.outcome = Some(outcome);
        kept
    }

    fn answer(self: Box<Self>, group: Option<&StoreError>) {
        let repeat =
            |error: &StoreError| StoreError::new(error.message.clone()).of_kind(error.kind);
        let uncommitted = group.map(repeat);
        let answer = match (self.outcome, uncommitted) {
            (Some(Err(failure)), _) => Err(failure.error),
            (_, Some(error)) => Err(error),
            (Some(Ok(value)), None) => Ok(value),
            (None, None) => Err(StoreError::new("the call was not run")),
        };
        // The caller may be gone; the work is done all the same.
        let _ = self.reply.send(answer);
    }
}

/// Called once for each long wait.
pub(crate) type OnWait = Arc<dyn Fn() + Send + Sync>;

/// How often to begin a transaction while another program has the database locked. Each time waits
/// for the connection's busy timeout; together half a minute, as long as the wait for a server.
const TRIES_MAX: u32 = 6;

struct Owner {
    connection: Connection,
    mode: Mode,
    on_wait: OnWait,
    commits: Arc<AtomicU64>,
}

impl Owner {
    fn serve(self, waiting: &mpsc::Receiver<Box<dyn Call>>) {
        while let Ok(first) = waiting.recv() {
            let telling = (self.mode == Mode::Write).then(Group::begin);
            let mut group = vec![first];
            let transacted = self.transact(&mut group, waiting);
            if let Some(telling) = telling {
                telling.ended(group.len(), &transacted);
            }
            let failed = transacted.err();
            if failed.is_some() && !self.connection.is_autocommit() {
                // If even this fails, so does the next BEGIN, and its callers are told.
                let _ = self.connection.execute_batch("ROLLBACK");
            }
            let failed = failed.map(|failure| failure.error);
            for call in group {
                call.answer(failed.as_ref());
            }
        }
    }

    /// Gathers the waiting calls, up to a limit, while it runs them.
    fn transact(
        &self,
        group: &mut Vec<Box<dyn Call>>,
        waiting: &mpsc::Receiver<Box<dyn Call>>,
    ) -> Result<(), Failure> {
        self.begin()?;
        let mut changes = TallyChanges::default();
        let mut next = group.pop();
        while let Some(mut call) = next.take() {
            let kept = self.run(&mut *call, &mut changes);
            group.push(call);
            if kept == Kept::No {
                let more = self.mode.calls_max() - group.len();
                group.extend(waiting.try_iter().take(more));
                return self.transact_apart(group);
            }
            if group.len() < self.mode.calls_max() {
                next = waiting.try_recv().ok();
            }
        }
        self.commit(changes)
    }

    /// Undoes a group in which a call failed, and runs it again, each call in a savepoint.
    fn transact_apart(&self, group: &mut [Box<dyn Call>]) -> Result<(), Failure> {
        // After some failures (a full disk, for example) SQLite has rolled the whole transaction
        // back.
        if !self.connection.is_autocommit() {
            self.execute("ROLLBACK")?;
        }
        if group.len() == 1 {
            return Ok(());
        }
        self.begin()?;
        let mut changes = TallyChanges::default();
        for call in group {
            self.execute("SAVEPOINT call")?;
            // If SQLite has rolled everything back, there is no savepoint: this fails, and so does
            // the group.
            if self.run(&mut **call, &mut changes) == Kept::No {
                self.execute("ROLLBACK TO call")?;
            }
            self.execute("RELEASE call")?;
        }
        self.commit(changes)
    }

    fn begin(&self) -> Result<(), Failure> {
        let mut tries = 1;
        loop {
            match self.execute(self.mode.begin()) {
                Err(failure) if failure.is_busy && tries < TRIES_MAX => {
                    if tries == 1 {
                        (self.on_wait)();
                    }
                    tries += 1;
                }
                begun => return begun,
            }
        }
    }

    fn run(&self, call: &mut dyn Call, changes: &mut TallyChanges) -> Kept {
        let tallies = TallyChanges::default();
        let mut transaction = Transaction { connection: &self.connection, tallies };
        let kept = call.run(&mut transaction);
        if kept == Kept::Yes {
            changes.merge(transaction.tallies);
        }
        kept
    }

    fn commit(&self, changes: TallyChanges) -> Result<(), Failure> {
        changes.write(&self.connection)?;
        self.execute("COMMIT")?;
        self.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn execute(&self, sql: &str) -> Result<(), Failure> {
        self.connection.prepare_cached(sql)?.execute(())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, future::join_all};

    use super::*;

    fn quiet() -> OnWait {
        Arc::new(|| ())
    }

    fn connection() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE numbers (number INTEGER, filler BLOB)").unwrap();
        connection
    }

    fn insert(size_bytes: u32) -> impl FnMut(&mut Transaction<'_>) -> Result<(), Failure> + Send {
        move |transaction| {
            let sql = "INSERT INTO numbers VALUES (1, randomblob(?1))";
            transaction.connection.prepare_cached(sql)?.execute([size_bytes])?;
            Ok(())
        }
    }

    fn count(transaction: &mut Transaction<'_>) -> Result<i64, Failure> {
        let sql = "SELECT count(*) FROM numbers";
        Ok(transaction.connection.query_row(sql, (), |row| row.get(0))?)
    }

    #[tokio::test]
    async fn a_full_disk_is_an_error_and_not_the_end() {
        let connection = connection();
        connection.execute_batch("PRAGMA max_page_count = 20").unwrap();
        let thread = Thread::spawn(connection, Mode::Write, quiet()).unwrap();
        thread.call(insert(10)).await.unwrap();
        let error = thread.call(insert(1_000_000)).await.unwrap_err();
        assert!(error.to_string().contains("the disk is full"), "{error}");
        assert!(std::error::Error::source(&error).is_some());
        assert_eq!(thread.call(count).await.unwrap(), 1);
        thread.call(insert(10)).await.unwrap();
        let both = join_all([thread.call(insert(1_000_000)), thread.call(insert(2_000_000))]).await;
        assert!(both.iter().all(Result::is_err));
        assert_eq!(thread.call(count).await.unwrap(), 2);
    }

    /// Another program's lock ended the service after five seconds.
    #[tokio::test]
    async fn world_5_a_lock_of_another_program_is_waited_for_and_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pagos.db");
        let open = || {
            let connection = Connection::open(&path).unwrap();
            connection.busy_timeout(std::time::Duration::from_millis(5)).unwrap();
            connection
        };
        let connection = open();
        connection.execute_batch("CREATE TABLE numbers (number INTEGER, filler BLOB)").unwrap();
        let other = std::sync::Mutex::new(open());
        other.lock().unwrap().execute_batch("BEGIN IMMEDIATE").unwrap();
        let told = Arc::new(AtomicU64::new(0));
        let count_told = Arc::clone(&told);
        let on_wait = move || {
            count_told.fetch_add(1, Ordering::Relaxed);
            other.lock().unwrap().execute_batch("COMMIT").unwrap();
        };
        let thread = Thread::spawn(connection, Mode::Write, Arc::new(on_wait)).unwrap();
        thread.call(insert(10)).await.unwrap();
        assert_eq!(thread.call(count).await.unwrap(), 1);
        assert_eq!(told.load(Ordering::Relaxed), 1);
        drop(thread);
        // One that is never given back is an error in the end, and one that says what to do.
        let other = open();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let thread = Thread::spawn(open(), Mode::Write, Arc::new(|| ())).unwrap();
        let error = thread.call(insert(10)).await.unwrap_err().to_string();
        assert!(error.contains("another program keeps the database locked"), "{error}");
        drop((thread, other));
    }

    /// Each call ran well, and none may say so: what they wrote is not there.
    #[tokio::test]
    async fn a_commit_that_fails_is_told_to_every_call_of_its_group() {
        let connection = connection();
        let sql = "PRAGMA foreign_keys = ON; CREATE TABLE owners (id INTEGER PRIMARY KEY);
             CREATE TABLE owned (owner INTEGER REFERENCES owners DEFERRABLE INITIALLY DEFERRED)";
        connection.execute_batch(sql).unwrap();
        let thread = Thread::spawn(connection, Mode::Write, quiet()).unwrap();
        let (open, gate) = mpsc::channel::<()>();
        let calls = async {
            futures_util::join!(
                // Keeps the group waiting until all of it is queued.
                thread.call(move |_| gate.recv().map_err(|_| Failure::new("no gate"))),
                thread.call(insert(10)),
                // Found out by the commit, and by nothing before it.
                thread.call(|transaction| {
                    transaction.connection.execute("INSERT INTO owned VALUES (1)", ())?;
                    Ok(())
                }),
            )
        };
        let mut calls = std::pin::pin!(calls);
        assert!(futures_util::poll!(&mut calls).is_pending());
        open.send(()).unwrap();
        let (first, second, third) = calls.await;
        assert!(first.is_err() && second.is_err() && third.is_err());
        assert_eq!(thread.commits(), 0);
        assert_eq!(thread.call(count).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_failed_call_leaves_nothing_behind() {
        let thread = Thread::spawn(connection(), Mode::Write, quiet()).unwrap();
        let failing = thread.call(|transaction| -> Result<(), Failure> {
            insert(10)(transaction)?;
            Err(Failure::new("on purpose"))
        });
        assert_eq!(failing.await.unwrap_err().to_string(), "on purpose");
        assert_eq!(thread.call(count).await.unwrap(), 0);
    }

    #[test]
    fn dropping_runs_the_calls_that_wait() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pagos.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("CREATE TABLE numbers (number INTEGER, filler BLOB)").unwrap();
        let thread = Thread::spawn(connection, Mode::Write, quiet()).unwrap();
        for _ in 0..50 {
            // Sent, and not waited for.
            let _ = thread.call(insert(10)).now_or_never();
        }
        drop(thread);
        let connection = Connection::open(&path).unwrap();
        let rows: i64 =
            connection.query_row("SELECT count(*) FROM numbers", (), |row| row.get(0)).unwrap();
        assert_eq!(rows, 50);
    }
}
