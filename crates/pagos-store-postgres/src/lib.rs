//! The PostgreSQL store of the Pagos engine: any number of workers on any number of machines.
//!
//! The caller tells it the time; only its own waiting uses tokio's timer.
//!
//! Every call is one transaction on one of a few connections. Claims skip the rows that others
//! claim (`FOR UPDATE SKIP LOCKED`), and a step writes nothing unless the payout has the version
//! and the epoch that the step names. Steps that wait at the same moment share a transaction, and
//! each gets an answer of its own. Every transaction also raises a number in a row that belongs to
//! its connection: if a connection is lost during a commit, that number says whether the commit
//! happened. A call of one statement is sent in one round trip, with the beginning and the end of
//! its transaction; `flight.rs` says why that is no less certain.
//!
//! A row that this version cannot read does not end the claim of others: it is put into quarantine,
//! and a notice calls a person. Errors and notices never quote a row.
//!
//! # The order of locks
//!
//! Every statement that locks several rows locks them in this order, so that two transactions never
//! wait for each other:
//!
//! 1. the row of the run: shared by batches that are submitted to it, alone by a release or a
//!    withdrawal;
//! 2. payouts, in the order of their keys (claims skip what is locked instead of waiting), or one
//!    payment;
//! 3. references and sessions, then deliveries in the order of their numbers;
//! 4. tallies, in the order of run, account, currency and status.
//!
//! New payouts are inserted after all existing ones are locked, in the order of their keys. Entries
//! and notices are only inserted, which needs no lock of others. A transaction that waits too long
//! for a lock (`lock_timeout`) is repeated.
//!
//! ```no_run
//! use pagos_engine::Store;
//! use pagos_store_postgres::PostgresOptions;
//! use pagos_store_postgres::PostgresStore;
//! use pagos_store_postgres::Severity;
//!
//! # async fn example(now: pagos_core::Timestamp) -> Result<(), pagos_engine::StoreError> {
//! let url = "postgres://pagos:secret@db.example/pagos"; // verified TLS
//! let store = PostgresStore::connect(url, PostgresOptions::default()).await?;
//! // `now` is what your clock shows.
//! for finding in store.settings().await?.findings(now) {
//!     if finding.severity != Severity::Fine {
//!         println!("{}: {} {}", finding.setting, finding.message, finding.remedy);
//!     }
//! }
//! assert_eq!(store.tally(None).await?.total(), 0);
//! # Ok(()) }
//! ```
//!
//! The crate's README says which settings the server needs, and what a failover can lose.

// docs.rs shows which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod account;
mod batch;
mod books;
mod claim;
mod connection;
mod failure;
mod filed;
mod findings;
mod flight;
mod forget;
mod group;
mod inbox;
mod lineage;
mod list;
mod opening;
mod options;
mod outbox;
mod parameter;
mod payment;
#[cfg(all(test, feature = "scratch"))]
mod plans;
mod pool;
mod quarantine;
mod query;
mod queue;
mod records;
mod retention;
mod row;
mod run;
mod schema;
#[cfg(feature = "scratch")]
mod scratch;
mod sealed;
mod session;
mod settings;
mod setup;
mod step;
mod store;
mod submit;
mod tallies;
mod target;
mod telemetry;
mod tls;
mod transaction;
mod url;
mod witness;
mod writer;

pub use findings::{Finding, Severity};
pub use options::PostgresOptions;
#[cfg(feature = "scratch")]
pub use scratch::Scratch;
#[cfg(all(unix, feature = "scratch"))]
pub use scratch::ScratchCluster;
#[cfg(feature = "scratch")]
pub use scratch::ScratchDatabase;
pub use settings::ServerSettings;
pub use store::{PostgresRows, PostgresStore, PostgresTarget};
pub use url::ServerAddress;
pub use witness::{Opening, PostgresWitness, WitnessOptions, is_same_server};
