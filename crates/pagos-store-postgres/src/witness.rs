//! [`PostgresWitness`]: the memory of what was sent, on another server than the store.
//!
//! A database may hold the witnesses of several stores; each is separate. An append holds the row of
//! its witness from before it reads until its commit. So appends happen one after the other, their
//! places rise in the order of their commits, and whoever sees a place sees every lower one.
//!
//! A mark is a place and the checksum of everything up to there. A witness that went back, or that
//! went on differently since, does not know it.

mod append;
mod read;
mod server;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use pagos_engine::{
    Noted, Reading, SentAttempt, StoreError, StoreErrorKind, Witness, WitnessError,
    WitnessErrorKind, WitnessMark,
};

use crate::{
    options::PostgresOptions,
    pool::Pool,
    schema::{self, IsNew},
    setup,
    target::Mode,
};

pub use server::is_same_server;

/// A [`Witness`] on a PostgreSQL server, for any number of processes that pay from one store. It
/// connects as [`crate::PostgresStore`] does: TLS, passwords, poolers and several hosts are the same.
///
/// Every append is durable when it is answered (`synchronous_commit` is at least `on`). A call whose
/// connection is lost is repeated for up to [`PostgresOptions::reconnect_for`]; if it is lost during
/// a commit, the server is asked whether that commit happened.
#[derive(Debug)]
pub struct PostgresWitness {
    pool: Arc<Pool>,
    own: Own,
}

/// Which of the witnesses of a database it is.
#[derive(Debug, Clone)]
struct Own {
    number: i64,
    identity: String,
}

/// What to do if the database has no witness for the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening<'call> {
    /// Fail, and make no tables either.
    Existing,
    /// Make one.
    MayCreate {
        /// The identity of the new one: 32 random hexadecimal digits.
        identity: &'call str,
    },
}

/// Whether the database has the tables of witnesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tables {
    Made,
    Missing,
}

/// The options of a [`PostgresWitness`].
#[derive(Debug, Clone)]
pub struct WitnessOptions {
    /// How it connects, and the schema of its tables.
    pub server: PostgresOptions,
    /// What [`pagos_engine::Store::lineage`] of the store says. A witness on the same server is
    /// refused, since it would share the fate of the store. `None` takes any server.
    pub apart_from: Option<String>,
}

impl Default for WitnessOptions {
    /// Any server, 4 connections, 5 seconds to connect and 5 to connect again, the schema
    /// `pagos_witness`.
    fn default() -> Self {
        let server = PostgresOptions {
            connections_max: 4,
            reconnect_for: Duration::from_secs(5),
            schema: "pagos_witness".to_owned(),
            ..PostgresOptions::default()
        };
        Self { server, apart_from: None }
    }
}

impl PostgresWitness {
    /// Opens the witness of the store with the identity `store` in the database at `url`, and
    /// migrates its tables from an earlier version. [`Opening::MayCreate`] also makes them.
    ///
    /// ```no_run
    /// use pagos_engine::Store;
    /// use pagos_store_postgres::{Opening, PostgresStore, PostgresWitness, WitnessOptions};
    ///
    /// # async fn example(store: PostgresStore) -> Result<(), Box<dyn std::error::Error>> {
    /// let options = WitnessOptions { apart_from: store.lineage(), ..WitnessOptions::default() };
    /// let url = "postgres://pagos@other.example/witness";
    /// // From a random source.
    /// let opening = Opening::MayCreate { identity: "5d41402abc4b2a76b9719d911017c592" };
    /// let store = store.identity().await?;
    /// let witness = PostgresWitness::open(url, &store, opening, options).await?;
    /// # drop(witness);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Unavailable` if no server answers, if it refuses the user or the tables, if it is that of
    /// the store, or if there is no witness and none may be made; `OtherStore` if the database has
    /// only those of other stores. No error contains the password.
    pub async fn open(
        url: &str,
        store: &str,
        opening: Opening<'_>,
        options: WitnessOptions,
    ) -> Result<Self, WitnessError> {
        if let Opening::MayCreate { identity } = opening
            && !(identity.len() == 32 && identity.bytes().all(|it| it.is_ascii_hexdigit()))
        {
            return Err(unavailable("the identity of a witness is 32 hexadecimal digits"));
        }
        let connect_timeout = options.server.connect_timeout;
        let (pool, tables) = Self::connect(url, options, Mode::Write).await?;
        let place = pool.target.server.place.clone();
        let trouble = |error| trouble(&place, &error);
        if tables == Tables::Missing && opening == Opening::Existing {
            return Err(unavailable(format!("{place}: {NOTHING}")));
        }
        pool.prepare(schema::WITNESSES, connect_timeout).await.map_err(trouble)?;
        if let Opening::MayCreate { identity } = opening {
            pool.write(&read::Create { store, identity }).await.map_err(trouble)?;
        }
        match pool.read(&read::Find { store }).await.map_err(trouble)? {
            read::Found::Own { number, identity } => {
                Ok(Self { pool: Arc::new(pool), own: Own { number, identity } })
            }
            read::Found::Others => Err(WitnessError {
                kind: WitnessErrorKind::OtherStore,
                message: format!("{place}: {OTHER_STORES}"),
            }),
            read::Found::Nothing => Err(unavailable(format!("{place}: {NOTHING}"))),
        }
    }

