//! What strangers can cause: questions within a rate, and nothing else. Numbers as those of "Strangers"
//! in docs/SAFETY.md.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{sync::Arc, time::Duration};

use pagos_core::{Clock, ErrorKind, Source, Status, Timestamp};
use pagos_engine::{Accounts, Engine, Entry, InboxState, Policy};
use pagos_tests::{
    Answer, CAREFUL, KEYED, Reply, Scene, account, event, finish, hint, key, order, policy,
    simulated,
};

const SECOND: Duration = Duration::from_secs(1);

fn engine_with(scene: &Scene, policy: Policy) -> Engine {
    let accounts = Accounts::new().with(account(), Arc::clone(&scene.provider) as _);
    let (store, timer) = (Arc::clone(&scene.store), Arc::clone(&scene.timer) as _);
    finish(Engine::open(store, &simulated(), accounts, timer, policy)).unwrap()
}

fn say(scene: &Scene, name: &str) {
    let told = scene.provider.seen(&order(name), Status::Succeeded, Source::UnverifiedEvent);
    assert!(scene.receive(&hint(&key(name), &told, scene.timer.now())), "{name}");
}

/// When each attempt of "a" left, and what became of it, within `time`; a stranger says every second that
/// there is news, or nobody does.
fn attempts(answers: &[Answer], replies: &[Reply], is_hinted: bool) -> (Vec<Timestamp>, Scene) {
    let scene = Scene::new(&KEYED, replies.iter().cloned(), answers.iter().cloned());
    let scene = scene.with_payout("a");
    let engine = scene.engine();
    for _ in 0..1_800 {
        if is_hinted {
            say(&scene, "a");
        }
        scene.work_for(&engine, SECOND);
    }
    let begun = |entry: Entry| match entry {
        Entry::AttemptBegun { at, .. } => Some(at),
        _ => None,
    };
    (scene.history("a").into_iter().filter_map(begun).collect(), scene)
}

/// Twelve hints made twelve attempts in sixteen seconds against a provider that is down.
#[test]
fn receiver_4_hints_send_nothing_earlier() {
    let down = [Reply::Fails(ErrorKind::Undelivered)];
    let (quiet, _) = attempts(&[Answer::Absent], &down, false);
    let (hinted, scene) = attempts(&[Answer::Absent], &down, true);
    assert!(quiet.len() >= 6, "{quiet:?}");
    assert_eq!(hinted, quiet);
    assert_eq!(scene.provider.queries(), 0, "there is nothing to ask about");
}

/// An attempt in doubt that the provider denies is sent again when that is proven, and the answers that
/// strangers cause are no part of the proof.
#[test]
fn receiver_4_hints_hurry_no_proof_on() {
    let lost = [Reply::Fails(ErrorKind::Unknown)];
    let (quiet, before) = attempts(&[Answer::Absent], &lost, false);
    let (hinted, after) = attempts(&[Answer::Absent], &lost, true);
    assert!(quiet.len() >= 2, "it is sent again: {quiet:?}");
    assert_eq!(hinted, quiet);
    assert!(after.provider.queries() > before.provider.queries() + 100, "yet hints are heeded");
}

/// A person was called after twenty seconds, since strangers had spent the questions.
#[test]
fn receiver_4_hints_call_nobody_and_write_no_history() {
    let lost = [Reply::Fails(ErrorKind::Unknown)];
    let (_, quiet) = attempts(&[Answer::CannotTell], &lost, false);
    let (_, hinted) = attempts(&[Answer::CannotTell], &lost, true);
    assert_eq!(hinted.notices(), quiet.notices());
    assert_eq!(hinted.history("a"), quiet.history("a"));
    assert!(hinted.provider.queries() > quiet.provider.queries() + 100);
}

/// Whatever strangers say, in however many words, one row is kept for an order.
#[test]
fn receiver_2_an_order_has_one_row_for_hints() {
    let scene =
        Scene::new(&CAREFUL, [Reply::Says(Status::Pending)], [Answer::Found(Status::Pending)]);
    scene.submit(&["a", "b"]);
    let engine = scene.engine();
    scene.work(&engine);
    for _ in 0..100 {
        for name in ["a", "b"] {
            say(&scene, name);
        }
        scene.work_for(&engine, SECOND);
    }
    let kept = finish(scene.store.deliveries(None, 0, usize::MAX)).unwrap();
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|filed| filed.item.delivery.headers.is_empty()));
    assert!(kept.iter().all(|filed| filed.item.delivery.body.len() < 100));
    assert!(kept.iter().all(|filed| filed.repeats == 99));
    // Each row causes a question every ten seconds, and no more.
    assert!(scene.provider.queries() <= 2 * (100 / 10 + 4), "{}", scene.provider.queries());
}

