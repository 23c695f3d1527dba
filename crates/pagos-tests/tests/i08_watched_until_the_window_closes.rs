//! I8: succeeded payouts are watched until their return window closes; a reversal reaches us.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{sync::Arc, time::Duration};

use pagos_core::{Clock, Currency, FailReason, Money, Observation, Source, Status};
use pagos_engine::{Notice, NoticeKind};
use pagos_tests::{
    Answer, CAREFUL, FaultInjector, Harness, Plan, Reply, ScriptedHarness, Worker, declined, event,
    key, order,
};
use pagos_twin::Fault;

const HOUR: Duration = Duration::from_secs(3_600);

fn settled(status: Status) -> ScriptedHarness {
    let scripted = ScriptedHarness::new(&CAREFUL, [Reply::Says(status)], [Answer::Found(status)]);
    let scripted = scripted.with_payout("a");
    scripted.work(&scripted.engine());
    assert_eq!(scripted.payout("a").progress.status(), status);
    scripted
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
        let scripted = settled(status);
        let engine = scripted.engine();
        // The window of the script's descriptor is a day: after 1 h, after 6 h more, at its end.
        for (time, queries) in [(HOUR, 1), (6 * HOUR, 2), (16 * HOUR, 2), (HOUR, 3)] {
            scripted.work_for(&engine, time);
            assert_eq!(scripted.provider.queries(), queries, "{status}");
        }
        assert_eq!(scripted.payout("a").due_at, None);
        scripted.work_for(&engine, 1_000 * HOUR);
        assert_eq!(scripted.provider.queries(), 3, "the window is closed");
    }
}

#[test]
fn i08_a_reversal_within_the_window_is_told_with_both_ends() {
    for (before, after) in [(Status::Succeeded, declined()), (declined(), Status::Succeeded)] {
        let scripted = settled(before);
        let engine = scripted.engine();
        scripted.work_for(&engine, 2 * HOUR);
        scripted.provider.answer_from_now_on([Answer::Found(after)]);
        scripted.work_for(&engine, 20 * HOUR);
        assert_eq!(scripted.payout("a").progress.status(), after);
        assert_eq!(reversals(&scripted.notices()), [(before, after)]);
        // And the window begins again.
        let asked = scripted.provider.queries();
        scripted.work_for(&engine, 7 * HOUR);
        assert!(scripted.payout("a").due_at.is_some(), "behind the end of the first window");
        scripted.work_for(&engine, 3 * HOUR);
        assert!(scripted.provider.queries() > asked);
    }
}

#[test]
fn i08_a_late_genuine_event_counts_even_after_the_window() {
    let scripted = settled(Status::Succeeded);
    let engine = scripted.engine();
    scripted.work_for(&engine, 100 * HOUR);
    let told = Observation {
        asked_at: None,
        provider_at: Some(scripted.timer.now()),
        returned: Some(Money::new(15_000_000, Currency::Cop)),
        ..scripted.provider.seen(
            &order("a"),
            Status::Failed(FailReason::Returned),
            Source::VerifiedEvent,
        )
    };
    scripted.provider.answer_from_now_on([Answer::Found(Status::Failed(FailReason::Returned))]);
    scripted.receive(&event(&key("a"), &told, scripted.timer.now()));
    scripted.work_for(&engine, HOUR);
    assert_eq!(reversals(&scripted.notices()).len(), 1);
}

/// Nobody worked while the window closed, and what comes in first is a webhook of long ago.
#[test]
fn i08_a_repeated_event_does_not_end_the_watch() {
    let scripted = settled(Status::Succeeded);
    let told = Observation {
        asked_at: None,
        provider_at: Some(scripted.timer.now()),
        ..scripted.provider.seen(&order("a"), Status::Succeeded, Source::VerifiedEvent)
    };
    scripted.provider.answer_from_now_on([Answer::Found(declined())]);
    scripted.timer.advance(25 * HOUR);
    scripted.receive(&event(&key("a"), &told, scripted.timer.now()));
    scripted.work_for(&scripted.engine(), 2 * HOUR);
    assert_eq!(reversals(&scripted.notices()), [(Status::Succeeded, declined())]);
}

/// The worker stood still between the answer and writing it down.
#[test]
fn i08_an_answer_from_before_the_end_does_not_end_the_watch() {
    let scripted = settled(Status::Succeeded);
    scripted.timer.advance(20 * HOUR);
    let injector = Arc::new(FaultInjector::new());
    // The points of a round: inbox, payments, claim twice, the query twice.
    injector.plan(Plan::StallAt(6));
    let mut worker = Worker::new(scripted.engine_behind(&injector), Arc::clone(&injector));
    assert!(worker.round(8).is_none());
    assert_eq!(scripted.provider.queries(), 1, "asked, and not written down");
    scripted.provider.answer_from_now_on([Answer::Found(declined())]);
    scripted.timer.advance(10 * HOUR);
    injector.open();
    worker.round(8).unwrap().unwrap();
    scripted.work_for(&scripted.engine(), 2 * HOUR);
    assert_eq!(reversals(&scripted.notices()), [(Status::Succeeded, declined())]);
}

#[test]
fn i08_a_reversal_reaches_the_outbox_once_whatever_crashes() {
    let played = |plan: Option<Plan>| {
        let scripted = settled(Status::Succeeded);
        scripted.timer.advance(HOUR);
        scripted.provider.answer_from_now_on([Answer::Found(declined())]);
        let injector = Arc::new(FaultInjector::new());
        if let Some(plan) = plan {
            injector.plan(plan);
        }
        let mut worker = Worker::new(scripted.engine_behind(&injector), injector);
        let _ = worker.round(8);
        let points = worker.injector().points();
        drop(worker);
        scripted.work_for(&scripted.engine(), 20 * HOUR);
        (scripted, points)
    };
    let (_, points) = played(None);
    for point in 1..=points {
        for plan in [Plan::DieAt(point), Plan::FailAt(point), Plan::StallAt(point)] {
            let (scripted, _) = played(Some(plan));
            let told = reversals(&scripted.notices());
            assert_eq!(told, [(Status::Succeeded, declined())], "{plan:?}");
        }
    }
}

#[test]
fn i08_cashypro_reversals_arrive_with_and_without_webhooks() {
    let cases = [(Fault::SuccessThenFail, "failed"), (Fault::FailThenSuccess, "succeeded")];
    for (fault, end) in cases {
        for lost in [0, 2] {
            let harness = Harness::new(8);
            harness.trigger("a", fault, 1);
            if lost > 0 {
                harness.trigger("a", Fault::WebhookLost, lost);
            }
            harness.submit(vec![order("a")]);
            let engine = harness.engine();
            harness.run_to_rest(&engine);
            assert_eq!(harness.payout("a").progress.word(), end, "{fault:?}, {lost} lost");
            let told = reversals(&harness.notices());
            // Without webhooks the first end may be over before anybody asks.
            let is_told = told.len() == 1 || (lost > 0 && told.is_empty());
            assert!(is_told, "{fault:?}, {lost} lost: {told:?}");
        }
    }
}
