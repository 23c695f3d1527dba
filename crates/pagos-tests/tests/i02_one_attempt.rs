//! I2: at most one attempt of an intent can be alive; a new one needs recorded proof.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{sync::Arc, time::Duration};

use pagos_core::{Clock, ErrorKind, Status};
use pagos_engine::{Attention, Decision, Entry, Proof};
use pagos_tests::{
    Act, Answer, CAREFUL, FORGETTING, FaultInjector, ForgetfulBank, KEYED, Plan, Reply,
    ScriptedHarness, Worker, attempts_one_at_a_time, declined, finish, key, policy,
};

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn unknown_then_pending() -> [Reply; 2] {
    [Reply::Fails(ErrorKind::Unknown), Reply::Says(Status::Pending)]
}

#[test]
fn i02_two_engines_on_one_store_never_hold_two_attempts() {
    let names = ["a", "b", "c", "d", "e", "f"];
    for seed in 0..200 {
        let scripted = ScriptedHarness::new(&CAREFUL, [], []);
        scripted.submit(&names);
        let bank = ForgetfulBank::new(&CAREFUL, Arc::clone(&scripted.timer), seed);
        let mut workers = [seed * 2, seed * 2 + 1].map(|seed| {
            let injector = Arc::new(FaultInjector::jittering(seed));
            Worker::new(scripted.engine_with(Arc::new(bank.clone()), &injector), injector)
        });
        for _ in 0..60 {
            // Both in the middle of a round, call by call in turns.
            while !workers.iter_mut().fold(true, |is_done, worker| {
                let worked = worker.step(4);
                is_done & worked.is_some_and(|worked| worked.unwrap().is_idle())
            }) {}
            match scripted.next_due() {
                Some(at) => scripted.timer.advance_to(at),
                None => break,
            }
        }
        for name in names {
            let history = scripted.history(name);
            let begun = attempts_one_at_a_time(&history);
            assert!(begun.clone().is_ok_and(|begun| begun > 0), "seed {seed}, {name}: {begun:?}");
            assert!(bank.payments(&key(name)) <= 1, "seed {seed}: {name} was paid twice");
        }
    }
}

#[test]
fn i02_a_new_attempt_needs_recorded_absence() {
    let scripted =
        ScriptedHarness::new(&KEYED, unknown_then_pending(), [Answer::Absent]).with_payout("a");
    let engine = scripted.engine();
    scripted.work_for(&engine, Duration::from_secs(599));
    assert_eq!(scripted.provider.creates(), 1, "the grace is not over");
    assert!(scripted.provider.queries() >= 3, "enough answers alone are no proof");
    scripted.provider.answer_from_now_on([Answer::Absent, Answer::Found(Status::Pending)]);
    scripted.work_for(&engine, Duration::from_secs(1_200));
    assert_eq!(scripted.provider.creates(), 2);
    let history = scripted.history("a");
    assert_eq!(attempts_one_at_a_time(&history), Ok(2));
    let proof = history.iter().find_map(|entry| match entry {
        Entry::AttemptClosed { number: 1, proof, .. } => Some(*proof),
        _ => None,
    });
    assert_eq!(proof, Some(Proof::Absent));
}

/// The query left before the grace was over. That its answer was written down later, because the
/// worker stood still, makes it no better a proof.
#[test]
fn i02_an_old_answer_of_absence_is_no_proof() {
    let scripted =
        ScriptedHarness::new(&KEYED, unknown_then_pending(), [Answer::Absent]).with_payout("a");
    scripted.work_for(&scripted.engine(), Duration::from_secs(100));
    assert!(scripted.provider.queries() >= 3);
    scripted.timer.advance(Duration::from_secs(300));
    let injector = Arc::new(FaultInjector::new());
    // The points of a round: inbox, payments, claim twice, the query twice.
    injector.plan(Plan::StallAt(6));
    let mut worker = Worker::new(scripted.engine_behind(&injector), Arc::clone(&injector));
    let asked = scripted.provider.queries();
    assert!(worker.round(8).is_none());
    assert_eq!(scripted.provider.queries(), asked + 1, "answered, and not written down");
    scripted.provider.answer_from_now_on([Answer::Found(Status::Pending)]);
    scripted.timer.advance(Duration::from_secs(300));
    injector.open();
    worker.round(8).unwrap().unwrap();
    scripted.work_for(&scripted.engine(), Duration::from_secs(1_200));
    assert_eq!(scripted.provider.creates(), 1);
}

