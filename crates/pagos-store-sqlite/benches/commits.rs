//! How fast intents become durable, beside what the disk can do, in one run. Not a test: figures
//! move with the machine; the ratios are what the budgets are about.
//!
//! `cargo bench -p pagos-store-sqlite`, with `-- 1000000` to also measure a store of so many rows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss
)]

#[path = "../tests/scratch/mod.rs"]
mod scratch;

use std::{
    cell::Cell,
    fs::File,
    io::{Seek, SeekFrom, Write},
    path::Path,
    sync::mpsc,
    time::{Duration, Instant},
};

use futures_channel::oneshot;
use futures_util::{StreamExt, stream};
use pagos_core::{OrderKey, Timestamp};
use pagos_engine::{Filter, Intent, Lane, NoAttempt, Page, Sorted, Store, Work, suite::permit};
use pagos_store_sqlite::SqliteStore;
use rusqlite::Connection;

use scratch::{Scratch, beside, claim_request, intent, run, submit};

/// How long each takes its turn. Short, so that whatever else the machine does comes to all.
const SLICE: Duration = Duration::from_millis(100);

const ROUNDS: usize = 21;

/// A page of the database, and what a write-ahead log puts before it.
const PAGE_BYTES: usize = 4096;
const FRAME_BYTES: usize = 24 + PAGE_BYTES;
const FRAME: [u8; FRAME_BYTES] = [7; FRAME_BYTES];

/// As many frames as SQLite lets the log have before it begins again from the front.
const FRAMES_MAX: u64 = 4000;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let scratch = Scratch::new();

    let store = SqliteStore::open(scratch.beside("single.db")).unwrap();
    let mut number = 0;
    runtime.block_on(warm_up(&store, &mut number));
    let frames = runtime.block_on(frames_per_commit(&scratch));
    let growing = Raw::new(&scratch.beside("raw-growing"), Writes::Appended);
    let page = Raw::new(&scratch.beside("raw-page"), Writes::Page);
    let log = Raw::new(&scratch.beside("raw-log"), Writes::Frames(frames));
    let afar = Raw::new(&scratch.beside("raw-afar"), Writes::Frames(frames)).on_a_thread();
    let bare = Bare::new(&scratch.beside("bare.db"));
    let mut rates = [const { Vec::new() }; 6];
    for _ in 0..ROUNDS {
        rates[0].push(rate(|| growing.commit()));
        rates[1].push(rate(|| page.commit()));
        rates[2].push(rate(|| log.commit()));
        rates[3].push(rate(|| runtime.block_on(afar.commit())));
        rates[4].push(rate(|| bare.commit()));
        rates[5].push(rate(|| runtime.block_on(submit_next(&store, &mut number))));
    }
    let [growing, page, log, afar, bare, single] = rates.map(median);
    drop(store);
    let store = SqliteStore::open(scratch.beside("grouped.db")).unwrap();
    let (grouped, rows_per_commit) = runtime.block_on(grouped_rate(&store));
    drop(store);
    let store = SqliteStore::open(scratch.beside("batched.db")).unwrap();
    let batched = runtime.block_on(batched_rate(&store));

    report("raw: a page appended, fdatasync", growing, "");
    report("raw: a page overwritten, fdatasync", page, "");
    report(&format!("raw: {frames} frames, fdatasync"), log, "");
    report("the same, asked of a thread", afar, &format!("{:.2}x raw", afar / log));
    report("bare SQLite, one row, two pages", bare, &format!("{:.2}x of one page", bare / page));
    // Two readings of "the raw rate of fdatasync": of a file that grows, as whoever appends to one
    // has it, and of the same bytes into a log that has its size, which is all that SQLite could win.
    let own_us = 1e6 / single - 1e6 / log;
    let besides = format!(
        "{:.2}x asked of a thread, {:.2}x of bare SQLite, {own_us:.0} us beside the flush",
        single / afar,
        single / bare,
    );
    report("intents, one per commit", single, &besides);
    report("  the same", single, &judge(single / growing, "a page appended", 0.8));
    report("  the same", single, &judge(single / log, &format!("raw of {frames} frames"), 0.8));
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
    println!("{what:<36} {rate:>8.0} /s  {ratio}");
}

