//! I9: an echo that contradicts the order changes nothing and calls a person.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use pagos_core::{Clock, Observation, PayoutOrder, ProviderRef, Source, Status};
use pagos_engine::{Attention, Decision, Entry, NoticeKind};
use pagos_tests::{
    Answer, CAREFUL, Harness, KEYED, Reply, ScriptedHarness, event, finish, key, order, start,
};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// What contradicts the order, by name. The reference contradicts only once one is known.
fn lies(told: &Observation) -> [(&'static str, Observation); 4] {
    let mut lies = ["amount", "currency", "key", "reference"].map(|name| (name, told.clone()));
    lies[0].1.echo.amount = order("a").amount.checked_add(order("b").amount);
    lies[1].1.echo.amount = Some(pagos_core::Money::new(15_000_000, pagos_core::Currency::Clp));
    lies[2].1.echo.key = Some("b".to_owned());
    lies[3].1.reference = Some(ProviderRef::new("R2").unwrap());
    lies
}

fn told(status: Status, source: Source) -> Observation {
    let scripted = ScriptedHarness::new(&KEYED, [], []);
    scripted.provider.seen(&order("a"), status, source)
}

fn assert_quarantined(scripted: &ScriptedHarness, status: Status, case: &str) {
    let progress = scripted.payout("a").progress;
    assert_eq!(progress.status(), status, "{case}");
    assert!(matches!(progress.attention, Some(Attention::Quarantine(_))), "{case}");
    assert_eq!(progress.word(), "quarantined");
    let is_kept = |entry: &Entry| matches!(entry, Entry::Contradicted { .. });
    assert!(scripted.history("a").iter().any(is_kept), "{case}");
    let is_call = |event: &NoticeKind| matches!(event, NoticeKind::Attention { .. });
    let calls = scripted.notices().iter().filter(|notice| is_call(&notice.event)).count();
    assert_eq!(calls, 1, "{case}");
}

/// Nothing is sent and nobody is asked, for a month.
fn assert_at_rest(scripted: &ScriptedHarness, case: &str) {
    let (creates, queries) = (scripted.provider.creates(), scripted.provider.queries());
    scripted.work_for(&scripted.engine(), 30 * DAY);
    assert_eq!(
        (scripted.provider.creates(), scripted.provider.queries()),
        (creates, queries),
        "{case}"
    );
}

#[test]
fn i09_a_contradicting_reply_stops_everything() {
    for (name, lie) in lies(&told(Status::Pending, Source::Reply)).into_iter().take(3) {
        let scripted =
            ScriptedHarness::new(&KEYED, [Reply::Tells(Box::new(lie))], [Answer::Absent]);
        let scripted = scripted.with_payout("a");
        scripted.work(&scripted.engine());
        assert_quarantined(&scripted, Status::Created, name);
        assert_at_rest(&scripted, name);
        assert_eq!(scripted.provider.creates(), 1);
    }
}

/// Two payouts of one key may be money sent twice: nobody asks on and nobody sends again.
#[test]
fn i09_two_payouts_under_one_key_stop_everything() {
    for descriptor in [&KEYED, &CAREFUL] {
        let replies = [Reply::Fails(pagos_core::ErrorKind::Unknown)];
        let scripted =
            ScriptedHarness::new(descriptor, replies, [Answer::Ambiguous]).with_payout("a");
        scripted.work_for(&scripted.engine(), DAY);
        let progress = scripted.payout("a").progress;
        assert_eq!((progress.status(), progress.word()), (Status::Unknown, "quarantined"));
        assert_eq!(progress.reason().as_deref(), Some("R1 and R2"));
        assert_at_rest(&scripted, "two payouts");
        assert_eq!(scripted.provider.creates(), 1);
        finish(scripted.engine().resolve(&key("a"), Decision::Succeeded, "one came back")).unwrap();
        assert_eq!(scripted.payout("a").progress.status(), Status::Succeeded);
    }
}

#[test]
fn i09_a_contradicting_answer_stops_everything() {
    for (name, lie) in lies(&told(Status::Succeeded, Source::Query)) {
        let answers = [Answer::Tells(Box::new(lie))];
        let scripted =
            ScriptedHarness::new(&KEYED, [Reply::Says(Status::Pending)], answers).with_payout("a");
        scripted.work_for(&scripted.engine(), Duration::from_secs(40));
        assert_quarantined(&scripted, Status::Pending, name);
        assert_at_rest(&scripted, name);
    }
}

#[test]
fn i09_a_contradicting_event_stops_everything() {
    for (name, lie) in lies(&told(Status::Succeeded, Source::VerifiedEvent)) {
        let replies = [Reply::Says(Status::Pending)];
        let scripted = ScriptedHarness::new(&KEYED, replies, [Answer::Absent]).with_payout("a");
        scripted.work(&scripted.engine());
        scripted.timer.advance(Duration::from_millis(3));
        scripted.receive(&event(&key("a"), &lie, scripted.timer.now()));
        finish(scripted.engine().work(0)).unwrap();
        assert_quarantined(&scripted, Status::Pending, name);
        assert_at_rest(&scripted, name);
    }
}

#[test]
fn i09_a_payout_in_doubt_is_not_sent_again_out_of_quarantine() {
    let (_, lie) = lies(&told(Status::Succeeded, Source::Query))[0].clone();
    let answers = [Answer::Absent, Answer::Tells(Box::new(lie)), Answer::Absent];
    let replies = [Reply::Fails(pagos_core::ErrorKind::Unknown)];
    let scripted = ScriptedHarness::new(&KEYED, replies, answers).with_payout("a");
    scripted.work_for(&scripted.engine(), DAY);
    assert_quarantined(&scripted, Status::Unknown, "doubt");
    assert_eq!(scripted.provider.creates(), 1);
}

#[test]
fn i09_a_person_lifts_the_quarantine_and_the_provider_is_asked_again() {
    let (_, lie) = lies(&told(Status::Succeeded, Source::Query))[0].clone();
    let answers = [Answer::Tells(Box::new(lie)), Answer::Found(Status::Succeeded)];
    let scripted =
        ScriptedHarness::new(&KEYED, [Reply::Says(Status::Pending)], answers).with_payout("a");
    let engine = scripted.engine();
    scripted.work_for(&engine, DAY);
    assert_quarantined(&scripted, Status::Pending, "before");
    finish(engine.resolve(&key("a"), Decision::Ask, "ana: their display was wrong")).unwrap();
    scripted.work_for(&engine, DAY);
    assert_eq!(scripted.payout("a").progress.word(), "succeeded");
}

#[test]
fn i09_an_echo_that_agrees_passes() {
    let answers = [Answer::Tells(Box::new(told(Status::Succeeded, Source::Query)))];
    let scripted =
        ScriptedHarness::new(&KEYED, [Reply::Says(Status::Pending)], answers).with_payout("a");
    scripted.work_for(&scripted.engine(), DAY);
    assert_eq!(scripted.payout("a").progress.word(), "succeeded");
    assert!(scripted.timer.now() > start());
}

#[test]
fn i09_the_twin_that_echoes_another_amount_ends_in_quarantine() {
    let harness = Harness::new(9);
    let description = Some("sim:amount-echo".to_owned());
    harness.submit(vec![PayoutOrder { description, ..order("a") }]);
    let engine = harness.engine();
    harness.run_to_rest(&engine);
    assert_eq!(harness.payout("a").progress.word(), "quarantined");
    assert_eq!(harness.payout("a").progress.status(), Status::Pending);
    assert_eq!(harness.movements().len(), 1);
}