#[test]
fn i02_answers_of_absence_count_in_a_row_only() {
    let broken = [Answer::Absent, Answer::Absent, Answer::CannotTell];
    let answers = broken.iter().cycle().take(30).cloned();
    let scripted = ScriptedHarness::new(&KEYED, unknown_then_pending(), answers).with_payout("a");
    let engine = scripted.engine();
    scripted.work_for(&engine, Duration::from_secs(20 * 3_600));
    assert!(scripted.provider.queries() > 12);
    assert_eq!(scripted.provider.creates(), 1);
}

/// Silence, errors, what nobody can read, two payouts at once: none of it says that there is none.
#[test]
fn i02_nothing_but_the_providers_word_is_absence() {
    let answers = [
        Answer::Nothing,
        Answer::CannotTell,
        Answer::Ambiguous,
        Answer::Fails(ErrorKind::Undelivered),
        Answer::Fails(ErrorKind::Throttled),
        Answer::Fails(ErrorKind::Unknown),
        Answer::Fails(ErrorKind::Rejected),
        Answer::Fails(ErrorKind::Invalid),
        Answer::Found(Status::Unknown),
    ];
    for answer in answers {
        let scripted =
            ScriptedHarness::new(&KEYED, unknown_then_pending(), [answer.clone()]).with_payout("a");
        scripted.work_for(&scripted.engine(), DAY);
        assert_eq!(scripted.provider.creates(), 1, "{answer:?}");
        assert_eq!(attempts_one_at_a_time(&scripted.history("a")), Ok(1), "{answer:?}");
    }
}

#[test]
fn i02_a_provider_that_would_pay_twice_is_never_sent_to_again() {
    let scripted =
        ScriptedHarness::new(&CAREFUL, unknown_then_pending(), [Answer::Absent]).with_payout("a");
    let engine = scripted.engine();
    scripted.work_for(&engine, 30 * DAY);
    assert_eq!(scripted.provider.creates(), 1);
    assert!(matches!(scripted.payout("a").progress.attention, Some(Attention::Doubt(_))));
}

/// While the provider certainly remembers the key, a denial is proof enough.
#[test]
fn i02_a_key_that_is_remembered_for_a_time_is_sent_again_within_it() {
    let scripted = ScriptedHarness::new(&FORGETTING, unknown_then_pending(), [Answer::Absent]);
    let scripted = scripted.with_payout("a");
    scripted.work_for(&scripted.engine(), Duration::from_secs(2_000));
    assert_eq!(scripted.provider.creates(), 2);
    assert_eq!(attempts_one_at_a_time(&scripted.history("a")), Ok(2));
}

/// The denials come when the key may be forgotten: only a person can say that nothing was paid.
#[test]
fn i02_a_key_that_may_be_forgotten_is_not_sent_again() {
    let replies = [unknown_then_pending().as_slice(), &unknown_then_pending()].concat();
    let scripted = ScriptedHarness::new(&FORGETTING, replies, [Answer::CannotTell]);
    let scripted = scripted.with_payout("a");
    let engine = scripted.engine();
    scripted.work_for(&engine, Duration::from_secs(19_000));
    scripted.provider.answer_from_now_on([Answer::Absent]);
    scripted.work_for(&engine, 3 * DAY);
    assert_eq!(scripted.provider.creates(), 1);
    assert!(matches!(scripted.payout("a").progress.attention, Some(Attention::Doubt(_))));
    finish(engine.resolve(&key("a"), Decision::SendAgain, "ana: statement of 11 Jan")).unwrap();
    scripted.work(&engine);
    assert_eq!(scripted.provider.creates(), 2, "a person's word counts");
}

