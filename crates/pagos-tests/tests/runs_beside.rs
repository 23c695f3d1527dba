//! `pay A` beside `pay B`: two files that share rows, in all interleavings of their steps, over every
//! store. Whatever the one does, the other's run has exactly the rows of its file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use pagos_core::{OrderKey, Timestamp};
use pagos_engine::{
    ClaimRequest, Filter, Intent, MemoryStore, NoAttempt, Page, Released, RunId, Share, Sorted,
    Store, Submitted, suite::permit,
};
use pagos_store_postgres::{PostgresOptions, PostgresStore, Scratch};
use pagos_store_sqlite::SqliteStore;
use pagos_tests::{account, key, lanes, order, policy, start, wait_for};

/// One step of `pay`, over the rows of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    /// Stores the rows from one to another.
    Submit(usize, usize),
    Release,
    Withdraw,
}

/// A file on its way, with what a process does about it.
#[derive(Debug, Clone)]
struct Process {
    run: RunId,
    rows: Vec<OrderKey>,
    script: Vec<Op>,
}

impl Process {
    fn is_released(&self) -> bool {
        self.script.last() == Some(&Op::Release)
    }
}

/// Everything that a process may do about a file of `rows` rows.
fn scripts(rows: usize) -> Vec<Vec<Op>> {
    let all = Op::Submit(0, rows);
    vec![
        vec![all, Op::Release],
        vec![Op::Submit(0, 2), Op::Submit(2, rows), Op::Release],
        vec![Op::Submit(0, 2), Op::Withdraw],
        vec![all, Op::Withdraw, all, Op::Release],
        vec![all, all, Op::Release, Op::Release],
    ]
}

fn process(prefix: &str, name: &str, keys: &[&str], script: &[Op]) -> Process {
    Process {
        run: RunId(format!("{prefix}{name}")),
        rows: keys.iter().map(|name| key(&format!("{prefix}{name}"))).collect(),
        script: script.to_vec(),
    }
}

/// All orders in which the steps of two processes can happen: `true` is a step of the first.
fn interleavings(first: usize, second: usize) -> Vec<Vec<bool>> {
    if first == 0 || second == 0 {
        return vec![[vec![true; first], vec![false; second]].concat()];
    }
    let after = |is_first: bool, rest: Vec<Vec<bool>>| {
        rest.into_iter().map(move |order| [vec![is_first], order].concat())
    };
    after(true, interleavings(first - 1, second))
        .chain(after(false, interleavings(first, second - 1)))
        .collect()
}

fn take(store: &dyn Store, process: &Process, op: Op, now: Timestamp, case: &str) {
    match op {
        Op::Submit(from, to) => {
            let intent =
                |key: &OrderKey| Intent { order: order(key.as_str()), created_at: now, by: None };
            let intents = process.rows[from..to].iter().map(intent).collect();
            let answers = wait_for(store.submit(&process.run, intents)).unwrap();
            assert!(!answers.iter().any(|it: &Submitted| it.is_refusal()), "{case}: {answers:?}");
        }
        Op::Release => {
            let expected = process.rows.len() as u64;
            let released = wait_for(store.release(&process.run, permit(expected), now)).unwrap();
            assert!(matches!(released, Released::Done { .. }), "{case}: {released:?}");
        }
        Op::Withdraw => drop(wait_for(store.withdraw(&process.run)).unwrap()),
    }
}

/// The keys of this case in a run, or in the whole store.
fn keys_of(store: &dyn Store, prefix: &str, run: Option<&RunId>) -> BTreeSet<OrderKey> {
    let filter = Filter { run: run.cloned(), ..Filter::default() };
    let page = Page { sorted: Sorted::ByKey { after: Some(key(prefix)) }, limit: 100 };
    let payouts = wait_for(store.list(&filter, &page)).unwrap();
    let keys = payouts.into_iter().map(|payout| payout.order.key);
    keys.filter(|key| key.as_str().starts_with(prefix)).collect()
}

fn judge(store: &dyn Store, prefix: &str, processes: &[Process], case: &str) {
    let mut wanted = BTreeSet::new();
    for process in processes {
        let counted = wait_for(store.tally(Some(&process.run))).unwrap().total();
        if process.is_released() {
            let rows: BTreeSet<OrderKey> = process.rows.iter().cloned().collect();
            let run = wait_for(store.run(&process.run)).unwrap().expect("a run");
            assert_eq!(run.expected, Some(rows.len() as u64), "{case}");
            assert_eq!(counted, rows.len() as u64, "{case}: the tally of {}", process.run.0);
            assert_eq!(
                keys_of(store, prefix, Some(&process.run)),
                rows,
                "{case}: {}",
                process.run.0
            );
            wanted.extend(rows);
        } else {
            assert_eq!(counted, 0, "{case}: the tally of {}", process.run.0);
        }
    }
    assert_eq!(keys_of(store, prefix, None), wanted, "{case}: what is stored");
    let share = |lane| Share { lane, limit: 100, lease: policy().lease };
    let shares = lanes([account()]).into_iter().take(2).map(share).collect();
    let claims = wait_for(store.claim(ClaimRequest { now: start(), shares }, &NoAttempt)).unwrap();
    let due: BTreeSet<OrderKey> = claims.into_iter().map(|it| it.payout.order.key).collect();
    assert_eq!(due, wanted, "{case}: what is due");
}

/// Plays every pair of scripts in every interleaving, each with keys and runs of its own.
fn play(store: &dyn Store) -> usize {
    let (of_a, of_b) = (["k0", "k1", "k2"], ["k0", "k1", "k2", "k3"]);
    let mut played = 0;
    for script_a in scripts(of_a.len()) {
        for script_b in scripts(of_b.len()) {
            for order in interleavings(script_a.len(), script_b.len()) {
                let prefix = format!("c{played:04}-");
                let processes = [
                    process(&prefix, "a", &of_a, &script_a),
                    process(&prefix, "b", &of_b, &script_b),
                ];
                let case = format!("{script_a:?} beside {script_b:?}, {order:?}");
                let mut next = [0, 0];
                for is_first in order {
                    let nth = usize::from(!is_first);
                    let op = processes[nth].script[next[nth]];
                    take(store, &processes[nth], op, start(), &case);
                    next[nth] += 1;
                }
                judge(store, &prefix, &processes, &case);
                played += 1;
            }
        }
    }
    played
}

#[test]
fn truth_01_two_files_that_share_rows_in_memory() {
    assert!(play(&MemoryStore::new()) > 500);
}

#[test]
fn truth_01_two_files_that_share_rows_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    play(&SqliteStore::open(folder.path().join("beside.db")).unwrap());
}

#[test]
fn truth_01_two_files_that_share_rows_on_postgresql() {
    let Some(scratch) = Scratch::from_env() else { return };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _entered = runtime.enter();
    let database = wait_for(scratch.database());
    let opened = PostgresStore::connect(&database.url, PostgresOptions::default());
    let store = wait_for(opened).unwrap();
    play(&store);
}
