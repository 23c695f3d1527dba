//! I3: unknown never becomes failed without evidence.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use pagos_core::{ErrorKind, FailReason, Status};
use pagos_engine::{Attention, Decision, NoticeKind};
use pagos_tests::{
    Answer, CAREFUL, FORGETTING, HANDLED, Harness, KEYED, Reply, ScriptedHarness, declined, finish,
    key, order,
};
use pagos_twin::Fault;

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn calls_for_a_person(scripted: &ScriptedHarness) -> usize {
    let is_call = |event: &NoticeKind| matches!(event, NoticeKind::Attention { .. });
    scripted.notices().iter().filter(|notice| is_call(&notice.event)).count()
}

/// A provider may refuse a repeat before it looks at the key. Its list denied the first attempt for a
/// while, and that attempt was paid.
#[test]
fn i03_a_refused_repeat_says_nothing_of_an_attempt_that_only_denials_closed() {
    let refusals = [ErrorKind::Rejected, ErrorKind::Invalid];
    for (descriptor, refusal) in refusals.iter().flat_map(|it| [(&KEYED, it), (&FORGETTING, it)]) {
        let case = format!("{:?} {refusal:?}", descriptor.deduplication);
        let replies = [Reply::Fails(ErrorKind::Unknown), Reply::Fails(*refusal)];
        let scripted = ScriptedHarness::new(descriptor, replies, [Answer::Absent]);
        let scripted = scripted.with_payout("a");
        let engine = scripted.engine();
        scripted.work_for(&engine, Duration::from_secs(2_000));
        let progress = scripted.payout("a").progress;
        assert_eq!((scripted.provider.creates(), progress.lost), (2, 1), "{case}");
        assert_eq!(progress.status(), Status::Unknown, "{case}");
        scripted.provider.answer_from_now_on([Answer::Found(Status::Succeeded)]);
        scripted.work_for(&engine, DAY);
        let progress = scripted.payout("a").progress;
        assert_eq!(progress.status(), Status::Succeeded, "{case}");
        assert_eq!(progress.standing.reversals(), 0, "{case}");
    }
}

/// Denials go on, so the key is sent again within the policy's limit, and then a person is called.
#[test]
fn i03_a_repeat_that_is_refused_each_time_ends_with_a_person() {
    let replies = [Reply::Fails(ErrorKind::Unknown), Reply::Fails(ErrorKind::Rejected)];
    let scripted = ScriptedHarness::new(&KEYED, replies, [Answer::Absent]).with_payout("a");
    scripted.work_for(&scripted.engine(), 30 * DAY);
    let progress = scripted.payout("a").progress;
    assert_eq!(progress.status(), Status::Unknown);
    assert_eq!(progress.attempts, pagos_tests::policy().lost_max);
    assert!(matches!(progress.attention, Some(Attention::Doubt(_))));
    assert_eq!(calls_for_a_person(&scripted), 1);
}

/// Where a transfer is found by its handle, the denials were relied on when the payout was sent again.
/// And a doubt would send it once more, with nothing but denials to prevent a second payment.
#[test]
fn i03_a_refused_repeat_to_a_handle_is_failed_and_is_not_sent_again() {
    let replies = [Reply::Fails(ErrorKind::Unknown), Reply::Fails(ErrorKind::Rejected)];
    let scripted = ScriptedHarness::new(&HANDLED, replies, [Answer::Absent]).with_payout("a");
    scripted.work_for(&scripted.engine(), 30 * DAY);
    let progress = scripted.payout("a").progress;
    assert_eq!(progress.status(), Status::Failed(FailReason::Rejected));
    assert_eq!((scripted.provider.creates(), progress.lost), (2, 1));
}

/// A person who sends a payout again has found that no earlier attempt was paid.
#[test]
fn i03_a_refusal_of_what_a_person_sent_again_is_a_failure() {
    let replies = [Reply::Fails(ErrorKind::Unknown), Reply::Fails(ErrorKind::Unknown)];
    let replies = replies.into_iter().chain([Reply::Fails(ErrorKind::Rejected)]);
    let scripted = ScriptedHarness::new(&KEYED, replies, [Answer::Absent, Answer::Absent]);
    let scripted = scripted.with_payout("a");
    let engine = scripted.engine();
    scripted.work_for(&engine, Duration::from_secs(2_000));
    assert_eq!(scripted.payout("a").progress.lost, 1);
    finish(engine.resolve(&key("a"), Decision::SendAgain, "ana: not in the statement")).unwrap();
    scripted.work_for(&engine, DAY);
    let progress = scripted.payout("a").progress;
    assert_eq!(progress.status(), Status::Failed(FailReason::Rejected));
    assert_eq!((scripted.provider.creates(), progress.lost), (3, 0));
}

