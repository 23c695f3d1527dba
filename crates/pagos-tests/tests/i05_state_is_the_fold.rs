//! I5: state is the fold of the observations, and it converges to the provider's ledger.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use pagos_core::{Clock, Observation, Source, Status, Timestamp};
use pagos_engine::Entry;
use pagos_tests::{
    Answer, CAREFUL, Harness, KITS, Reply, ScriptedHarness, declined, event, finish, key, order,
    refold, start,
};
use pagos_twin::{Fault, Profile};

const SCENARIOS: [&str; 22] = [
    "success",
    "fail:ACCOUNT_CLOSED",
    "cancel",
    "stuck",
    "success-then-fail",
    "fail-then-success",
    "timeout-created",
    "timeout-not-created",
    "late-apply",
    "500-created",
    "500-not-created",
    "busy",
    "throttle",
    "torn",
    "html-502",
    "html-502-not-created",
    "slow",
    "no-funds",
    "no-webhook",
    "dup-webhook",
    "out-of-order",
    "odd-word",
];

#[test]
fn i05_every_scenario_ends_at_the_providers_truth_without_a_person() {
    for scenario in SCENARIOS {
        let harness = Harness::new(5);
        let description = Some(format!("sim:{scenario}"));
        harness.submit(vec![pagos_core::PayoutOrder { description, ..order("a") }]);
        let engine = harness.engine();
        harness.run_to_rest(&engine);
        let payout = harness.payout("a");
        let mut truth = String::new();
        harness.visit_orders(&mut |order| truth = order.true_final.to_lowercase());
        let word = payout.progress.word();
        let is_true = match truth.as_str() {
            "success" => word == "succeeded",
            "fail" | "cancel" => word == "failed",
            other => panic!("{scenario}: no truth in {other:?}"),
        };
        assert!(is_true, "{scenario}: {word}, the provider says {truth}");
        assert_eq!(payout.progress.attention, None, "{scenario}");
        let held_back = payout.progress.repeated.as_ref();
        let refolded = refold(&harness.history("a"), held_back, start());
        assert_eq!(refolded, payout.progress.standing, "{scenario}");
    }
}

/// A harness whose one payout was told pending, and a teller of genuine events about it.
fn pending() -> (ScriptedHarness, impl Fn(&ScriptedHarness, Status, u64)) {
    let scripted =
        ScriptedHarness::new(&CAREFUL, [Reply::Says(Status::Pending)], [Answer::CannotTell]);
    let scripted = scripted.with_payout("a");
    scripted.work(&scripted.engine());
    let tell = |scripted: &ScriptedHarness, status: Status, hour: u64| {
        scripted.timer.advance(Duration::from_millis(7));
        let told = Observation {
            asked_at: None,
            provider_at: Some(start().plus(Duration::from_secs(hour * 3_600))),
            ..scripted.provider.seen(&order("a"), status, Source::VerifiedEvent)
        };
        scripted.receive(&event(&key("a"), &told, scripted.timer.now()));
        finish(scripted.engine().work(0)).unwrap();
    };
    (scripted, tell)
}

fn refolds(scripted: &ScriptedHarness) {
    let stored = scripted.payout("a").progress;
    let refolded = refold(&scripted.history("a"), stored.repeated.as_ref(), start());
    assert_eq!(refolded, stored.standing);
}

#[test]
fn i05_the_history_keeps_what_made_an_older_event_stale() {
    // FAIL of 1 o'clock, FAIL of 3 o'clock, and only then the SUCCESS of 2 o'clock.
    let (scripted, tell) = pending();
    for (status, hour) in [(declined(), 1), (declined(), 3), (Status::Succeeded, 2)] {
        tell(&scripted, status, hour);
        refolds(&scripted);
    }
    assert_eq!(scripted.payout("a").progress.status(), declined());
}

#[test]
fn i05_every_order_of_events_folds_to_the_stored_state() {
    let told = [(declined(), 1), (Status::Succeeded, 2), (declined(), 3), (declined(), 4)];
    for shuffle in 0..24_usize {
        let mut rest = told.to_vec();
        let (scripted, tell) = pending();
        let mut index = shuffle;
        while !rest.is_empty() {
            let (status, hour) = rest.remove(index % rest.len());
            index /= rest.len() + 1;
            tell(&scripted, status, hour);
            refolds(&scripted);
        }
        assert_eq!(scripted.payout("a").progress.status(), declined(), "order {shuffle}");
    }
}

