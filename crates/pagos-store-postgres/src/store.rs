//! [`PostgresStore`]: the engine's store on a PostgreSQL server. Maps each call to its work; the
//! SQL is elsewhere.

mod books;
mod inbox;
mod moving;
mod payment;
mod records;
mod retention;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use pagos_core::{AccountName, OrderKey, ProviderRef, Timestamp};
use pagos_engine::{
    Begin, Claim, ClaimRequest, Closed, Committed, Entry, Filter, Intent, Lane, Notice, Page,
    Payout, Permit, Released, Run, RunId, Step, Store, StoreError, Submitted, Tally, Turn, Work,
};

pub use self::moving::{PostgresRows, PostgresTarget};

use crate::{
    account,
    claim::{ClaimToAsk, ClaimToSend, EndClaims},
    group::Groups,
    list,
    options::PostgresOptions,
    outbox,
    pool::Pool,
    quarantine::SetAside,
    query,
    run::{self, Fixed},
    schema::{self, IsNew},
    settings::{ReadSettings, ServerSettings},
    setup::{self, Hosts},
    submit,
    tallies::{Of, ReadTally},
    target::Mode,
    url,
};

/// A [`Store`] on a PostgreSQL server, for any number of workers on any number of machines.
///
/// A call whose connection is lost is repeated on another one, for up to
/// [`PostgresOptions::reconnect_for`]. If the connection is lost during a commit, the server is
/// asked whether that commit happened; the store never guesses, and the call fails if the server
/// cannot say. All calls run on the tokio runtime of their caller. A task runs for each connection
/// and ends with it, and another for each group of steps that are written together.
///
/// Releasing or withdrawing a run of more than 10,000 payouts takes several transactions. If it is
/// interrupted, calling it again completes it.
///
/// [`Store::end_claims`] ends the claims of *all* workers of the database. Only a program that is
/// certainly alone may call it; a worker among others lets claims end by themselves.
///
/// The database contains the secrets of payment sessions in plain text, beside names and account
/// numbers: whoever can read it, or a backup of it, has them.
#[derive(Debug)]
pub struct PostgresStore {
    pool: Arc<Pool>,
    groups: Arc<Groups>,
}

impl PostgresStore {
    /// Opens the store at `url`, and creates or migrates its tables.
    ///
    /// The URL is `postgres://user:password@host:port/database`, with several hosts separated by
    /// commas, or `postgres:///database?host=/directory/of/the/socket&user=name`. Without a
    /// parameter `sslmode`, the connection is plain text on this machine and verified TLS to any
    /// other. `sslmode=verify-full` (and `require`, which means the same here) is always TLS,
    /// `sslmode=disable` never. `sslrootcert=/path/of.pem` names an additional authority.
    ///
    /// ```no_run
    /// use pagos_core::Secret;
    /// use pagos_store_postgres::{PostgresOptions, PostgresStore};
    ///
    /// # async fn example() -> Result<(), pagos_engine::StoreError> {
    /// let password = std::env::var("PGPASSWORD").ok().map(Secret::new);
    /// let options = PostgresOptions { password, ..PostgresOptions::default() };
    /// let store = PostgresStore::connect("postgres://pagos@db.example/pagos", options).await?;
    /// # drop(store);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If no server answers within `connect_timeout`; if the server refuses the user, has no such
    /// database, cannot be written, or would lose what it acknowledges (`fsync=off`); if the tables
    /// belong to another program or a newer version. No error contains the password.
    pub async fn connect(url: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        Self::open(url, options, Mode::Write).await
    }

    /// Opens the store at `url` for reading, even on a standby. Every write is an error, and
    /// notices appear in the outbox only after a store that writes has read them.
    ///
    /// ```no_run
    /// use pagos_store_postgres::{PostgresOptions, PostgresStore};
    ///
    /// # async fn example() -> Result<(), pagos_engine::StoreError> {
    /// let url = "postgres://pagos@db.example/pagos";
    /// let store = PostgresStore::connect_read_only(url, PostgresOptions::default()).await?;
    /// # drop(store);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The same as [`PostgresStore::connect`]; also if there are no tables or they must be migrated
    /// first.
    pub async fn connect_read_only(
        url: &str,
        options: PostgresOptions,
    ) -> Result<Self, StoreError> {
        Self::open(url, options, Mode::Read).await
    }

    /// Whether this is the URL of a PostgreSQL database (rather than the path of a file, for
    /// example).
    ///
    /// ```
    /// use pagos_store_postgres::PostgresStore;
    ///
    /// assert!(PostgresStore::is_url("postgres://pagos@db.example/pagos"));
    /// assert!(!PostgresStore::is_url("pagos.db"));
    /// ```
    pub fn is_url(text: &str) -> bool {
        url::is_postgres(text)
    }

