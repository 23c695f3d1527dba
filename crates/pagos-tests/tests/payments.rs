//! Payments from the order to the money: one open session, a secret that is durable before the
//! address is known, forged and contradicting notifications, second successes, ends without money.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;

use pagos_core::{Clock, Delivery, Departure, FailReason, Status, Transport};
use pagos_engine::{EngineError, NoticeAbout, NoticeKind, Opened, Payment, PaymentProgress};
use pagos_kit::{Kit, find};
use pagos_tests::{FaultInjector, Harness, Plan, drive, finish, key};
use pagos_twin::Profile;

const EXPIRED: Status = Status::Failed(FailReason::Expired);
const DECLINED: Status = Status::Failed(FailReason::Declined);

/// The provider whose sessions have secrets.
fn etpay() -> Kit {
    find("etpay").unwrap()
}

fn harness() -> Harness {
    Harness::of(etpay(), 1, Profile::None)
}

fn open(harness: &Harness, name: &str) -> Opened {
    finish(harness.engine().open_payment(etpay().payment_order(name).unwrap())).unwrap()
}

fn url(opened: &Opened) -> String {
    opened.payment.progress.sessions.last().unwrap().url.clone().unwrap()
}

/// The payer does something on the page; returns where the browser goes.
fn click(harness: &Harness, url: &str, query: &str) -> String {
    let request = http::Request::get(format!("{url}?{query}")).body(Bytes::new()).unwrap();
    let answer = finish(harness.transport().send(request, Departure::Anytime)).unwrap();
    let place = answer.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
    place.unwrap_or_default()
}

fn payment(harness: &Harness, name: &str) -> Payment {
    finish(harness.store.payment(&key(name))).unwrap().unwrap()
}

fn status(harness: &Harness, name: &str) -> Status {
    payment(harness, name).progress.status()
}

fn kinds(harness: &Harness) -> Vec<&'static str> {
    let word = |kind: &NoticeKind| match kind {
        NoticeKind::Advanced => "advanced",
        NoticeKind::Reversed { .. } => "reversed",
        NoticeKind::Returned => "returned",
        NoticeKind::PaidByLaterTry { .. } => "paid by a later try",
        NoticeKind::Attention { .. } => "attention",
        NoticeKind::InServiceAgain => "in service again",
        NoticeKind::WaitingForApproval
        | NoticeKind::Approved
        | NoticeKind::Rejected { .. }
        | NoticeKind::Blocked
        | NoticeKind::Withdrawn => "of an approval",
    };
    let notices = harness.notices();
    assert!(notices.iter().all(|notice| matches!(notice.about, NoticeAbout::Payment(_))));
    notices.iter().map(|notice| word(&notice.event)).collect()
}

/// Applies what has arrived, and nothing that is due later.
fn apply(harness: &Harness) {
    harness.pump();
    finish(harness.engine().work(8)).unwrap();
}

#[test]
fn a_payment_is_opened_paid_and_told() {
    let harness = harness();
    let opened = open(&harness, "order1");
    assert!(opened.is_new);
    assert_eq!(opened.payment.progress.status(), Status::Pending);
    let place = click(&harness, &url(&opened), "auto=paid");
    assert!(place.starts_with("https://merchant.example/paid?jwt="), "{place}");
    assert_eq!(status(&harness, "order1"), Status::Pending, "the redirect proves nothing");
    apply(&harness);
    assert_eq!(status(&harness, "order1"), Status::Succeeded);
    assert_eq!(kinds(&harness), ["advanced"]);
    harness.run_to_rest(&harness.engine());
    assert_eq!(kinds(&harness), ["advanced"], "and nothing is told twice");
}

#[test]
fn asked_for_again_it_is_the_same_session_until_it_is_over() {
    let harness = harness();
    let first = open(&harness, "order1");
    let again = open(&harness, "order1");
    assert!(!again.is_new);
    assert_eq!(url(&first), url(&again));
    click(&harness, &url(&first), "auto=failed");
    apply(&harness);
    assert_eq!(status(&harness, "order1"), DECLINED);
    assert_eq!(url(&open(&harness, "order1")), url(&first), "the payer may try again");
    harness.timer.advance_to(harness.timer.now().plus(Duration::from_secs(31 * 60)));
    let second = open(&harness, "order1");
    assert!(second.is_new);
    assert_ne!(url(&first), url(&second));

    let other = pagos_core::PaymentOrder {
        amount: pagos_core::Money::new(2, pagos_core::Currency::Clp),
        ..etpay().payment_order("order1").unwrap()
    };
    let refused = finish(harness.engine().open_payment(other)).unwrap_err();
    assert!(matches!(refused, EngineError::Refused(_)), "{refused}");
}

