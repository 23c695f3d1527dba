//! I6: a webhook that was acknowledged is durable, whatever happens to the engine afterwards.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{sync::Arc, time::Duration};

use pagos_core::{Clock, Source, Status};
use pagos_engine::{MemoryStore, NoticeKind};
use pagos_tests::{
    Answer, CAREFUL, FaultInjector, Harness, Plan, RecordingStore, Reply, ScriptedHarness, Worker,
    event, finish, key, kit, order,
};
use pagos_twin::Profile;

/// A harness with a received, not yet applied SUCCESS; nobody will answer queries.
fn received() -> ScriptedHarness {
    let scripted =
        ScriptedHarness::new(&CAREFUL, [Reply::Says(Status::Pending)], [Answer::CannotTell]);
    let scripted = scripted.with_payout("a");
    scripted.work(&scripted.engine());
    scripted.timer.advance(Duration::from_millis(5));
    let told = scripted.provider.seen(&order("a"), Status::Succeeded, Source::VerifiedEvent);
    scripted.receive(&event(&key("a"), &told, scripted.timer.now()));
    scripted
}

fn advances_to_success(scripted: &ScriptedHarness) -> usize {
    let is_it =
        |kind: &NoticeKind, status| *kind == NoticeKind::Advanced && status == Status::Succeeded;
    scripted
        .notices()
        .iter()
        .filter(|notice| is_it(&notice.event, notice.order().unwrap().status))
        .count()
}

#[test]
fn i06_an_acknowledged_webhook_survives_a_crash_at_any_point() {
    let whole = received();
    let injector = Arc::new(FaultInjector::new());
    finish(whole.engine_behind(&injector).work(0)).unwrap();
    // The inbox is read, and the payout once; the step has a point before it and one after it.
    assert!(injector.points() >= 4);
    for point in 1..=injector.points() {
        for plan in [Plan::DieAt(point), Plan::FailAt(point)] {
            let scripted = received();
            let injector = Arc::new(FaultInjector::new());
            injector.plan(plan);
            let mut worker = Worker::new(scripted.engine_behind(&injector), injector);
            let _ = worker.round(0);
            drop(worker);
            finish(scripted.engine().work(0)).unwrap();
            assert_eq!(scripted.payout("a").progress.status(), Status::Succeeded, "{plan:?}");
            assert_eq!(advances_to_success(&scripted), 1, "told once, {plan:?}");
            assert!(scripted.waiting().is_empty());
        }
    }
}

#[test]
fn i06_the_same_delivery_twice_is_applied_once() {
    let scripted = received();
    let told = scripted.provider.seen(&order("a"), Status::Succeeded, Source::VerifiedEvent);
    scripted.receive(&event(&key("a"), &told, scripted.timer.now()));
    finish(scripted.engine().work(0)).unwrap();
    scripted.receive(&event(&key("a"), &told, scripted.timer.now()));
    finish(scripted.engine().work(0)).unwrap();
    assert_eq!(advances_to_success(&scripted), 1);
}

#[test]
fn i06_what_cannot_be_stored_is_not_acknowledged_and_comes_again() {
    let injector = Arc::new(FaultInjector::new());
    let store =
        RecordingStore::over(Arc::new(MemoryStore::new()), Arc::clone(&injector), Arc::default());
    let harness = Harness::over(store, kit(), 6, Profile::None);
    harness.submit(vec![order("a")]);
    let engine = harness.engine();
    finish(engine.work(8)).unwrap();
    harness.timer.advance(Duration::from_secs(30));
    let post = harness.webhooks();
    injector.plan(Plan::FailAt(1));
    assert_eq!(harness.receive(&harness.arrival(&post[0])), 503);
    assert!(harness.waiting().is_empty());
    assert_eq!(harness.receive(&harness.arrival(&post[0])), 200);
    assert_eq!(harness.waiting().len(), 1);
    finish(engine.work(0)).unwrap();
    assert_eq!(harness.payout("a").progress.status(), Status::Succeeded);
}

#[test]
fn i06_a_webhook_that_beats_our_own_commit_waits_in_the_inbox() {
    let scripted =
        ScriptedHarness::new(&CAREFUL, [Reply::Says(Status::Pending)], [Answer::CannotTell]);
    let engine = scripted.engine();
    let told = scripted.provider.seen(&order("a"), Status::Succeeded, Source::VerifiedEvent);
    scripted.receive(&event(&key("a"), &told, scripted.timer.now()));
    finish(engine.work(0)).unwrap();
    scripted.submit(&["a"]);
    scripted.work_for(&engine, Duration::from_secs(20));
    assert_eq!(scripted.payout("a").progress.status(), Status::Succeeded);
}
