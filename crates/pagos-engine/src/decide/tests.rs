//! The decisions as tables. Whole schedules are in `pagos-tests`.

use std::time::Duration;

use pagos_core::{
    Absence, AccountName, AccountNumber, AccountType, Beneficiary, Contract, Currency, Handle,
    Money, OrderKey,
};

use super::*;
use crate::progress::{Wait, Waiting};

const GRACE: Duration = Duration::from_secs(600);

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(0).plus(Duration::from_secs(seconds))
}

fn order() -> PayoutOrder {
    let number = AccountNumber::new("0012345678").unwrap();
    let beneficiary = Beneficiary::new("Ana", AccountType::Savings, number);
    PayoutOrder::new(
        OrderKey::new("k-1").unwrap(),
        AccountName::new("bank").unwrap(),
        Money::new(15_000_000, Currency::Cop),
        beneficiary,
    )
}

fn descriptor(deduplication: Deduplication) -> Descriptor {
    Descriptor {
        provider: "bank",
        countries: &[],
        currencies: &[Currency::Cop],
        deduplication,
        absence: Absence { answers_min: 3, grace: GRACE },
        return_window: None,
        pending_max: None,
        answer_max: None,
        requests_per_second_max: None,
        contract: Contract::Documented,
    }
}

/// A progress with this status, and an open attempt if `is_open`.
fn progress(status: Status, is_open: bool) -> Progress {
    let mut progress = Progress::new(at(0));
    if status != Status::Created {
        progress.standing.apply(&Observation::new(status, Source::Reply, at(1)));
    }
    if is_open {
        progress.attempts = 1;
        progress.open = Some(Attempt { number: 1, begun_at: at(1), epoch: 1 });
        progress.first_begun_at = Some(at(1));
    }
    progress
}