#[test]
fn what_the_provider_cannot_carry_is_refused_before_anything_is_stored() {
    let harness = harness();
    let refused =
        finish(harness.engine().open_payment(etpay().payment_order("a-b").unwrap())).unwrap_err();
    assert!(matches!(refused, EngineError::Invalid(_)), "{refused}");
    assert_eq!(finish(harness.store.payment(&key("a-b"))).unwrap(), None);
}

/// Whoever is told an address holds the secret that verifies its outcome, wherever a process dies or
/// its store fails; and of the addresses that are told, at most one session is open.
#[test]
fn no_address_is_told_before_its_secret_is_durable_wherever_the_process_dies() {
    let mut ends = (0, 0);
    for point in (1..60).flat_map(|point| [Plan::DieAt(point), Plan::FailAt(point)]) {
        let harness = harness();
        let injector = Arc::new(FaultInjector::new());
        injector.plan(point);
        let engine = harness.engine_behind(&injector);
        let mut opening = engine.open_payment(etpay().payment_order("order1").unwrap()).boxed();
        let told = drive(&mut opening).and_then(Result::ok);
        drop(opening);
        if let Some(opened) = &told {
            let session = opened.payment.progress.sessions.last().unwrap();
            let known = finish(harness.store.session(&etpay().account(), &session.reference));
            assert!(known.unwrap().unwrap().secret.is_some(), "{point:?}");
            ends.0 += 1;
        } else {
            ends.1 += 1;
        }
        harness.timer.advance_to(harness.timer.now().plus(Duration::from_secs(200)));
        let opened = open(&harness, "order1");
        if let Some(told) = &told {
            assert_eq!(url(told), url(&opened), "{point:?}");
        }
        assert_eq!(opened.payment.progress.sessions.len(), 1, "{point:?}");
        click(&harness, &url(&opened), "auto=paid");
        apply(&harness);
        assert_eq!(status(&harness, "order1"), Status::Succeeded, "{point:?}");
    }
    assert!(ends.0 > 5 && ends.1 > 5, "some died and some did not: {ends:?}");
}

/// Two processes are asked for one payment at once: one of them stands still at every point, while
/// the other goes on. The provider opens one session, and whoever is told an address is told its.
#[test]
fn two_processes_open_one_session_between_them() {
    let mut refused = 0;
    for point in 1..60 {
        let harness = harness();
        let injector = Arc::new(FaultInjector::new());
        injector.plan(Plan::StallAt(point));
        let slow = harness.engine_behind(&injector);
        let mut slow = slow.open_payment(etpay().payment_order("order1").unwrap()).boxed();
        let early = drive(&mut slow);
        let other = finish(harness.engine().open_payment(etpay().payment_order("order1").unwrap()));
        injector.open();
        let slow = early.unwrap_or_else(|| drive(&mut slow).expect("an end"));
        let mut sessions = 0;
        harness.visit_orders(&mut |_| sessions += 1);
        assert_eq!(sessions, 1, "point {point}");
        let told: Vec<String> = [slow, other].iter().flatten().map(url).collect();
        assert!(!told.is_empty() && told.iter().all(|one| *one == told[0]), "point {point}");
        refused += 2 - told.len();
    }
    assert!(refused > 0, "somebody must come second");
}

#[test]
fn a_lost_notification_is_made_up_for_by_a_query() {
    let harness = harness();
    let opened = open(&harness, "order1");
    click(&harness, &url(&opened), "auto=paid&notice=lost");
    harness.run_until(&harness.engine(), || status(&harness, "order1") == Status::Succeeded);
    let waited = harness.timer.now().since(opened.payment.progress.created_at);
    assert!(waited <= Duration::from_secs(600), "{waited:?}");
}

#[test]
fn notifications_that_are_not_genuine_change_nothing() {
    for notice in ["wrong-key", "tampered-amount", "alg-none", "hs512", "future-iat"] {
        let harness = harness();
        let opened = open(&harness, "order1");
        click(&harness, &url(&opened), &format!("auto=paid&notice={notice}"));
        let forged = harness.webhooks();
        assert!(!forged.is_empty(), "{notice}");
        for webhook in &forged {
            // What names no order is refused before anybody looks at its signature.
            let status = harness.receive(&harness.arrival(webhook));
            assert!(matches!(status, 401 | 404), "{notice}: {status}");
        }
        finish(harness.engine().work(8)).unwrap();
        assert_eq!(status(&harness, "order1"), Status::Pending, "{notice}");
    }
}

