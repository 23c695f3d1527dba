//! The engine's conformance suite on SQLite, and random operations against the store in memory.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod scratch;

use std::sync::Arc;

use pagos_engine::suite::{Case, agrees_with_memory};
use pagos_store_sqlite::SqliteStore;

use scratch::Scratch;

fn run(case: &Case) {
    let scratch = Scratch::new();
    let store = Arc::new(SqliteStore::open(scratch.path()).unwrap());
    block_on((case.run)(store));
}

fn block_on(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future);
}

pagos_engine::store_suite!(run);

#[test]
fn random_operations_of_many_seeds_agree_with_memory() {
    for seed in 100..120 {
        let scratch = Scratch::new();
        let store = Arc::new(SqliteStore::open(scratch.path()).unwrap());
        block_on(agrees_with_memory(store, seed, 400));
    }
}