fn decide<R>(deduplication: Deduplication, now: Timestamp, take: impl Fn(&Rules<'_>) -> R) -> R {
    let (order, descriptor, policy) = (order(), descriptor(deduplication), Policy::live());
    take(&Rules { order: &order, descriptor: &descriptor, policy: &policy, is_swept: false, now })
}

#[test]
fn only_a_payout_without_an_open_attempt_is_sent() {
    let failed = Status::Failed(FailReason::Declined);
    let table = [
        (Status::Created, false, Task::Send),
        (Status::Created, true, Task::AdmitDoubt),
        (Status::Unknown, false, Task::Send),
        (Status::Unknown, true, Task::Ask),
        (Status::Pending, false, Task::Ask),
        (Status::Pending, true, Task::Ask),
        (Status::Succeeded, false, Task::Ask),
        (failed, false, Task::Ask),
    ];
    for (status, is_open, expected) in table {
        let mut progress = progress(status, is_open);
        assert_eq!(task(&progress), expected, "{status}, open {is_open}");
        let begun =
            decide(Deduplication::ByKey, at(2), |rules| rules.begin(&progress, 1).is_some());
        assert_eq!(begun, expected == Task::Send, "{status}, open {is_open}");
        progress.attention = Some(Attention::Quarantine("echo".to_owned()));
        assert_eq!(task(&progress), Task::Rest, "{status} in quarantine");
    }
}

/// Three answers after the grace, and only where a repeat cannot pay twice.
#[test]
fn absence_is_proof_only_after_grace_and_answers_and_where_a_repeat_is_safe() {
    let late = at(1).plus(GRACE);
    let early = at(1).plus(GRACE / 2);
    let on_the_way = Policy::live().time_on_the_way();
    let table = [
        (Deduplication::ByKey, 2, late, false, true),
        (Deduplication::ByKey, 1, late, false, false),
        (Deduplication::ByKey, 2, early, false, false),
        (Deduplication::ByHandle, 2, late, true, true),
        (Deduplication::ByHandle, 2, late, false, false),
        (Deduplication::None, 2, late, true, false),
        // What is left to slow requests is an eighth of the time, or lease and deadline.
        (Deduplication::ByKeyFor(GRACE + on_the_way), 2, late, false, true),
        (
            Deduplication::ByKeyFor(GRACE + on_the_way - Duration::from_millis(1)),
            2,
            late,
            false,
            false,
        ),
    ];
    for (deduplication, absences, now, has_handle, is_closed) in table {
        let case = format!("{deduplication:?} {absences} {now} {has_handle}");
        let mut progress = progress(Status::Unknown, true);
        progress.asking.absences = absences;
        progress.handle = has_handle.then(|| Handle::new("payee").unwrap());
        let outcome = decide(deduplication, now, |rules| rules.absent(&progress, now));
        assert_eq!(outcome.progress.open.is_none(), is_closed, "{case}");
        assert_eq!(outcome.progress.status(), Status::Unknown, "{case}");
        let is_over = absences == 2 && now == late;
        let needs_person = is_over && !is_closed;
        assert_eq!(outcome.progress.attention.is_some(), needs_person, "{case}");
    }
}

/// A row of before `first_begun_at` was written has none; a clock that went back to before the first attempt
/// says nothing about its age.
#[test]
fn a_key_of_an_age_that_nobody_knows_may_be_forgotten() {
    let day = Duration::from_secs(24 * 3_600);
    let rule = Deduplication::ByKeyFor(day);
    let late = at(1).plus(GRACE);
    let table = [(Some(at(1)), true), (None, false), (Some(late.plus(day)), false)];
    for (first_begun_at, may_send) in table {
        let case = format!("first begun at {first_begun_at:?}");
        let mut open = progress(Status::Unknown, true);
        open.first_begun_at = first_begun_at;
        open.asking.absences = 2;
        let outcome = decide(rule, late, |rules| rules.absent(&open, late));
        assert_eq!(outcome.progress.open.is_none(), may_send, "{case}");
        let mut lost = progress(Status::Unknown, false);
        (lost.attempts, lost.lost, lost.first_begun_at) = (1, 1, first_begun_at);
        let begun = decide(rule, late, |rules| rules.begin(&lost, 1));
        assert_eq!(begun.is_some(), may_send, "{case}");
        let begun = decide(Deduplication::ByKey, late, |rules| rules.begin(&lost, 1));
        assert!(begun.is_some(), "{case}: nothing depends on it where keys are never forgotten");
    }
}

/// An account was out of service for a day, and a person was told that tries go on. They do not.
#[test]
fn a_person_who_was_called_because_it_could_not_be_sent_hears_that_it_is_too_late() {
    let rule = Deduplication::ByKeyFor(Duration::from_secs(24 * 3_600));
    let mut lost = progress(Status::Unknown, false);
    (lost.attempts, lost.lost, lost.first_begun_at) = (1, 1, Some(at(1)));
    lost.refusals = 2;
    lost.waiting = Some(Waiting { wait: Wait::Leave, since: at(9_000) });
    lost.attention = Some(Attention::Overdue("tries go on".to_owned()));
    let outcome = decide(rule, at(90_000), |rules| rules.given_back(&lost, Some(at(90_000))));
    assert!(outcome.progress.open.is_some());
    assert_eq!(outcome.progress.attention, Some(Attention::Doubt(FORGOTTEN.to_owned())));
    assert_eq!(outcome.notices.len(), 1);
}

/// A worker that stood still between the answer and its writing: the request may have arrived since.
#[test]
fn an_absence_that_was_asked_about_within_the_grace_is_no_proof_however_late_it_is_written() {
    let mut progress = progress(Status::Unknown, true);
    progress.asking.absences = 5;
    let (early, late) = (at(1).plus(GRACE / 2), at(1).plus(GRACE * 3));
    for (asked_at, is_closed) in [(early, false), (late, true)] {
        let outcome = decide(Deduplication::ByKey, late, |rules| rules.absent(&progress, asked_at));
        assert_eq!(outcome.progress.open.is_none(), is_closed, "{asked_at}");
    }
}

#[test]
fn a_refusal_counts_for_its_own_attempt_only() {
    let seen = Observation::new(Status::Failed(FailReason::Rejected), Source::Reply, at(9));
    let table = [
        (Status::Created, 1, "failed"),
        (Status::Unknown, 1, "failed"),
        (Status::Unknown, 2, "unknown"),
        // An earlier one than the one that is open, from a worker that stood still.
        (Status::Unknown, 0, "unknown"),
        (Status::Pending, 1, "pending"),
        (Status::Succeeded, 1, "succeeded"),
    ];
    for (status, number, expected) in table {
        let progress = progress(status, true);
        let outcome =
            decide(Deduplication::ByKey, at(9), |rules| rules.refused(&progress, number, &seen));
        assert_eq!(outcome.progress.word(), expected, "{status}, attempt {number}");
    }
}

/// A watch ends with an answer behind its window, and not with a query in vain.
#[test]
fn a_watch_ends_with_an_answer() {
    let window = Policy::live().watch_for;
    let mut progress = progress(Status::Succeeded, false);
    progress.settled_at = Some(at(1));
    let inside = at(1).plus(window / 2);
    let behind = at(1).plus(window);
    let due = |now, take: &dyn Fn(&Rules<'_>) -> Option<Timestamp>| {
        decide(Deduplication::ByKey, now, take)
    };
    assert!(due(inside, &|rules| rules.next_due(&progress)).is_some());
    assert_eq!(due(behind, &|rules| rules.next_due(&progress)), None);
    assert!(due(behind, &|rules| rules.asked(&progress, String::new()).due_at).is_some());
    // Whoever was away for a second window asks all the same, and not for ever.
    let given_up = behind.plus(window);
    assert!(due(given_up, &|rules| rules.asked(&progress, String::new()).due_at).is_some());
    progress.asking.queries = Policy::live().queries_max;
    assert!(due(behind, &|rules| rules.asked(&progress, String::new()).due_at).is_some());
    assert_eq!(due(given_up, &|rules| rules.asked(&progress, String::new()).due_at), None);
}

/// A list and the closing query were answered at the same moment, so the answer says nothing about the
/// word of the list. A person was told that queries go on, and there was none.
/// Whatever happened between the query and the end of the window is not in its answer.
#[test]
fn a_watch_ends_with_the_answer_to_a_query_that_left_after_the_window() {
    let mut settled = progress(Status::Succeeded, false);
    settled.settled_at = Some(at(1));
    let closes_at = at(1).plus(Policy::live().watch_for);
    let answered_at = closes_at.plus(Duration::from_secs(1));
    let before = Timestamp::from_millis(closes_at.as_millis() - 1);
    for (asked_at, ends) in [(before, false), (closes_at, true), (answered_at, true)] {
        let seen = Observation::new(Status::Succeeded, Source::Query, answered_at);
        let seen = Observation { asked_at: Some(asked_at), ..seen };
        let learned =
            decide(Deduplication::ByKey, answered_at, |rules| rules.learn(&settled, &seen));
        assert_eq!(learned.due_at.is_none(), ends, "{asked_at}");
    }
}

#[test]
fn a_watch_does_not_end_with_a_word_that_nobody_documented() {
    let mut settled = progress(Status::Succeeded, false);
    settled.settled_at = Some(at(1));
    let behind = at(1).plus(Policy::live().watch_for);
    let answered = |asked_at| {
        let seen = Observation::new(Status::Succeeded, Source::Query, asked_at);
        Observation { asked_at: Some(asked_at), ..seen }
    };
    let word = Observation {
        asked_at: Some(behind),
        provider_code: Some("EN_REVISION".to_owned()),
        not_understood: true,
        ..Observation::new(Status::Unknown, Source::Listing, behind)
    };
    let learn = |progress: &Progress, seen: &Observation| {
        decide(Deduplication::ByKey, seen.seen_at, |rules| rules.learn(progress, seen))
    };
    let odd = learn(&settled, &word);
    assert!(odd.progress.attention.is_some() && odd.due_at.is_some());
    let same_moment = learn(&odd.progress, &answered(behind));
    assert!(same_moment.progress.standing.not_understood().is_some());
    assert!(same_moment.due_at.is_some(), "queries go on");
    let later = behind.plus(Duration::from_secs(1));
    let mut denied = same_moment.progress.clone();
    denied.asking.absences = 5;
    let denied = decide(Deduplication::ByKey, later, |rules| rules.absent(&denied, later));
    assert!(denied.due_at.is_some(), "denials do not explain the word either");
    let understood = learn(&same_moment.progress, &answered(later));
    assert_eq!(understood.progress.standing.not_understood(), None);
    assert_eq!((understood.progress.attention, understood.due_at), (None, None));
}

/// What a person settled, and the provider denies as often as a proof needs, is at rest; a single denial,
/// or denials to queries from before the end, leave the watch open.
#[test]
fn a_watch_ends_with_denials_in_a_row_that_were_asked_for_after_its_window() {
    let behind = at(1).plus(Policy::live().watch_for);
    let mut progress = progress(Status::Succeeded, false);
    progress.settled_at = Some(at(1));
    for (absences, asked_at, is_over) in [(0, behind, false), (8, at(2), false), (8, behind, true)]
    {
        progress.asking.absences = absences;
        let absent = |rules: &Rules<'_>| rules.absent(&progress, asked_at).due_at;
        let due_at = decide(Deduplication::ByKey, behind, absent);
        assert_eq!(due_at.is_none(), is_over, "{absences} denials before, asked at {asked_at}");
    }
}

/// A provider that says "in a year" must not park a salary for a year.
#[test]
fn what_a_provider_asks_for_is_granted_within_reason() {
    let policy = Policy::live();
    for (asked, granted) in [(None, None), (Some(60), Some(60)), (Some(31_536_000), Some(3_600))] {
        let granted = granted.map(Duration::from_secs);
        assert_eq!(policy.asked_delay(asked.map(Duration::from_secs)), granted);
    }
}

/// What cannot be prepared was never sent; unless something was sent before.
#[test]
fn an_order_that_cannot_be_prepared_has_failed_only_if_nothing_was_sent() {
    let (order, policy) = (order(), Policy::live());
    let descriptor = descriptor(Deduplication::ByHandle);
    let rules = Rules {
        order: &order,
        descriptor: &descriptor,
        policy: &policy,
        is_swept: false,
        now: at(5),
    };
    let rejected = Status::Failed(FailReason::Rejected);
    let seen = Observation::new(rejected, Source::Reply, at(5));
    let fresh = rules.unprepared(&progress(Status::Created, false), &seen);
    assert_eq!((fresh.progress.status(), fresh.due_at), (rejected, None));
    for status in [Status::Unknown, Status::Pending] {
        let sent = rules.unprepared(&progress(status, true), &seen);
        assert_eq!(sent.progress.status(), status);
        assert!(sent.due_at.is_some());
    }
}

/// A transfer that failed is retried by its bank: the answer at the end of the watch is "pending".
#[test]
fn a_watch_does_not_end_while_the_provider_says_that_it_is_under_way() {
    let (order, policy) = (order(), Policy::live());
    let descriptor = descriptor(Deduplication::ByHandle);
    let end = policy.watch_for.as_secs() + 1;
    let rules = |seconds| Rules {
        order: &order,
        descriptor: &descriptor,
        policy: &policy,
        is_swept: false,
        now: at(seconds),
    };
    let answer = |status, seconds| Observation {
        asked_at: Some(at(seconds)),
        ..Observation::new(status, Source::Query, at(seconds))
    };
    let failed = Status::Failed(FailReason::Declined);
    let settled = rules(5).learn(&progress(Status::Pending, true), &answer(failed, 5)).progress;

    let over = rules(5 + end).learn(&settled, &answer(failed, 5 + end));
    assert_eq!(over.due_at, None, "the watch ends with an answer");
    let again = rules(5 + end).learn(&settled, &answer(Status::Pending, 5 + end));
    assert_eq!(again.progress.status(), failed, "nothing moved yet");
    assert!(again.due_at.is_some(), "and it is watched on");
    for (seconds, is_watched) in [(3 + 2 * end, true), (4 + 2 * end, false)] {
        let still = rules(seconds).learn(&again.progress, &answer(failed, seconds));
        assert_eq!(still.due_at.is_some(), is_watched, "for a whole window: {seconds}");
    }
    let old = Observation { asked_at: Some(at(4)), ..answer(Status::Pending, 5 + end) };
    let old = rules(5 + end).learn(&settled, &old);
    assert_eq!(old.progress.settled_at, settled.settled_at, "an old query says nothing");
    assert!(old.due_at.is_some(), "not even that the watch is over");
}

/// A payout in doubt, as far along as anybody can make it without a proof.
fn in_doubt() -> Progress {
    let asking = Asking { queries: Policy::live().queries_max - 1, absences: 2 };
    Progress { asking, ..progress(Status::Unknown, true) }
}

#[test]
fn receiver_4_a_hint_moves_only_a_query_and_never_a_send() {
    let hinted = |progress: &Progress, due_at| {
        decide(Deduplication::ByKey, at(100), |rules| rules.hinted(progress, due_at))
    };
    let asked = in_doubt();
    let soon = at(100).plus(Policy::live().confirm_delay);
    let outcome = hinted(&asked, Some(at(900))).unwrap();
    assert_eq!(outcome.due_at, Some(soon));
    assert_eq!(outcome.progress, Progress { ahead_of: Some(at(900)), ..asked.clone() });
    assert!(outcome.entries.is_empty() && outcome.notices.is_empty());
    assert_eq!(hinted(&outcome.progress, Some(soon)), None, "it is asked soon anyway");
    assert_eq!(hinted(&asked, Some(at(50))), None, "it is due already");
    assert!(hinted(&progress(Status::Succeeded, false), None).is_some(), "its watch is over");
    for waits_to_be_sent in [progress(Status::Created, false), progress(Status::Unknown, false)] {
        assert_eq!(hinted(&waits_to_be_sent, Some(at(900))), None);
    }
    assert_eq!(hinted(&progress(Status::Created, true), Some(at(900))), None, "it is being sent");
    let attention = Some(Attention::Quarantine("two".to_owned()));
    assert_eq!(hinted(&Progress { attention, ..asked }, None), None);
}

/// The queries that call a person, and the absences that prove that an attempt is lost, are those of
/// the schedule: a stranger can cause others, and they count for nothing.
#[test]
fn receiver_4_a_query_that_a_hint_brought_forward_spends_nothing() {
    let before = Progress { ahead_of: Some(at(90_000)), ..in_doubt() };
    let now = at(80_000);
    let is_unspent = |outcome: Outcome| {
        assert_eq!(outcome.progress, in_doubt());
        assert_eq!(outcome.due_at, Some(at(90_000)));
        assert!(outcome.entries.is_empty() && outcome.notices.is_empty());
    };
    is_unspent(decide(Deduplication::ByKey, now, |rules| rules.absent(&before, now)));
    is_unspent(decide(Deduplication::ByKey, now, |rules| rules.asked(&before, "503".to_owned())));
    // The same answers count when it was time to ask.
    let on_time = in_doubt();
    let lost = decide(Deduplication::ByKey, now, |rules| rules.absent(&on_time, now));
    assert_eq!(lost.progress.open, None);
    let called = decide(Deduplication::ByKey, now, |rules| rules.asked(&on_time, "503".to_owned()));
    assert!(called.progress.attention.is_some());
}

#[test]
fn receiver_4_an_answer_to_a_hint_counts_if_it_is_news_and_leaves_the_schedule_if_it_is_none() {
    let asking = Asking { queries: 4, absences: 0 };
    let before = Progress { asking, ahead_of: Some(at(900)), ..progress(Status::Pending, true) };
    let told = |status, source| {
        let seen =
            Observation { asked_at: Some(at(100)), ..Observation::new(status, source, at(100)) };
        decide(Deduplication::ByKey, at(100), |rules| rules.learn(&before, &seen))
    };
    let same = told(Status::Pending, Source::Query);
    assert_eq!((same.progress.asking, same.due_at), (asking, Some(at(900))));
    assert_eq!(same.progress.ahead_of, None);
    let news = told(Status::Succeeded, Source::Query);
    assert_eq!(news.progress.status(), Status::Succeeded);
    assert_eq!((news.progress.asking, news.progress.ahead_of), (Asking::default(), None));
    assert_ne!(news.due_at, Some(at(900)));
    let genuine = told(Status::Succeeded, Source::VerifiedEvent);
    assert_eq!((genuine.progress.status(), genuine.progress.ahead_of), (Status::Succeeded, None));
}

fn seen_by_query(status: Status, asked_at: Timestamp) -> Observation {
    let asked_at = Some(asked_at);
    Observation { asked_at, ..Observation::new(status, Source::Query, at(0)) }
}

#[test]
fn a_settled_payout_is_asked_about_seven_times_in_its_month() {
    let mut now = at(5);
    let (order, descriptor) = (order(), descriptor(Deduplication::ByKey));
    let policy = Policy::live();
    let ask = |now: Timestamp, progress: &Progress| {
        let rules =
            Rules { order: &order, descriptor: &descriptor, policy: &policy, is_swept: false, now };
        let seen = Observation { seen_at: now, ..seen_by_query(Status::Succeeded, now) };
        rules.learn(progress, &seen)
    };
    let mut settled = ask(now, &progress(Status::Pending, true));
    let (mut queries, mut gap_max) = (0, Duration::ZERO);
    while let Some(due_at) = settled.due_at {
        gap_max = gap_max.max(due_at.since(now));
        now = due_at;
        settled = ask(now, &settled.progress);
        queries += 1;
    }
    assert_eq!(queries, 7);
    assert!(now >= at(30 * 86_400), "the last query leaves when the window has closed");
    assert!(gap_max <= Duration::from_secs(12 * 86_400), "{gap_max:?}");
}

#[test]
fn what_was_settled_in_one_moment_is_not_asked_about_in_one_moment() {
    let (descriptor, policy) = (descriptor(Deduplication::ByKey), Policy::live());
    let due_at = |number: u32| {
        let key = OrderKey::new(format!("payroll-{number:04}")).unwrap();
        let order = PayoutOrder { key, ..order() };
        let rules = Rules {
            order: &order,
            descriptor: &descriptor,
            policy: &policy,
            is_swept: false,
            now: at(5),
        };
        let seen = seen_by_query(Status::Succeeded, at(4));
        rules.learn(&progress(Status::Pending, true), &seen).due_at
    };
    let moments: std::collections::BTreeSet<_> = (0..1_000).map(due_at).collect();
    assert!(moments.len() > 300, "{} moments for 1,000 payouts", moments.len());
}

/// A payout whose attempt is known by the witness only: what was proven or refused is about attempts of
/// which the store has forgotten the rest.
#[test]
fn what_is_recalled_is_neither_closed_nor_refused_without_a_person() {
    let recalled = Progress { is_recalled: true, ..progress(Status::Unknown, true) };
    let attempt = recalled.open.unwrap();
    let refusal = Status::Failed(FailReason::Rejected);
    let seen = Observation::new(refusal, Source::Reply, at(20));
    let because = || "a proof".to_owned();
    let now = at(86_400);
    for deduplication in [Deduplication::ByKey, Deduplication::ByHandle, Deduplication::None] {
        let close = |proof| {
            decide(deduplication, now, |rules| {
                rules.close_attempt(&recalled, attempt, proof, because(), None)
            })
        };
        for proof in [Proof::NeverReached, Proof::RefusedUnread, Proof::Absent] {
            assert_eq!(close(proof), None, "{proof:?}");
        }
        let closed = close(Proof::Operator).unwrap().progress;
        assert_eq!((closed.open, closed.is_recalled), (None, false));
        let refused = decide(deduplication, now, |rules| rules.refused(&recalled, 1, &seen));
        assert_eq!(refused.progress.status(), Status::Unknown);
        let mut absent = recalled.clone();
        for _ in 0..9 {
            absent = decide(deduplication, now, |rules| rules.absent(&absent, now)).progress;
        }
        assert!(absent.open.is_some() && absent.attention.is_some());
    }
}

#[test]
fn a_proof_closes_the_attempt_that_it_is_about() {
    let doubtful = progress(Status::Unknown, true);
    let open = doubtful.open.unwrap();
    let other = Attempt { begun_at: at(2), ..open };
    for (attempt, is_closed) in [(open, true), (other, false)] {
        let closed = decide(Deduplication::ByKey, at(9), |rules| {
            let because = "it did not leave".to_owned();
            rules.close_attempt(&doubtful, attempt, Proof::NeverReached, because, None)
        });
        assert_eq!(closed.is_some(), is_closed);
    }
}