#[test]
fn a_genuine_notification_of_another_amount_or_order_calls_a_person() {
    for notice in ["wrong-amount", "wrong-order"] {
        let harness = harness();
        let opened = open(&harness, "order1");
        click(&harness, &url(&opened), &format!("auto=paid&notice={notice}"));
        apply(&harness);
        let payment = payment(&harness, "order1");
        assert_eq!(payment.progress.word(), "quarantined", "{notice}");
        assert_eq!(payment.progress.status(), Status::Pending, "{notice}");
        assert_eq!(kinds(&harness), ["attention"], "{notice}");
        let looked = finish(harness.engine().resolve_payment(&key("order1"), "Ana saw the bank"));
        assert_eq!(looked.unwrap().progress.attention, None);
        finish(harness.engine().work(8)).unwrap();
        assert_eq!(
            status(&harness, "order1"),
            Status::Succeeded,
            "the provider's answer: {notice}"
        );
    }
}

/// The browser brings a token under a key that the payer knows. Posted as a notification it can
/// cause a query and nothing else, whatever it claims.
#[test]
fn the_token_of_a_system_error_only_asks() {
    let harness = harness();
    let opened = open(&harness, "order1");
    let place = click(&harness, &url(&opened), "auto=system_error");
    let token = place.split_once("jwt=").unwrap().1;
    let delivery = Delivery {
        headers: http::HeaderMap::new(),
        body: Bytes::from(format!("{{\"jwt\":\"{token}\"}}")),
        received_at: harness.timer.now(),
    };
    let before = payment(&harness, "order1");
    assert_eq!(harness.receive(&delivery), 200);
    finish(harness.engine().work(8)).unwrap();
    let after = payment(&harness, "order1");
    assert_eq!(after.progress.ahead_of, before.due_at);
    let unmoved = PaymentProgress { ahead_of: None, ..after.progress };
    assert_eq!(unmoved, before.progress);
    assert!(after.due_at < before.due_at, "it is asked about now");
    click(&harness, &url(&opened), "auto=paid&notice=lost");
    harness.timer.advance_to(harness.timer.now().plus(Duration::from_secs(2)));
    finish(harness.engine().work(8)).unwrap();
    assert_eq!(status(&harness, "order1"), Status::Succeeded);
}

#[test]
fn duplicates_and_disorder_have_one_effect() {
    for notice in ["twice", "out-of-order", "late"] {
        let harness = harness();
        let opened = open(&harness, "order1");
        click(&harness, &url(&opened), "auto=failed");
        click(&harness, &url(&opened), &format!("auto=paid&notice={notice}"));
        harness.run_to_rest(&harness.engine());
        let payment = payment(&harness, "order1");
        assert_eq!(payment.progress.status(), Status::Succeeded, "{notice}");
        assert_eq!(payment.progress.times_paid(), 1, "{notice}");
        assert!(!kinds(&harness).contains(&"attention"), "{notice}: {:?}", kinds(&harness));
    }
}

#[test]
fn an_order_that_is_paid_in_two_sessions_is_raised_and_both_are_kept() {
    let harness = harness();
    let first = open(&harness, "order1");
    click(&harness, &url(&first), "auto=failed");
    apply(&harness);
    // The payer pays at the last moment, and nobody hears of it; then another session is opened.
    harness.timer.advance_to(harness.timer.now().plus(Duration::from_secs(29 * 60)));
    click(&harness, &url(&first), "auto=paid&notice=lost");
    harness.timer.advance_to(harness.timer.now().plus(Duration::from_secs(2 * 60)));
    let second = open(&harness, "order1");
    assert!(second.is_new);
    click(&harness, &url(&second), "auto=paid");
    harness.run_to_rest(&harness.engine());
    let payment = payment(&harness, "order1");
    assert_eq!(payment.progress.times_paid(), 2);
    assert_eq!(payment.progress.status(), Status::Succeeded);
    assert_eq!(kinds(&harness).iter().filter(|kind| **kind == "attention").count(), 1);
    assert!(payment.progress.reason().unwrap().contains("give the surplus back"));
}

#[test]
fn an_abandoned_session_expires_and_another_can_be_opened() {
    let harness = harness();
    let opened = open(&harness, "order1");
    click(&harness, &url(&opened), "auto=abandon");
    harness.run_to_rest(&harness.engine());
    let ended = status(&harness, "order1");
    assert!([EXPIRED, DECLINED].contains(&ended), "{ended}");
    assert!(open(&harness, "order1").is_new);
}

/// I10 for payments: neither the secret nor the payer's words stand in what is shown.
#[test]
fn nothing_of_the_secret_is_shown() {
    let harness = harness();
    let opened = open(&harness, "order1");
    let session = opened.payment.progress.sessions.last().unwrap();
    let known = finish(harness.store.session(&etpay().account(), &session.reference));
    let known = known.unwrap().unwrap();
    let secret = known.secret.clone().unwrap();
    let shown = format!("{known:?} {:?} {opened:?}", payment(&harness, "order1"));
    assert!(!shown.contains(secret.expose()));
    let stored = serde_json::to_string(&opened.payment.progress).unwrap();
    assert!(!stored.contains(secret.expose()), "it stands in a column of its own");
}
