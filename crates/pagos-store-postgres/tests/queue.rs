//! What is due and what is sealed, where the tables that are looked at first say something else than the row
//! that decides, and where others write at the same moment.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod sample;

use std::sync::Arc;

use pagos_core::{Observation, Source, Status};
use pagos_engine::{
    Leaving, NoAttempt, Released, RetentionStore, SealedAs, Sealing, Step, Store, Submitted,
    suite::permit,
};
use pagos_store_postgres::Scratch;

use sample::{
    assert_sums_are_right, at, claim, connect, count, done, hold_tally, intent, intents, key, open,
    release, run_of, step, wait_for_waiting,
};

/// The queue says where to look. Where it is behind, the payout's own row decides.
#[tokio::test]
async fn a_claim_is_decided_over_the_row_and_not_over_the_queue() {
    let Some(scratch) = Scratch::from_env() else { return };
    for (behind, is_claimed) in [
        ("due_at = due_at", true),
        ("due_at = 1000", false),
        ("due_at = NULL", false),
        ("held = true", false),
        ("work = 'ask'", false),
        ("lease_until = 1000", false),
        ("lease_until = 5", true),
    ] {
        let database = scratch.database().await;
        let store = open(&database.url).await;
        release(&*store, &["k1"]).await;
        let client = connect(&database).await;
        client.batch_execute(&format!("UPDATE payouts SET {behind}")).await.unwrap();
        let claims = store.claim(claim(5, 10), &NoAttempt).await.unwrap();
        assert_eq!(claims.len() == 1, is_claimed, "{behind}");
    }
}

/// Every way of a payout through the queue leaves the rows that its own row asks for.
#[tokio::test]
async fn the_queue_follows_each_step() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let store = open(&database.url).await;
    let client = connect(&database).await;
    release(&*store, &["k1", "k2"]).await;
    store.submit(&run_of("held"), intents(&["k3"])).await.unwrap();
    assert_sums_are_right(&client).await;
    let due = "SELECT coalesce(sum(due_at)::bigint, -1) FROM queue WHERE key IN ('k1', 'k3')";
    for (name, due_ms, in_queue) in [
        ("k1", Some(7), 7),
        ("k1", Some(7), 7),
        ("k1", None, -1),
        ("k1", None, -1),
        ("k3", Some(5), -1),
        ("k1", Some(9), 9),
    ] {
        let payout = store.payout(&key(name)).await.unwrap().unwrap();
        store.commit(Step { due_at: due_ms.map(at), ..step(&payout) }).await.unwrap();
        assert_eq!(count(&client, due).await, in_queue, "{name} {due_ms:?}");
        assert_sums_are_right(&client).await;
    }
    store.withdraw(&run_of("held")).await.unwrap();
    assert_sums_are_right(&client).await;
}

/// Stored, settled and sealed by others, all between the moment at which a batch looks and the one at which
/// it stores.
#[tokio::test]
async fn a_key_that_is_sealed_meanwhile_is_not_stored_as_new() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let (one, other) = (open(&database.url).await, open(&database.url).await);
    one.submit(&run_of("a"), intents(&["k0"])).await.unwrap();
    let client = connect(&database).await;
    let lock = "BEGIN; SELECT FROM runs WHERE name = 'a' FOR UPDATE";
    client.batch_execute(lock).await.unwrap();
    let late = tokio::spawn(async move { one.submit(&run_of("a"), intents(&["k1"])).await });
    let watch = connect(&database).await;
    wait_for_waiting(&watch, 1).await;

    let expected = release_one(&*other).await;
    let sealing = tokio::spawn({
        let other = Arc::clone(&other);
        async move { other.seal(vec![expected], at(9)).await.unwrap() }
    });
    let waiting = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while !sealing.is_finished() && count(&watch, waiting).await < 2 {
        tokio::task::yield_now().await;
    }
    client.batch_execute("COMMIT").await.unwrap();
    let answer = late.await.unwrap().unwrap();
    assert_eq!(sealing.await.unwrap(), [Sealing::Done]);
    assert!(
        matches!(answer[..], [Submitted::Existing { .. } | Submitted::Archived(_)]),
        "{answer:?}"
    );
    assert_eq!(other.payout(&key("k1")).await.unwrap(), None);
    let sealed = other.submit(&run_of("c"), vec![intent("k1")]).await.unwrap();
    assert!(matches!(sealed[..], [Submitted::Archived(_)]), "{sealed:?}");
}

/// Its lock travels ahead of its statement, so the statement sees what the lock waited for.
#[tokio::test]
async fn a_release_counts_what_was_submitted_while_it_waited() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let (one, other) = (open(&database.url).await, open(&database.url).await);
    one.submit(&run_of("a"), intents(&["k1"])).await.unwrap();
    let client = connect(&database).await;
    hold_tally(&client, "a").await;
    let submit = tokio::spawn(async move { one.submit(&run_of("a"), intents(&["k2"])).await });
    let watch = connect(&database).await;
    wait_for_waiting(&watch, 1).await;
    let releasing = Arc::clone(&other);
    let release =
        tokio::spawn(async move { releasing.release(&run_of("a"), permit(1), at(0)).await });
    wait_for_waiting(&watch, 2).await;
    client.batch_execute("COMMIT").await.unwrap();
    submit.await.unwrap().unwrap();
    assert_eq!(release.await.unwrap().unwrap(), Released::Incomplete { members: 2 });
    assert_eq!(other.run(&run_of("a")).await.unwrap().unwrap().released_at, None);
    let released = other.release(&run_of("a"), permit(2), at(0)).await.unwrap();
    assert_eq!(released, Released::Done { made_due: 2 });
    let unknown = other.release(&run_of("unknown"), permit(0), at(0)).await.unwrap();
    assert_eq!(unknown, Released::Incomplete { members: 0 });
}

/// Submits, releases and settles `k1` in a run of its own.
async fn release_one(store: &dyn Store) -> Leaving {
    let run = run_of("b");
    store.submit(&run, intents(&["k1"])).await.unwrap();
    store.release(&run, permit(1), at(0)).await.unwrap();
    let mut payout = store.payout(&key("k1")).await.unwrap().unwrap();
    let seen = Observation::new(Status::Succeeded, Source::Query, at(1));
    payout.progress.standing.apply(&seen);
    let committed = store.commit(Step { fence: None, ..step(&payout) }).await.unwrap();
    let version = done(committed, &payout);
    Leaving { key: key("k1"), digest: payout.digest, version, ended: SealedAs::Succeeded }
}