#[test]
fn i03_unknown_is_never_failed_by_silence_errors_or_absence() {
    let replies = [Reply::Fails(ErrorKind::Unknown), Reply::Nothing];
    let answers = [
        Answer::Absent,
        Answer::CannotTell,
        Answer::Fails(ErrorKind::Undelivered),
        Answer::Fails(ErrorKind::Throttled),
        Answer::Fails(ErrorKind::Unknown),
        Answer::Fails(ErrorKind::Rejected),
        Answer::Fails(ErrorKind::Invalid),
        Answer::Nothing,
        Answer::Found(Status::Unknown),
    ];
    for reply in &replies {
        for answer in &answers {
            let scripted =
                ScriptedHarness::new(&CAREFUL, [reply.clone()], [answer.clone()]).with_payout("a");
            let engine = scripted.engine();
            scripted.work_for(&engine, 30 * DAY);
            let progress = scripted.payout("a").progress;
            assert_eq!(progress.status(), Status::Unknown, "{reply:?} {answer:?}");
            assert_eq!(scripted.provider.creates(), 1, "{reply:?} {answer:?}");
            let is_in_queue =
                matches!(progress.attention, Some(Attention::Doubt(_) | Attention::Overdue(_)));
            assert!(is_in_queue, "{reply:?} {answer:?}");
            assert_eq!(calls_for_a_person(&scripted), 1, "{reply:?} {answer:?}");
        }
    }
}

#[test]
fn i03_evidence_does_end_the_doubt() {
    for (told, expected) in [(declined(), "failed"), (Status::Succeeded, "succeeded")] {
        let answers = [Answer::CannotTell, Answer::Absent, Answer::Found(told)];
        let scripted = ScriptedHarness::new(&CAREFUL, [Reply::Fails(ErrorKind::Unknown)], answers);
        let scripted = scripted.with_payout("a");
        scripted.work_for(&scripted.engine(), DAY);
        assert_eq!(scripted.payout("a").progress.word(), expected);
        assert_eq!(scripted.payout("a").progress.attention, None);
    }
    let scripted =
        ScriptedHarness::new(&CAREFUL, [Reply::Fails(ErrorKind::Rejected)], []).with_payout("a");
    scripted.work_for(&scripted.engine(), DAY);
    assert_eq!(scripted.payout("a").progress.status(), Status::Failed(FailReason::Rejected));
}

#[test]
fn i03_doubt_that_is_answered_late_leaves_the_operators_queue() {
    let scripted =
        ScriptedHarness::new(&CAREFUL, [Reply::Fails(ErrorKind::Unknown)], [Answer::Absent]);
    let scripted = scripted.with_payout("a");
    let engine = scripted.engine();
    scripted.work_for(&engine, 3 * DAY);
    assert!(scripted.payout("a").progress.attention.is_some());
    scripted.provider.answer_from_now_on([Answer::Found(Status::Succeeded)]);
    scripted.work_for(&engine, DAY);
    assert_eq!(scripted.payout("a").progress.status(), Status::Succeeded);
    assert_eq!(scripted.payout("a").progress.attention, None);
}

#[test]
fn i03_a_person_decides_with_a_note() {
    let scripted =
        ScriptedHarness::new(&CAREFUL, [Reply::Fails(ErrorKind::Unknown)], [Answer::Absent]);
    let scripted = scripted.with_payout("a");
    let engine = scripted.engine();
    scripted.work_for(&engine, DAY);
    assert!(finish(engine.resolve(&key("a"), Decision::Failed, "  ")).is_err());
    assert_eq!(scripted.payout("a").progress.status(), Status::Unknown);
    finish(engine.resolve(&key("a"), Decision::Failed, "ana: bank's letter of 11 Jan")).unwrap();
    assert_eq!(scripted.payout("a").progress.status(), declined());
}

/// Whoever called it failed would pay in another way, while a worker may be about to send it.
#[test]
fn i03_a_person_cannot_call_failed_what_may_be_on_its_way() {
    let scripted =
        ScriptedHarness::new(&CAREFUL, [Reply::Fails(ErrorKind::Unknown)], [Answer::Absent]);
    let scripted = scripted.with_payout("a");
    let engine = scripted.engine();
    finish(engine.work(4)).unwrap();
    let call_failed = || finish(engine.resolve(&key("a"), Decision::Failed, "ana: not there"));
    let refusal = call_failed().unwrap_err().to_string();
    assert!(refusal.contains("may still be on its way"), "{refusal}");
    assert_eq!(scripted.payout("a").progress.status(), Status::Unknown);
    scripted.work_for(&engine, DAY);
    call_failed().unwrap();
    assert_eq!(scripted.payout("a").progress.status(), declined());
}

