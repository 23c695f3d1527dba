//! The dataset that `cargo xtask scale --dataset` measures, in a small form: the store takes it for its
//! own, it holds what it says, and everything is measured. No figure is judged.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../examples/dataset/measure.rs"]
mod measure;
#[path = "../examples/dataset/mix.rs"]
mod mix;
#[path = "../examples/dataset/pages.rs"]
mod pages;
#[path = "../examples/dataset/postgres.rs"]
mod postgres;
#[path = "../examples/dataset/sqlite.rs"]
mod sqlite;

use std::sync::Arc;

use pagos_engine::{Filter, Page, Store};
use pagos_store_postgres::{PostgresOptions, PostgresStore, Scratch};
use pagos_store_sqlite::SqliteStore;

use mix::Mix;

const SMALL: Mix = Mix { rows: 20_000 };

async fn judge(store: Arc<dyn Store>) {
    let tally = store.tally(None).await.unwrap();
    assert_eq!((tally.total(), tally.rows.len()), (SMALL.rows, 24), "4 accounts, 6 statuses");
    for word in ["created", "unknown", "pending", "quarantined"] {
        assert_eq!(tally.count(word), 400, "{word}");
    }
    assert_eq!(SMALL.settled_rows(), 18_400);
    assert!((350..450).contains(&tally.count("failed")), "2 of 100: {}", tally.count("failed"));
    let of_run = store.tally(Some(&Mix::run(3))).await.unwrap();
    assert_eq!(of_run.total(), mix::RUN_ROWS);
    let newest = store.list(&Filter::default(), &Page::newest_first(2)).await.unwrap();
    let last = [SMALL.rows - 1, SMALL.rows - 2];
    assert_eq!(
        newest.iter().map(|it| it.order.key.clone()).collect::<Vec<_>>(),
        last.map(Mix::key)
    );
    assert_eq!(newest[0].created_at.as_millis(), SMALL.created_ms(last[0]));
    let settled = store.payout(&Mix::key(SMALL.settled(3))).await.unwrap().unwrap();
    let reference = settled.progress.standing.reference();
    assert_eq!(reference, Some(&Mix::reference(SMALL.settled(3))));
    assert_eq!(store.history(&settled.order.key).await.unwrap().len(), 3);

    let figures = measure::all(&store, SMALL).await;
    assert_eq!(figures.len(), 31, "{figures:?}");
    for figure in figures {
        let full = ["newest", "status", "of a run", "month", "account"];
        let is_full =
            figure.what.starts_with("list") && full.iter().any(|it| figure.what.contains(it));
        let wanted = match figure.what.as_str() {
            "claim of 64" => 64,
            "list by the provider's id" => 1,
            _ if is_full => measure::LISTED,
            _ => figure.found,
        };
        assert_eq!(figure.found, wanted, "{}", figure.what);
        assert!(!figure.median.is_zero(), "{}", figure.what);
    }
}

/// The first column of every row of an answer.
fn texts(connection: &rusqlite::Connection, query: &str) -> Vec<String> {
    let mut statement = connection.prepare(query).unwrap();
    let rows = statement.query_map([], |row| {
        let value = row.get_ref(0)?;
        Ok(match value {
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            _ => value.as_str()?.to_owned(),
        })
    });
    rows.unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn a_dataset_of_sqlite_is_loaded_and_measured() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pagos.db");
    sqlite::load(&path, SMALL);
    let fresh = folder.path().join("fresh.db");
    drop(SqliteStore::open(&fresh).unwrap());
    let [loaded, fresh] = [&path, &fresh].map(|path| rusqlite::Connection::open(path).unwrap());
    let items = "SELECT type || name || coalesce(sql, '') FROM sqlite_schema ORDER BY type, name";
    for query in [items, "PRAGMA journal_mode", "PRAGMA user_version", "PRAGMA page_size"] {
        assert_eq!(texts(&loaded, query), texts(&fresh, query), "{query}");
    }
    assert_eq!(texts(&loaded, "PRAGMA integrity_check"), ["ok"]);
    assert_eq!(texts(&loaded, "PRAGMA foreign_key_check"), [""; 0]);
    drop((loaded, fresh));
    judge(Arc::new(SqliteStore::open(&path).unwrap())).await;
}

#[tokio::test]
async fn a_dataset_of_postgres_is_loaded_and_measured() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    postgres::load(&database.url, SMALL).await;
    assert!(postgres::size_bytes(&database.url).await > 10_000_000);
    let largest = postgres::largest(&database.url).await;
    assert!(largest.iter().any(|(name, bytes)| name == "payouts" && *bytes > 1_000_000));
    let options = PostgresOptions::default();
    judge(Arc::new(PostgresStore::connect(&database.url, options).await.unwrap())).await;
}
