//! I8: succeeded payouts are watched until their return window closes; a reversal reaches us.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{sync::Arc, time::Duration};

use pagos_core::{Clock, Currency, FailReason, Money, Observation, Source, Status};
use pagos_engine::{Notice, NoticeKind};
use pagos_tests::{
    Answer, CAREFUL, Gate, Plan, Reply, Scene, Stage, Worker, declined, event, key, order,
};
use pagos_twin::Fault;

const HOUR: Duration = Duration::from_secs(3_600);

fn settled(status: Status) -> Scene {
    let scene = Scene::new(&CAREFUL, [Reply::Says(status)], [Answer::Found(status)]);
    let scene = scene.with_payout("a");
    scene.work(&scene.engine());
    assert_eq!(scene.payout("a").progress.status(), status);
    scene
}

fn reversals(notices: &[Notice]) -> Vec<(Status, Status)> {
    let ends = |notice: &Notice| match notice.event {
        NoticeKind::Reversed { from } => Some((from, notice.order().unwrap().status)),
        _ => None,
    };
    notices.iter().filter_map(ends).collect()
}

#[test]
fn i08_a_settled_payout_is_asked_about_until_its_window_closes() {
    for status in [Status::Succeeded, declined()] {
        let scene = settled(status);
        let engine = scene.engine();
        // The window of the script's descriptor is a day: after 1 h, after 6 h more, at its end.
        for (time, questions) in [(HOUR, 1), (6 * HOUR, 2), (16 * HOUR, 2), (HOUR, 3)] {
            scene.work_for(&engine, time);
            assert_eq!(scene.provider.queries(), questions, "{status}");
        }
        assert_eq!(scene.payout("a").due_at, None);
        scene.work_for(&engine, 1_000 * HOUR);
        assert_eq!(scene.provider.queries(), 3, "the window is closed");
    }
}

#[test]
fn i08_a_reversal_within_the_window_is_told_with_both_ends() {
    for (before, after) in [(Status::Succeeded, declined()), (declined(), Status::Succeeded)] {
        let scene = settled(before);
        let engine = scene.engine();
        scene.work_for(&engine, 2 * HOUR);
        scene.provider.answer_from_now_on([Answer::Found(after)]);
        scene.work_for(&engine, 20 * HOUR);
        assert_eq!(scene.payout("a").progress.status(), after);
        assert_eq!(reversals(&scene.notices()), [(before, after)]);
        // And the window begins again.
        let asked = scene.provider.queries();
        scene.work_for(&engine, 7 * HOUR);
        assert!(scene.payout("a").due_at.is_some(), "behind the end of the first window");
        scene.work_for(&engine, 3 * HOUR);
        assert!(scene.provider.queries() > asked);
    }
}

#[test]
fn i08_a_late_genuine_event_counts_even_after_the_window() {
    let scene = settled(Status::Succeeded);
    let engine = scene.engine();
    scene.work_for(&engine, 100 * HOUR);
    let told = Observation {
        asked_at: None,
        provider_at: Some(scene.timer.now()),
        returned: Some(Money::new(15_000_000, Currency::Cop)),
        ..scene.provider.seen(
            &order("a"),
            Status::Failed(FailReason::Returned),
            Source::VerifiedEvent,
        )
    };
    scene.provider.answer_from_now_on([Answer::Found(Status::Failed(FailReason::Returned))]);
    scene.receive(&event(&key("a"), &told, scene.timer.now()));
    scene.work_for(&engine, HOUR);
    assert_eq!(reversals(&scene.notices()).len(), 1);
}

/// Nobody worked while the window closed, and what comes in first is a webhook of long ago.
#[test]
fn i08_a_repeated_event_does_not_end_the_watch() {
    let scene = settled(Status::Succeeded);
    let told = Observation {
        asked_at: None,
        provider_at: Some(scene.timer.now()),
        ..scene.provider.seen(&order("a"), Status::Succeeded, Source::VerifiedEvent)
    };
    scene.provider.answer_from_now_on([Answer::Found(declined())]);
    scene.timer.advance(25 * HOUR);
    scene.receive(&event(&key("a"), &told, scene.timer.now()));
    scene.work_for(&scene.engine(), 2 * HOUR);
    assert_eq!(reversals(&scene.notices()), [(Status::Succeeded, declined())]);
}

/// The worker stood still between the answer and writing it down.
#[test]
fn i08_an_answer_from_before_the_end_does_not_end_the_watch() {
    let scene = settled(Status::Succeeded);
    scene.timer.advance(20 * HOUR);
    let gate = Arc::new(Gate::new());
    // The points of a round: inbox, payments, claim twice, the question twice.
    gate.plan(Plan::StallAt(6));
    let mut worker = Worker::new(scene.engine_behind(&gate), Arc::clone(&gate));
    assert!(worker.round(8).is_none());
    assert_eq!(scene.provider.queries(), 1, "asked, and not written down");
    scene.provider.answer_from_now_on([Answer::Found(declined())]);
    scene.timer.advance(10 * HOUR);
    gate.open();
    worker.round(8).unwrap().unwrap();
    scene.work_for(&scene.engine(), 2 * HOUR);
    assert_eq!(reversals(&scene.notices()), [(Status::Succeeded, declined())]);
}

#[test]
fn i08_a_reversal_reaches_the_outbox_once_whatever_crashes() {
    let played = |plan: Option<Plan>| {
        let scene = settled(Status::Succeeded);
        scene.timer.advance(HOUR);
        scene.provider.answer_from_now_on([Answer::Found(declined())]);
        let gate = Arc::new(Gate::new());
        if let Some(plan) = plan {
            gate.plan(plan);
        }
        let mut worker = Worker::new(scene.engine_behind(&gate), gate);
        let _ = worker.round(8);
        let points = worker.gate().points();
        drop(worker);
        scene.work_for(&scene.engine(), 20 * HOUR);
        (scene, points)
    };
    let (_, points) = played(None);
    for point in 1..=points {
        for plan in [Plan::DieAt(point), Plan::FailAt(point), Plan::StallAt(point)] {
            let (scene, _) = played(Some(plan));
            let told = reversals(&scene.notices());
            assert_eq!(told, [(Status::Succeeded, declined())], "{plan:?}");
        }
    }
}

#[test]
fn i08_cashypro_reversals_arrive_with_and_without_webhooks() {
    let cases = [(Fault::SuccessThenFail, "failed"), (Fault::FailThenSuccess, "succeeded")];
    for (fault, end) in cases {
        for lost in [0, 2] {
            let stage = Stage::new(8);
            stage.trigger("a", fault, 1);
            if lost > 0 {
                stage.trigger("a", Fault::WebhookLost, lost);
            }
            stage.submit(vec![order("a")]);
            let engine = stage.engine();
            stage.run_to_rest(&engine);
            assert_eq!(stage.payout("a").progress.word(), end, "{fault:?}, {lost} lost");
            let told = reversals(&stage.notices());
            // Without webhooks the first end may be over before anybody asks.
            let is_told = told.len() == 1 || (lost > 0 && told.is_empty());
            assert!(is_told, "{fault:?}, {lost} lost: {told:?}");
        }
    }
}