    /// The settings of the server at `url`, whether or not it has the store's tables.
    ///
    /// ```no_run
    /// use pagos_store_postgres::{PostgresOptions, PostgresStore};
    ///
    /// # async fn example() -> Result<(), pagos_engine::StoreError> {
    /// let url = "postgres://pagos@db.example/pagos";
    /// let settings = PostgresStore::settings_at(url, PostgresOptions::default()).await?;
    /// println!("PostgreSQL {}, fsync {}", settings.server_version, settings.fsync);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The same as [`PostgresStore::connect_read_only`], except those about the tables.
    pub async fn settings_at(
        url: &str,
        options: PostgresOptions,
    ) -> Result<ServerSettings, StoreError> {
        // There is no connection to restore: nobody waits longer than for a first connection.
        let options = PostgresOptions { reconnect_for: options.connect_timeout, ..options };
        Self::build(url, options, Mode::Read, Hosts::Primary)?.settings().await
    }

    /// Whether a store at `url` would be a new one. Changes nothing.
    ///
    /// ```no_run
    /// use pagos_store_postgres::{PostgresOptions, PostgresStore};
    ///
    /// # async fn example() -> Result<(), pagos_engine::StoreError> {
    /// let url = "postgres://pagos@db.example/pagos";
    /// if PostgresStore::is_new(url, PostgresOptions::default()).await? {
    ///     println!("{url} has no tables of Pagos yet");
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The same as [`PostgresStore::connect_read_only`], except for missing tables.
    pub async fn is_new(url: &str, options: PostgresOptions) -> Result<bool, StoreError> {
        let options = PostgresOptions { reconnect_for: options.connect_timeout, ..options };
        let schema = options.schema.clone();
        let store = Self::build(url, options, Mode::Read, Hosts::Primary)?;
        store.pool.read(&IsNew { tables: schema::STORE, schema: &schema }).await
    }

    async fn open(url: &str, options: PostgresOptions, mode: Mode) -> Result<Self, StoreError> {
        let connect_timeout = options.connect_timeout;
        let hosts = match mode {
            Mode::Write => Hosts::Primary,
            Mode::Read => Hosts::Any,
        };
        let store = Self::build(url, options, mode, hosts)?;
        store.pool.prepare(schema::STORE, connect_timeout).await?;
        Ok(store)
    }

    fn build(
        url: &str,
        options: PostgresOptions,
        mode: Mode,
        hosts: Hosts,
    ) -> Result<Self, StoreError> {
        let pool = setup::pool(url, options, mode, hosts)?;
        Ok(Self { pool: Arc::new(pool), groups: Groups::new() })
    }

    /// The settings of the server; [`ServerSettings::findings`] interprets them.
    ///
    /// ```no_run
    /// use pagos_store_postgres::{PostgresOptions, PostgresStore};
    ///
    /// # async fn example() -> Result<(), pagos_engine::StoreError> {
    /// # let store = PostgresStore::connect("", PostgresOptions::default()).await?;
    /// let settings = store.settings().await?;
    /// println!("{} of {} connections", settings.store_connections_max, settings.connections_max);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn settings(&self) -> Result<ServerSettings, StoreError> {
        let store_connections_max = u32::try_from(self.pool.slots_max).unwrap_or(u32::MAX);
        let is_private = self.pool.target.server.is_private();
        self.pool.read(&ReadSettings { store_connections_max, is_private }).await
    }

    /// Numbers the notices that have no number. Returns false if there were none, or if this store
    /// only reads.
    async fn number_notices(&self) -> Result<bool, StoreError> {
        let is_reader = self.pool.target.mode == Mode::Read;
        if is_reader || !self.pool.read(&outbox::IsWaiting).await? {
            return Ok(false);
        }
        while self.pool.write(&outbox::Number).await? {}
        Ok(true)
    }
}

#[async_trait]
impl Store for PostgresStore {
    /// The system identifier and the timeline, as the beginning of the last transaction saw them.
    fn lineage(&self) -> Option<String> {
        self.pool.target.lineages.last()
    }

    async fn take_turn(&self) -> Result<Turn, StoreError> {
        // What is compared before the first claim is compared on the present line of history.
        self.pool.read(&query::Look).await?;
        Ok(Turn::Shared)
    }

    async fn identity(&self) -> Result<String, StoreError> {
        self.pool.read(&query::Identity).await
    }

    async fn bind(&self, account: &AccountName, world: &str) -> Result<String, StoreError> {
        self.pool.write(&account::Bind { account, world }).await
    }

    async fn submit(
        &self,
        run: &RunId,
        intents: Vec<Intent>,
    ) -> Result<Vec<Submitted>, StoreError> {
        submit::submit(&self.pool, run, &intents).await
    }

    async fn close(
        &self,
        run: &RunId,
        expected: u64,
        now: Timestamp,
    ) -> Result<Closed, StoreError> {
        self.pool.write(&run::Close { run, expected, now }).await
    }

    async fn release(
        &self,
        run: &RunId,
        permit: Permit,
        now: Timestamp,
    ) -> Result<Released, StoreError> {
        let mut portion = match self.pool.fly(&run::Release { run, permit, now }).await? {
            Fixed::Released(portion) => portion,
            Fixed::AnotherRun => return Ok(Released::AnotherRun),
            Fixed::Incomplete(members) => return Ok(Released::Incomplete { members }),
        };
        // The cursor rises, so this ends.
        let mut made_due = portion.made_due;
        while let Some(after) = portion.last {
            let run = portion.run;
            portion = self.pool.fly(&run::ReleaseMore { run, after: &after, now }).await?;
            made_due += portion.made_due;
        }
        Ok(Released::Done { made_due })
    }

