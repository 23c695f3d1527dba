//! What strangers can cause: queries within a rate, and nothing else. Numbers as those of "Strangers"
//! in docs/SAFETY.md.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{sync::Arc, time::Duration};

use pagos_core::{Clock, ErrorKind, Source, Status, Timestamp};
use pagos_engine::{Accounts, Engine, Entry, InboxState, Policy};
use pagos_tests::{
    Answer, CAREFUL, KEYED, Reply, ScriptedHarness, account, event, finish, hint, key, order,
    policy, simulated, without_epochs,
};

const SECOND: Duration = Duration::from_secs(1);

fn engine_with(scripted: &ScriptedHarness, policy: Policy) -> Engine {
    let accounts = Accounts::new().with(account(), Arc::clone(&scripted.provider) as _);
    let (store, timer) = (Arc::clone(&scripted.store), Arc::clone(&scripted.timer) as _);
    finish(Engine::open(store, &simulated(), accounts, timer, policy)).unwrap()
}

/// Whose provider says for ever that a payout is under way.
fn never_settled() -> ScriptedHarness {
    let (pending, found) = (Reply::Says(Status::Pending), Answer::Found(Status::Pending));
    ScriptedHarness::new(&CAREFUL, [pending], [found])
}

fn say(scripted: &ScriptedHarness, name: &str) {
    let told = scripted.provider.seen(&order(name), Status::Succeeded, Source::UnverifiedEvent);
    assert!(scripted.receive(&hint(&key(name), &told, scripted.timer.now())), "{name}");
}

/// When each attempt of "a" left, and what became of it, within `time`; a stranger says every second that
/// there is news, or nobody does.
fn attempts(
    answers: &[Answer],
    replies: &[Reply],
    is_hinted: bool,
) -> (Vec<Timestamp>, ScriptedHarness) {
    let scripted = ScriptedHarness::new(&KEYED, replies.iter().cloned(), answers.iter().cloned());
    let scripted = scripted.with_payout("a");
    let engine = scripted.engine();
    for _ in 0..1_800 {
        if is_hinted {
            say(&scripted, "a");
        }
        scripted.work_for(&engine, SECOND);
    }
    let begun = |entry: Entry| match entry {
        Entry::AttemptBegun { at, .. } => Some(at),
        _ => None,
    };
    (scripted.history("a").into_iter().filter_map(begun).collect(), scripted)
}

/// Twelve hints made twelve attempts in sixteen seconds against a provider that is down.
#[test]
fn receiver_4_hints_send_nothing_earlier() {
    let down = [Reply::Fails(ErrorKind::Undelivered)];
    let (quiet, _) = attempts(&[Answer::Absent], &down, false);
    let (hinted, scripted) = attempts(&[Answer::Absent], &down, true);
    assert!(quiet.len() >= 6, "{quiet:?}");
    assert_eq!(hinted, quiet);
    assert_eq!(scripted.provider.queries(), 0, "there is nothing to ask about");
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

/// A person was called after twenty seconds, since strangers had spent the queries.
#[test]
fn receiver_4_hints_call_nobody_and_write_no_history() {
    let lost = [Reply::Fails(ErrorKind::Unknown)];
    let (_, quiet) = attempts(&[Answer::CannotTell], &lost, false);
    let (_, hinted) = attempts(&[Answer::CannotTell], &lost, true);
    assert_eq!(hinted.notices(), quiet.notices());
    let [hinted_as, quiet_as] = [&hinted, &quiet].map(|it| without_epochs(it.history("a")));
    assert_eq!(hinted_as, quiet_as);
    assert!(hinted.provider.queries() > quiet.provider.queries() + 100);
}

/// Whatever strangers say, in however many words, one row is kept for an order.
#[test]
fn receiver_2_an_order_has_one_row_for_hints() {
    let scripted = never_settled();
    scripted.submit(&["a", "b"]);
    let engine = scripted.engine();
    scripted.work(&engine);
    for _ in 0..100 {
        for name in ["a", "b"] {
            say(&scripted, name);
        }
        scripted.work_for(&engine, SECOND);
    }
    let kept = finish(scripted.store.deliveries(None, 0, usize::MAX)).unwrap();
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|filed| filed.item.delivery.headers.is_empty()));
    assert!(kept.iter().all(|filed| filed.item.delivery.body.len() < 100));
    assert!(kept.iter().all(|filed| filed.repeats == 99));
    // Each row causes a query every ten seconds, and no more.
    assert!(scripted.provider.queries() <= 2 * (100 / 10 + 4), "{}", scripted.provider.queries());
}

