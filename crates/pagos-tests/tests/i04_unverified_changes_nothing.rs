//! I4: unverified input changes no state; it can only schedule a question.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{sync::Arc, time::Duration};

use http::HeaderValue;

use pagos_core::{AccountName, Clock, ErrorKind, PayoutProvider, Source, Status};
use pagos_engine::{Accounts, Engine, Judged, Progress, StoreDoor};
use pagos_tests::{
    Answer, CAREFUL, Reply, Scene, Stage, account, declined, event, finish, forged, hint, key,
    order, policy, simulated, unrecognised,
};

/// A scene whose one payout has reached a status, and what a liar would say about it.
fn scene_in(status: Status) -> (Scene, Status) {
    let reply = match status {
        Status::Unknown => Reply::Fails(ErrorKind::Unknown),
        other => Reply::Says(other),
    };
    let scene = Scene::new(&CAREFUL, [reply], [Answer::Found(status)]).with_payout("a");
    scene.work(&scene.engine());
    assert_eq!(scene.payout("a").progress.status(), status);
    scene.timer.advance(Duration::from_millis(10));
    let lie = if status == Status::Succeeded { declined() } else { Status::Succeeded };
    (scene, lie)
}

fn statuses() -> [Status; 4] {
    [Status::Unknown, Status::Pending, Status::Succeeded, declined()]
}

#[test]
fn i04_a_hint_changes_nothing_but_that_the_provider_is_asked() {
    for status in statuses() {
        let (scene, lie) = scene_in(status);
        let (before, history, notices) = (scene.payout("a"), scene.history("a"), scene.notices());
        let asked = scene.provider.queries();
        let told = scene.provider.seen(&order("a"), lie, Source::UnverifiedEvent);
        scene.receive(&hint(&key("a"), &told, scene.timer.now()));
        let engine = scene.engine();
        scene.work(&engine);
        let after = scene.payout("a");
        let ahead_of = after.progress.ahead_of;
        assert_eq!(after.progress, Progress { ahead_of, ..before.progress }, "{status}");
        assert_eq!((scene.history("a"), scene.notices()), (history, notices), "{status}");
        assert!(after.due_at <= Some(scene.timer.now().plus(Duration::from_secs(1))), "{status}");
        assert!(scene.waiting().is_empty());
        // The question is asked soon, and its answer counts.
        scene.provider.answer_from_now_on([Answer::Found(lie)]);
        scene.work_for(&engine, Duration::from_secs(2));
        assert!(scene.provider.queries() > asked, "{status}");
        assert_eq!(scene.payout("a").progress.status(), lie, "{status}");
        assert_eq!(scene.provider.creates(), 1);
    }
}

#[test]
fn i04_a_wrongly_signed_event_changes_nothing_at_all() {
    for status in statuses() {
        let (scene, lie) = scene_in(status);
        let before = (scene.payout("a"), scene.history("a"), scene.notices());
        let told = scene.provider.seen(&order("a"), lie, Source::VerifiedEvent);
        assert!(!scene.receive(&forged(&key("a"), &told, scene.timer.now())));
        finish(scene.engine().work(0)).unwrap();
        assert_eq!((scene.payout("a"), scene.history("a"), scene.notices()), before, "{status}");
        assert!(scene.waiting().is_empty());
    }
}

/// Two accounts have a signing key each: who holds the one has no say about the other's payouts.
#[test]
fn i04_a_genuine_event_of_another_account_changes_nothing() {
    for status in statuses() {
        let (scene, lie) = scene_in(status);
        let before = (scene.payout("a"), scene.history("a"), scene.notices());
        let told = scene.provider.seen(&order("a"), lie, Source::VerifiedEvent);
        let other = AccountName::new("other").unwrap();
        let arrived = event(&key("a"), &told, scene.timer.now());
        let door = StoreDoor::from(Arc::clone(&scene.store));
        let judged = finish(door.judge(&other, scene.provider.as_ref(), &arrived)).unwrap();
        let Judged::Verified(verdict) = judged else { panic!("{judged:?}") };
        finish(door.receive(&other, &arrived, &verdict)).unwrap();
        let provider = Arc::clone(&scene.provider) as Arc<dyn PayoutProvider>;
        let accounts = Accounts::new().with(account(), Arc::clone(&provider)).with(other, provider);
        let (store, timer) = (Arc::clone(&scene.store), Arc::clone(&scene.timer));
        let world = simulated();
        let engine = finish(Engine::open(store, &world, accounts, timer, policy())).unwrap();
        finish(engine.work(0)).unwrap();
        assert_eq!((scene.payout("a"), scene.history("a"), scene.notices()), before, "{status}");
    }
}

#[test]
fn i04_a_genuine_event_does_change_the_state() {
    for status in [Status::Unknown, Status::Pending] {
        let (scene, news) = scene_in(status);
        let told = scene.provider.seen(&order("a"), news, Source::VerifiedEvent);
        scene.receive(&event(&key("a"), &told, scene.timer.now()));
        finish(scene.engine().work(0)).unwrap();
        assert_eq!(scene.payout("a").progress.status(), news);
    }
}

#[test]
fn i04_a_genuine_event_in_unknown_words_asks_the_provider() {
    let (scene, news) = scene_in(Status::Pending);
    let before = scene.payout("a").progress;
    scene.receive(&unrecognised(&key("a"), scene.timer.now()));
    let engine = scene.engine();
    finish(engine.work(0)).unwrap();
    let after = scene.payout("a").progress;
    assert_eq!(after, Progress { ahead_of: after.ahead_of, ..before });
    scene.provider.answer_from_now_on([Answer::Found(news)]);
    scene.work_for(&engine, Duration::from_secs(2));
    assert_eq!(scene.payout("a").progress.status(), news);
}

#[test]
fn i04_cashypro_webhooks_need_the_signature_over_their_very_bytes() {
    let stage = Stage::new(3);
    stage.submit(vec![order("a")]);
    let engine = stage.engine();
    finish(engine.work(8)).unwrap();
    stage.timer.advance(Duration::from_secs(30));
    let post = stage.post();
    let genuine = stage.arrival(&post[0]);
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
    let before = (stage.payout("a"), stage.history("a"));
    for bad in [flipped, spaced, unsigned, wrong] {
        assert_eq!(stage.receive(&bad), 401);
        assert!(stage.waiting().is_empty());
        finish(engine.work(0)).unwrap();
        assert_eq!((stage.payout("a"), stage.history("a")), before);
    }
    assert_eq!(stage.receive(&genuine), 200);
    finish(engine.work(0)).unwrap();
    assert_eq!(stage.payout("a").progress.status(), Status::Succeeded);
}
