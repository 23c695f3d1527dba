//! Runs: who is a member of what, over reopening, and what a withdrawal leaves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod scratch;

use futures_util::FutureExt;
use pagos_core::Timestamp;
use pagos_engine::{Filter, Intent, Page, Released, Run, Store, Submitted, suite::permit};
use pagos_store_sqlite::SqliteStore;

use scratch::{Scratch, intent, run};

const NOW: Timestamp = Timestamp::from_millis(7);

fn intents(keys: &[&str]) -> Vec<Intent> {
    keys.iter().map(|key| intent(key)).collect()
}

async fn members(store: &SqliteStore, name: &str) -> Vec<String> {
    let filter = Filter { run: Some(run(name)), ..Filter::default() };
    let payouts = store.list(&filter, &Page::by_key(100)).await.unwrap();
    payouts.iter().map(|payout| payout.order.key.to_string()).collect()
}

async fn total(store: &SqliteStore, name: Option<&str>) -> u64 {
    store.tally(name.map(run).as_ref()).await.unwrap().total()
}

#[tokio::test]
async fn truth_01_a_run_keeps_its_members() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    store.submit(&run("a.csv"), intents(&["k1", "k2"])).await.unwrap();
    // Another file names k1 too, and takes it from nobody.
    store.submit(&run("b.csv"), intents(&["k1", "k3"])).await.unwrap();
    assert_eq!(members(&store, "a.csv").await, ["k1", "k2"]);
    assert_eq!(members(&store, "b.csv").await, ["k1", "k3"]);
    let totals = [Some("a.csv"), Some("b.csv"), None].map(|name| total(&store, name));
    assert_eq!(futures_util::future::join_all(totals).await, [2, 2, 3]);

    let short = store.release(&run("a.csv"), permit(3), NOW).await.unwrap();
    assert_eq!(short, Released::Incomplete { members: 2 });
    let open = store.run(&run("a.csv")).await.unwrap().expect("a run");
    assert_eq!((open.members, open.expected, open.released_at), (2, None, None), "nothing changed");
    let released = store.release(&run("a.csv"), permit(2), NOW).await.unwrap();
    assert_eq!(released, Released::Done { made_due: 2 });

    let late = store.submit(&run("a.csv"), intents(&["k1", "k4"])).await.unwrap();
    let existing = Submitted::Existing { status: pagos_core::Status::Created };
    assert_eq!(late, [existing, Submitted::Closed]);
    drop(store);
    let store = SqliteStore::open(scratch.path()).unwrap();
    assert_eq!(members(&store, "a.csv").await, ["k1", "k2"]);
    let (expected, closed_at, released_at) = (Some(2), Some(NOW), Some(NOW));
    let fixed = Run { expected, closed_at, released_at, ..open };
    assert_eq!(store.run(&run("a.csv")).await.unwrap(), Some(fixed));
    assert_eq!(total(&store, None).await, 3, "k4 is nowhere");
    // k1 was released with the other run.
    let released =
        store.release(&run("b.csv"), permit(2), Timestamp::from_millis(9)).await.unwrap();
    assert_eq!(released, Released::Done { made_due: 1 });
}

#[tokio::test]
async fn truth_02_withdrawing_leaves_what_another_run_has() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    store.submit(&run("a.csv"), intents(&["k1", "k2"])).await.unwrap();
    store.submit(&run("b.csv"), intents(&["k2", "k3"])).await.unwrap();
    assert_eq!(store.withdraw(&run("a.csv")).await.unwrap(), 1, "k1 had no other run");
    assert_eq!(store.run(&run("a.csv")).await.unwrap(), None);
    assert_eq!(store.withdraw(&run("a.csv")).await.unwrap(), 0);
    assert_eq!(members(&store, "b.csv").await, ["k2", "k3"]);
    assert_eq!((total(&store, Some("b.csv")).await, total(&store, None).await), (2, 2));
    let released = store.release(&run("b.csv"), permit(2), NOW).await.unwrap();
    assert_eq!(released, Released::Done { made_due: 2 });
    assert_eq!(store.withdraw(&run("b.csv")).await.unwrap(), 0, "a released run stays");
    assert_eq!(members(&store, "b.csv").await, ["k2", "k3"]);
    // A run that only names what is released already takes nothing with it.
    store.submit(&run("c.csv"), intents(&["k3"])).await.unwrap();
    assert_eq!(store.withdraw(&run("c.csv")).await.unwrap(), 0);
    assert_eq!(total(&store, None).await, 2);
}

#[tokio::test]
async fn an_interrupted_withdrawal_or_release_goes_on_where_it_was() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    let all: Vec<Intent> = (0..20_000).map(|number| intent(&format!("k{number:05}"))).collect();
    for name in ["a.csv", "b.csv"] {
        store.submit(&run(name), all.clone()).await.unwrap();
    }
    // The first portion is under way when its future is dropped.
    assert!(store.withdraw(&run("a.csv")).now_or_never().is_none());
    let half = async |name: &str| {
        // A write waits for the writes before it.
        store.acknowledge("nobody", 0).await.unwrap();
        store.run(&run(name)).await.unwrap().unwrap()
    };
    assert_eq!(half("a.csv").await.members, 10_000);
    let incomplete = store.release(&run("a.csv"), permit(20_000), NOW).await.unwrap();
    assert_eq!(incomplete, Released::Incomplete { members: 10_000 });
    assert_eq!(store.withdraw(&run("a.csv")).await.unwrap(), 0, "the other run has all of them");
    assert_eq!(store.run(&run("a.csv")).await.unwrap(), None);
    assert!(store.release(&run("b.csv"), permit(20_000), NOW).now_or_never().is_none());
    assert_eq!(half("b.csv").await.released_at, Some(NOW));
    let released = store.release(&run("b.csv"), permit(20_000), NOW).await.unwrap();
    assert_eq!(released, Released::Done { made_due: 10_000 });
}