fn submit_crowd(scripted: &ScriptedHarness, count: usize) -> Vec<String> {
    let names: Vec<String> = (0..count).map(|nth| format!("p{nth:04}")).collect();
    scripted.submit(&names.iter().map(String::as_str).collect::<Vec<_>>());
    names
}

/// Two hundred orders that were named made 155 queries a second.
#[test]
fn receiver_5_queries_have_a_rate_and_hints_at_most_a_part_of_it() {
    let scripted = never_settled();
    let names = submit_crowd(&scripted, 200);
    finish(scripted.engine().work(1_000)).unwrap();
    let limited = Policy {
        queries_per_second_max: Some(10),
        hints_per_second_max: Some(4),
        poll_delays: vec![Duration::from_secs(600)],
        ..policy()
    };
    let engine = engine_with(&scripted, limited.clone());
    names.iter().for_each(|name| say(&scripted, name));
    scripted.run_for(&engine, 64, Duration::from_secs(20));
    let asked = scripted.provider.queries();
    assert!((60..=90).contains(&asked), "{asked} queries for hints in 20 s, of 4 a second");
    // All are to be polled now, and the rate holds for that too.
    drop(engine);
    scripted.timer.advance(Duration::from_secs(600));
    let before = scripted.provider.queries();
    let engine = engine_with(&scripted, limited);
    scripted.run_for(&engine, 64, Duration::from_secs(10));
    let asked = scripted.provider.queries() - before;
    assert!((90..=110).contains(&asked), "{asked} queries in 10 s, of 10 a second");
}

/// What is settled is asked about with what the others leave: a doubt does not stand behind it.
#[test]
fn receiver_5_a_doubt_is_asked_about_before_what_is_settled() {
    let settled = std::iter::repeat_n(Reply::Says(Status::Succeeded), 500);
    let replies = settled.chain([Reply::Says(Status::Pending)]);
    let scripted = ScriptedHarness::new(&CAREFUL, replies, [Answer::Found(Status::Succeeded)]);
    submit_crowd(&scripted, 500);
    finish(scripted.engine().work(1_000)).unwrap();
    // The whole crowd is due for its watch, and has been for longer than the doubt is.
    scripted.timer.advance(Duration::from_secs(2 * 3_600));
    scripted.submit(&["a"]);
    let engine = engine_with(&scripted, Policy { queries_per_second_max: Some(5), ..policy() });
    scripted.run_for(&engine, 64, Duration::from_secs(29));
    assert_eq!(scripted.payout("a").progress.status(), Status::Pending);
    let watched = scripted.provider.queries();
    assert!((130..=150).contains(&watched), "{watched} of 5 a second go to what is settled");
    scripted.run_for(&engine, 64, Duration::from_secs(3));
    assert_eq!(scripted.payout("a").progress.status(), Status::Succeeded);
}

/// A genuine delivery was not applied for more than a minute behind small hints.
#[test]
fn receiver_3_what_was_verified_is_applied_before_every_hint() {
    let scripted = never_settled();
    let names = submit_crowd(&scripted, 2_000);
    finish(scripted.engine().work(10_000)).unwrap();
    names.iter().for_each(|name| say(&scripted, name));
    let news = scripted.provider.seen(&order("p1999"), Status::Succeeded, Source::VerifiedEvent);
    scripted.receive(&event(&key("p1999"), &news, scripted.timer.now()));
    let limited =
        Policy { queries_per_second_max: Some(20), hints_per_second_max: Some(10), ..policy() };
    let engine = engine_with(&scripted, limited);
    scripted.run_for(&engine, 32, SECOND);
    assert_eq!(scripted.payout("p1999").progress.status(), Status::Succeeded);
    let kept = finish(scripted.store.deliveries(Some(InboxState::Open), 0, usize::MAX)).unwrap();
    assert!(kept.len() >= 1_980, "{} hints wait for their turn", kept.len());
}

