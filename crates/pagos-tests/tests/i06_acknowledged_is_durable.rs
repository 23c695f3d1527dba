//! I6: a webhook that was acknowledged is durable, whatever happens to the engine afterwards.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{sync::Arc, time::Duration};

use pagos_core::{Clock, Source, Status};
use pagos_engine::{MemoryStore, NoticeKind};
use pagos_tests::{
    Answer, CAREFUL, Gate, Plan, Reply, Scene, Stage, WatchedStore, Worker, event, finish, key,
    kit, order,
};
use pagos_twin::Profile;

/// A scene with a received, not yet applied SUCCESS; nobody will answer questions.
fn received() -> Scene {
    let scene = Scene::new(&CAREFUL, [Reply::Says(Status::Pending)], [Answer::CannotTell]);
    let scene = scene.with_payout("a");
    scene.work(&scene.engine());
    scene.timer.advance(Duration::from_millis(5));
    let told = scene.provider.seen(&order("a"), Status::Succeeded, Source::VerifiedEvent);
    scene.receive(&event(&key("a"), &told, scene.timer.now()));
    scene
}

fn advances_to_success(scene: &Scene) -> usize {
    let is_it =
        |kind: &NoticeKind, status| *kind == NoticeKind::Advanced && status == Status::Succeeded;
    scene
        .notices()
        .iter()
        .filter(|notice| is_it(&notice.event, notice.order().unwrap().status))
        .count()
}

#[test]
fn i06_an_acknowledged_webhook_survives_a_crash_at_any_point() {
    let whole = received();
    let gate = Arc::new(Gate::new());
    finish(whole.engine_behind(&gate).work(0)).unwrap();
    assert!(gate.points() > 4);
    for point in 1..=gate.points() {
        for plan in [Plan::DieAt(point), Plan::FailAt(point)] {
            let scene = received();
            let gate = Arc::new(Gate::new());
            gate.plan(plan);
            let mut worker = Worker::new(scene.engine_behind(&gate), gate);
            let _ = worker.round(0);
            drop(worker);
            finish(scene.engine().work(0)).unwrap();
            assert_eq!(scene.payout("a").progress.status(), Status::Succeeded, "{plan:?}");
            assert_eq!(advances_to_success(&scene), 1, "told once, {plan:?}");
            assert!(scene.waiting().is_empty());
        }
    }
}

#[test]
fn i06_the_same_delivery_twice_is_applied_once() {
    let scene = received();
    let told = scene.provider.seen(&order("a"), Status::Succeeded, Source::VerifiedEvent);
    scene.receive(&event(&key("a"), &told, scene.timer.now()));
    finish(scene.engine().work(0)).unwrap();
    scene.receive(&event(&key("a"), &told, scene.timer.now()));
    finish(scene.engine().work(0)).unwrap();
    assert_eq!(advances_to_success(&scene), 1);
}

#[test]
fn i06_what_cannot_be_stored_is_not_acknowledged_and_comes_again() {
    let gate = Arc::new(Gate::new());
    let store = WatchedStore::new(Arc::new(MemoryStore::new()), Arc::clone(&gate), Arc::default());
    let stage = Stage::over(store, kit(), 6, Profile::None);
    stage.submit(vec![order("a")]);
    let engine = stage.engine();
    finish(engine.work(8)).unwrap();
    stage.timer.advance(Duration::from_secs(30));
    let post = stage.post();
    gate.plan(Plan::FailAt(1));
    assert_eq!(stage.receive(&stage.arrival(&post[0])), 503);
    assert!(stage.waiting().is_empty());
    assert_eq!(stage.receive(&stage.arrival(&post[0])), 200);
    assert_eq!(stage.waiting().len(), 1);
    finish(engine.work(0)).unwrap();
    assert_eq!(stage.payout("a").progress.status(), Status::Succeeded);
}

#[test]
fn i06_a_webhook_that_beats_our_own_commit_waits_in_the_inbox() {
    let scene = Scene::new(&CAREFUL, [Reply::Says(Status::Pending)], [Answer::CannotTell]);
    let engine = scene.engine();
    let told = scene.provider.seen(&order("a"), Status::Succeeded, Source::VerifiedEvent);
    scene.receive(&event(&key("a"), &told, scene.timer.now()));
    finish(engine.work(0)).unwrap();
    scene.submit(&["a"]);
    scene.work_for(&engine, Duration::from_secs(20));
    assert_eq!(scene.payout("a").progress.status(), Status::Succeeded);
}
