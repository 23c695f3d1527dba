//! Group commit: calls that wait together share one transaction, and one that fails hurts no other.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod scratch;

use std::pin::pin;

use futures_util::{future::join_all, poll};
use pagos_core::{Currency, Money, Timestamp};
use pagos_engine::{
    Filing, InboxId, InboxState, InboxStore, Intent, PaymentCommitted, PaymentStep, PaymentStore,
    Released, Store, Submitted, SubmittedPayment, suite::permit,
};
use pagos_store_sqlite::SqliteStore;
use rusqlite::Connection;

use scratch::{Scratch, intent, opening_step, payment_order, run, submit};

/// Another connection that keeps the writer waiting until everything is queued.
fn occupy(scratch: &Scratch) -> Connection {
    let connection = Connection::open(scratch.path()).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

#[tokio::test]
async fn calls_that_wait_together_share_one_commit() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    let occupier = occupy(&scratch);
    let submit_one = async |number: u32| submit(&store, vec![intent(&format!("k{number}"))]).await;
    let mut all = pin!(join_all((0..200).map(submit_one)));
    assert!(poll!(&mut all).is_pending());
    drop(occupier);
    let outcomes: Vec<_> = all.await.into_iter().map(Result::unwrap).collect();
    assert!(outcomes.iter().all(|outcome| *outcome == [Submitted::New]));
    assert_eq!(store.commits(), 1);
    assert_eq!(store.tally(None).await.unwrap().total(), 200);
}

#[tokio::test]
async fn a_group_has_a_limit() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    let occupier = occupy(&scratch);
    let submit_one = async |number: u32| submit(&store, vec![intent(&format!("k{number}"))]).await;
    let mut all = pin!(join_all((0..600).map(submit_one)));
    assert!(poll!(&mut all).is_pending());
    drop(occupier);
    assert!(all.await.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(store.commits(), 3, "256, 256 and 88");
}

#[tokio::test]
async fn a_call_that_fails_hurts_no_other_of_its_group() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    submit(&store, vec![intent("k1")]).await.unwrap();
    let payout = store.payout(&intent("k1").order.key).await.unwrap().unwrap();
    let mut other_body = intent("k1");
    other_body.order.amount = Money::new(1, Currency::Cop);
    // There is no such delivery.
    let broken = pagos_engine::Step {
        key: payout.order.key.clone(),
        version: payout.version,
        fence: None,
        lease: pagos_engine::Lease::Keep,
        progress: payout.progress.clone(),
        due_at: payout.due_at,
        entries: Vec::new(),
        notices: Vec::new(),
        applies: Some(InboxId(99)),
    };
    let because = "nothing".to_owned();
    let nothing = Filing::Close { state: InboxState::Unreadable, because, notice: None };
    let occupier = occupy(&scratch);
    let before = store.commits();
    let calls = async {
        futures_util::join!(
            submit(&store, vec![intent("k2")]),
            submit(&store, vec![intent("k3"), other_body]),
            store.commit(broken),
            store.file(InboxId(99), nothing),
            submit(&store, vec![intent("k4")]),
        )
    };
    let mut calls = pin!(calls);
    assert!(poll!(&mut calls).is_pending());
    drop(occupier);
    let (first, conflict, broken, unknown, last) = calls.await;
    assert_eq!(first.unwrap(), [Submitted::New]);
    assert_eq!(conflict.unwrap(), [Submitted::New, Submitted::Conflict]);
    assert!(broken.is_err());
    assert!(unknown.is_err());
    assert_eq!(last.unwrap(), [Submitted::New]);
    assert_eq!(store.commits(), before + 1);
    let tally = store.tally(None).await.unwrap();
    assert_eq!(tally.total(), 3, "k1, k2 and k4");
}

/// A session is written before the delivery of its step turns out not to be there.
#[tokio::test]
async fn a_payment_that_fails_leaves_no_session_in_its_group() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    let now = Timestamp::from_millis(0);
    for key in ["k1", "k2"] {
        store.submit_payment(payment_order(key), now).await.unwrap();
    }
    let [one, two] = <[_; 2]>::try_from(store.payments(None, None, 2).await.unwrap()).unwrap();
    let broken = PaymentStep { applies: Some(InboxId(99)), ..opening_step(&one) };
    // The session that the first call did not get is free for the others.
    let taken = PaymentStep { opens: opening_step(&one).opens, ..opening_step(&two) };
    let occupier = occupy(&scratch);
    let before = store.commits();
    let calls = async {
        futures_util::join!(
            store.commit_payment(broken),
            store.commit_payment(taken),
            store.commit_payment(opening_step(&one)),
            store.submit_payment(payment_order("k3"), now),
        )
    };
    let mut calls = pin!(calls);
    assert!(poll!(&mut calls).is_pending());
    drop(occupier);
    let (broken, taken, late, last) = calls.await;
    assert!(broken.is_err());
    assert_eq!(taken.unwrap(), PaymentCommitted::Done { version: 2 });
    assert_eq!(late.unwrap(), PaymentCommitted::SessionTaken);
    assert!(matches!(last.unwrap(), SubmittedPayment::New(_)));
    assert_eq!(store.commits(), before + 1);
    assert_eq!(store.payment(&one.order.key).await.unwrap().unwrap(), one);
}

#[tokio::test]
async fn a_call_whose_future_is_dropped_may_happen_and_blocks_nobody() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    {
        let mut dropped = pin!(submit(&store, vec![intent("k1")]));
        let _ = poll!(&mut dropped);
    }
    submit(&store, vec![intent("k2")]).await.unwrap();
    assert_eq!(store.tally(None).await.unwrap().total(), 2);
}

#[tokio::test]
async fn a_large_run_is_released_and_withdrawn_in_portions() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    let run = run("run");
    let all: Vec<Intent> = (0..20_000).map(|number| intent(&format!("k{number}"))).collect();
    submit(&store, all.clone()).await.unwrap();
    assert_eq!(store.withdraw(&run).await.unwrap(), 20_000);
    assert_eq!(store.tally(None).await.unwrap().total(), 0);
    submit(&store, all).await.unwrap();
    let before = store.commits();
    let released = store.release(&run, permit(20_000), Timestamp::from_millis(0)).await.unwrap();
    assert_eq!(released, Released::Done { made_due: 20_000 });
    assert_eq!(store.commits(), before + 3, "two full portions and the look for a third");
}