#[test]
fn i05_an_answer_that_settles_a_doubt_is_kept() {
    // Held by a query without time; an event contradicts it; the next query repeats the first.
    let scripted = ScriptedHarness::new(
        &CAREFUL,
        [Reply::Says(Status::Pending)],
        [Answer::Found(Status::Succeeded)],
    );
    let scripted = scripted.with_payout("a");
    let engine = scripted.engine();
    scripted.work_for(&engine, Duration::from_secs(60));
    assert_eq!(scripted.payout("a").progress.standing.held().source, Source::Query);
    let told_at = |hour: u64| start().plus(Duration::from_secs(hour * 3_600));
    let tell = |at: Timestamp| {
        scripted.timer.advance(Duration::from_millis(7));
        let told = Observation {
            asked_at: None,
            provider_at: Some(at),
            ..scripted.provider.seen(&order("a"), declined(), Source::VerifiedEvent)
        };
        scripted.receive(&event(&key("a"), &told, scripted.timer.now()));
        finish(engine.work(0)).unwrap();
    };
    tell(told_at(5));
    assert!(scripted.payout("a").progress.standing.confirm_since().is_some());
    scripted.work_for(&engine, Duration::from_secs(10));
    assert_eq!(scripted.payout("a").progress.standing.confirm_since(), None);
    refolds(&scripted);
    tell(told_at(6));
    assert_eq!(scripted.payout("a").progress.status(), declined());
    refolds(&scripted);
}

#[test]
fn i05_a_watched_payout_has_a_history_that_a_person_can_read() {
    let scripted = ScriptedHarness::new(
        &CAREFUL,
        [Reply::Says(Status::Pending)],
        [Answer::Found(Status::Pending)],
    );
    let scripted = scripted.with_payout("a");
    scripted.work_for(&scripted.engine(), Duration::from_secs(20 * 24 * 3_600));
    assert!(scripted.provider.queries() > 400);
    assert!(scripted.history("a").len() <= 4, "{} lines", scripted.history("a").len());
    refolds(&scripted);
}

#[test]
fn i05_the_judge_sees_a_history_that_lacks_a_line() {
    let (scripted, tell) = pending();
    tell(&scripted, Status::Succeeded, 1);
    let mut history = scripted.history("a");
    let is_end = |entry: &Entry| matches!(entry, Entry::Observed { observation, .. } if observation.status.is_final());
    history.retain(|entry| !is_end(entry));
    assert_ne!(refold(&history, None, start()).status(), Status::Succeeded);
}

/// A provider answers in a word that nobody documented, for a while. The status stays what it was, we
/// know that we were told something, and the truth comes out: also that the money came back.
#[test]
fn i05_an_odd_word_changes_no_status_and_hides_nothing() {
    for kit in KITS {
        for (ending, is_paid) in [(None, true), (Some(Fault::SuccessThenFail), false)] {
            let harness = Harness::of(*kit, 5, Profile::None);
            let order = kit.order("a");
            for (fault, times) in
                [(Some(Fault::OddWord), 3), (Some(Fault::WebhookLost), 9), (ending, 1)]
            {
                if let Some(fault) = fault {
                    harness.trigger(order.key.as_str(), fault, times);
                }
            }
            harness.submit(vec![order]);
            let engine = harness.engine();
            harness.run_to_rest(&engine);
            let case = format!("{}, {ending:?}", kit.name());
            let progress = harness.payout("a").progress;
            let history = harness.history("a");
            let mut standing = pagos_core::Standing::new(start());
            let mut odd = 0;
            for entry in &history {
                let Entry::Observed { observation, .. } = entry else { continue };
                let before = standing.status();
                standing.apply(observation);
                if observation.not_understood {
                    odd += 1;
                    assert_eq!(standing.status(), before, "{case}");
                    assert!(standing.not_understood().is_some(), "{case}");
                }
            }
            assert!(odd > 0, "{case}: no odd word came up");
            assert_eq!(progress.status() == Status::Succeeded, is_paid, "{case}");
            assert_eq!(progress.standing.not_understood(), None, "{case}");
            assert_eq!(progress.attention, None, "{case}");
            let refolded = refold(&history, progress.repeated.as_ref(), start());
            assert_eq!(refolded, progress.standing, "{case}");
        }
    }
}
