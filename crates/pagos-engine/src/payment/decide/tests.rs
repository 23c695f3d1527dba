//! What follows from what, for payments.

use std::time::Duration;

use pagos_core::{
    Absence, AccountName, Currency, Echo, Money, OrderKey, PaymentSession, ProviderRef, Repeat,
};

use super::*;
use crate::history::Proof;

const DECLINED: Status = Status::Failed(FailReason::Declined);
const EXPIRED: Status = Status::Failed(FailReason::Expired);
const HALF_AN_HOUR: Duration = Duration::from_secs(30 * 60);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1_000)
}

fn reference(text: &str) -> ProviderRef {
    ProviderRef::new(text).unwrap()
}

fn order() -> PaymentOrder {
    PaymentOrder::new(
        OrderKey::new("order1").unwrap(),
        AccountName::new("shop").unwrap(),
        Money::new(1_500, Currency::Clp),
    )
}

/// Rules at a moment, for a provider that opens as many sessions as it is asked for.
struct Bench {
    order: PaymentOrder,
    policy: Policy,
    repeat: Repeat,
}

impl Bench {
    fn new() -> Self {
        Self { order: order(), policy: Policy::live(), repeat: Repeat::OpensAnother }
    }

    fn at(&self, seconds: i64) -> PaymentRules<'_> {
        let absence = Absence { answers_min: 2, grace: Duration::from_secs(15 * 60) };
        let terms = PaymentTerms { open_for: Some(HALF_AN_HOUR), absence, repeat: self.repeat };
        PaymentRules { order: &self.order, terms, policy: &self.policy, now: at(seconds) }
    }

    /// The answer that nobody paid, to a query of `asked`, is written at `seconds`.
    fn told_nothing(&self, asked: i64, seconds: i64, progress: &PaymentProgress) -> PaymentOutcome {
        self.at(seconds).answered(progress, &[], &Answer::Nothing, at(asked))
    }

    /// A payment with a session `s1` that was opened at 0.
    fn opened(&self) -> PaymentProgress {
        let begun = self.at(0).begin_opening(&PaymentProgress::new(at(0)));
        self.at(0).opened(&begun.progress, &session("s1", 0)).unwrap().progress
    }
}

fn session(name: &str, seconds: i64) -> PaymentSession {
    PaymentSession {
        observation: Observation {
            reference: Some(reference(name)),
            ..Observation::new(Status::Pending, Source::Reply, at(seconds))
        },
        url: Some(format!("https://pay.example/{name}")),
        code: None,
        secret: None,
    }
}

fn told(session: &str, transfer: &str, status: Status, seconds: i64) -> Observation {
    Observation {
        reference: Some(reference(session)),
        transfer: Some(reference(transfer)),
        provider_at: Some(at(seconds)),
        ..Observation::new(status, Source::VerifiedEvent, at(seconds))
    }
}

fn kinds(outcome: &PaymentOutcome) -> Vec<&'static str> {
    let word = |notice: &Notice| match notice.event {
        NoticeKind::Advanced => "advanced",
        NoticeKind::Reversed { .. } => "reversed",
        NoticeKind::Returned => "returned",
        NoticeKind::PaidByLaterTry { .. } => "paid by a later try",
        NoticeKind::InServiceAgain => "in service again",
        NoticeKind::Attention { .. } => "attention",
        NoticeKind::WaitingForApproval
        | NoticeKind::Approved
        | NoticeKind::Rejected { .. }
        | NoticeKind::Blocked
        | NoticeKind::Withdrawn => "of an approval",
    };
    outcome.notices.iter().map(word).collect()
}

#[test]
fn one_session_at_a_time() {
    let bench = Bench::new();
    let fresh = PaymentProgress::new(at(0));
    assert_eq!(bench.at(0).may_open(&fresh), MayOpen::Yes);

    let begun = bench.at(0).begin_opening(&fresh).progress;
    assert!(matches!(bench.at(10).may_open(&begun), MayOpen::No(_)), "another process opens it");
    assert_eq!(bench.at(1_000).may_open(&begun), MayOpen::Yes, "and died");

    let opened = bench.opened();
    assert_eq!(bench.at(10).may_open(&opened), MayOpen::NotNeeded);
    assert_eq!(bench.at(7_200).may_open(&opened), MayOpen::NotNeeded, "it may have been paid");

    let failed = bench.at(60).learn(&opened, &[told("s1", "a", DECLINED, 60)]).progress;
    assert_eq!(failed.status(), DECLINED);
    assert_eq!(bench.at(61).may_open(&failed), MayOpen::NotNeeded, "the payer may try again");
    assert_eq!(bench.at(1_801).may_open(&failed), MayOpen::Yes);

    let paid = bench.at(70).learn(&failed, &[told("s1", "b", Status::Succeeded, 70)]).progress;
    assert_eq!(bench.at(9_999).may_open(&paid), MayOpen::NotNeeded);
}

