//! What was acknowledged survives: a killed process, a torn log, a second process. Not power loss,
//! which no test without hardware can show; there SQLite's `synchronous=FULL` is what we rely on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod scratch;

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use pagos_core::OrderKey;
use pagos_engine::{PaymentStore, Store};
use pagos_store_sqlite::SqliteStore;

use scratch::{Scratch, assert_open, beside, intent, open_payment, payment_order, submit};

const PATH_VARIABLE: &str = "PAGOS_TEST_CHILD_PATH";

/// Starts this very test binary again, as a process that runs one "test": it writes until it is
/// killed and prints every key after the store has acknowledged it.
fn spawn(test: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(PATH_VARIABLE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Does nothing unless it is that process.
#[test]
fn submitter_process() {
    write_until_killed(async |store, key| {
        submit(store, vec![intent(key)]).await.unwrap();
    });
}

/// As [`submitter_process`], with payments and their sessions.
#[test]
fn opener_process() {
    write_until_killed(async |store, key| open_payment(store, key).await);
}

fn write_until_killed(write: impl AsyncFn(&SqliteStore, &str)) {
    let Some(path) = std::env::var_os(PATH_VARIABLE) else { return };
    let store = SqliteStore::open(Path::new(&path)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for number in 0..100_000 {
        let key = format!("child-{number}");
        runtime.block_on(write(&store, &key));
        // Straight to the pipe: the harness must not hold it back.
        let mut out = std::io::stdout().lock();
        writeln!(out, "\nacknowledged {key}").unwrap();
        out.flush().unwrap();
    }
}

fn acknowledged(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines
        .map_while(Result::ok)
        .filter_map(|line| Some(line.strip_prefix("acknowledged ")?.to_owned()))
}

/// The keys that a process acknowledged before it was killed.
fn acknowledged_until_killed(process: &str, path: &Path) -> Vec<String> {
    let mut child = spawn(process, path);
    let mut lines = acknowledged(&mut child);
    let mut keys: Vec<String> = lines.by_ref().take(100).collect();
    child.kill().unwrap();
    keys.extend(lines);
    child.wait().unwrap();
    assert!(keys.len() >= 100, "{}", keys.len());
    keys
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let scratch = Scratch::new();
    let keys = acknowledged_until_killed("submitter_process", &scratch.path());
    let store = SqliteStore::open(scratch.path()).unwrap();
    for key in &keys {
        let stored = store.payout(&OrderKey::new(key).unwrap()).await.unwrap();
        assert!(stored.is_some(), "{key}");
    }
    // At most the one that was under way came besides.
    let total = store.tally(None).await.unwrap().total();
    assert!((keys.len() as u64..=keys.len() as u64 + 1).contains(&total), "{total}");
}

#[tokio::test]
async fn a_killed_process_loses_no_session_that_was_acknowledged() {
    let scratch = Scratch::new();
    let keys = acknowledged_until_killed("opener_process", &scratch.path());
    let store = SqliteStore::open(scratch.path()).unwrap();
    for key in &keys {
        let payment = store.payment(&OrderKey::new(key).unwrap()).await.unwrap().unwrap();
        assert!(payment.order == payment_order(key), "{key}");
        assert_eq!(payment.version, 2, "{key}");
        assert_open(&store, key).await;
    }
    let total = store.payments(None, None, usize::MAX).await.unwrap().len();
    assert!((keys.len()..=keys.len() + 1).contains(&total), "{total}");
}

#[tokio::test]
async fn two_processes_write_the_same_file() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    let mut child = spawn("submitter_process", &scratch.path());
    let mut lines = acknowledged(&mut child);
    for number in 0..100 {
        submit(&store, vec![intent(&format!("parent-{number}"))]).await.unwrap();
        let key = OrderKey::new(lines.next().unwrap()).unwrap();
        assert!(store.payout(&key).await.unwrap().is_some(), "{key}");
    }
    child.kill().unwrap();
    let theirs = 100 + lines.count() as u64;
    child.wait().unwrap();
    let total = store.tally(None).await.unwrap().total();
    assert!((100 + theirs..=101 + theirs).contains(&total), "{total}, {theirs} of the child");
}

/// The log is cut at every kind of place, as a crash of the machine would: what is left is always
/// the first so many commits, whole.
#[tokio::test]
async fn a_torn_log_leaves_whole_commits() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    let mut ends = Vec::new();
    for number in 0..12 {
        let pair = [0, 1].map(|half| intent(&format!("k{number}-{half}")));
        submit(&store, pair.into()).await.unwrap();
        ends.push(std::fs::metadata(beside(&scratch.path(), "-wal")).unwrap().len());
    }
    let main = std::fs::read(scratch.path()).unwrap();
    let log = std::fs::read(beside(&scratch.path(), "-wal")).unwrap();
    drop(store);
    for (commits, end) in ends.iter().enumerate() {
        for (cut, wanted) in [(*end, commits + 1), (end - 1, commits), (end - 5_000, commits)] {
            let copy = scratch.beside(&format!("copy-{cut}.db"));
            std::fs::write(&copy, &main).unwrap();
            let kept = &log[..usize::try_from(cut).unwrap()];
            std::fs::write(beside(&copy, "-wal"), kept).unwrap();
            let store = SqliteStore::open(&copy).unwrap();
            let total = store.tally(None).await.unwrap().total();
            assert_eq!(total, 2 * wanted as u64, "cut at {cut}, commits end at {ends:?}");
        }
    }
}