/// What a provider asks for is in force for all that is asked of it.
#[test]
fn receiver_5_a_provider_that_asks_for_quiet_is_asked_nothing_meanwhile() {
    let scripted =
        ScriptedHarness::new(&CAREFUL, [Reply::Says(Status::Pending)], [Answer::Busy(60)]);
    let names = submit_crowd(&scripted, 20);
    let engine = engine_with(&scripted, Policy { queries_per_second_max: Some(2), ..policy() });
    scripted.run_for(&engine, 64, Duration::from_secs(32));
    let asked = scripted.provider.queries();
    assert!((1..=2).contains(&asked), "{asked}");
    for _ in 0..5 {
        names.iter().for_each(|name| say(&scripted, name));
        scripted.run_for(&engine, 64, Duration::from_secs(10));
    }
    assert!(
        scripted.provider.queries() <= asked + 2,
        "{} more",
        scripted.provider.queries() - asked
    );
}

/// Who works in rounds of his own loses nothing by the rate: a lane without anything leaves its turns to
/// the next.
#[test]
fn receiver_5_a_round_gives_the_turns_of_an_empty_lane_to_what_is_settled() {
    let scripted = ScriptedHarness::new(
        &CAREFUL,
        [Reply::Says(Status::Succeeded)],
        [Answer::Found(Status::Succeeded)],
    );
    scripted.submit(&["a", "b", "c"]);
    let engine = engine_with(&scripted, Policy { queries_per_second_max: Some(1), ..policy() });
    finish(engine.work(64)).unwrap();
    scripted.timer.advance(Duration::from_secs(2 * 3_600));
    for asked in 1..=3 {
        finish(engine.work(64)).unwrap();
        assert_eq!(scripted.provider.queries(), asked);
        scripted.timer.advance(SECOND);
    }
}

/// A query that has left may not know yet what a hint is about, so another one follows.
#[test]
fn receiver_4_a_hint_beside_a_query_that_has_left_is_kept_for_the_next_one() {
    let scripted = never_settled().with_payout("a");
    let engine = scripted.engine();
    scripted.work(&engine);
    scripted.timer.advance(Duration::from_secs(30));
    // Its query is due, and could be under way at another worker.
    say(&scripted, "a");
    finish(engine.work(0)).unwrap();
    assert_eq!(finish(scripted.store.deliveries(Some(InboxState::Open), 0, 9)).unwrap().len(), 1);
    scripted.work(&engine);
    let asked = scripted.provider.queries();
    scripted.provider.answer_from_now_on([Answer::Found(Status::Succeeded)]);
    scripted.work_for(&engine, Duration::from_secs(8));
    assert_eq!(scripted.provider.queries(), asked + 1);
    assert_eq!(scripted.payout("a").progress.status(), Status::Succeeded);
}

/// A hundred orders that a stranger names again and again must not stand before a newer one.
#[test]
fn receiver_3_orders_that_are_named_often_do_not_stand_before_others() {
    let scripted = never_settled();
    let names = submit_crowd(&scripted, 100);
    scripted.submit(&["z"]);
    let limited = Policy {
        hints_per_second_max: Some(4),
        poll_delays: vec![Duration::from_secs(3_600)],
        ..policy()
    };
    let engine = engine_with(&scripted, limited);
    scripted.run_for(&engine, 200, SECOND);
    for second in 0..60 {
        names.iter().for_each(|name| say(&scripted, name));
        if second == 20 {
            scripted.provider.answer_from_now_on([Answer::Found(Status::Succeeded)]);
            say(&scripted, "z");
        }
        scripted.run_for(&engine, 200, SECOND);
    }
    assert_eq!(scripted.payout("z").progress.status(), Status::Succeeded);
}

/// Hints that wait for their turn wake the loop when it comes, and not before.
#[test]
fn receiver_5_hints_that_wait_do_not_make_the_loop_spin() {
    let scripted = never_settled();
    let names = submit_crowd(&scripted, 200);
    finish(scripted.engine().work(1_000)).unwrap();
    names.iter().for_each(|name| say(&scripted, name));
    let limited = Policy {
        queries_per_second_max: Some(20),
        hints_per_second_max: Some(2),
        poll_delays: vec![Duration::from_secs(3_600)],
        ..policy()
    };
    let engine = engine_with(&scripted, limited);
    let rounds = scripted.run_for(&engine, 64, Duration::from_secs(10));
    assert!(rounds <= 200, "{rounds} rounds in ten seconds for twenty hints");
}
