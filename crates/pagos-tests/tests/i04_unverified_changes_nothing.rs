//! I4: unverified input changes no state; it can only schedule a query.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{sync::Arc, time::Duration};

use http::HeaderValue;

use pagos_core::{AccountName, Clock, ErrorKind, PayoutProvider, Source, Status};
use pagos_engine::{Accounts, Engine, InstrumentedStore, Judged, Progress};
use pagos_tests::{
    Answer, CAREFUL, Harness, Reply, ScriptedHarness, account, declined, event, finish, forged,
    hint, key, order, policy, simulated, unrecognised,
};

/// A harness whose one payout has reached a status, and what a liar would say about it.
fn scene_in(status: Status) -> (ScriptedHarness, Status) {
    let reply = match status {
        Status::Unknown => Reply::Fails(ErrorKind::Unknown),
        other => Reply::Says(other),
    };
    let scripted =
        ScriptedHarness::new(&CAREFUL, [reply], [Answer::Found(status)]).with_payout("a");
    scripted.work(&scripted.engine());
    assert_eq!(scripted.payout("a").progress.status(), status);
    scripted.timer.advance(Duration::from_millis(10));
    let lie = if status == Status::Succeeded { declined() } else { Status::Succeeded };
    (scripted, lie)
}

fn statuses() -> [Status; 4] {
    [Status::Unknown, Status::Pending, Status::Succeeded, declined()]
}

#[test]
fn i04_a_hint_changes_nothing_but_that_the_provider_is_asked() {
    for status in statuses() {
        let (scripted, lie) = scene_in(status);
        let (before, history, notices) =
            (scripted.payout("a"), scripted.history("a"), scripted.notices());
        let asked = scripted.provider.queries();
        let told = scripted.provider.seen(&order("a"), lie, Source::UnverifiedEvent);
        scripted.receive(&hint(&key("a"), &told, scripted.timer.now()));
        let engine = scripted.engine();
        scripted.work(&engine);
        let after = scripted.payout("a");
        let ahead_of = after.progress.ahead_of;
        assert_eq!(after.progress, Progress { ahead_of, ..before.progress }, "{status}");
        assert_eq!((scripted.history("a"), scripted.notices()), (history, notices), "{status}");
        assert!(
            after.due_at <= Some(scripted.timer.now().plus(Duration::from_secs(1))),
            "{status}"
        );
        assert!(scripted.waiting().is_empty());
        // The query is sent soon, and its answer counts.
        scripted.provider.answer_from_now_on([Answer::Found(lie)]);
        scripted.work_for(&engine, Duration::from_secs(2));
        assert!(scripted.provider.queries() > asked, "{status}");
        assert_eq!(scripted.payout("a").progress.status(), lie, "{status}");
        assert_eq!(scripted.provider.creates(), 1);
    }
}

#[test]
fn i04_a_wrongly_signed_event_changes_nothing_at_all() {
    for status in statuses() {
        let (scripted, lie) = scene_in(status);
        let before = (scripted.payout("a"), scripted.history("a"), scripted.notices());
        let told = scripted.provider.seen(&order("a"), lie, Source::VerifiedEvent);
        assert!(!scripted.receive(&forged(&key("a"), &told, scripted.timer.now())));
        finish(scripted.engine().work(0)).unwrap();
        assert_eq!(
            (scripted.payout("a"), scripted.history("a"), scripted.notices()),
            before,
            "{status}"
        );
        assert!(scripted.waiting().is_empty());
    }
}

/// Two accounts have a signing key each: who holds the one has no say about the other's payouts.
#[test]
fn i04_a_genuine_event_of_another_account_changes_nothing() {
    for status in statuses() {
        let (scripted, lie) = scene_in(status);
        let before = (scripted.payout("a"), scripted.history("a"), scripted.notices());
        let told = scripted.provider.seen(&order("a"), lie, Source::VerifiedEvent);
        let other = AccountName::new("other").unwrap();
        let arrived = event(&key("a"), &told, scripted.timer.now());
        let instrumented = InstrumentedStore::from(Arc::clone(&scripted.store));
        let judged =
            finish(instrumented.judge(&other, scripted.provider.as_ref(), &arrived)).unwrap();
        let Judged::Verified(verdict) = judged else { panic!("{judged:?}") };
        finish(instrumented.receive(&other, &arrived, &verdict)).unwrap();
        let provider = Arc::clone(&scripted.provider) as Arc<dyn PayoutProvider>;
        let accounts = Accounts::new().with(account(), Arc::clone(&provider)).with(other, provider);
        let (store, timer) = (Arc::clone(&scripted.store), Arc::clone(&scripted.timer));
        let world = simulated();
        let engine = finish(Engine::open(store, &world, accounts, timer, policy())).unwrap();
        finish(engine.work(0)).unwrap();
        assert_eq!(
            (scripted.payout("a"), scripted.history("a"), scripted.notices()),
            before,
            "{status}"
        );
    }
}

#[test]
fn i04_a_genuine_event_does_change_the_state() {
    for status in [Status::Unknown, Status::Pending] {
        let (scripted, news) = scene_in(status);
        let told = scripted.provider.seen(&order("a"), news, Source::VerifiedEvent);
        scripted.receive(&event(&key("a"), &told, scripted.timer.now()));
        finish(scripted.engine().work(0)).unwrap();
        assert_eq!(scripted.payout("a").progress.status(), news);
    }
}

#[test]
fn i04_a_genuine_event_in_unknown_words_asks_the_provider() {
    let (scripted, news) = scene_in(Status::Pending);
    let before = scripted.payout("a").progress;
    scripted.receive(&unrecognised(&key("a"), scripted.timer.now()));
    let engine = scripted.engine();
    finish(engine.work(0)).unwrap();
    let after = scripted.payout("a").progress;
    assert_eq!(after, Progress { ahead_of: after.ahead_of, ..before });
    scripted.provider.answer_from_now_on([Answer::Found(news)]);
    scripted.work_for(&engine, Duration::from_secs(2));
    assert_eq!(scripted.payout("a").progress.status(), news);
}

#[test]
fn i04_cashypro_webhooks_need_the_signature_over_their_very_bytes() {
    let harness = Harness::new(3);
    harness.submit(vec![order("a")]);
    let engine = harness.engine();
    finish(engine.work(8)).unwrap();
    harness.timer.advance(Duration::from_secs(30));
    let post = harness.webhooks();
    let genuine = harness.arrival(&post[0]);
    let mut flipped = genuine.clone();
    let mut bytes = genuine.body.to_vec();
    let digit = bytes.iter().rposition(u8::is_ascii_digit).unwrap();
    bytes[digit] ^= 1;
    flipped.body = bytes.into();
    let mut spaced = genuine.clone();
    spaced.body = [b" ", &genuine.body[..]].concat().into();
    let mut unsigned = genuine.clone();
    unsigned.headers.remove("Sign");
    let mut wrong = genuine.clone();
    wrong.headers.insert("Sign", HeaderValue::from_static("37bc4e6dc95e1dda6a6ea4625203d03f"));
    let before = (harness.payout("a"), harness.history("a"));
    for bad in [flipped, spaced, unsigned, wrong] {
        assert_eq!(harness.receive(&bad), 401);
        assert!(harness.waiting().is_empty());
        finish(engine.work(0)).unwrap();
        assert_eq!((harness.payout("a"), harness.history("a")), before);
    }
    assert_eq!(harness.receive(&genuine), 200);
    finish(engine.work(0)).unwrap();
    assert_eq!(harness.payout("a").progress.status(), Status::Succeeded);
}
