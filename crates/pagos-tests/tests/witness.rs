//! The store goes back to an earlier state, and its witness knows what was sent since.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "witness/interrupted.rs"]
mod interrupted;
#[path = "witness/outage.rs"]
mod outage;
#[path = "witness/scene.rs"]
mod scene;
#[path = "witness/workers.rs"]
mod workers;

use std::{sync::Arc, time::Duration};

use pagos_core::{Clock, Status};
use pagos_engine::{
    Accounts, Decision, Engine, EngineError, InstrumentedStore, MemoryStore, WithoutWitness,
    WitnessRules,
};
use pagos_tests::{finish, key, order, policy, run, simulated};

use crate::scene::Scene;

#[test]
fn witness_1_what_was_sent_after_the_backup_is_not_sent_again() {
    let scene = Scene::new();
    let engine = scene.engine();
    scene.pay(&engine, &["before"]);
    finish(engine.submit(&run(), vec![order("held")])).unwrap();
    let submitted = scene.store.snapshot();
    finish(engine.release(&run(), 1)).unwrap();
    scene.work(&engine);
    scene.pay(&engine, &["after"]);
    drop(engine);

    // Nothing was lost: nothing is found, and nobody is called.
    let engine = scene.engine();
    assert!(!engine.comparison().unwrap().has_gap());
    assert_eq!(scene.called(), 0);
    drop(engine);

    scene.store.go_back(&submitted);
    let engine = scene.engine();
    let found = engine.comparison().unwrap();
    assert_eq!((found.recalled, found.forgotten), (vec![key("held")], vec![key("after")]));
    assert_eq!(scene.payout("held").unwrap().status(), Status::Unknown);
    assert!(scene.called() > 0);
    finish(engine.release(&run(), 1)).unwrap();
    scene.harness.run_to_rest(&engine);
    assert_eq!(scene.payout("held").unwrap().status(), Status::Succeeded);

    // Its order comes once more, as after a command that is repeated.
    scene.pay(&engine, &["after"]);
    scene.harness.run_to_rest(&engine);
    assert_eq!(scene.payout("after").unwrap().status(), Status::Succeeded);
    drop(engine);

    // The witness itself goes back, and the store is ahead of it.
    scene.witness.truncate(0);
    let engine = scene.engine();
    assert!(engine.comparison().unwrap().is_ahead);
    drop(engine);
    assert_eq!(scene.accepted(), ["after", "before", "held"]);
}

#[test]
fn witness_2_a_server_that_goes_back_under_a_running_engine_sends_nothing_again() {
    let scene = Scene::over(MemoryStore::on_a_server());
    let engine = scene.engine();
    let earlier = {
        finish(engine.submit(&run(), vec![order("a")])).unwrap();
        scene.store.snapshot()
    };
    finish(engine.release(&run(), 1)).unwrap();
    scene.work(&engine);
    scene.store.go_back(&earlier);
    finish(engine.release(&run(), 1)).unwrap();
    scene.harness.run_to_rest(&engine);
    assert_eq!(engine.comparison().unwrap().recalled, [key("a")]);
    assert_eq!(scene.payout("a").unwrap().status(), Status::Succeeded);
    assert_eq!(scene.accepted(), ["a"]);
}

/// A file that somebody copied back names no other line of history. The witness itself refuses.
#[test]
fn witness_3_the_witness_refuses_an_attempt_that_it_has() {
    let scene = Scene::new();
    let engine = scene.sent_and_went_back();
    finish(engine.release(&run(), 1)).unwrap();
    scene.work(&engine);
    let payout = scene.payout("a").unwrap();
    assert_eq!((payout.status(), payout.progress.is_recalled), (Status::Unknown, true));
    assert_eq!(scene.accepted(), ["a"]);
}

#[test]
fn witness_4_without_its_witness_a_live_store_sends_nothing_until_it_is_back() {
    let scene = Scene::new();
    let engine = scene.engine();
    scene.witness.lose(true);
    scene.pay(&engine, &["a", "b"]);
    assert!(scene.accepted().is_empty());
    assert!(engine.without_witness().is_some());
    assert_eq!(scene.called(), 1);
    scene.witness.lose(false);
    scene.harness.run_to_rest(&engine);
    assert_eq!(scene.accepted(), ["a", "b"]);
    assert_eq!(engine.without_witness(), None);
    assert_eq!(scene.called(), 1);

    scene.witness.lose(true);
    let refused = scene.try_open(Some(WitnessRules::STRICT)).unwrap_err();
    assert!(matches!(refused, EngineError::Witness(_)), "{refused}");
    let rules = WitnessRules { without: WithoutWitness::GoOn, ..WitnessRules::STRICT };
    let engine = scene.try_open(Some(rules)).unwrap();
    scene.pay(&engine, &["c"]);
    assert_eq!(scene.accepted(), ["a", "b", "c"]);
    assert_eq!(scene.called(), 2);
}

