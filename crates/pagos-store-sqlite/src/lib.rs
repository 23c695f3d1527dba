//! The embedded SQLite store of the Pagos engine: one file, durable commits, group commit.
//!
//! It needs no async runtime, and its caller tells it the time.
//!
//! One thread owns the writing connection. It gathers the waiting commands, runs them in one
//! transaction, and answers them after that transaction is on the disk: under load, many commands
//! share one flush, and a command that fails does not affect the others. A second thread reads.
//! Both are idle between commands.
//!
//! ```
//! # let directory = std::env::temp_dir().join(format!("pagos-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! use pagos_engine::{Store, Turn};
//! use pagos_store_sqlite::SqliteStore;
//!
//! let path = directory.join("pagos.db");
//! let store = SqliteStore::open(&path)?;
//! # async fn ask(store: &SqliteStore) -> Result<(), pagos_engine::StoreError> {
//! let turn = store.take_turn().await?; // nobody else dispatches from this file meanwhile
//! assert!(matches!(turn, Turn::Alone(_)));
//! assert_eq!(store.tally(None).await?.total(), 0);
//! # Ok(()) }
//! # futures_util::future::FutureExt::now_or_never(ask(&store));
//! # drop(store);
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod account;
mod asked;
mod backup;
mod books;
mod claim;
mod failure;
mod file;
mod forget;
mod inbox;
mod list;
mod lock;
mod moved;
mod moving;
mod outbox;
mod payment;
mod place;
#[cfg(test)]
mod plans;
mod query;
mod records;
mod retention;
mod row;
mod run;
mod schema;
mod sealed;
mod session;
mod step;
mod store;
mod submit;
mod tallies;
mod telemetry;
mod thread;
mod unread;
mod wal;

pub use backup::{BackedUp, CopiedPart, CopyStep, Gap, PutBack, back_up, restore};
pub use moved::MovedTo;
pub use moving::SqliteSource;
pub use store::SqliteStore;
