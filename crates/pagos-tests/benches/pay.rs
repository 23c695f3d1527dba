//! How fast payouts are paid from order to SUCCESS, through engine, a provider and its twin in one
//! process and without latency, beside the same calls without engine and store, in one run. Not a
//! test: figures move with the machine; the ratios are what the budgets are about.
//!
//! Each row is created once and asked about once, by everybody. Compared are:
//!
//! * the calls alone: `create` and `query` of every row, nothing stored;
//! * one commit a batch: the same, after one durable commit for every 64 rows. It is the least that
//!   anybody pays who writes down what he is about to send, and it would lose every answer;
//! * the engine over a store in memory, whose claims walk over all rows: not durable, not fast;
//! * the engine over SQLite with `synchronous=FULL`. Every row is stored, claimed, begun, recorded,
//!   claimed and recorded again: three durable steps a row, in the order that keeps it from being
//!   paid twice. Payouts are handled in the task of the loop, as `pagos` does it, and once in tasks of the runtime.
//!
//! `cargo bench -p pagos-tests`. All take turns, and the best round of each counts. A path after
//! `--` names the folder for the databases, if the temporary one is not on a disk.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::indexing_slicing
)]

#[path = "payroll/mod.rs"]
mod payroll;

use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use pagos_core::{Departure, Lookup, PayoutOrder, PayoutProvider, PayoutRef, Status, Timestamp};
use pagos_engine::{Accounts, Engine, Intent, MemoryStore, Policy, Spawner, Store};
use pagos_store_sqlite::SqliteStore;
use pagos_tests::{account, policy, run, simulated};
use tempfile::TempDir;

use payroll::{Outside, orders, provider};

const ROWS: u32 = 10_000;
const ROUNDS: u32 = 3;

/// Rows of one commit where there is one commit a batch.
const BATCH: usize = 64;

/// Orders that go into one submission, as `pagos pay` does it.
const SUBMISSION: usize = 1_000;

/// Payouts under way at a time. The first is judged; 16 is what `pagos pay` does if not told
/// otherwise, and with one at a time every durable step is a commit of its own.
const UNDER_WAY: [usize; 5] = [64, 64, 256, 16, 1];

/// Which of them is handled in tasks of the runtime, and not in that of the loop.
const SPREAD: usize = 1;

/// The bar, and what it is meant to become.
const BUDGET: f64 = 0.3;
const AIM: f64 = 0.5;

fn main() {
    let scratch = Scratch::new();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let [mut calls, mut batched, mut memory] = [0.0_f64; 3];
    let mut engines = [const { None::<Paid> }; UNDER_WAY.len()];
    for _ in 0..ROUNDS {
        calls = calls.max(runtime.block_on(calls_alone()));
        batched = batched.max(runtime.block_on(commit_a_batch(&scratch.file())));
        memory = memory.max(runtime.block_on(pay_in_memory()));
        for (number, best) in engines.iter_mut().enumerate() {
            let (file, is_spread) = (scratch.file(), number == SPREAD);
            let paid = runtime.block_on(pay_in_sqlite(&file, UNDER_WAY[number], is_spread));
            if best.as_ref().is_none_or(|best| paid.rate() > best.rate()) {
                *best = Some(paid);
            }
        }
    }
    report("the calls alone", calls, "");
    report("one commit a batch", batched, &format!("{:.2}x the calls alone", batched / calls));
    report(
        "engine, memory, 64 under way",
        memory,
        &format!("{:.2}x the calls alone", memory / calls),
    );
    for (number, paid) in engines.into_iter().flatten().enumerate() {
        let tasks = if number == SPREAD { ", in tasks" } else { "" };
        let what = format!("engine, SQLite, {} under way{tasks}", UNDER_WAY[number]);
        let rate = paid.rate();
        if number == 0 {
            report(&what, rate, &judge(rate / calls, "the calls alone"));
            report("  the same", rate, &judge(rate / batched, "one commit a batch"));
        } else {
            report(&what, rate, &format!("{:.2}x the calls alone", rate / calls));
        }
        paid.explain();
    }
}

fn report(what: &str, rate: f64, ratio: &str) {
    println!("{what:<42} {rate:>8.0} rows/s  {ratio}");
}

fn judge(ratio: f64, floor: &str) -> String {
    let verdict = match ratio {
        _ if ratio >= AIM => "within",
        _ if ratio >= BUDGET => "within, and short of the aim",
        _ => "over",
    };
    format!("{ratio:.2}x {floor} (budget {BUDGET}x, aim {AIM}x): {verdict}")
}

/// How a round of the engine went.
struct Paid {
    rows: u32,
    submitting: Duration,
    whole: Duration,
    commits: u64,
    processor: Processor,
}

impl Paid {
    fn rate(&self) -> f64 {
        f64::from(self.rows) / self.whole.as_secs_f64()
    }

    fn explain(&self) {
        let us_a_row = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(self.rows);
        println!(
            "    {:.0} us a row, {:.0} of them to store it; {} commits, {:.2} a row",
            us_a_row(self.whole),
            us_a_row(self.submitting),
            self.commits,
            self.commits as f64 / f64::from(self.rows),
        );
        println!(
            "    processor time a row: engine, provider and twin {:.0} us, writing thread {:.0} us, \
             reading thread {:.0} us",
            us_a_row(self.processor.rest),
            us_a_row(self.processor.writer),
            us_a_row(self.processor.reader),
        );
    }
}

async fn calls_alone() -> f64 {
    let provider = provider();
    let orders = orders(ROWS);
    let begun = Instant::now();
    for order in &orders {
        call(&provider, order).await;
    }
    f64::from(ROWS) / begun.elapsed().as_secs_f64()
}