/// The attempt was closed in time, and then the machine was off for a day: what was proof is none any
/// more. Wherever it ended, what may have been sent waits for a person.
#[test]
fn i02_a_proof_does_not_outlive_the_memory_of_the_key() {
    let harness = || {
        let replies = [Reply::Fails(ErrorKind::Unknown)];
        ScriptedHarness::new(&FORGETTING, replies, [Answer::Absent]).with_payout("a")
    };
    let whole = harness();
    let injector = Arc::new(FaultInjector::new());
    whole.work_for(&whole.engine_behind(&injector), Duration::from_secs(2_000));
    assert_eq!(whole.provider.creates(), 2, "the second attempt is what is at stake");
    let mut reopened = 0;
    for point in 1..=injector.points() {
        let scripted = harness();
        let injector = Arc::new(FaultInjector::new());
        injector.plan(Plan::DieAt(point));
        let mut worker = Worker::new(scripted.engine_behind(&injector), injector);
        while worker.round(8).is_some_and(|worked| worked.is_ok()) {
            let due = scripted.next_due().expect("something is due until it dies");
            scripted.timer.advance_to(due.max(scripted.timer.now().plus(Duration::from_secs(1))));
        }
        drop(worker);
        let before = scripted.payout("a").progress;
        let sent = scripted.provider.creates();
        scripted.timer.advance(Duration::from_secs(25 * 3_600));
        let engine = scripted.engine();
        scripted.work_for(&engine, DAY);
        let after = scripted.payout("a").progress;
        if before.attempts == 0 {
            continue;
        }
        assert_eq!(scripted.provider.creates(), sent, "after an end at {point}");
        assert!(after.attention.is_some(), "after an end at {point}: {after:?}");
        reopened += u64::from(before.lost == 1 && before.open.is_none());
    }
    assert!(reopened > 0, "no end lies between the proof and the next attempt");
}

/// The account was out of service until it was too late: the attempt that was closed last is in doubt
/// again, and a person's proof closes it once more.
#[test]
fn i02_what_is_in_doubt_again_is_sent_on_a_persons_word_alone() {
    let unknown = [Reply::Fails(ErrorKind::Unknown)];
    let refused = vec![Reply::Fails(ErrorKind::Unauthorized); 8];
    let replies = [unknown.as_slice(), &refused, &[Reply::Says(Status::Pending)]].concat();
    let scripted = ScriptedHarness::new(&FORGETTING, replies, [Answer::Absent]).with_payout("a");
    let engine = scripted.engine();
    scripted.work_for(&engine, DAY);
    assert_eq!(scripted.provider.creates(), 9, "then it is too late");
    let progress = scripted.payout("a").progress;
    assert!(matches!(progress.attention, Some(Attention::Doubt(_))), "{:?}", progress.attention);
    finish(engine.resolve(&key("a"), Decision::SendAgain, "ana: statement of 11 Jan")).unwrap();
    scripted.provider.answer_from_now_on([Answer::Found(Status::Pending)]);
    scripted.work_for(&engine, DAY);
    assert_eq!(scripted.payout("a").progress.status(), Status::Pending);
    assert_eq!(attempts_one_at_a_time(&scripted.history("a")), Ok(10));
}

#[test]
fn i02_a_crash_at_any_point_leaves_one_attempt() {
    let whole = ScriptedHarness::new(&CAREFUL, [Reply::Says(Status::Pending)], [Answer::Absent]);
    whole.submit(&["a"]);
    let injector = Arc::new(FaultInjector::new());
    finish(whole.engine_behind(&injector).work(8)).unwrap();
    let mut left_in_doubt = 0;
    for point in 1..=injector.points() {
        let scripted =
            ScriptedHarness::new(&CAREFUL, [Reply::Says(Status::Pending)], [Answer::Absent]);
        scripted.submit(&["a"]);
        let injector = Arc::new(FaultInjector::new());
        injector.plan(Plan::DieAt(point));
        let mut worker = Worker::new(scripted.engine_behind(&injector), injector);
        assert!(worker.round(8).is_none());
        drop(worker);
        let begun_before = scripted.payout("a").progress.attempts;
        // Either the lease runs out, or the one worker of an embedded store ends all claims.
        if point % 2 == 0 {
            finish(scripted.store.end_claims()).unwrap();
        }
        let engine = scripted.engine();
        scripted.work_for(&engine, DAY);
        let sent = scripted.acts().iter().filter(|act| matches!(act, Act::Sent(_))).count();
        assert!(sent <= 1, "sent {sent} times after a crash at {point}");
        assert_eq!(attempts_one_at_a_time(&scripted.history("a")), Ok(1), "crash at {point}");
        if begun_before == 1 && scripted.payout("a").progress.status() == Status::Unknown {
            left_in_doubt += 1;
        }
    }
    assert!(left_in_doubt > 0);
}