    async fn withdraw(&self, run: &RunId) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            // Every portion except the last removes members, so this ends.
            let portion = self.pool.write(&run::Withdraw { run }).await?;
            forgotten += portion.forgotten;
            if portion.is_last {
                return Ok(forgotten);
            }
        }
    }

    async fn run(&self, run: &RunId) -> Result<Option<Run>, StoreError> {
        self.pool.read(&run::ReadRun { run }).await
    }

    async fn runs(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(RunId, Run)>, StoreError> {
        self.pool.read(&run::ReadRuns { before, limit }).await
    }

    async fn held(
        &self,
        run: &RunId,
        after: Option<&OrderKey>,
        limit: usize,
    ) -> Result<Vec<Payout>, StoreError> {
        self.pool.read(&run::ReadHeld { run, after, limit }).await
    }

    async fn claim(
        &self,
        request: ClaimRequest,
        begin: &dyn Begin,
    ) -> Result<Vec<Claim>, StoreError> {
        let has = |is_meant: fn(&Work) -> bool| {
            request.shares.iter().any(|share| is_meant(&share.lane.work))
        };
        let mut claims = Vec::new();
        if has(|work| *work != Work::Send) {
            // A crash forgets these claims, so it need not be known whether they were committed.
            self.pool.may_write()?;
            let asked = self.pool.read(&ClaimToAsk { request: &request }).await?;
            claims.extend(asked.claims);
            if !asked.unreadable.is_empty() {
                let (rows, now) = (asked.unreadable.as_slice(), request.now);
                self.pool.write(&SetAside { rows, now }).await?;
            }
        }
        if has(|work| *work == Work::Send) {
            claims.extend(self.pool.write(&ClaimToSend { request: &request, begin }).await?);
        }
        // Sorted by share; the sort is stable within each.
        claims.sort_by_key(|(place, _)| *place);
        Ok(claims.into_iter().map(|(_, claim)| claim).collect())
    }

    async fn end_claims(&self) -> Result<u64, StoreError> {
        self.pool.write(&EndClaims).await
    }

    async fn commit(&self, step: Step) -> Result<Committed, StoreError> {
        self.groups.commit(&self.pool, step).await
    }

    async fn payout(&self, key: &OrderKey) -> Result<Option<Payout>, StoreError> {
        self.pool.read(&query::ReadPayout { key }).await
    }

    async fn payout_of(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Result<Option<OrderKey>, StoreError> {
        self.pool.read(&query::FindPayout { account, reference }).await
    }

    async fn list(&self, filter: &Filter, page: &Page) -> Result<Vec<Payout>, StoreError> {
        self.pool.read(&list::ListPayouts { filter, page }).await
    }

    async fn doubts(&self, account: &AccountName, limit: usize) -> Result<Vec<Payout>, StoreError> {
        self.pool.read(&list::ReadDoubts { account, limit }).await
    }

    async fn history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        self.pool.read(&query::ReadHistory { key }).await
    }

    async fn tally(&self, run: Option<&RunId>) -> Result<Tally, StoreError> {
        self.pool.read(&ReadTally { of: run.map_or(Of::Store, Of::Run) }).await
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        self.pool.read(&query::NextDue { lanes }).await
    }

    async fn outbox(&self, after: u64, limit: usize) -> Result<Vec<(u64, Notice)>, StoreError> {
        let numbered = outbox::ReadNumbered { after, limit };
        let notices = self.pool.read(&numbered).await?;
        if notices.len() >= limit || !self.number_notices().await? {
            return Ok(notices);
        }
        self.pool.read(&numbered).await
    }

    async fn newest_notice(&self) -> Result<u64, StoreError> {
        self.number_notices().await?;
        self.pool.read(&outbox::ReadNewest).await
    }

    async fn reader(&self, name: &str) -> Result<Option<u64>, StoreError> {
        self.pool.read(&outbox::ReadReader { name }).await
    }

    async fn acknowledge(&self, name: &str, number: u64) -> Result<(), StoreError> {
        self.pool.fly(&outbox::Acknowledge { name, number }).await
    }

    async fn swept(&self, account: &AccountName) -> Result<BTreeMap<u32, Timestamp>, StoreError> {
        self.pool.read(&account::ReadSwept { account }).await
    }

    async fn note_swept(
        &self,
        account: &AccountName,
        part: u32,
        was: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.pool.fly(&account::NoteSwept { account, part, was, at }).await
    }

    async fn halt(&self, notice: Notice) -> Result<bool, StoreError> {
        self.pool.fly(&account::Halt { notice: &notice }).await
    }

    async fn resume(&self, notice: Notice) -> Result<bool, StoreError> {
        self.pool.fly(&account::Resume { notice: &notice }).await
    }

    async fn halted(&self) -> Result<Vec<AccountName>, StoreError> {
        self.pool.read(&account::ReadHalted).await
    }
}
