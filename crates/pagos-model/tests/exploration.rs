//! The model explored completely, and every guard taken away once. What the engine really does is
//! compared with the model in `replay.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout)]

use pagos_model::{Bounds, Counting, Guard, Promise, Size, World, explore, find_counterexample};

fn check_world(world: &World) {
    let explored = explore(world, 2);
    println!("{explored}");
    let broken: Vec<String> = explored.broken.iter().map(ToString::to_string).collect();
    assert_eq!(broken, Vec::<String>::new(), "{}", world.name);
    assert_eq!(explored.unseen, Vec::<&str>::new(), "{}: nothing was at stake", world.name);
    assert!(explored.unique > 10_000, "{explored}");
}

#[test]
fn a_provider_that_refuses_repeated_keys_pays_once() {
    check_world(&World::keyed(Size::Small));
}

#[test]
fn a_provider_that_finds_by_handle_pays_once() {
    check_world(&World::handled(Size::Small));
}

#[test]
fn a_provider_that_is_wrong_once_pays_once() {
    check_world(&World::forgetful(Size::Small));
}

#[test]
fn a_provider_that_hides_what_it_paid_pays_once() {
    check_world(&World::hidden(Size::Small));
}

#[test]
fn a_provider_that_forgets_keys_pays_once() {
    check_world(&World::remembering(Size::Small));
}

/// The first attempt's worker closes the second one, and a third one begins.
fn three_attempts(world: World) -> World {
    World { bounds: Bounds { attempts: 3, ..world.bounds }, ..world }
}

/// Only what the counter-example needs goes wrong, so that it is found soon.
fn narrow(guard: Guard, world: World) -> World {
    let (crashes, reversals) = match guard {
        Guard::NoticeInCommit => (1, 0),
        Guard::OrderedReversal | Guard::Watch | Guard::WatchEndsWithAnswer => (0, 1),
        _ => (0, 0),
    };
    World { bounds: Bounds { crashes, untaken: 0, reversals, ..world.bounds }, ..world }
}

/// Which promise breaks without which guard, and in which world it is at stake.
fn at_stake(guard: Guard) -> (World, Promise) {
    let keyed = World::keyed(Size::Small);
    let handled = World::handled(Size::Small);
    let hidden = World::hidden(Size::Small);
    match guard {
        Guard::DurableBegin => (handled, Promise::DURABLE_FIRST),
        Guard::OneOpenAttempt
        | Guard::AbsenceNeedsGrace
        | Guard::GraceByQuery
        | Guard::TimeoutIsNotNonArrival
        | Guard::TimeToSend => (handled, Promise::PAID_ONCE),
        Guard::ResendWhileRemembered => (World::remembering(Size::Small), Promise::PAID_ONCE),
        Guard::Fence => (three_attempts(handled), Promise::PAID_ONCE),
        Guard::AbsenceNeedsAnswers => (World::forgetful(Size::Small), Promise::PAID_ONCE),
        Guard::ResendWhereItIsSafe | Guard::OperatorWaits => (hidden, Promise::PAID_ONCE),
        Guard::SameKey => (keyed, Promise::PAID_ONCE),
        Guard::TimeoutIsUnknown => (keyed, Promise::FAILED_BY_EVIDENCE),
        // Either of these two guards suffices against a duplicate that is taken for a refusal.
        Guard::DuplicateIsUnknown => {
            (keyed.without(Guard::RefusalOfItsAttemptOnly), Promise::FAILED_BY_EVIDENCE)
        }
        Guard::RefusalOfItsAttemptOnly => (keyed, Promise::REFUSED_IS_UNPAID),
        Guard::UnverifiedOnlyAsks => (keyed, Promise::FORGERY_IS_NOTHING),
        Guard::CompareAndSet | Guard::OrderedReversal => (keyed, Promise::NEVER_OLDER),
        Guard::Watch | Guard::WatchEndsWithAnswer => (keyed, Promise::CONVERGES),
        Guard::NoticeInCommit => (keyed, Promise::APPLICATION_KNOWS),
        Guard::CallPerson => (hidden, Promise::CONVERGES),
    }
}

#[test]
fn every_guard_is_needed() {
    for guard in Guard::ALL {
        let (world, promise) = at_stake(guard);
        let name = world.name;
        let world = narrow(guard, world);
        if !world.without.is_empty() {
            assert!(find_counterexample(&world, promise).is_none(), "{guard:?} is not to blame");
        }
        let found = find_counterexample(&world.without(guard), promise);
        let found = found.unwrap_or_else(|| panic!("without {guard:?} nothing breaks in {name}"));
        println!("without {guard:?}, {name}: {found}");
    }
}

/// A repeat that would be paid again is sent again after so many answers of absence, the first of
/// which may be of a time when the request was still under way. If a later one can be wrong, only
/// answers to queries after the grace may count.
#[test]
fn early_answers_of_absence_are_weaker_than_late_ones() {
    let overtaking = World { is_in_order: false, ..World::forgetful(Size::Small) };
    let found = find_counterexample(&overtaking, Promise::PAID_ONCE);
    println!(
        "counted from the start: {}",
        found.expect("an early and a wrong answer make a proof")
    );
    let patient = World { counting: Counting::AfterTheGrace, ..overtaking };
    assert!(find_counterexample(&patient, Promise::PAID_ONCE).is_none());
}