#[test]
fn a_key_that_the_provider_takes_once_is_opened_once() {
    let bench = Bench { repeat: Repeat::Refused, ..Bench::new() };
    let begun = bench.at(0).begin_opening(&PaymentProgress::new(at(0))).progress;
    let lost = bench.at(1).unanswered(&begun, "no answer".to_owned());
    assert_eq!(lost.progress.status(), Status::Unknown);
    assert!(lost.due_at.is_some(), "it is asked about");
    assert!(matches!(bench.at(9_999).may_open(&lost.progress), MayOpen::No(_)));

    let because = "not delivered".to_owned();
    let unused = bench.at(1).not_opened(&begun, Proof::NeverReached, because).progress;
    assert_eq!(unused.status(), Status::Created);
    assert_eq!(bench.at(2).may_open(&unused), MayOpen::Yes);

    let found = Observation {
        reference: Some(reference("late")),
        ..Observation::new(Status::Pending, Source::Query, at(5))
    };
    let adopted = bench.at(5).learn(&lost.progress, &[found]);
    assert_eq!(adopted.opens.unwrap().reference, reference("late"), "it can be found by its id");
    let adopted = adopted.progress;
    assert_eq!((adopted.status(), adopted.sessions.len()), (Status::Pending, 1));
}

#[test]
fn a_lost_answer_is_harmless_where_a_repeat_opens_another_session() {
    let bench = Bench::new();
    let begun = bench.at(0).begin_opening(&PaymentProgress::new(at(0))).progress;
    let lost = bench.at(1).unanswered(&begun, "no answer".to_owned()).progress;
    assert_eq!(lost.status(), Status::Created);
    assert_eq!(bench.at(2).may_open(&lost), MayOpen::Yes);
}

#[test]
fn a_failed_try_takes_back_no_paid_one() {
    let bench = Bench::new();
    let paid = bench.at(10).learn(&bench.opened(), &[told("s1", "a", Status::Succeeded, 10)]);
    assert_eq!(kinds(&paid), ["advanced"]);
    let after = bench.at(20).learn(&paid.progress, &[told("s1", "b", DECLINED, 20)]);
    assert_eq!(after.progress.status(), Status::Succeeded);
    assert_eq!(kinds(&after), [""; 0]);
    assert_eq!(after.entries.len(), 1, "it is written down");
}

#[test]
fn the_same_try_can_be_reversed() {
    let bench = Bench::new();
    let paid = bench.at(10).learn(&bench.opened(), &[told("s1", "a", Status::Succeeded, 10)]);
    let older = bench.at(20).learn(&paid.progress, &[told("s1", "a", DECLINED, 5)]);
    assert_eq!(older.progress.status(), Status::Succeeded);
    let equal = bench.at(20).learn(&paid.progress, &[told("s1", "a", DECLINED, 10)]);
    assert_eq!(equal.progress.status(), Status::Succeeded);
    assert_eq!(equal.due_at, Some(at(21)), "the provider is asked");
    let newer = bench.at(20).learn(&paid.progress, &[told("s1", "a", DECLINED, 15)]);
    assert_eq!(newer.progress.status(), DECLINED);
    assert_eq!(kinds(&newer), ["reversed"]);
}

/// A failed try closes no session: the payer pays with another card, and nothing was taken back. Money
/// in the very try that had failed, or behind the session's end, is another matter.
#[test]
fn truth_25_a_failed_try_that_a_payer_repeats_is_no_reversal() {
    let bench = Bench::new();
    let failed = bench.at(10).learn(&bench.opened(), &[told("s1", "a", DECLINED, 10)]);
    assert_eq!((failed.progress.status(), kinds(&failed)), (DECLINED, vec!["advanced"]));
    let cases = [
        ("b", 20, "paid by a later try"),
        ("a", 20, "reversed"),
        ("b", 1_799, "paid by a later try"),
        ("b", 1_800, "reversed"),
    ];
    for (transfer, seconds, kind) in cases {
        let seen = told("s1", transfer, Status::Succeeded, seconds);
        let paid = bench.at(seconds).learn(&failed.progress, &[seen]);
        assert_eq!(paid.progress.status(), Status::Succeeded, "{transfer} at {seconds}");
        assert_eq!(kinds(&paid), [kind], "{transfer} at {seconds}");
        assert_eq!(paid.progress.times_paid(), 1, "{transfer} at {seconds}");
        assert_eq!(paid.progress.attention, None, "{transfer} at {seconds}");
        let NoticeAbout::Payment(news) = &paid.notices[0].about else { panic!("{paid:?}") };
        assert_eq!((news.was, news.status), (Some(DECLINED), Status::Succeeded));
    }
}

