//! I1: no request that moves money leaves before its intent and attempt are durable.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use pagos_core::{OrderKey, Status};
use pagos_engine::Decision;
use pagos_tests::{
    Act, Answer, CAREFUL, FaultInjector, HANDLED, Plan, Reply, ScriptedHarness, Worker, drive,
    finish, key, order, run,
};

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Does every request follow the commits of its intent and of an attempt of its own?
fn sends_follow_commits(acts: &[Act], key: &OrderKey) -> bool {
    let mut has_intent = false;
    let mut attempts = 0_u32;
    for act in acts {
        match act {
            Act::Submitted(keys) => has_intent |= keys.contains(key),
            Act::Committed(of, Some(_)) if of == key => attempts += 1,
            Act::Sent(of) if of == key => {
                if !has_intent || attempts == 0 {
                    return false;
                }
                attempts -= 1;
            }
            Act::Committed(..) | Act::Received(_) | Act::Sent(_) | Act::Asked(_) => {}
        }
    }
    true
}

/// Submits, releases and works behind an injector, as far as its plan lets it.
fn play(plan: Option<Plan>) -> (ScriptedHarness, u64) {
    let replies = [Reply::Says(Status::Pending)];
    let scripted = ScriptedHarness::new(&CAREFUL, replies, [Answer::Found(Status::Succeeded)]);
    let injector = Arc::new(FaultInjector::new());
    if let Some(plan) = plan {
        injector.plan(plan);
    }
    let engine = scripted.engine_behind(&injector);
    let mut all = Box::pin(async {
        let orders = NAMES.into_iter().map(order).collect();
        if engine.submit(&run(), orders).await.is_ok()
            && engine.release(&run(), NAMES.len() as u64).await.is_ok()
        {
            let _ = engine.work(8).await;
        }
    });
    let _ = drive(&mut all);
    drop(all);
    let points = injector.points();
    (scripted, points)
}

#[test]
fn i01_nothing_is_sent_before_intent_and_attempt_are_durable() {
    let (scripted, points) = play(None);
    assert_eq!(scripted.provider.creates(), NAMES.len());
    let mut silent = 0;
    for point in 1..=points {
        for plan in [Plan::FailAt(point), Plan::DieAt(point), Plan::StallAt(point)] {
            let (scripted, _) = play(Some(plan));
            silent += u32::from(scripted.provider.creates() == 0);
            for name in NAMES {
                let is_kept = sends_follow_commits(&scripted.acts(), &key(name));
                assert!(is_kept, "{name} at {plan:?}: {:?}", scripted.acts());
            }
        }
    }
    assert!(silent > 0, "some schedules must end before anything is sent");
}

#[test]
fn i01_a_commit_that_fails_sends_nothing() {
    let (whole, points) = play(None);
    let first_begun = whole.acts().iter().position(|act| matches!(act, Act::Committed(_, Some(_))));
    assert!(first_begun < whole.acts().iter().position(|act| matches!(act, Act::Sent(_))));
    // Whatever fails, a payout whose attempt the store does not have was not sent.
    for point in 1..=points {
        let (scripted, _) = play(Some(Plan::FailAt(point)));
        for name in NAMES {
            let stored = finish(scripted.store.payout(&key(name))).unwrap();
            let has_attempt = stored.is_some_and(|payout| payout.progress.attempts > 0);
            let is_sent = scripted.acts().contains(&Act::Sent(key(name)));
            assert!(has_attempt || !is_sent, "{name}, failure at {point}");
        }
    }
}

/// Somebody else writes while a worker is on its way to begin: its attempt is not stored, so nothing
/// leaves. The claim is its own all the while.
#[test]
fn i01_an_attempt_that_another_writer_came_before_is_not_sent() {
    let mut held_back = 0;
    for point in 1.. {
        let replies = [Reply::Says(Status::Pending)];
        // One that prepares something, and so begins an attempt after its claim.
        let scripted = ScriptedHarness::new(&HANDLED, replies, [Answer::Found(Status::Pending)]);
        let scripted = scripted.with_payout("a");
        let injector = Arc::new(FaultInjector::new());
        injector.plan(Plan::StallAt(point));
        let mut worker = Worker::new(scripted.engine_behind(&injector), injector);
        if worker.round(8).is_some() {
            break;
        }
        let note = "to see what comes of it";
        finish(scripted.engine().resolve(&key("a"), Decision::Ask, note)).unwrap();
        worker.injector().open();
        worker.round(8).expect("a round that ends").unwrap();
        assert!(sends_follow_commits(&scripted.acts(), &key("a")), "stalled at {point}");
        held_back += u32::from(scripted.provider.creates() == 0);
    }
    assert!(held_back > 0, "the other one must win somewhere");
}

#[test]
fn i01_the_judge_sees_a_send_before_its_commit() {
    let intent = Act::Submitted(vec![key("a")]);
    let begun = Act::Committed(key("a"), Some(1));
    let sent = Act::Sent(key("a"));
    assert!(sends_follow_commits(&[intent.clone(), begun.clone(), sent.clone()], &key("a")));
    assert!(!sends_follow_commits(&[intent.clone(), sent.clone(), begun.clone()], &key("a")));
    assert!(!sends_follow_commits(&[begun.clone(), sent.clone(), intent.clone()], &key("a")));
    assert!(!sends_follow_commits(&[intent, begun, sent.clone(), sent], &key("a")));
}
