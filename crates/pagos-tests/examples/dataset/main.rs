//! What a store of very many payouts costs, beside one of 10,000 in the same run: lists, claims, tallies
//! and writes. `cargo xtask scale --dataset` starts it. No test: figures move with the machine; the
//! ratios are what the bar is about.
//!
//! `dataset sqlite ROWS FOLDER`, or `dataset postgres ROWS` on the server of `PAGOS_TEST_POSTGRES_URL`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::cast_precision_loss
)]

mod measure;
mod mix;
mod pages;
mod postgres;
mod sqlite;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use pagos_engine::Store;
use pagos_store_postgres::{PostgresOptions, PostgresStore, Scratch};
use pagos_store_sqlite::SqliteStore;

use self::{measure::Figure, mix::Mix};

/// What the large dataset is measured beside.
const SMALL: Mix = Mix { rows: 10_000 };

/// How many times as long anything may take in the large one.
const RATIO_MAX: f64 = 3.0;

/// On disk, for each settled payout with its history and its notice.
const SETTLED_BYTES_MAX: u64 = 2_048;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let rows = |text: &String| text.parse().expect("a number of rows");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["sqlite", _, folder] => {
            runtime.block_on(on_sqlite(Mix { rows: rows(&words[1]) }, &PathBuf::from(folder)));
        }
        ["postgres", _] => runtime.block_on(on_postgres(Mix { rows: rows(&words[1]) })),
        _ => panic!("dataset sqlite ROWS FOLDER, or dataset postgres ROWS"),
    }
}

/// What one dataset comes to.
struct Measured {
    figures: Vec<Figure>,
    bytes: u64,
}

async fn on_sqlite(large: Mix, folder: &Path) {
    let mut measured = Vec::new();
    for mix in [SMALL, large] {
        let path = folder.join(format!("{}.db", mix.rows));
        let begun = Instant::now();
        sqlite::load(&path, mix);
        println!("{} payouts loaded in {:.1} s", mix.rows, begun.elapsed().as_secs_f64());
        let bytes = std::fs::metadata(&path).unwrap().len();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path).unwrap());
        measured.push(Measured { figures: measure::all(&store, mix).await, bytes });
    }
    report(large, &measured);
}

async fn on_postgres(large: Mix) {
    let scratch = Scratch::from_env().expect("the URL of a server");
    let mut measured = Vec::new();
    for mix in [SMALL, large] {
        let database = scratch.database().await;
        let begun = Instant::now();
        postgres::load(&database.url, mix).await;
        println!("{} payouts loaded in {:.1} s", mix.rows, begun.elapsed().as_secs_f64());
        let bytes = postgres::size_bytes(&database.url).await;
        for (name, bytes) in postgres::largest(&database.url).await {
            println!("    {name:<32} {:>6} bytes a payout", bytes / mix.rows);
        }
        let options = PostgresOptions::default();
        let store = PostgresStore::connect(&database.url, options).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        measured.push(Measured { figures: measure::all(&store, mix).await, bytes });
    }
    report(large, &measured);
}

fn report(large: Mix, measured: &[Measured]) {
    let [small, whole] = measured else { panic!("two datasets") };
    println!("\n{:<30} {:>11} {:>11} {:>7}  at most {RATIO_MAX}", "", "10000", large.rows, "ratio");
    for (few, many) in small.figures.iter().zip(&whole.figures) {
        let ms = |figure: &Figure| figure.median.as_secs_f64() * 1_000.0;
        let ratio = ms(many) / ms(few);
        println!(
            "{:<30} {:>8.3} ms {:>8.3} ms {ratio:>6.2}x  {}",
            many.what,
            ms(few),
            ms(many),
            verdict(ratio <= RATIO_MAX)
        );
        if few.found != many.found {
            println!("{:<30} {} and {} payouts came back", "", few.found, many.found);
        }
    }
    let settled_bytes = whole.bytes / large.settled_rows();
    println!(
        "{settled_bytes} bytes on disk for each settled payout (at most {SETTLED_BYTES_MAX}): {}; {} MiB",
        verdict(settled_bytes <= SETTLED_BYTES_MAX),
        whole.bytes >> 20
    );
}

fn verdict(is_within: bool) -> &'static str {
    if is_within { "within" } else { "over" }
}
