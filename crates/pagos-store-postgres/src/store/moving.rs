//! Takes a whole database from another store: [`PostgresTarget`].
//!
//! Everything happens in one transaction. So nobody sees a part of it, whatever is broken off leaves
//! nothing behind, and nothing can be sent before the commit. Until then the tables are locked for
//! all other writers.

mod tables;

use std::{pin::Pin, time::Duration};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use pagos_engine::{Moved, MovedSum, StoreError};
use tokio_postgres::CopyInSink;

use super::PostgresStore;
use crate::{
    connection::{Commit, Connection},
    failure::Failure,
    options::PostgresOptions,
};

/// A database that is about to be filled by a move. Dropping it leaves the database as it was.
pub struct PostgresTarget {
    connection: Connection,
    identity: String,
    place: String,
    occupied: Vec<Moved>,
}

/// How long the server may take for one step: sorting a large table, or taking a portion of rows.
const STEP_MAX: Duration = Duration::from_mins(30);

/// A client that is gone must not keep the tables locked, and one that reads the other store needs
/// a while. Whole tables are read, so their indexes are no help.
const SETTINGS: &str = "SET LOCAL statement_timeout TO '6h';
    SET LOCAL idle_in_transaction_session_timeout TO '30min'; SET LOCAL enable_seqscan TO on";

impl std::fmt::Debug for PostgresTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PostgresTarget({}, {})", self.place, self.identity)
    }
}

impl PostgresTarget {
    /// Connects to the database at `url`, creates or migrates its tables, and locks them.
    ///
    /// ```no_run
    /// use pagos_store_postgres::{PostgresOptions, PostgresTarget};
    ///
    /// # async fn example() -> Result<(), pagos_engine::StoreError> {
    /// let url = "postgres://pagos@db.example/pagos";
    /// let target = PostgresTarget::begin(url, PostgresOptions::default()).await?;
    /// assert!(target.occupied().is_empty(), "something is there already");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The same as [`PostgresStore::connect`]; also if another process is writing to the tables.
    pub async fn begin(url: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        let store = PostgresStore::connect(url, options).await?;
        let connection = Connection::open(&store.pool.target).await?;
        connection.begin(SETTINGS).await?;
        let names = Moved::ALL.map(|kind| tables::to_fill(kind).0).join(", ");
        // It waits for writers that have begun; afterwards no other one gets in.
        connection.batch(&format!("LOCK TABLE identity, {names} IN EXCLUSIVE MODE")).await?;
        // Of payouts that were withdrawn, sums of nothing are left.
        let clear = "DELETE FROM tallies WHERE NOT EXISTS (SELECT FROM orders)
                     AND NOT EXISTS (SELECT FROM sealed)";
        connection.batch(clear).await?;
        let mut occupied = Vec::new();
        for kind in Moved::ALL {
            let (table, _) = tables::to_fill(kind);
            let found = connection.texts(&format!("SELECT 1 FROM {table} LIMIT 1")).await?;
            if !found.is_empty() {
                occupied.push(kind);
            }
        }
        let identity = connection.texts("SELECT id FROM identity").await?.concat();
        let place = store.pool.target.server.place.clone();
        Ok(Self { connection, identity, place, occupied })
    }

    /// The identity of the database: its own, or, after a move, that of the database that came.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The kinds of which the database has rows.
    pub fn occupied(&self) -> &[Moved] {
        &self.occupied
    }

    /// Begins to take the rows of a kind.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn write(&self, kind: Moved) -> Result<PostgresRows, StoreError> {
        let (table, columns) = tables::to_fill(kind);
        let sink = self.connection.copy_in(&format!("COPY {table} ({columns}) FROM STDIN")).await?;
        Ok(PostgresRows { sink: Box::pin(sink) })
    }

    /// Takes the identity of the other database over, and continues its numbers. `last_run` is the
    /// last number that a run got there.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn continue_as(&self, identity: &str, last_run: i64) -> Result<(), StoreError> {
        self.connection.batch_within(tables::CONTINUE_NUMBERS, STEP_MAX).await?;
        let runs = "SELECT setval(pg_get_serial_sequence('runs', 'id'), greatest($1, 1), $1 > 0)";
        self.connection.execute(runs, &[&last_run]).await?;
        self.connection.execute("UPDATE identity SET id = $1", &[&identity]).await?;
        Ok(())
    }

    /// Sums up the rows of a kind, as this transaction sees them.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn sum(&self, kind: Moved) -> Result<MovedSum, StoreError> {
        let sql = format!("COPY ({}) TO STDOUT", tables::to_compare(kind));
        let mut lines = Box::pin(self.connection.copy_out(&sql).await?);
        let mut sum = MovedSum::default();
        while let Some(line) = within(lines.next()).await? {
            sum.add(&line.map_err(Failure::from)?);
        }
        Ok(sum)
    }

    /// Makes everything visible and durable. From here on it may be sent from this database.
    ///
    /// # Errors
    /// If the server took it back, or if it is not known whether it did: beginning again shows it.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.connection.commit().await {
            Commit::Done => Ok(()),
            Commit::TakenBack(failure) | Commit::Unknown(failure) => Err(failure.into()),
        }
    }
}

/// Takes the rows of one kind. Dropping it takes them back.
pub struct PostgresRows {
    sink: Pin<Box<CopyInSink<Bytes>>>,
}

impl std::fmt::Debug for PostgresRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostgresRows")
    }
}

impl PostgresRows {
    /// Sends whole lines in the text format of COPY.
    ///
    /// # Errors
    /// If the server does not take them.
    pub async fn send(&mut self, lines: Vec<u8>) -> Result<(), StoreError> {
        Ok(within(self.sink.send(lines.into())).await?.map_err(Failure::from)?)
    }

    /// Ends the rows; returns how many the server took.
    ///
    /// # Errors
    /// If the server does not take them.
    pub async fn finish(mut self) -> Result<u64, StoreError> {
        Ok(within(self.sink.as_mut().finish()).await?.map_err(Failure::from)?)
    }
}

async fn within<T>(asking: impl Future<Output = T>) -> Result<T, Failure> {
    let late = |_| Failure::lost("the server did not answer in time");
    tokio::time::timeout(STEP_MAX, asking).await.map_err(late)
}