fn crowd(count: usize) -> Vec<String> {
    (0..count).map(|nth| format!("p{nth:04}")).collect()
}

/// Two hundred orders that were named made 155 questions a second.
#[test]
fn receiver_5_questions_have_a_rate_and_hints_at_most_a_part_of_it() {
    let scene =
        Scene::new(&CAREFUL, [Reply::Says(Status::Pending)], [Answer::Found(Status::Pending)]);
    let names = crowd(200);
    scene.submit(&names.iter().map(String::as_str).collect::<Vec<_>>());
    finish(scene.engine().work(1_000)).unwrap();
    let limited = Policy {
        questions_per_second_max: Some(10),
        hints_per_second_max: Some(4),
        poll_delays: vec![Duration::from_secs(600)],
        ..policy()
    };
    let engine = engine_with(&scene, limited.clone());
    names.iter().for_each(|name| say(&scene, name));
    scene.run_for(&engine, 64, Duration::from_secs(20));
    let asked = scene.provider.queries();
    assert!((60..=90).contains(&asked), "{asked} questions for hints in 20 s, of 4 a second");
    // All are to be polled now, and the rate holds for that too.
    drop(engine);
    scene.timer.advance(Duration::from_secs(600));
    let before = scene.provider.queries();
    let engine = engine_with(&scene, limited);
    scene.run_for(&engine, 64, Duration::from_secs(10));
    let asked = scene.provider.queries() - before;
    assert!((90..=110).contains(&asked), "{asked} questions in 10 s, of 10 a second");
}

/// What is settled is asked about with what the others leave: a doubt does not stand behind it.
#[test]
fn receiver_5_a_doubt_is_asked_about_before_what_is_settled() {
    let settled = std::iter::repeat_n(Reply::Says(Status::Succeeded), 500);
    let replies = settled.chain([Reply::Says(Status::Pending)]);
    let scene = Scene::new(&CAREFUL, replies, [Answer::Found(Status::Succeeded)]);
    let names = crowd(500);
    scene.submit(&names.iter().map(String::as_str).collect::<Vec<_>>());
    finish(scene.engine().work(1_000)).unwrap();
    // The whole crowd is due for its watch, and has been for longer than the doubt is.
    scene.timer.advance(Duration::from_secs(2 * 3_600));
    scene.submit(&["a"]);
    let engine = engine_with(&scene, Policy { questions_per_second_max: Some(5), ..policy() });
    scene.run_for(&engine, 64, Duration::from_secs(29));
    assert_eq!(scene.payout("a").progress.status(), Status::Pending);
    let watched = scene.provider.queries();
    assert!((130..=150).contains(&watched), "{watched} of 5 a second go to what is settled");
    scene.run_for(&engine, 64, Duration::from_secs(3));
    assert_eq!(scene.payout("a").progress.status(), Status::Succeeded);
}

/// A genuine delivery was not applied for more than a minute behind small hints.
#[test]
fn receiver_3_what_was_verified_is_applied_before_every_hint() {
    let scene =
        Scene::new(&CAREFUL, [Reply::Says(Status::Pending)], [Answer::Found(Status::Pending)]);
    let names = crowd(2_000);
    scene.submit(&names.iter().map(String::as_str).collect::<Vec<_>>());
    finish(scene.engine().work(10_000)).unwrap();
    names.iter().for_each(|name| say(&scene, name));
    let news = scene.provider.seen(&order("p1999"), Status::Succeeded, Source::VerifiedEvent);
    scene.receive(&event(&key("p1999"), &news, scene.timer.now()));
    let limited =
        Policy { questions_per_second_max: Some(20), hints_per_second_max: Some(10), ..policy() };
    let engine = engine_with(&scene, limited);
    scene.run_for(&engine, 32, SECOND);
    assert_eq!(scene.payout("p1999").progress.status(), Status::Succeeded);
    let kept = finish(scene.store.deliveries(Some(InboxState::Open), 0, usize::MAX)).unwrap();
    assert!(kept.len() >= 1_980, "{} hints wait for their turn", kept.len());
}

