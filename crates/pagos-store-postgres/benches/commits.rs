//! How fast intents, claims and steps become durable, on one connection and on eight, in one run.
//! Not a test: figures move with the machine; the ratios are what the budgets are about.
//!
//! `PAGOS_TEST_POSTGRES_URL=... cargo bench -p pagos-store-postgres --features scratch`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::indexing_slicing
)]

#[path = "../tests/sample/mod.rs"]
mod sample;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use pagos_engine::{Committed, Intent, NoAttempt, Payout, Store, suite::permit};
use pagos_store_postgres::{PostgresOptions, PostgresStore, Scratch, ScratchDatabase, Severity};

use sample::{at, claim, intent, open_with, run, step};

const PATIENCE: Duration = Duration::from_millis(500);

const ROUNDS: u32 = 7;

const CONNECTIONS: [usize; 2] = [1, 8];

static NUMBER: AtomicU32 = AtomicU32::new(0);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let mut stores = Vec::new();
    for connections_max in CONNECTIONS {
        let options = PostgresOptions { connections_max, ..PostgresOptions::default() };
        stores.push(open_with(&database.url, options).await);
    }
    let settings = stores[0].settings().await.unwrap();
    let findings = settings.findings(settings.clock);
    assert!(findings.iter().all(|finding| finding.severity != Severity::Danger), "{findings:?}");
    println!("PostgreSQL {}, fsync={}", settings.server_version, settings.fsync);

    // Alternating, so that a disk that changes its mood changes it for both.
    let mut intents = [Vec::new(), Vec::new()];
    let mut steps = [Vec::new(), Vec::new()];
    for (store, callers) in stores.iter().zip(CONNECTIONS) {
        intents_rate(store, callers).await;
    }
    for _ in 0..ROUNDS {
        for (number, (store, callers)) in stores.iter().zip(CONNECTIONS).enumerate() {
            intents[number].push(intents_rate(store, callers).await);
        }
    }
    for _ in 0..ROUNDS {
        for (number, (store, callers)) in stores.iter().zip(CONNECTIONS).enumerate() {
            steps[number].push(steps_rate(store, callers).await);
        }
    }
    compare("intents, one per commit", intents);
    compare("steps", steps);
    many_steps(&database, &stores[1]).await;
    println!("{:<34} {:>10.0} /s", "intents, 1000 per submit", batched_rate(&stores[0]).await);
    for limit in [1, 64] {
        let rate = claims_rate(&stores[1], limit).await;
        println!("{:<34} {rate:>10.0} /s", format!("claims, {limit} per claim, 8 connections"));
    }
}

fn compare(what: &str, rates: [Vec<f64>; 2]) {
    let [one, eight] = rates.map(median);
    println!("{:<34} {one:>10.0} /s", format!("{what}, 1 connection"));
    let ratio = eight / one;
    let verdict = if ratio >= 2.0 { "within" } else { "over" };
    let what = format!("{what}, 8 connections");
    println!("{what:<34} {eight:>10.0} /s  {ratio:.2}x one connection (budget 2x): {verdict}");
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

fn next_intent() -> Intent {
    intent(&format!("k{}", NUMBER.fetch_add(1, Ordering::Relaxed)))
}

/// What an engine does: 64 payouts are under way at once.
const MANY: usize = 64;

/// How many steps a second, and what one costs the server's own processes, where their times can be
/// seen (on Linux, on this machine).
async fn many_steps(database: &ScratchDatabase, store: &Arc<PostgresStore>) {
    let client = sample::connect(database).await;
    let mut rates = Vec::new();
    let mut costs = Vec::new();
    for _ in 0..ROUNDS {
        let before = server_micros(&client).await;
        let (rate, written) = steps_written(store, MANY).await;
        let after = server_micros(&client).await;
        rates.push(rate);
        costs.extend(before.zip(after).map(|(before, after)| (after - before) / written));
    }
    println!("{:<34} {:>10.0} /s", "steps, 64 callers, 8 connections", median(rates));
    println!("{:<34} {:>10.0} us of the server's processor per step", "", median(costs));
}

/// The processor time of all sessions of the database, in microseconds; the kernel's ticks are 10 ms.
async fn server_micros(client: &tokio_postgres::Client) -> Option<f64> {
    let sql = "SELECT pid FROM pg_stat_activity
               WHERE datname = current_database() AND backend_type = 'client backend'";
    let mut ticks = 0.0;
    for row in client.query(sql, &[]).await.unwrap() {
        let pid: i32 = row.get(0);
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        ticks += fields[11].parse::<f64>().ok()? + fields[12].parse::<f64>().ok()?;
    }
    Some(ticks * 10_000.0)
}

/// Callers that each submit one intent after the other.
async fn intents_rate(store: &Arc<PostgresStore>, callers: usize) -> f64 {
    let begun = Instant::now();
    let submit = async |store: Arc<PostgresStore>| {
        let mut submitted = 0;
        while begun.elapsed() < PATIENCE {
            store.submit(&run(), vec![next_intent()]).await.unwrap();
            submitted += 1;
        }
        submitted
    };
    let counts = join_all((0..callers).map(|_| submit(Arc::clone(store)))).await;
    f64::from(counts.into_iter().sum::<u32>()) / begun.elapsed().as_secs_f64()
}

async fn steps_rate(store: &Arc<PostgresStore>, callers: usize) -> f64 {
    steps_written(store, callers).await.0
}

/// Callers that each write one step after the other, to payouts of their own: steps a second, and how
/// many they were.
async fn steps_written(store: &Arc<PostgresStore>, callers: usize) -> (f64, f64) {
    let mut payouts = Vec::new();
    for _ in 0..callers {
        let intent = next_intent();
        let key = intent.order.key.clone();
        store.submit(&run(), vec![intent]).await.unwrap();
        payouts.push(store.payout(&key).await.unwrap().unwrap());
    }
    let begun = Instant::now();
    let advance = async |store: Arc<PostgresStore>, mut payout: Payout| {
        let mut written = 0;
        while begun.elapsed() < PATIENCE {
            let Committed::Done { version } = store.commit(step(&payout)).await.unwrap() else {
                unreachable!("nobody else writes this payout")
            };
            payout.version = version;
            written += 1;
        }
        written
    };
    let all = payouts.into_iter().map(|payout| advance(Arc::clone(store), payout));
    let counts = join_all(all).await;
    let written = f64::from(counts.into_iter().sum::<u32>());
    (written / begun.elapsed().as_secs_f64(), written)
}

async fn batched_rate(store: &PostgresStore) -> f64 {
    const ROWS: u32 = 20_000;
    let intents: Vec<Intent> = (0..ROWS).map(|_| next_intent()).collect();
    let begun = Instant::now();
    for batch in intents.chunks(1000) {
        store.submit(&run(), batch.to_vec()).await.unwrap();
    }
    f64::from(ROWS) / begun.elapsed().as_secs_f64()
}

/// Payouts claimed by eight callers at once.
async fn claims_rate(store: &Arc<PostgresStore>, limit: usize) -> f64 {
    let members = store.run(&run()).await.unwrap().unwrap().members;
    store.release(&run(), permit(members), at(0)).await.unwrap();
    let begun = Instant::now();
    let claim_all = async |store: Arc<PostgresStore>| {
        let mut claimed = 0;
        while begun.elapsed() < PATIENCE {
            claimed += store.claim(claim(0, limit), &NoAttempt).await.unwrap().len();
        }
        claimed
    };
    let counts = join_all((0..8).map(|_| claim_all(Arc::clone(store)))).await;
    counts.into_iter().sum::<usize>() as f64 / begun.elapsed().as_secs_f64()
}