fn judge(ratio: f64, floor: &str, budget: f64) -> String {
    let verdict = if ratio >= budget { "within" } else { "over" };
    format!("{ratio:.2}x {floor} (budget {budget}x): {verdict}")
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

/// Runs `commit` for a slice of time; how often in a second.
fn rate(mut commit: impl FnMut()) -> f64 {
    let begun = Instant::now();
    let mut commits = 0_u32;
    while begun.elapsed() < SLICE {
        commit();
        commits += 1;
    }
    f64::from(commits) / begun.elapsed().as_secs_f64()
}

/// What one commit of the floor writes before it flushes.
#[derive(Clone, Copy)]
enum Writes {
    /// One page at the end of a file that grows, so that its size is flushed too.
    Appended,
    /// One page, at a page's place.
    Page,
    /// So many frames of a write-ahead log, each as SQLite writes it: its head, then its page.
    Frames(u64),
}

/// The floor: a file of the log's size, overwritten in order and over again. It grows no more, as a
/// log does not once it has its size, and every commit is flushed.
struct Raw {
    file: File,
    writes: Writes,
    frames: Cell<u64>,
}

impl Raw {
    fn new(path: &Path, writes: Writes) -> Self {
        let mut file = File::create(path).unwrap();
        for _ in 0..FRAMES_MAX {
            file.write_all(&FRAME).unwrap();
        }
        file.sync_all().unwrap();
        Self { file, writes, frames: Cell::new(0) }
    }

    fn commit(&self) {
        match self.writes {
            Writes::Appended => {
                let mut file = &self.file;
                file.seek(SeekFrom::End(0)).unwrap();
                file.write_all(&FRAME[..PAGE_BYTES]).unwrap();
            }
            Writes::Page => self.write(PAGE_BYTES, &[PAGE_BYTES]),
            Writes::Frames(frames) => {
                for _ in 0..frames {
                    self.write(FRAME_BYTES, &[FRAME_BYTES - PAGE_BYTES, PAGE_BYTES]);
                }
            }
        }
        self.file.sync_data().unwrap();
    }

    fn write(&self, distance_bytes: usize, sizes_bytes: &[usize]) {
        let place = self.frames.get() % FRAMES_MAX * distance_bytes as u64;
        let mut file = &self.file;
        file.seek(SeekFrom::Start(place)).unwrap();
        for size_bytes in sizes_bytes {
            file.write_all(&FRAME[..*size_bytes]).unwrap();
        }
        self.frames.set(self.frames.get() + 1);
    }

    fn on_a_thread(self) -> Afar {
        let (commits, waiting) = mpsc::channel::<oneshot::Sender<()>>();
        std::thread::spawn(move || {
            for done in waiting {
                self.commit();
                done.send(()).unwrap();
            }
        });
        Afar { commits }
    }
}

/// The least that SQLite does for a key that must be unique: one row of one table, in this thread.
struct Bare {
    connection: Connection,
    rows: Cell<u32>,
}

impl Bare {
    fn new(path: &Path) -> Self {
        let connection = Connection::open(path).unwrap();
        let set_up = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 4000;
             CREATE TABLE intents (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, body TEXT)";
        connection.execute_batch(set_up).unwrap();
        let bare = Self { connection, rows: Cell::new(0) };
        for _ in 0..FRAMES_MAX {
            bare.commit();
        }
        bare
    }

    fn commit(&self) {
        self.rows.set(self.rows.get() + 1);
        let insert = "INSERT INTO intents (key, body) VALUES (?1, ?2)";
        let (key, body) = (format!("k{}", self.rows.get()), "x".repeat(300));
        self.connection.prepare_cached(insert).unwrap().execute((key, body)).unwrap();
    }
}

/// The floor as an asynchronous caller meets it: another thread waits for the disk.
struct Afar {
    commits: mpsc::Sender<oneshot::Sender<()>>,
}

impl Afar {
    async fn commit(&self) {
        let (done, answer) = oneshot::channel();
        self.commits.send(done).unwrap();
        answer.await.unwrap();
    }
}

/// What an intent costs the log, which at first only grows. Rounded down, which favours the floor.
async fn frames_per_commit(scratch: &Scratch) -> u64 {
    const COMMITS: u32 = 500;
    let path = scratch.beside("frames.db");
    let store = SqliteStore::open(&path).unwrap();
    let log_bytes = || std::fs::metadata(beside(&path, "-wal")).unwrap().len();
    let mut number = 0;
    submit_next(&store, &mut number).await;
    let before = log_bytes();
    while number <= COMMITS {
        submit_next(&store, &mut number).await;
    }
    (log_bytes() - before).div_euclid(u64::from(COMMITS) * FRAME_BYTES as u64)
}

/// Commits until the write-ahead log has its size and is overwritten from its beginning.
async fn warm_up(store: &SqliteStore, number: &mut u32) {
    for _ in 0..1500 {
        submit_next(store, number).await;
    }
}

async fn submit_next(store: &SqliteStore, number: &mut u32) {
    submit(store, vec![intent(&format!("k{number}"))]).await.unwrap();
    *number += 1;
}

/// 512 callers, each of which submits one intent after the other.
async fn grouped_rate(store: &SqliteStore) -> (f64, f64) {
    const ROWS: u32 = 100_000;
    let intents: Vec<Intent> = (0..ROWS).map(|number| intent(&format!("k{number}"))).collect();
    let begun = Instant::now();
    let submit_one = async |intent| {
        submit(store, vec![intent]).await.unwrap();
    };
    stream::iter(intents).map(submit_one).buffer_unordered(512).collect::<()>().await;
    let rate = f64::from(ROWS) / begun.elapsed().as_secs_f64();
    (rate, f64::from(ROWS) / store.commits() as f64)
}

async fn batched_rate(store: &SqliteStore) -> f64 {
    const ROWS: u32 = 100_000;
    let intents: Vec<Intent> = (0..ROWS).map(|number| intent(&format!("k{number}"))).collect();
    let begun = Instant::now();
    for batch in intents.chunks(1000) {
        submit(store, batch.to_vec()).await.unwrap();
    }
    f64::from(ROWS) / begun.elapsed().as_secs_f64()
}

async fn large_store(rows: u32) {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    let run = run("run");
    let now = Timestamp::from_millis(0);
    let request = claim_request(Work::Send, now, 64);
    let lanes: Vec<Lane> = request.shares.iter().map(|share| share.lane.clone()).collect();
    let begun = Instant::now();
    for first in (0..rows).step_by(1000) {
        let last = rows.min(first + 1000);
        // Keys in no order, as references of a business are.
        let key = |number: u32| format!("k{:08x}-{number}", number.wrapping_mul(0x9e37_79b9));
        let batch = (first..last).map(|number| intent(&key(number))).collect();
        submit(&store, batch).await.unwrap();
    }
    println!("\na store of {rows} payouts, submitted in {:.1} s", begun.elapsed().as_secs_f64());
    timed("release of all", store.release(&run, permit(u64::from(rows)), now)).await;
    timed("tally of the run", store.tally(Some(&run))).await;
    timed("tally of all", store.tally(None)).await;
    timed("next due", store.next_due(&lanes)).await;
    timed("claim of 64", store.claim(request.clone(), &NoAttempt)).await;
    timed("claim of 64 more", store.claim(request, &NoAttempt)).await;
    timed("next due, with claims", store.next_due(&lanes)).await;
    let (all, first) = (Filter::default(), Page::by_key(1000));
    timed("list, first page of 1000", store.list(&all, &first)).await;
    let after = Sorted::ByKey { after: Some(OrderKey::new("k7").unwrap()) };
    let middle = Page { sorted: after, limit: 1000 };
    timed("list, a page in the middle", store.list(&all, &middle)).await;
    let newest = Page::newest_first(1000);
    timed("list, the newest 1000", store.list(&all, &newest)).await;
    let members = Filter { run: Some(run), ..Filter::default() };
    timed("list of a run, a page in the middle", store.list(&members, &middle)).await;
    let rare = Filter { status: Some("unknown".to_owned()), ..Filter::default() };
    timed("list of a status that nobody has", store.list(&rare, &newest)).await;
    timed("claims ended", store.end_claims()).await;
}

async fn timed<T>(what: &str, call: impl Future<Output = T>) {
    let begun = Instant::now();
    call.await;
    println!("{what:<34} {:>10.2} ms", begun.elapsed().as_secs_f64() * 1000.0);
}