/// Whoever called it paid or failed was believed, whatever the record said.
#[test]
fn world_22_what_is_not_in_doubt_is_decided_only_by_its_name() {
    use Decision::{Failed, Succeeded};
    // Never sent, pending, settled one way and the other.
    let cases = [
        (Reply::Fails(ErrorKind::Undelivered), Status::Created, vec![Succeeded]),
        (Reply::Says(Status::Pending), Status::Pending, vec![Succeeded, Failed]),
        (Reply::Says(Status::Succeeded), Status::Succeeded, vec![Succeeded, Failed]),
        (Reply::Says(declined()), declined(), vec![Succeeded, Failed]),
    ];
    for (reply, status, refused) in cases {
        for decision in [Succeeded, Failed] {
            let scripted = ScriptedHarness::new(&KEYED, [reply.clone()], []).with_payout("a");
            let engine = scripted.engine();
            if status != Status::Created {
                finish(engine.work(1)).unwrap();
            }
            let case = format!("{decision:?} although {status:?}");
            assert_eq!(scripted.payout("a").progress.status(), status, "{case}");
            let word = status.word();
            let before = scripted.history("a").len();
            let taken = finish(engine.resolve(&key("a"), decision, "ana: I think"));
            if refused.contains(&decision) {
                let told = taken.unwrap_err().to_string();
                assert!(told.contains(&format!("is {word}")), "{case}: {told}");
                assert!(told.contains(&format!("`--although {word}`")), "{case}: {told}");
                assert_eq!(scripted.history("a").len(), before, "{case}");
                let other =
                    finish(engine.resolve_although(&key("a"), decision, "ana: I think", "unknown"));
                let told = other.unwrap_err().to_string();
                assert!(told.contains(&format!("is {word} and not unknown")), "{case}: {told}");
                scripted.timer.advance(DAY);
                finish(engine.resolve_although(&key("a"), decision, "ana: statement", word))
                    .unwrap();
            } else {
                taken.unwrap();
            }
            assert_eq!(scripted.history("a").len(), before + 1, "{case}");
        }
    }
}

/// What calls for a person is decided without a word more.
#[test]
fn world_22_what_calls_for_a_person_is_decided() {
    for decision in [Decision::Succeeded, Decision::Failed] {
        let scripted =
            ScriptedHarness::new(&KEYED, [Reply::Says(Status::Pending)], [Answer::CannotTell]);
        let scripted = scripted.with_payout("a");
        let engine = scripted.engine();
        scripted.work_for(&engine, 30 * DAY);
        let progress = scripted.payout("a").progress;
        assert_eq!(progress.status(), Status::Pending);
        assert!(matches!(progress.attention, Some(Attention::Overdue(_))));
        finish(engine.resolve(&key("a"), decision, "ana: statement of 11 Jan")).unwrap();
        assert!(scripted.payout("a").progress.status().is_final());
    }
}

#[test]
fn i03_lost_attempts_end_with_a_person_and_not_with_a_failure() {
    let scripted =
        ScriptedHarness::new(&KEYED, [Reply::Fails(ErrorKind::Unknown)], [Answer::Absent]);
    let scripted = scripted.with_payout("a");
    scripted.work_for(&scripted.engine(), 30 * DAY);
    let progress = scripted.payout("a").progress;
    assert_eq!(progress.status(), Status::Unknown);
    assert_eq!(progress.attempts, pagos_tests::policy().lost_max);
    assert!(matches!(progress.attention, Some(Attention::Doubt(_))));
}

/// The other side: a documented refusal is a failure at once, and nothing is asked or sent again.
#[test]
fn i03_what_the_twin_refuses_for_good_is_failed() {
    let harness = Harness::new(1);
    harness.trigger("a", Fault::Refuse, 1);
    harness.submit(vec![order("a")]);
    let engine = harness.engine();
    harness.run_to_rest(&engine);
    let progress = harness.payout("a").progress;
    assert_eq!(progress.status(), Status::Failed(FailReason::Rejected));
    assert_eq!((progress.attempts, harness.movements().len()), (1, 0));
}

#[test]
fn i03_every_bad_answer_of_the_twin_ends_at_its_truth() {
    let faults = [
        Fault::LoseRequest,
        Fault::LoseReply,
        Fault::ErrorAfter,
        Fault::ErrorBefore,
        Fault::Busy,
        Fault::LateApply,
        Fault::Torn,
        Fault::HtmlBefore,
        Fault::HtmlAfter,
        Fault::Throttle,
        Fault::SlowReply,
    ];
    for fault in faults {
        let harness = Harness::new(1);
        harness.trigger("a", fault, 1);
        harness.submit(vec![order("a")]);
        let engine = harness.engine();
        harness.run_to_rest(&engine);
        assert_eq!(harness.payout("a").progress.status(), Status::Succeeded, "{fault:?}");
        assert_eq!(harness.movements().len(), 1, "{fault:?}");
        let failed = harness
            .notices()
            .iter()
            .filter(|it| it.order().unwrap().status.word() == "failed")
            .count();
        assert_eq!(failed, 0, "{fault:?}");
    }
}
