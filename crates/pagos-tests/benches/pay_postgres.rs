//! How fast the payroll of `pay` is paid on PostgreSQL beside SQLite, and by four workers beside one, in one
//! run: engine, a provider and its twin in this process, 64 payouts under way for each worker. Not a test:
//! figures move with the machine; the ratios are what the budgets are about.
//!
//! `cargo xtask postgres cargo bench -p pagos-tests --bench pay_postgres`. All take turns, and the best round
//! of each counts. Without a server it says so and ends. The server runs on the same processors.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::cast_precision_loss
)]

#[path = "payroll/mod.rs"]
mod payroll;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use pagos_engine::{Accounts, Engine, Policy, Store};
use pagos_store_postgres::{PostgresOptions, PostgresStore, Scratch};
use pagos_store_sqlite::SqliteStore;
use pagos_tests::{account, policy, run, simulated};
use tokio_postgres::{Client, NoTls};

use payroll::{Outside, orders, provider};

const ROWS: u32 = 5_000;
const ROUNDS: u32 = 3;
const SUBMISSION: usize = 1_000;
const UNDER_WAY: usize = 64;
const WORKERS: usize = 4;

/// One worker on PostgreSQL beside one on SQLite.
const BESIDE_SQLITE: f64 = 0.5;

/// Four workers beside one, on two cores.
const BESIDE_ONE: f64 = 1.5;

/// How often to look whether everything is paid: each worker counts, and counting takes time of the server.
const BEAT: Duration = Duration::from_millis(25);

fn main() {
    let Some(scratch) = Scratch::from_env() else { return };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (mut sqlite, mut one, mut four) = (Paid::default(), Paid::default(), Paid::default());
    for _ in 0..ROUNDS {
        sqlite.keep_better(runtime.block_on(pay_in_sqlite()));
        one.keep_better(runtime.block_on(pay_in_postgres(&scratch, 1)));
        four.keep_better(runtime.block_on(pay_in_postgres(&scratch, WORKERS)));
    }
    report("SQLite, one worker", &sqlite, "");
    let ratio = one.rate / sqlite.rate;
    report("PostgreSQL, one worker", &one, &judge(ratio, "SQLite", BESIDE_SQLITE));
    let ratio = four.rate / one.rate;
    report("PostgreSQL, four workers", &four, &judge(ratio, "one worker", BESIDE_ONE));
}

fn report(what: &str, paid: &Paid, ratio: &str) {
    println!("{what:<28} {:>7.0} rows/s  {ratio}", paid.rate);
    println!("    {:.0} us a row to store and release it", paid.storing_us);
    if let Some(written) = &paid.written {
        println!("    {written}");
    }
}

fn judge(ratio: f64, floor: &str, budget: f64) -> String {
    let verdict = if ratio >= budget { "within" } else { "over" };
    format!("{ratio:.2}x {floor} (budget {budget}x): {verdict}")
}

/// How a round went.
#[derive(Default)]
struct Paid {
    rate: f64,
    storing_us: f64,
    /// What the server wrote.
    written: Option<String>,
}

impl Paid {
    fn keep_better(&mut self, other: Self) {
        if other.rate > self.rate {
            *self = other;
        }
    }
}

async fn pay_in_sqlite() -> Paid {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(folder.path().join("pagos.db")).unwrap());
    pay(vec![store]).await
}

async fn pay_in_postgres(scratch: &Scratch, workers: usize) -> Paid {
    let database = scratch.database().await;
    let open = || PostgresStore::connect(&database.url, PostgresOptions::default());
    let mut stores: Vec<Arc<dyn Store>> = Vec::new();
    for _ in 0..workers {
        stores.push(Arc::new(open().await.unwrap()));
    }
    let client = connect(&database.url).await;
    let before = wal_bytes(&client).await;
    let paid = pay(stores).await;
    let wal = (wal_bytes(&client).await - before) / i64::from(ROWS);
    let updates = updates(&client).await;
    Paid { written: Some(format!("{wal} bytes of log a row; {updates}")), ..paid }
}

/// Pays everything to the end with one worker a store, over one provider.
async fn pay(stores: Vec<Arc<dyn Store>>) -> Paid {
    let provider = Arc::new(provider());
    // Time does not matter here: what is pending is asked about at once.
    let policy = Policy { poll_delays: vec![Duration::ZERO], ..policy() };
    let mut engines = Vec::new();
    for store in stores {
        let accounts = Accounts::new().with(account(), provider.clone());
        let (world, timer) = (simulated(), Arc::new(Outside));
        let opening = Engine::open(store.clone(), &world, accounts, timer, policy.clone());
        engines.push((Arc::new(opening.await.unwrap()), store));
    }
    let begun = Instant::now();
    for (engine, _) in engines.iter().take(1) {
        for orders in orders(ROWS).chunks(SUBMISSION) {
            engine.submit(&run(), orders.to_vec()).await.unwrap();
        }
        engine.release(&run(), u64::from(ROWS)).await.unwrap();
    }
    let storing = begun.elapsed();
    let workers = engines.into_iter().map(|(engine, store)| {
        tokio::spawn(async move {
            let all_paid = async {
                while store.tally(Some(&run())).await.unwrap().count("succeeded") < u64::from(ROWS)
                {
                    tokio::time::sleep(BEAT).await;
                }
            };
            engine.run(UNDER_WAY, all_paid, std::future::pending).await.unwrap();
        })
    });
    for worker in join_all(workers).await {
        worker.unwrap();
    }
    let whole = begun.elapsed();
    Paid {
        rate: f64::from(ROWS) / whole.as_secs_f64(),
        storing_us: storing.as_secs_f64() * 1e6 / f64::from(ROWS),
        written: None,
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn wal_bytes(client: &Client) -> i64 {
    let sql = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// How many rows of `payouts` were written anew, and how many of them without writing an index. Sessions
/// report it when they end.
async fn updates(client: &Client) -> String {
    let end = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()
                 AND backend_type = 'client backend'";
    client.query_one(end, &[]).await.unwrap();
    let sql = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'payouts'";
    let row = client.query_one(sql, &[]).await.unwrap();
    let (all, in_place): (i64, i64) = (row.get(0), row.get(1));
    format!(
        "{:.1} updates of payouts a row, {:.2} of them in place (HOT)",
        all as f64 / f64::from(ROWS),
        in_place as f64 / all.max(1) as f64
    )
}
