//! Sending a payout once more by decision meets the rules of approval, too.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{sync::atomic::Ordering, time::Duration};

use pagos_core::{OrderKey, Status};
use pagos_engine::*;

mod guarded;
use guarded::*;

fn key() -> OrderKey {
    OrderKey::new("big-0").unwrap()
}

/// A payout of 600 CLP that was approved, sent, and never answered, an hour ago.
async fn in_doubt() -> Merchant {
    let merchant = Merchant::usual();
    merchant.bank.is_mute.store(true, Ordering::Relaxed);
    let waits = merchant.waiting("big", &[600]).await;
    let engine = merchant.engine().await;
    engine.approve(&run("big"), &waits.digest, &actor("leo"), "").await.unwrap();
    assert_eq!(merchant.paid().await, Vec::<String>::new());
    merchant.bank.is_mute.store(false, Ordering::Relaxed);
    merchant.clock.pass(Duration::from_secs(3_600));
    let payout = merchant.store.payout(&key()).await.unwrap().unwrap();
    assert_eq!(payout.status(), Status::Unknown);
    merchant
}

async fn decided(merchant: &Merchant) -> Resend {
    let engine = merchant.engine().await;
    let note = "not on the statement";
    match engine.resolve_by(&key(), Decision::SendAgain, note, &actor("ana")).await {
        Err(EngineError::ResendWaits(resend)) => *resend,
        other => panic!("it does not wait: {other:?}"),
    }
}

#[tokio::test]
async fn nobody_sends_a_big_payout_again_alone() {
    let merchant = in_doubt().await;
    let engine = merchant.engine().await;
    let note = "not on the statement";
    assert!(refusal(engine.resolve(&key(), Decision::SendAgain, note).await).contains("token"));
    let although = engine.resolve_although(&key(), Decision::SendAgain, note, "unknown").await;
    assert!(refusal(although).contains("token"));
    let resend = decided(&merchant).await;
    assert_eq!((resend.needed, resend.attempt, resend.amount), (1, 1, clp(600)));
    let again = engine.resolve_by(&key(), Decision::SendAgain, note, &actor("ana")).await;
    assert!(refusal(again).contains("already"));
    let own = engine.approve_resend(&key(), 1, &actor("ana"), "").await;
    assert!(refusal(own).contains("somebody else"));
    assert!(refusal(engine.approve_resend(&key(), 2, &actor("leo"), "").await).contains("2"));
    assert_eq!(merchant.paid().await, Vec::<String>::new());
    engine.approve_resend(&key(), 1, &actor("leo"), "").await.unwrap().unwrap();
    assert_eq!(merchant.paid().await, ["big-0"]);
    let history = merchant.store.history(&key()).await.unwrap();
    let named = history.iter().find_map(|entry| match entry {
        Entry::Decided { by, approved_by, decision, .. } => {
            Some((by.clone(), approved_by.clone(), decision.clone()))
        }
        _ => None,
    });
    assert_eq!(named, Some((actor("ana"), vec![actor("leo")], "resend".to_owned())));
    assert_eq!(engine.resend(&key()).await.unwrap(), None);
}

/// Ana at a terminal, who could approve it with her token.
#[tokio::test]
async fn whoever_decides_to_send_again_must_be_proven() {
    let merchant = in_doubt().await;
    let engine = merchant.engine().await;
    let (note, ana) = ("not on the statement", actor("cli:ana"));
    let decided = engine.resolve_by(&key(), Decision::SendAgain, note, &ana).await;
    assert!(refusal(decided).contains("token"));
    let although =
        engine.resolve_although_by(&key(), Decision::SendAgain, note, "unknown", &ana).await;
    assert!(refusal(although).contains("token"));
    assert_eq!(engine.resends().await.unwrap(), []);
    // What nobody must approve is decided by whoever says a name, too.
    engine.resolve_by(&key(), Decision::Ask, note, &ana).await.unwrap();
}

#[tokio::test]
async fn a_rejected_decision_sends_nothing() {
    let merchant = in_doubt().await;
    let resend = decided(&merchant).await;
    let engine = merchant.engine().await;
    assert_eq!(engine.resends().await.unwrap(), [resend]);
    let (leo, note) = (actor("leo"), "it is on the statement");
    assert!(refusal(engine.reject_resend_by(&key(), 1, &leo, " ").await).contains("note"));
    assert!(refusal(engine.reject_resend_by(&key(), 2, &leo, note).await).contains("2"));
    engine.reject_resend_by(&key(), 1, &leo, note).await.unwrap();
    assert_eq!(engine.resends().await.unwrap(), []);
    let history = merchant.store.history(&key()).await.unwrap();
    let rejected = |entry: &&Entry| matches!(entry, Entry::Decided { by, .. } if *by == leo);
    assert_eq!(history.iter().filter(rejected).count(), 1, "{history:?}");
    let late = engine.approve_resend(&key(), 1, &actor("leo"), "").await;
    assert!(refusal(late).contains("not waiting"));
    assert_eq!(merchant.paid().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_approved_decision_that_was_interrupted_is_repeated() {
    let merchant = in_doubt().await;
    decided(&merchant).await;
    let engine = merchant.engine().await;
    let (key, leo) = (key(), actor("leo"));
    let approving = engine.approve_resend(&key, 1, &leo, "");
    merchant.ends_at(Point::RecordDecision, Phase::Before, Box::pin(approving)).await;
    assert_eq!(merchant.paid().await, Vec::<String>::new());
    let engine = merchant.engine().await;
    engine.approve_resend(&key, 1, &leo, "").await.unwrap().unwrap();
    assert_eq!(merchant.paid().await, ["big-0"]);
}

/// The approval is of an attempt; what happened since makes it void.
#[tokio::test]
async fn a_decision_about_an_attempt_that_is_over_is_void() {
    let merchant = in_doubt().await;
    decided(&merchant).await;
    let engine = merchant.engine().await;
    let note = "the bank confirmed it";
    engine.resolve_by(&key(), Decision::Succeeded, note, &actor("ana")).await.unwrap();
    let late = engine.approve_resend(&key(), 1, &actor("leo"), "").await;
    assert!(refusal(late).contains("not waiting"));
    assert_eq!(merchant.paid().await, Vec::<String>::new());
}