    /// Whether the database at `url` has a witness of the store with the identity `store`. Changes
    /// nothing.
    ///
    /// ```no_run
    /// use pagos_store_postgres::{PostgresWitness, WitnessOptions};
    ///
    /// # async fn example(store: &str) -> Result<(), pagos_engine::WitnessError> {
    /// let url = "postgres://pagos@other.example/witness";
    /// if !PostgresWitness::is_there(url, store, WitnessOptions::default()).await? {
    ///     println!("the first one is made with Opening::MayCreate");
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The same as [`PostgresWitness::open`], except for a witness that is missing.
    pub async fn is_there(
        url: &str,
        store: &str,
        options: WitnessOptions,
    ) -> Result<bool, WitnessError> {
        let (pool, tables) = Self::connect(url, options, Mode::Read).await?;
        if tables == Tables::Missing {
            return Ok(false);
        }
        let place = pool.target.server.place.clone();
        let found = pool.read(&read::Find { store }).await;
        let found = found.map_err(|error| trouble(&place, &error))?;
        Ok(matches!(found, read::Found::Own { .. }))
    }

    /// Connects, and refuses the server of the store. Changes nothing.
    async fn connect(
        url: &str,
        options: WitnessOptions,
        mode: Mode,
    ) -> Result<(Pool, Tables), WitnessError> {
        let (connect_timeout, schema) =
            (options.server.connect_timeout, options.server.schema.clone());
        let pool = setup::pool(url, options.server, mode, setup::Hosts::Primary)
            .map_err(|error| unavailable(error.to_string()))?;
        let place = pool.target.server.place.clone();
        let is_new = IsNew { tables: schema::WITNESSES, schema: &schema };
        let is_new = pool.read_within(&is_new, connect_timeout).await;
        let tables = match is_new.map_err(|error| trouble(&place, &error))? {
            true => Tables::Missing,
            false => Tables::Made,
        };
        match [options.apart_from, pool.target.lineages.last()] {
            [Some(of_store), Some(own)] if server::is_same_system(&of_store, &own) => {
                Err(unavailable(format!("{place}: {SAME_SERVER}")))
            }
            _ => Ok((pool, tables)),
        }
    }

    fn trouble(&self, error: &StoreError) -> WitnessError {
        let place = &self.pool.target.server.place;
        match self.pool.may_write() {
            Ok(()) => trouble(place, error),
            // What the server had acknowledged is gone.
            Err(_) => damaged(place, LOST),
        }
    }
}

#[async_trait]
impl Witness for PostgresWitness {
    fn identity(&self) -> &str {
        &self.own.identity
    }

    async fn append(&self, attempts: &[SentAttempt]) -> Result<Vec<Noted>, WitnessError> {
        if attempts.is_empty() {
            return Ok(Vec::new());
        }
        let append = append::Append { own: &self.own, attempts };
        let known = self.pool.fly(&append).await.map_err(|error| self.trouble(&error))?;
        match known.len() == attempts.len() {
            true => Ok(append::noted(attempts, known)),
            false => Err(damaged(&self.pool.target.server.place, GONE)),
        }
    }

    async fn mark(&self) -> Result<WitnessMark, WitnessError> {
        let end = self.pool.read(&read::End { own: &self.own }).await;
        let end = end.map_err(|error| self.trouble(&error))?;
        end.ok_or_else(|| damaged(&self.pool.target.server.place, GONE))
    }

    /// At most 10,000 attempts at once, so that memory is bounded.
    async fn read(
        &self,
        after: Option<&WitnessMark>,
        limit: usize,
    ) -> Result<Reading, WitnessError> {
        let Some(after) = read::Place::of(after, &self.own) else {
            return Ok(Reading::Unrecognised);
        };
        let limit = limit.min(LIMIT_MAX);
        let page = self.pool.read(&read::Page { own: &self.own, after: &after, limit }).await;
        page.map_err(|error| self.trouble(&error))
    }
}

const LIMIT_MAX: usize = 10_000;

const SAME_SERVER: &str = "this is the server of the store, and a witness there would be lost or set back together \
     with it; name a database on another server";

const NOTHING: &str =
    "this database has no witness; name the one that has it, or let a new one be made";

const OTHER_STORES: &str = "this database has the witnesses of other stores only; is it the right store, and the right \
     witness?";

const LOST: &str = "the witness's server no longer has appends that it had acknowledged; was it replaced by a \
     standby that lagged, or by a backup? start again, and the store is compared with what is left";

const GONE: &str = "the witness of this store was removed from its database while it was in use; look who did that, \
     and start again";

fn unavailable(message: impl Into<String>) -> WitnessError {
    WitnessError { kind: WitnessErrorKind::Unavailable, message: message.into() }
}

fn damaged(place: &str, what: &str) -> WitnessError {
    WitnessError { kind: WitnessErrorKind::Damaged, message: format!("{place}: {what}") }
}

/// An error of the connection names its place already.
fn trouble(place: &str, error: &StoreError) -> WitnessError {
    let kind = match error.kind {
        StoreErrorKind::Full => WitnessErrorKind::Full,
        StoreErrorKind::UnreadableRow => WitnessErrorKind::Damaged,
        _ => WitnessErrorKind::Unavailable,
    };
    let message = match error.message.starts_with(place) {
        true => error.message.clone(),
        false => format!("{place}: {}", error.message),
    };
    WitnessError { kind, message }
}
