//! The engine's conformance suite on PostgreSQL, and random operations against the store in memory.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;

use pagos_engine::{
    Store,
    suite::{Case, agrees_with_memory},
};
use pagos_store_postgres::{PostgresOptions, PostgresStore, Scratch};

fn run(case: &Case) {
    let Some(scratch) = Scratch::from_env() else { return };
    block_on(async {
        let database = scratch.database().await;
        let store = open(&database.url).await;
        (case.run)(Arc::new(store)).await;
    });
}

async fn open(url: &str) -> PostgresStore {
    PostgresStore::connect(url, PostgresOptions::default()).await.unwrap()
}

fn block_on(future: impl Future<Output = ()>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap().block_on(future);
}

pagos_engine::store_suite!(run);

#[test]
fn random_operations_of_many_seeds_agree_with_memory() {
    let Some(scratch) = Scratch::from_env() else { return };
    block_on(async {
        for seed in 100..104 {
            let database = scratch.database().await;
            agrees_with_memory(Arc::new(open(&database.url).await), seed, 300).await;
        }
    });
}

/// Two databases of one server can be told apart, and one stays what it is.
#[test]
fn world_4_every_database_has_an_identity_of_its_own() {
    let Some(scratch) = Scratch::from_env() else { return };
    block_on(async {
        let (one, other) = (scratch.database().await, scratch.database().await);
        let store = open(&one.url).await;
        let identity = store.identity().await.unwrap();
        assert_eq!(identity.len(), 32);
        assert_eq!(open(&one.url).await.identity().await.unwrap(), identity);
        assert_ne!(open(&other.url).await.identity().await.unwrap(), identity);
        assert!(!PostgresStore::is_new(&one.url, PostgresOptions::default()).await.unwrap());
        let third = scratch.database().await;
        assert!(PostgresStore::is_new(&third.url, PostgresOptions::default()).await.unwrap());
    });
}