/// What a provider asks for is in force for all that is asked of it.
#[test]
fn receiver_5_a_provider_that_asks_for_quiet_is_asked_nothing_meanwhile() {
    let scene = Scene::new(&CAREFUL, [Reply::Says(Status::Pending)], [Answer::Busy(60)]);
    let names = crowd(20);
    scene.submit(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let engine = engine_with(&scene, Policy { questions_per_second_max: Some(2), ..policy() });
    scene.run_for(&engine, 64, Duration::from_secs(32));
    let asked = scene.provider.queries();
    assert!((1..=2).contains(&asked), "{asked}");
    for _ in 0..5 {
        names.iter().for_each(|name| say(&scene, name));
        scene.run_for(&engine, 64, Duration::from_secs(10));
    }
    assert!(scene.provider.queries() <= asked + 2, "{} more", scene.provider.queries() - asked);
}

/// Who works in rounds of his own loses nothing by the rate: a lane without anything leaves its turns to
/// the next.
#[test]
fn receiver_5_a_round_gives_the_turns_of_an_empty_lane_to_what_is_settled() {
    let scene =
        Scene::new(&CAREFUL, [Reply::Says(Status::Succeeded)], [Answer::Found(Status::Succeeded)]);
    scene.submit(&["a", "b", "c"]);
    let engine = engine_with(&scene, Policy { questions_per_second_max: Some(1), ..policy() });
    finish(engine.work(64)).unwrap();
    scene.timer.advance(Duration::from_secs(2 * 3_600));
    for asked in 1..=3 {
        finish(engine.work(64)).unwrap();
        assert_eq!(scene.provider.queries(), asked);
        scene.timer.advance(SECOND);
    }
}

/// A question that has left may not know yet what a hint is about, so another one follows.
#[test]
fn receiver_4_a_hint_beside_a_question_that_has_left_is_kept_for_the_next_one() {
    let scene =
        Scene::new(&CAREFUL, [Reply::Says(Status::Pending)], [Answer::Found(Status::Pending)]);
    let scene = scene.with_payout("a");
    let engine = scene.engine();
    scene.work(&engine);
    scene.timer.advance(Duration::from_secs(30));
    // Its question is due, and could be under way at another worker.
    say(&scene, "a");
    finish(engine.work(0)).unwrap();
    assert_eq!(finish(scene.store.deliveries(Some(InboxState::Open), 0, 9)).unwrap().len(), 1);
    scene.work(&engine);
    let asked = scene.provider.queries();
    scene.provider.answer_from_now_on([Answer::Found(Status::Succeeded)]);
    scene.work_for(&engine, Duration::from_secs(8));
    assert_eq!(scene.provider.queries(), asked + 1);
    assert_eq!(scene.payout("a").progress.status(), Status::Succeeded);
}

/// A hundred orders that a stranger names again and again must not stand before a newer one.
#[test]
fn receiver_3_orders_that_are_named_often_do_not_stand_before_others() {
    let scene =
        Scene::new(&CAREFUL, [Reply::Says(Status::Pending)], [Answer::Found(Status::Pending)]);
    let names = crowd(100);
    scene.submit(&names.iter().map(String::as_str).collect::<Vec<_>>());
    scene.submit(&["z"]);
    let limited = Policy {
        hints_per_second_max: Some(4),
        poll_delays: vec![Duration::from_secs(3_600)],
        ..policy()
    };
    let engine = engine_with(&scene, limited);
    scene.run_for(&engine, 200, SECOND);
    for second in 0..60 {
        names.iter().for_each(|name| say(&scene, name));
        if second == 20 {
            scene.provider.answer_from_now_on([Answer::Found(Status::Succeeded)]);
            say(&scene, "z");
        }
        scene.run_for(&engine, 200, SECOND);
    }
    assert_eq!(scene.payout("z").progress.status(), Status::Succeeded);
}

/// Hints that wait for their turn wake the loop when it comes, and not before.
#[test]
fn receiver_5_hints_that_wait_do_not_make_the_loop_spin() {
    let scene =
        Scene::new(&CAREFUL, [Reply::Says(Status::Pending)], [Answer::Found(Status::Pending)]);
    let names = crowd(200);
    scene.submit(&names.iter().map(String::as_str).collect::<Vec<_>>());
    finish(scene.engine().work(1_000)).unwrap();
    names.iter().for_each(|name| say(&scene, name));
    let limited = Policy {
        questions_per_second_max: Some(20),
        hints_per_second_max: Some(2),
        poll_delays: vec![Duration::from_secs(3_600)],
        ..policy()
    };
    let engine = engine_with(&scene, limited);
    let rounds = scene.run_for(&engine, 64, Duration::from_secs(10));
    assert!(rounds <= 200, "{rounds} rounds in ten seconds for twenty hints");
}
