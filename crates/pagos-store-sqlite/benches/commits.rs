//! How fast intents become durable, beside what the disk can do, in one run. Not a test: figures
//! move with the machine; the ratios are what the budgets are about.
//!
//! `cargo bench -p pagos-store-sqlite`, with `-- 1000000` to also measure a store of so many rows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::cast_precision_loss
)]

#[path = "../tests/scratch/mod.rs"]
mod scratch;

use std::fs::File;
use std::io::Seek;
use std::io::SeekFrom;
use std::io::Write;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream;
use pagos_core::OrderKey;
use pagos_core::Timestamp;
use pagos_engine::ClaimRequest;
use pagos_engine::Filter;
use pagos_engine::Intent;
use pagos_engine::RunId;
use pagos_engine::Store;
use pagos_store_sqlite::SqliteStore;

use scratch::Scratch;
use scratch::intent;

const PATIENCE: Duration = Duration::from_millis(500);

const ROUNDS: u32 = 7;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let scratch = Scratch::new();

    // Alternating, so that a disk that changes its mood changes it for all three.
    let store = SqliteStore::open(scratch.beside("single.db")).unwrap();
    let mut number = 0;
    runtime.block_on(warm_up(&store, &mut number));
    let (mut raw, mut raw_of_4, mut single) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        raw.push(raw_rate(&scratch.beside("raw"), 1));
        raw_of_4.push(raw_rate(&scratch.beside("raw"), 4));
        single.push(runtime.block_on(single_rate(&store, &mut number)));
    }
    let (raw, raw_of_4, single) = (median(raw), median(raw_of_4), median(single));
    drop(store);
    let store = SqliteStore::open(scratch.beside("grouped.db")).unwrap();
    let (grouped, rows_per_commit) = runtime.block_on(grouped_rate(&store));
    drop(store);
    let store = SqliteStore::open(scratch.beside("batched.db")).unwrap();
    let batched = runtime.block_on(batched_rate(&store));

    report("raw: 4 KiB, fdatasync", raw, "");
    report("raw: 16 KiB, fdatasync", raw_of_4, "");
    let ratio =
        format!("{:.2}x raw of 16 KiB, {}", single / raw_of_4, judge(single / raw, "raw", 0.8));
    report("intents, one per commit", single, &ratio);
    let ratio = judge(grouped / single, "one per commit", 15.0);
    report(&format!("intents, {rows_per_commit:.0} per commit"), grouped, &ratio);
    report(
        "intents, 1000 per submit",
        batched,
        &format!("{:.1}x one per commit", batched / single),
    );

    if let Some(rows) = std::env::args().nth(1).and_then(|text| text.parse::<u32>().ok()) {
        runtime.block_on(large_store(rows));
    }
}

fn report(what: &str, rate: f64, ratio: &str) {
    println!("{what:<34} {rate:>10.0} /s  {ratio}");
}

fn judge(ratio: f64, floor: &str, budget: f64) -> String {
    let verdict = if ratio >= budget { "within" } else { "over" };
    format!("{ratio:.2}x {floor} (budget {budget}x): {verdict}")
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

/// Overwrites a file in order, some pages at a time, as a write-ahead log is written once it has
/// its size.
fn raw_rate(path: &Path, pages: u64) -> f64 {
    const PAGES_MAX: u64 = 4096;
    let page = [7_u8; 4096];
    let mut file = File::create(path).unwrap();
    for _ in 0..PAGES_MAX {
        file.write_all(&page).unwrap();
    }
    file.sync_all().unwrap();
    let begun = Instant::now();
    let mut written = 0;
    while begun.elapsed() < PATIENCE {
        for _ in 0..pages {
            file.seek(SeekFrom::Start(written % PAGES_MAX * 4096)).unwrap();
            file.write_all(&page).unwrap();
            written += 1;
        }
        file.sync_data().unwrap();
    }
    (written / pages) as f64 / begun.elapsed().as_secs_f64()
}

/// Commits until the write-ahead log has its size and is overwritten from its beginning.
async fn warm_up(store: &SqliteStore, number: &mut u32) {
    for _ in 0..1500 {
        submit_next(store, number).await;
    }
}

async fn single_rate(store: &SqliteStore, number: &mut u32) -> f64 {
    let begun = Instant::now();
    let first = *number;
    while begun.elapsed() < PATIENCE {
        submit_next(store, number).await;
    }
    f64::from(*number - first) / begun.elapsed().as_secs_f64()
}

async fn submit_next(store: &SqliteStore, number: &mut u32) {
    store.submit(vec![intent(&format!("k{number}"))]).await.unwrap();
    *number += 1;
}

/// 512 callers, each of which submits one intent after the other.
async fn grouped_rate(store: &SqliteStore) -> (f64, f64) {
    const ROWS: u32 = 100_000;
    let intents: Vec<Intent> = (0..ROWS).map(|number| intent(&format!("k{number}"))).collect();
    let begun = Instant::now();
    let submit = async |intent| {
        store.submit(vec![intent]).await.unwrap();
    };
    stream::iter(intents).map(submit).buffer_unordered(512).collect::<()>().await;
    let rate = f64::from(ROWS) / begun.elapsed().as_secs_f64();
    (rate, f64::from(ROWS) / store.commits() as f64)
}

async fn batched_rate(store: &SqliteStore) -> f64 {
    const ROWS: u32 = 100_000;
    let intents: Vec<Intent> = (0..ROWS).map(|number| intent(&format!("k{number}"))).collect();
    let begun = Instant::now();
    for batch in intents.chunks(1000) {
        store.submit(batch.to_vec()).await.unwrap();
    }
    f64::from(ROWS) / begun.elapsed().as_secs_f64()
}

async fn large_store(rows: u32) {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    let run = RunId("run".to_owned());
    let now = Timestamp::from_millis(0);
    let begun = Instant::now();
    for first in (0..rows).step_by(1000) {
        let last = rows.min(first + 1000);
        // Keys in no order, as references of a business are.
        let key = |number: u32| format!("k{:08x}-{number}", number.wrapping_mul(0x9e37_79b9));
        let batch = (first..last).map(|number| intent(&key(number))).collect();
        store.submit(batch).await.unwrap();
    }
    println!("\na store of {rows} payouts, submitted in {:.1} s", begun.elapsed().as_secs_f64());
    timed("release of all", store.release(&run, now)).await;
    timed("tally of the run", store.tally(Some(&run))).await;
    timed("tally of all", store.tally(None)).await;
    timed("next due", store.next_due()).await;
    let lease = Duration::from_secs(60);
    let request = ClaimRequest { now, lease, limit: 64, except: Vec::new() };
    timed("claim of 64", store.claim(request.clone())).await;
    timed("claim of 64 more", store.claim(request)).await;
    timed("next due, with claims", store.next_due()).await;
    let filter = Filter::default();
    timed("list, first page of 1000", store.list(&filter, None, 1000)).await;
    let after = OrderKey::new("k7").unwrap();
    timed("list, a page in the middle", store.list(&filter, Some(&after), 1000)).await;
    let rare = Filter { status: Some("unknown".to_owned()), run: Some(run) };
    timed("list of a status that nobody has", store.list(&rare, None, 1000)).await;
    timed("claims ended", store.end_claims()).await;
}

async fn timed<T>(what: &str, call: impl Future<Output = T>) {
    let begun = Instant::now();
    call.await;
    println!("{what:<34} {:>10.2} ms", begun.elapsed().as_secs_f64() * 1000.0);
}
