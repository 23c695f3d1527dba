//! How long 100,000 payouts take against a statement of 100,000 lines, and how much memory, with 500
//! planted differences of each kind. Not a test: figures move with the machine. But it fails if one
//! difference is not found, or one is found that is none.
//!
//! `cargo bench -p pagos-reconcile`. Storing the payouts is not measured: it happens in a process of
//! its own, so that its memory does not count.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::indexing_slicing
)]

#[path = "../tests/scene/mod.rs"]
mod scene;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::Arc,
    time::{Duration, Instant},
};

use pagos_engine::Store;
use pagos_reconcile::{OpenLine, Outcome, Rules, Verdict, match_lines};
use pagos_store_sqlite::SqliteStore;

use scene::{at, book, import_lines, plant, planted, report};

const COUNT: usize = 100_000;
const EACH: usize = 500;

/// The bars: import, reconciliation and report together, and the most memory that was resident.
const TIME_MAX: Duration = Duration::from_secs(10);
const MEMORY_KIB_MAX: u64 = 128 * 1024;

fn main() {
    let mut arguments = env::args().skip(1).filter(|it| it != "--bench");
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("plant"), Some(folder)) => run(store_payouts(Path::new(&folder))),
        (Some("measure"), Some(folder)) => run(measure(Path::new(&folder))),
        (Some("pure"), Some(_)) => pure(),
        _ => {
            let folder = tempfile::tempdir().unwrap();
            for step in ["plant", "measure", "pure"] {
                let status = Command::new(env::current_exe().unwrap())
                    .args([step, folder.path().to_str().unwrap()])
                    .status();
                if !status.unwrap().success() {
                    process::exit(1);
                }
            }
        }
    }
}

fn run(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future);
}

fn open(folder: &Path) -> Arc<dyn Store> {
    let file: PathBuf = folder.join("pagos.db");
    Arc::new(SqliteStore::open(file).unwrap())
}

async fn store_payouts(folder: &Path) {
    let payouts: Vec<_> = planted::planted(COUNT, EACH).map(|it| it.payout).collect();
    plant(&open(folder), "mayo", &payouts).await;
}

async fn measure(folder: &Path) {
    let book = book(&open(folder));
    let lines = planted::planted(COUNT, EACH).flat_map(|it| it.lines);
    let begun = Instant::now();
    import_lines(&book, "mayo.sta", ("2026-05-01", "2026-05-31"), 0, lines).await.unwrap();
    let imported = begun.elapsed();
    let summary = book.reconcile(at("2026-06-01")).await.unwrap();
    let reconciled = begun.elapsed();
    let report = report(&book, "2026-05-01", "2026-05-31").await;
    let whole = begun.elapsed();
    let (memory_kib, processor) = (peak_kib(), processor());
    let told: Vec<_> =
        report.payouts.iter().map(|it| (it.outcome, it.key.as_str().to_owned())).collect();
    assert!(told == planted::differences(COUNT, EACH), "differences were missed, or invented");
    assert_eq!(report.outcomes[&Outcome::MissingHere].count, EACH as u64);
    assert_eq!((summary.alarms.len(), summary.proposed), (3 * EACH, 0));
    assert_eq!(report.figures.difference.unwrap().minor, 0);
    assert_eq!(book.reconcile(at("2026-06-01")).await.unwrap().written, 0);
    println!("import       {:>6.2} s", imported.as_secs_f64());
    println!("reconcile    {:>6.2} s", (reconciled - imported).as_secs_f64());
    println!("report       {:>6.2} s", (whole - reconciled).as_secs_f64());
    let verdict = |is_within: bool| if is_within { "within" } else { "over" };
    println!("together     {:>6.2} s  {}", whole.as_secs_f64(), verdict(whole <= TIME_MAX));
    println!("processor    {:>6.2} s  of them, the rest waited", processor.as_secs_f64());
    let mib = memory_kib >> 10;
    println!("peak         {mib:>6} MiB  {}", verdict(memory_kib <= MEMORY_KIB_MAX));
}

/// The matching alone, without a store.
fn pure() {
    let (mut expected, mut lines) = (Vec::new(), Vec::new());
    for (number, one) in planted::planted(COUNT, EACH).enumerate() {
        expected.push(scene::expected(&one.payout));
        let of_one = one.lines.into_iter().zip('a'..);
        lines.extend(of_one.map(|(line, it)| OpenLine { id: format!("L{number}{it}"), line }));
    }
    let begun = Instant::now();
    let findings = match_lines(&expected, &lines, &Rules::default());
    let took = begun.elapsed();
    assert_eq!(findings.len(), lines.len() - EACH);
    assert!(findings.iter().all(|it| matches!(it.verdict, Verdict::Matched { .. })));
    println!("match_lines  {:>6.2} s", took.as_secs_f64());
}

/// The most memory that was resident.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|it| it.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The processor time of the process, which counts hundredths of a second.
fn processor() -> Duration {
    let status = fs::read_to_string("/proc/self/stat").unwrap();
    let fields = status.rsplit_once(')').unwrap().1.split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).map(|it| it.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}