#[test]
fn witness_5_a_restored_store_sends_nothing_before_it_was_compared() {
    let scene = Scene::new();
    drop(scene.engine());
    let now = scene.harness.timer.clock().now();
    finish(InstrumentedStore::from(Arc::clone(&scene.store)).mark_restored(now, now)).unwrap();
    let refused = scene.try_open(None).unwrap_err();
    assert!(matches!(refused, EngineError::Restored(_)), "{refused}");
    let engine = scene.engine();
    let store = InstrumentedStore::from(Arc::clone(&scene.store));
    assert!(finish(store.restored()).unwrap().unwrap().accepted.is_some());
    drop(engine);
    drop(scene.try_open(None).unwrap());
}

#[test]
fn witness_6_what_is_recalled_is_sent_again_by_a_person_only() {
    let scene = Scene::new();
    let engine = scene.engine();
    finish(engine.submit(&run(), vec![order("a")])).unwrap();
    let earlier = scene.store.snapshot();
    scene.harness.trigger("a", pagos_twin::Fault::LoseRequest, 1);
    finish(engine.release(&run(), 1)).unwrap();
    scene.work(&engine);
    assert!(scene.accepted().is_empty());
    scene.store.go_back(&earlier);
    let engine = scene.engine();
    finish(engine.release(&run(), 1)).unwrap();
    let calls = || scene.payout("a").unwrap().progress.attention.is_some();
    scene.harness.run_until(&engine, calls);
    assert!(scene.accepted().is_empty());
    finish(engine.resolve(&key("a"), Decision::SendAgain, "not at the bank")).unwrap();
    scene.harness.run_to_rest(&engine);
    assert_eq!(scene.accepted(), ["a"]);
    assert_eq!(scene.payout("a").unwrap().progress.attempts, 2);
}

#[test]
fn witness_7_another_order_under_a_forgotten_key_is_held_for_a_person() {
    let scene = Scene::new();
    let engine = scene.engine();
    let earlier = scene.store.snapshot();
    scene.pay(&engine, &["a"]);
    scene.store.go_back(&earlier);
    let engine = scene.engine();
    finish(engine.pay(order("a").with_description("another"))).unwrap();
    scene.harness.run_to_rest(&engine);
    assert!(scene.payout("a").unwrap().progress.is_quarantined());
    assert_eq!(scene.accepted(), ["a"]);
}

/// Without a witness, what may have been sent since the backup is asked about first.
#[test]
fn restore_6_what_a_restored_store_has_not_sent_is_in_doubt_before_it_is_accepted() {
    let scene = Scene::new();
    let engine = scene.try_open(None).unwrap();
    finish(engine.submit(&run(), vec![order("held")])).unwrap();
    finish(engine.pay(order("sent"))).unwrap();
    finish(engine.pay(order("lost"))).unwrap();
    let backup = scene.store.snapshot();
    scene.harness.trigger("lost", pagos_twin::Fault::LoseRequest, 1);
    finish(engine.release(&run(), 1)).unwrap();
    scene.work(&engine);
    drop(engine);
    assert_eq!(scene.accepted(), ["held", "sent"]);

    scene.store.go_back(&backup);
    let (beside, store) = (scene.beside(), scene.instrumented());
    assert!(finish(beside.doubt_unsent("panel", None)).is_err(), "it was not restored");
    let now = scene.harness.timer.clock().now();
    finish(store.mark_restored(now, now)).unwrap();
    assert!(finish(beside.doubt_unsent(" ", None)).is_err(), "a note is missing");
    assert!(scene.try_open(None).is_err());
    let done = finish(beside.doubt_unsent("the panel is down, Ana", None)).unwrap();
    assert_eq!((done.doubted, done.left.len()), (3, 0));
    assert!(finish(beside.doubt_unsent("again", None)).is_err(), "it is accepted");

    let engine = scene.try_open(None).unwrap();
    finish(engine.release(&run(), 1)).unwrap();
    let is_paid = |name: &str| scene.payout(name).unwrap().status() == Status::Succeeded;
    let calls = || scene.payout("lost").unwrap().progress.attention.is_some();
    scene.harness.run_until(&engine, || is_paid("held") && is_paid("sent") && calls());
    assert_eq!(scene.accepted(), ["held", "sent"]);
    finish(engine.resolve(&key("lost"), Decision::SendAgain, "not at the bank")).unwrap();
    scene.harness.run_to_rest(&engine);
    assert_eq!(scene.accepted(), ["held", "lost", "sent"]);
}