async fn commit_a_batch(path: &Path) -> f64 {
    let provider = provider();
    let store = SqliteStore::open(path).unwrap();
    let orders = orders(ROWS);
    let begun = Instant::now();
    for batch in orders.chunks(BATCH) {
        let intent = |order: &PayoutOrder| {
            let created_at = Timestamp::from_millis(0);
            Intent { order: order.clone(), created_at, by: None }
        };
        store.submit(&run(), batch.iter().map(intent).collect()).await.unwrap();
        for order in batch {
            call(&provider, order).await;
        }
    }
    f64::from(ROWS) / begun.elapsed().as_secs_f64()
}

/// What every row costs at least: it is created, and a query finds it paid.
async fn call(provider: &impl PayoutProvider, order: &PayoutOrder) {
    let created = provider.create(order, None, Departure::Anytime).await.unwrap();
    let reference = created.reference.as_ref();
    let asked = provider
        .query(&PayoutRef { order, reference, handle: None, begun_at: None })
        .await
        .unwrap();
    assert!(matches!(asked, Lookup::Found(seen) if seen.status == Status::Succeeded));
}

async fn pay_in_memory() -> f64 {
    let store = Arc::new(MemoryStore::new());
    let begun = Instant::now();
    pay(store, ROWS, BATCH, false).await;
    f64::from(ROWS) / begun.elapsed().as_secs_f64()
}

async fn pay_in_sqlite(path: &Path, under_way: usize, is_spread: bool) -> Paid {
    // A fifth of the rows tells as much where every step waits for the disk.
    let rows = if under_way == 1 { ROWS / 5 } else { ROWS };
    let store = Arc::new(SqliteStore::open(path).unwrap());
    let (before, begun) = (Processor::used(), Instant::now());
    let submitting = pay(store.clone(), rows, under_way, is_spread).await;
    let whole = begun.elapsed();
    let processor = Processor::used().since(before);
    Paid { rows, submitting, whole, commits: store.commits(), processor }
}

/// Pays everything to the end, as `pagos pay` does; returns how long it took to store the orders.
async fn pay(store: Arc<dyn Store>, rows: u32, under_way: usize, is_spread: bool) -> Duration {
    let accounts = Accounts::new().with(account(), Arc::new(provider()));
    // Time does not matter here: what is pending is asked about at once.
    let policy = Policy { poll_delays: vec![Duration::ZERO], ..policy() };
    let world = simulated();
    let opening = Engine::open(Arc::clone(&store), &world, accounts, Arc::new(Outside), policy);
    let engine = Arc::new(opening.await.unwrap());
    let begun = Instant::now();
    for orders in orders(rows).chunks(SUBMISSION) {
        engine.submit(&run(), orders.to_vec()).await.unwrap();
    }
    engine.release(&run(), u64::from(rows)).await.unwrap();
    let submitting = begun.elapsed();
    let all_paid = async {
        while store.tally(Some(&run())).await.unwrap().count("succeeded") < u64::from(rows) {
            tokio::time::sleep(BEAT).await;
        }
    };
    if is_spread {
        engine.run_on(&Tasks, under_way, all_paid, std::future::pending).await.unwrap();
    } else {
        engine.run(under_way, all_paid, std::future::pending).await.unwrap();
    }
    submitting
}

/// Lends the runtime's tasks to the engine.
#[derive(Debug)]
struct Tasks;

struct Task(tokio::task::JoinHandle<()>);

impl Spawner for Tasks {
    fn spawn(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
        let mut task = Task(tokio::spawn(work));
        Box::pin(async move { drop((&mut task.0).await) })
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Processor time of this process by thread. Zero where there is no `/proc`.
#[derive(Debug, Clone, Copy, Default)]
struct Processor {
    writer: Duration,
    reader: Duration,
    rest: Duration,
}

impl Processor {
    fn used() -> Self {
        let mut used = Self::default();
        let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        for thread in threads.map(|thread| thread.path()) {
            let name = fs::read_to_string(thread.join("comm")).unwrap_or_default();
            let times = fs::read_to_string(thread.join("schedstat")).unwrap_or_default();
            let on_cpu_ns = times.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0);
            // The system keeps 15 characters of a name.
            let sum = match name.trim() {
                "pagos-store-wri" => &mut used.writer,
                "pagos-store-rea" => &mut used.reader,
                _ => &mut used.rest,
            };
            *sum += Duration::from_nanos(on_cpu_ns);
        }
        used
    }

    fn since(self, before: Self) -> Self {
        Self {
            writer: self.writer.saturating_sub(before.writer),
            reader: self.reader.saturating_sub(before.reader),
            rest: self.rest.saturating_sub(before.rest),
        }
    }
}

/// A folder that is gone when the bench ends.
struct Scratch {
    folder: TempDir,
    files: Cell<u32>,
}

impl Scratch {
    fn new() -> Self {
        // Cargo adds --bench of its own.
        let named = std::env::args().skip(1).find(|word| !word.starts_with('-'));
        let folder = named.map_or_else(std::env::temp_dir, PathBuf::from);
        Self { folder: tempfile::tempdir_in(folder).unwrap(), files: Cell::new(0) }
    }

    /// A database that nobody has used yet.
    fn file(&self) -> PathBuf {
        self.files.set(self.files.get() + 1);
        self.folder.path().join(format!("{}.db", self.files.get()))
    }
}

/// How often to look whether everything is paid.
const BEAT: Duration = Duration::from_millis(5);