#[test]
fn i02_a_person_can_prove_what_no_answer_can() {
    let scripted =
        ScriptedHarness::new(&CAREFUL, unknown_then_pending(), [Answer::Absent]).with_payout("a");
    let engine = scripted.engine();
    let early = finish(engine.resolve(&key("a"), Decision::SendAgain, "ana: nothing was sent"));
    assert!(early.is_err(), "what is not in doubt is not sent again");
    scripted.work_for(&engine, DAY);
    finish(engine.resolve(&key("a"), Decision::SendAgain, "ana: statement of 11 Jan")).unwrap();
    scripted.provider.answer_from_now_on([Answer::Found(Status::Succeeded)]);
    scripted.work_for(&engine, DAY);
    assert_eq!(scripted.provider.creates(), 2);
    assert_eq!(attempts_one_at_a_time(&scripted.history("a")), Ok(2));
    assert_eq!(scripted.payout("a").progress.status(), Status::Succeeded);
    assert!(scripted.timer.now() > pagos_tests::start());
}

#[test]
fn i02_a_person_cannot_send_again_what_the_provider_has() {
    for status in [Status::Pending, Status::Succeeded, declined()] {
        let scripted =
            ScriptedHarness::new(&CAREFUL, [Reply::Says(status)], [Answer::Found(status)]);
        let scripted = scripted.with_payout("a");
        let engine = scripted.engine();
        scripted.work_for(&engine, DAY);
        let again = finish(engine.resolve(&key("a"), Decision::SendAgain, "ana: not there"));
        assert!(again.is_err(), "{status}");
        scripted.work_for(&engine, DAY);
        assert_eq!(scripted.provider.creates(), 1, "{status}");
    }
}

/// Pressed twice, the button sends once: the second time, the attempt of the first is under way.
#[test]
fn i02_a_person_cannot_send_again_what_may_be_on_its_way() {
    let replies = [Reply::Fails(ErrorKind::Unknown), Reply::Fails(ErrorKind::Unknown)];
    let scripted = ScriptedHarness::new(&CAREFUL, replies, [Answer::Absent]).with_payout("a");
    let engine = scripted.engine();
    scripted.work_for(&engine, DAY);
    let again = || finish(engine.resolve(&key("a"), Decision::SendAgain, "ana: not there"));
    again().unwrap();
    finish(engine.work(4)).unwrap();
    assert_eq!((scripted.provider.creates(), scripted.payout("a").progress.attempts), (2, 2));
    assert!(again().is_err(), "the second attempt has just begun");
    let on_its_way = policy().lease + policy().deadline;
    scripted.timer.advance(on_its_way - Duration::from_millis(1));
    assert!(again().is_err(), "a worker may be sending it until lease and deadline are over");
    scripted.work_for(&engine, DAY);
    assert_eq!(scripted.provider.creates(), 2);
    again().unwrap();
}

#[test]
fn i02_the_judge_sees_two_attempts_at_once() {
    let begun = |number| Entry::AttemptBegun { number, at: pagos_tests::start(), epoch: 0 };
    let closed = |number| Entry::AttemptClosed {
        number,
        proof: Proof::Absent,
        at: pagos_tests::start(),
        because: String::new(),
    };
    assert_eq!(attempts_one_at_a_time(&[begun(1), closed(1), begun(2)]), Ok(2));
    assert!(attempts_one_at_a_time(&[begun(1), begun(2)]).is_err());
    assert!(attempts_one_at_a_time(&[begun(1), closed(2), begun(2)]).is_err());
}