/// An account that is not configured cannot be asked, so nothing is accepted.
#[test]
fn restore_7_nothing_is_accepted_while_something_could_not_be_doubted() {
    let scene = Scene::new();
    let engine = scene.try_open(None).unwrap();
    finish(engine.pay(order("a"))).unwrap();
    drop(engine);
    let now = scene.harness.timer.clock().now();
    finish(scene.instrumented().mark_restored(now, now)).unwrap();
    let (timer, store) = (Arc::clone(&scene.harness.timer) as _, scene.instrumented());
    let world = simulated();
    let nobody = finish(Engine::open_beside(store, &world, Accounts::new(), timer, policy()));
    let done = finish(nobody.unwrap().doubt_unsent("panel", None)).unwrap();
    assert_eq!((done.doubted, done.left.values().sum::<u64>()), (0, 1));
    assert!(finish(scene.instrumented().restored()).unwrap().unwrap().is_open());
    assert!(matches!(scene.try_open(None), Err(EngineError::Restored(_))));
}

#[test]
fn restore_8_the_lists_are_read_before_an_accepted_store_sends() {
    let scene = Scene::listing();
    let engine = scene.try_open(None).unwrap();
    let backup = scene.store.snapshot();
    let at = scene.harness.timer.clock().now();
    scene.pay(&engine, &["a"]);
    scene.harness.run_to_rest(&engine);
    drop(engine);
    scene.store.go_back(&backup);
    let now = scene.harness.timer.clock().now();
    finish(scene.instrumented().mark_restored(at, now)).unwrap();
    assert!(finish(scene.instrumented().accept_restored("", None)).is_err(), "a note is missing");
    finish(scene.instrumented().accept_restored("panel of today, Ana", None)).unwrap();
    let engine = scene.try_open(None).unwrap();
    let found = engine.comparison().unwrap();
    assert_eq!((found.lists.len(), &found.forgotten[..]), (1, &[key("a")][..]));
    // The same file comes once more.
    scene.pay(&engine, &["a"]);
    scene.harness.run_to_rest(&engine);
    assert_eq!(scene.accepted(), ["a"]);
    drop(engine);
    let engine = scene.try_open(None).unwrap();
    assert_eq!(engine.comparison().unwrap().lists.len(), 0, "they are read once");
}

/// The records of the witness move with the others.
#[test]
fn restore_9_a_moved_store_goes_on_with_its_witness() {
    let scene = Scene::new();
    let engine = scene.engine();
    let earlier = scene.store.snapshot();
    scene.pay(&engine, &["a", "gone"]);
    drop(engine);
    scene.store.go_back(&earlier);
    let engine = scene.engine();
    assert_eq!(engine.comparison().unwrap().forgotten, [key("a"), key("gone")]);
    scene.pay(&engine, &["a"]);
    scene.harness.run_to_rest(&engine);
    drop(engine);
    let calls = scene.called();

    let server = Arc::new(MemoryStore::on_a_server());
    server.go_back(&scene.store.snapshot());
    let scene = Scene { store: server, ..scene };
    let engine = scene.engine();
    let found = engine.comparison().unwrap();
    assert_eq!((found.has_gap(), found.is_ahead), (false, false), "{found:?}");
    assert_eq!(scene.called(), calls, "nobody is called");
    scene.pay(&engine, &["gone", "new"]);
    // Webhooks go to the store that was moved, so it is asked.
    for _ in 0..300 {
        scene.harness.timer.advance(Duration::from_secs(30));
        scene.work(&engine);
    }
    for name in ["gone", "new"] {
        assert_eq!(scene.payout(name).unwrap().status(), Status::Succeeded, "{name}");
    }
    assert_eq!(scene.accepted(), ["a", "gone", "new"]);
    drop(engine);
    assert!(!scene.engine().comparison().unwrap().has_gap());
    assert_eq!(scene.called(), calls);
}

/// The key stays sealed although the witness that named it was replaced since.
#[test]
fn witness_8_a_forgotten_payout_is_not_sent_by_an_order_that_comes_back() {
    let scene = Scene::new();
    let engine = scene.engine();
    let earlier = scene.store.snapshot();
    scene.pay(&engine, &["a"]);
    scene.store.go_back(&earlier);
    let engine = scene.engine();
    assert_eq!(engine.comparison().unwrap().forgotten, [key("a")]);
    scene.witness.truncate(0);
    scene.pay(&engine, &["a"]);
    assert!(scene.payout("a").unwrap().progress.is_recalled);
    assert_eq!(scene.accepted(), ["a"]);
}