#[test]
fn a_second_success_is_raised_and_counted_once() {
    let bench = Bench::new();
    let first = told("s1", "a", Status::Succeeded, 10);
    let second = told("s1", "b", Status::Succeeded, 20);
    let paid = bench.at(10).learn(&bench.opened(), std::slice::from_ref(&first)).progress;
    let again = bench.at(11).learn(&paid, std::slice::from_ref(&first));
    assert_eq!((again.progress.times_paid(), kinds(&again)), (1, Vec::new()));

    let twice = bench.at(20).learn(&paid, std::slice::from_ref(&second));
    assert_eq!((twice.progress.times_paid(), kinds(&twice)), (2, vec!["attention"]));
    assert!(matches!(twice.progress.attention, Some(Attention::Surplus(_))));
    let repeated = bench.at(21).learn(&twice.progress, &[second]);
    assert_eq!((repeated.progress.times_paid(), kinds(&repeated)), (2, Vec::new()));

    let back = bench.at(30).learn(&twice.progress, &[told("s1", "b", DECLINED, 30)]);
    assert_eq!((back.progress.times_paid(), kinds(&back)), (1, vec!["attention"]));
    assert_eq!(back.progress.attention, None);
}

#[test]
fn a_second_session_that_is_paid_too_is_raised() {
    let bench = Bench::new();
    let failed = bench.at(60).learn(&bench.opened(), &[told("s1", "a", DECLINED, 60)]).progress;
    let begun = bench.at(2_000).begin_opening(&failed).progress;
    let opened = bench.at(2_000).opened(&begun, &session("s2", 2_000)).unwrap().progress;
    assert_eq!(opened.status(), Status::Pending);
    let paid = bench.at(2_010).learn(&opened, &[told("s2", "c", Status::Succeeded, 2_010)]);
    let twice = bench.at(2_020).learn(&paid.progress, &[told("s1", "b", Status::Succeeded, 2_005)]);
    assert_eq!((twice.progress.times_paid(), kinds(&twice)), (2, vec!["attention"]));
}

#[test]
fn another_amount_key_or_session_changes_nothing_and_calls_a_person() {
    let bench = Bench::new();
    let opened = bench.opened();
    let paid = told("s1", "a", Status::Succeeded, 10);
    let amount = Echo { amount: Some(Money::new(2_000, Currency::Clp)), key: None };
    let key = Echo { key: Some("order2".to_owned()), amount: None };
    let cases = [
        Observation { echo: amount, ..paid.clone() },
        Observation { echo: key, ..paid.clone() },
        Observation { reference: Some(reference("s9")), ..paid.clone() },
    ];
    for seen in cases {
        let held = bench.at(10).learn(&opened, &[seen]);
        assert_eq!(held.progress.status(), Status::Pending);
        assert_eq!(held.progress.word(), "quarantined");
        assert_eq!((kinds(&held), held.due_at), (vec!["attention"], None));
        assert!(matches!(bench.at(20).may_open(&held.progress), MayOpen::No(_)));
    }
    assert_eq!(bench.at(10).learn(&opened, &[paid]).progress.status(), Status::Succeeded);
}

#[test]
fn a_hint_asks_and_changes_nothing() {
    let bench = Bench::new();
    let opened = bench.opened();
    let hinted = bench.at(10).hinted(&opened, Some(at(300))).unwrap();
    assert_eq!(hinted.progress, PaymentProgress { ahead_of: Some(at(300)), ..opened.clone() });
    assert_eq!(hinted.due_at, Some(at(11)));
    assert!(hinted.entries.is_empty() && hinted.notices.is_empty());
    assert!(bench.at(10).hinted(&opened, Some(at(11))).is_none(), "it is asked soon anyway");
    let fresh = PaymentProgress::new(at(0));
    assert!(bench.at(10).hinted(&fresh, None).is_none(), "nothing was opened");
}

