//! Tables that are made by whoever comes first, and that a program which does not know them leaves
//! alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod sample;

use futures_util::future::join_all;
use pagos_engine::Store;
use pagos_store_postgres::PostgresOptions;
use pagos_store_postgres::PostgresStore;
use pagos_store_postgres::Scratch;

use sample::at;
use sample::claim;
use sample::connect;
use sample::count;
use sample::intent;
use sample::open;
use sample::open_with;
use sample::release;
use sample::run;
use sample::step;

async fn refusal(url: &str) -> String {
    PostgresStore::connect(url, PostgresOptions::default()).await.unwrap_err().to_string()
}

async fn refusal_to_read(url: &str) -> String {
    let options = PostgresOptions::default();
    PostgresStore::connect_read_only(url, options).await.unwrap_err().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_can_make_the_tables_together() {
    let Some(scratch) = Scratch::from_env() else { return };
    for _ in 0..3 {
        let database = scratch.database().await;
        let open_one = || {
            let url = database.url.clone();
            tokio::spawn(async move {
                PostgresStore::connect(&url, PostgresOptions::default()).await.map(drop)
            })
        };
        for opened in join_all((0..6).map(|_| open_one())).await {
            opened.unwrap().unwrap();
        }
        let client = connect(&database).await;
        assert_eq!(count(&client, "SELECT count(*) FROM schema_version").await, 1);
    }
}

#[tokio::test]
async fn a_newer_schema_and_foreign_tables_are_refused_and_left_alone() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    drop(open(&database.url).await);
    let client = connect(&database).await;
    client.batch_execute("UPDATE schema_version SET version = 99").await.unwrap();
    for error in [refusal(&database.url).await, refusal_to_read(&database.url).await] {
        assert!(error.contains("newer version of pagos (schema 99"), "{error}");
    }
    assert_eq!(count(&client, "SELECT max(version)::bigint FROM schema_version").await, 99);
    let foreign = "DROP SCHEMA pagos CASCADE; CREATE SCHEMA pagos; CREATE TABLE pagos.payments ()";
    client.batch_execute(foreign).await.unwrap();
    for error in [refusal(&database.url).await, refusal_to_read(&database.url).await] {
        assert!(error.contains("tables of another program; name another schema"), "{error}");
    }
    let options = PostgresOptions { schema: "other".to_owned(), ..PostgresOptions::default() };
    assert_eq!(open_with(&database.url, options).await.tally(None).await.unwrap().total(), 0);
    let named =
        |schema: &str| PostgresOptions { schema: schema.to_owned(), ..PostgresOptions::default() };
    for name in ["", "Pagos", "a\"b", "1a", "pg_a", "a-b"] {
        assert!(PostgresStore::connect(&database.url, named(name)).await.is_err(), "{name}");
    }
}

#[tokio::test]
async fn who_only_reads_makes_nothing_and_writes_nothing() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let error = refusal_to_read(&database.url).await;
    assert!(error.contains("open it for writing once"), "{error}");
    let client = connect(&database).await;
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'pagos'";
    assert_eq!(count(&client, schemas).await, 0);
    let writer = open(&database.url).await;
    release(&*writer, &["k1"]).await;
    let payout = writer.claim(claim(0, 1)).await.unwrap().remove(0).payout;
    writer.commit(step(&payout)).await.unwrap();
    let options = PostgresOptions::default();
    let reader = PostgresStore::connect_read_only(&database.url, options).await.unwrap();
    assert_eq!(reader.tally(None).await.unwrap().total(), 1);
    assert!(reader.outbox(0, 10).await.unwrap().is_empty(), "nobody numbered it yet");
    assert_eq!(writer.outbox(0, 10).await.unwrap().len(), 1);
    assert_eq!(reader.outbox(0, 10).await.unwrap().len(), 1);
    let error = reader.submit(vec![intent("k2")]).await.unwrap_err().to_string();
    assert_eq!(error, "the store was opened for reading only");
    assert!(reader.release(&run(), at(0)).await.is_err());
}