/// Otherwise a stranger could spend the queries of a payment, or hurry the proof that it expired on.
#[test]
fn receiver_4_a_query_that_a_hint_brought_forward_spends_nothing() {
    let bench = Bench::new();
    let opened = bench.opened();
    let mut progress = opened.clone();
    for seconds in 10..60 {
        let hinted = bench.at(seconds * 100).hinted(&progress, Some(at(9_999))).unwrap();
        let answer = match seconds % 2 {
            0 => Answer::Nothing,
            _ => Answer::InVain("503".to_owned()),
        };
        let asked_at = at(seconds * 100);
        let told = bench.at(seconds * 100).answered(&hinted.progress, &[], &answer, asked_at);
        assert_eq!((told.due_at, told.entries.len(), kinds(&told)), (Some(at(9_999)), 0, vec![]));
        progress = told.progress;
        assert_eq!(progress, opened);
    }
    // A failed try beside an open session is told again with every answer, and is no news.
    let failed = [told("s1", "a", DECLINED, 60), told("s1", "b", Status::Pending, 61)];
    let tried = bench.at(70).learn(&opened, &failed).progress;
    let hinted = bench.at(100).hinted(&tried, Some(at(9_999))).unwrap().progress;
    let again = failed.map(|seen| Observation { seen_at: at(110), source: Source::Query, ..seen });
    let answer = bench.at(110).answered(&hinted, &again, &Answer::Told, at(110));
    assert_eq!((answer.due_at, answer.progress.asking), (Some(at(9_999)), tried.asking));
    assert!(answer.entries.is_empty() && answer.notices.is_empty());
    // Whatever makes another schedule ends it.
    assert_eq!(bench.at(120).looked(&hinted, "seen").progress.ahead_of, None);
    assert_eq!(bench.at(120).begin_opening(&hinted).progress.ahead_of, None);
    let hinted = bench.at(9_000).hinted(&progress, Some(at(9_999))).unwrap().progress;
    let paid = [told("s1", "a", Status::Succeeded, 10)];
    let told = bench.at(9_000).answered(&hinted, &paid, &Answer::Told, at(9_000));
    assert_eq!((told.progress.status(), told.progress.ahead_of), (Status::Succeeded, None));
    assert_ne!(told.due_at, Some(at(9_999)));
}

#[test]
fn a_session_expires_only_after_its_grace_and_late_money_still_counts() {
    let bench = Bench::new();
    let mut progress = bench.opened();
    for seconds in [300, 600, 1_800, 2_600] {
        progress = bench.told_nothing(seconds, seconds, &progress).progress;
        assert_eq!(progress.status(), Status::Pending, "{seconds}");
    }
    let in_vain = Answer::InVain("503".to_owned());
    progress = bench.at(2_700).answered(&progress, &[], &in_vain, at(2_700)).progress;
    let once = bench.told_nothing(2_800, 2_800, &progress);
    assert_eq!(once.progress.status(), Status::Pending, "one answer proves nothing");
    let expired = bench.told_nothing(3_100, 3_100, &once.progress);
    assert_eq!((expired.progress.status(), kinds(&expired)), (EXPIRED, vec!["advanced"]));
    assert_eq!(bench.at(3_101).may_open(&expired.progress), MayOpen::Yes);

    let late = told("s1", "a", Status::Succeeded, 3_000);
    let paid = bench.at(3_200).learn(&expired.progress, &[late]);
    assert_eq!((paid.progress.status(), kinds(&paid)), (Status::Succeeded, vec!["reversed"]));
}

/// A worker that stood still between the answer and its writing: somebody may have paid since.
#[test]
fn an_absence_that_was_asked_about_within_the_grace_expires_nothing_however_late_it_is_written() {
    let bench = Bench::new();
    let mut progress = bench.opened();
    progress.asking.absences = 5;
    for (asked, status) in [(2_699, Status::Pending), (2_700, EXPIRED)] {
        let outcome = bench.told_nothing(asked, 9_000, &progress);
        assert_eq!(outcome.progress.status(), status, "{asked}");
    }
}

#[test]
fn what_is_learned_in_any_order_ends_the_same() {
    let bench = Bench::new();
    let events = [
        told("s1", "a", DECLINED, 10),
        told("s1", "b", Status::Succeeded, 20),
        told("s1", "a", DECLINED, 10),
        told("s1", "c", DECLINED, 30),
        told("s1", "b", Status::Succeeded, 20),
    ];
    let mut ends = Vec::new();
    for start in 0..events.len() {
        let mut turned = events.to_vec();
        turned.rotate_left(start);
        for seen in [turned.clone(), turned.into_iter().rev().collect::<Vec<_>>()] {
            let end = bench.at(60).learn(&bench.opened(), &seen).progress;
            ends.push((end.status(), end.times_paid()));
        }
    }
    assert!(ends.iter().all(|end| *end == (Status::Succeeded, 1)), "{ends:?}");
}

#[test]
fn settled_payments_are_watched_for_a_day() {
    let bench = Bench::new();
    let paid = bench.at(10).learn(&bench.opened(), &[told("s1", "a", Status::Succeeded, 10)]);
    assert_eq!(paid.due_at, Some(at(10 + 3_600)));
    let day = 24 * 3_600;
    let last = bench.told_nothing(10 + day, 10 + day, &paid.progress);
    assert_eq!(last.due_at, None);
}
