//! The laws of the status machine, each by property or exhaustively. Not the tables of a provider.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

use pagos_core::{Change, FailReason, Observation, Source, Standing, Status, Timestamp, change};
use proptest::prelude::*;

const STATUSES: [Status; 5] = [
    Status::Created,
    Status::Unknown,
    Status::Pending,
    Status::Succeeded,
    Status::Failed(FailReason::Declined),
];

const SOURCES: [Source; 6] = [
    Source::Reply,
    Source::Query,
    Source::VerifiedEvent,
    Source::UnverifiedEvent,
    Source::Listing,
    Source::Operator,
];

fn at(unix_ms: i64) -> Timestamp {
    Timestamp::from_millis(unix_ms)
}

fn event(status: Status, provider_ms: i64, seen_ms: i64) -> Observation {
    Observation {
        provider_at: Some(at(provider_ms)),
        ..Observation::new(status, Source::VerifiedEvent, at(seen_ms))
    }
}

fn query(status: Status, asked_ms: i64, seen_ms: i64) -> Observation {
    Observation {
        asked_at: Some(at(asked_ms)),
        ..Observation::new(status, Source::Query, at(seen_ms))
    }
}

fn fold(observations: &[Observation]) -> Standing {
    let mut standing = Standing::new(at(0));
    for observation in observations {
        standing.apply(observation);
    }
    standing
}

prop_compose! {
    fn any_observation()(
        status in 0_usize..STATUSES.len(),
        source in 0_usize..SOURCES.len(),
        seen_ms in 1_i64..1_000,
        asked_ms in proptest::option::of(1_i64..1_000),
        provider_ms in proptest::option::of(1_i64..1_000),
        is_odd in proptest::bool::weighted(0.2),
    ) -> Observation {
        let told = match is_odd {
            true => Observation::not_understood("EN_REVISION", SOURCES[source], at(seen_ms)),
            false => Observation::new(STATUSES[status], SOURCES[source], at(seen_ms)),
        };
        Observation { asked_at: asked_ms.map(at), provider_at: provider_ms.map(at), ..told }
    }
}

/// The table of the documentation, cell by cell, for observations that nothing else is known of.
#[test]
fn the_table_holds() {
    const A: &str = "advanced";
    const S: &str = "same";
    const X: &str = "stale";
    const C: &str = "contradiction";
    let table =
        [[S, A, A, A, A], [X, S, A, A, A], [X, X, S, A, A], [X, X, X, S, C], [X, X, X, C, S]];
    for (row, last) in STATUSES.into_iter().enumerate() {
        for (column, seen) in STATUSES.into_iter().enumerate() {
            let change = change(
                &Observation::new(last, Source::Reply, at(1)),
                &Observation::new(seen, Source::Listing, at(2)),
            );
            let word = match change {
                Change::Advanced => A,
                Change::Same => S,
                Change::Stale => X,
                Change::Confirm | Change::Reversed { .. } => C,
            };
            assert_eq!(word, table[row][column], "{last} then {seen}");
        }
    }
}

/// Who is believed about a contradiction, and when.
#[test]
fn contradictions_are_believed_by_source_and_time() {
    let failed = Status::Failed(FailReason::Declined);
    let held = event(Status::Succeeded, 100, 200);
    let reversed = Change::Reversed { from: Status::Succeeded, to: failed };
    let of = |source, seen_ms| Observation::new(failed, source, at(seen_ms));
    let cases = [
        ("a later event", event(failed, 101, 300), reversed),
        ("an older event", event(failed, 99, 300), Change::Stale),
        ("an event of the same second", event(failed, 100, 300), Change::Confirm),
        ("an event without time", of(Source::VerifiedEvent, 300), Change::Confirm),
        ("a query sent after", query(failed, 201, 300), reversed),
        ("a query sent before", query(failed, 199, 300), Change::Stale),
        ("a query sent in that moment", query(failed, 200, 300), Change::Confirm),
        ("an answer without a query", of(Source::Query, 300), Change::Confirm),
        ("a list", of(Source::Listing, 300), Change::Confirm),
        ("a reply", of(Source::Reply, 300), Change::Confirm),
        ("an operator", of(Source::Operator, 201), reversed),
        ("an operator of before", of(Source::Operator, 200), Change::Stale),
        ("anybody", of(Source::UnverifiedEvent, 300), Change::Confirm),
    ];
    for (what, seen, expected) in cases {
        assert_eq!(change(&held, &seen), expected, "{what}");
    }
}

/// Whatever we hold and whatever it says; and it leaves nothing behind, not even a doubt.
#[test]
fn an_unverified_event_is_never_more_than_a_query() {
    for held in STATUSES {
        for told in STATUSES {
            let seen = Observation::new(told, Source::UnverifiedEvent, at(300));
            assert_eq!(change(&query(held, 100, 200), &seen), Change::Confirm, "{held}, {told}");
            let mut standing = fold(&[query(held, 100, 200)]);
            let before = standing.clone();
            standing.apply(&seen);
            assert_eq!(standing, before, "{held}, {told}");
        }
    }
}

/// The page `manual::reversal`: the late retry of a success is not a reversal, and a repeated
/// failure is remembered as the newer evidence.
#[test]
fn a_late_retry_is_not_a_reversal() {
    let failed = Status::Failed(FailReason::Declined);
    let paid = event(Status::Succeeded, 1_000, 1);
    let standing = fold(&[event(failed, 1_030, 2), paid.clone()]);
    assert_eq!((standing.status(), standing.reversals()), (failed, 0));

    let between = event(Status::Succeeded, 1_100, 9);
    let standing = fold(&[event(failed, 1_000, 1), event(failed, 1_200, 2), between]);
    assert_eq!((standing.status(), standing.reversals()), (failed, 0));

    let standing = fold(&[paid, event(failed, 1_030, 2)]);
    assert_eq!((standing.status(), standing.reversals()), (failed, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn an_observation_repeated_is_the_same(seen in any_observation()) {
        prop_assert_eq!(change(&seen, &seen), Change::Same);
    }

    #[test]
    fn folding_a_log_twice_equals_once(
        mut log in proptest::collection::vec(any_observation(), 0..12),
    ) {
        // A log is in the order in which it was seen, and an answer comes after its query.
        log.sort_by_key(|seen| seen.seen_at);
        for seen in &mut log {
            seen.asked_at = seen.asked_at.map(|asked_at| asked_at.min(seen.seen_at));
        }
        let once = fold(&log);
        let mut twice = once.clone();
        for seen in &log {
            twice.apply(seen);
        }
        let is_settled = once.confirm_since().is_none();
        prop_assert!(!is_settled || once.status() == twice.status(), "{once:?} {twice:?}");
        let is_puzzled = |standing: &Standing| standing.not_understood().is_some();
        prop_assert!(!is_settled || is_puzzled(&once) == is_puzzled(&twice), "{once:?} {twice:?}");
    }

    #[test]
    fn a_final_status_never_goes_back(
        log in proptest::collection::vec(any_observation(), 0..12),
    ) {
        let mut standing = Standing::new(at(0));
        for seen in &log {
            let before = standing.status();
            let change = standing.apply(seen);
            let after = standing.status();
            let keeps = before == after || before == Status::Created;
            prop_assert!(!seen.not_understood || keeps, "{before} to {after} by an odd word");
            prop_assert!(!before.is_final() || after.is_final(), "{before} to {after}");
            match change {
                Change::Reversed { from, to } => {
                    prop_assert_eq!((from, to), (before, after));
                    prop_assert!(from.is_final() && to.is_final() && from.word() != to.word());
                }
                Change::Advanced => prop_assert!(!before.is_final()),
                Change::Same => prop_assert_eq!(before.word(), after.word()),
                Change::Stale | Change::Confirm => prop_assert_eq!(before, after),
            }
        }
    }

    #[test]
    fn unverified_events_never_change_the_fold(
        log in proptest::collection::vec(any_observation(), 0..12),
    ) {
        let genuine: Vec<_> =
            log.iter().filter(|seen| seen.source != Source::UnverifiedEvent).cloned().collect();
        let (with, without) = (fold(&log), fold(&genuine));
        prop_assert_eq!(with, without);
    }
}

/// What a provider really did: a sequence of statuses, each at its own time.
fn truths() -> Vec<Vec<Status>> {
    let pending = Status::Pending;
    let paid = Status::Succeeded;
    let failed = Status::Failed(FailReason::Declined);
    vec![
        vec![pending, paid],
        vec![pending, failed],
        vec![pending, paid, failed],
        vec![pending, failed, paid],
        vec![pending, pending, paid, failed],
        vec![pending, paid, failed, paid],
        vec![pending, failed, paid, failed],
        vec![pending, paid, paid, failed],
        vec![pending, failed, failed, paid],
        vec![pending, paid, failed, failed, paid],
        vec![pending, pending, paid, failed, paid, failed],
        vec![pending, failed, paid, failed, paid, failed],
    ]
}

/// Calls `visit` with every permutation of `items`.
fn permutations(items: &mut Vec<usize>, from: usize, visit: &mut impl FnMut(&[usize])) {
    if from == items.len() {
        return visit(items);
    }
    for position in from..items.len() {
        items.swap(from, position);
        permutations(items, from + 1, visit);
        items.swap(from, position);
    }
}

/// Every order, and every order with each event delivered twice at every later place, of up to six
/// verified events: the fold is what the provider last did, whatever the post did to the letters.
#[test]
fn every_order_and_duplication_of_events_ends_at_the_truth() {
    let mut folds = 0_u64;
    for truth in truths() {
        let last = *truth.last().unwrap();
        let told: Vec<_> = truth.iter().zip(1_i64..).collect();
        let mut order: Vec<usize> = (0..truth.len()).collect();
        permutations(&mut order, 0, &mut |order| {
            let arrive = |index: usize, seen_ms: i64| event(*told[index].0, told[index].1, seen_ms);
            let mut check = |arrivals: &[usize]| {
                let log: Vec<_> =
                    arrivals.iter().zip(1_000..).map(|(index, ms)| arrive(*index, ms)).collect();
                let standing = fold(&log);
                assert_eq!(standing.status(), last, "{truth:?} as {arrivals:?}");
                assert_eq!(standing.confirm_since(), None, "{truth:?} as {arrivals:?}");
                folds += 1;
            };
            check(order);
            for (first, again) in order.iter().enumerate() {
                for place in first + 1..=order.len() {
                    let mut arrivals = order.to_vec();
                    arrivals.insert(place, *again);
                    check(&arrivals);
                }
            }
        });
    }
    println!("{folds} folds of verified events, all at the provider's truth");
    assert!(folds > 20_000, "{folds}");
}

/// The same with times so coarse that some are equal or missing: the fold is the truth, or it knows
/// that it must ask, and the answer brings it there.
#[test]
fn where_times_do_not_tell_the_fold_asks_and_the_answer_settles() {
    let (mut folds, mut asked) = (0_u64, 0_u64);
    for truth in truths() {
        let last = *truth.last().unwrap();
        for coarse in [2, 3, 100] {
            let mut order: Vec<usize> = (0..truth.len()).collect();
            permutations(&mut order, 0, &mut |order| {
                let mut standing = Standing::new(at(0));
                for (index, seen_ms) in order.iter().zip(1_000..) {
                    let told = i64::try_from(*index).unwrap() / coarse;
                    let mut seen = event(truth[*index], told, seen_ms);
                    if coarse == 100 {
                        seen.provider_at = None;
                    }
                    standing.apply(&seen);
                }
                let must_ask = standing.confirm_since().is_some();
                assert!(
                    standing.status() == last || must_ask,
                    "{truth:?} as {order:?} by {coarse}: {standing:?}"
                );
                standing.apply(&query(last, 2_000, 2_001));
                assert_eq!((standing.status(), standing.confirm_since()), (last, None));
                folds += 1;
                asked += u64::from(must_ask);
            });
        }
    }
    println!("{folds} folds with coarse times, {asked} of them asked, all settled at the truth");
    assert!(asked > 1_000, "{asked}");
}

/// What we hold before and whether a word that nobody documented is kept then.
#[test]
fn an_odd_word_is_kept_if_it_is_the_last_word() {
    let odd = |source| Observation::not_understood("EN_REVISION", source, at(300));
    let asked = |ms| Observation { asked_at: Some(at(ms)), ..odd(Source::Query) };
    let told = |ms| Observation { provider_at: Some(at(ms)), ..odd(Source::VerifiedEvent) };
    let held = event(Status::Succeeded, 100, 200);
    let cases = [
        ("an answer to a later query", asked(201), true),
        ("an answer to an older query", asked(200), false),
        ("a later event", told(101), true),
        ("an older event", told(99), false),
        ("an event without time", odd(Source::VerifiedEvent), true),
        ("a list", odd(Source::Listing), true),
        ("anybody", odd(Source::UnverifiedEvent), false),
    ];
    for (what, seen, is_kept) in cases {
        let mut standing = fold(std::slice::from_ref(&held));
        standing.apply(&seen);
        assert_eq!(standing.status(), Status::Succeeded, "{what}");
        let kept = standing.not_understood().map(|odd| (odd.word.as_str(), odd.since));
        assert_eq!(kept, is_kept.then_some(("EN_REVISION", at(300))), "{what}");
    }
    let mut fresh = Standing::new(at(500));
    assert!(!fresh.was_shown());
    assert_eq!(fresh.apply(&asked(1)), Change::Advanced, "a payout just created is older");
    assert_eq!((fresh.status(), fresh.was_shown()), (Status::Unknown, true));
    assert!(fresh.not_understood().is_some());
}

/// What ends it, once a word was not understood by an answer of millisecond 300.
#[test]
fn an_odd_word_ends_when_the_provider_is_understood_again() {
    let failed = Status::Failed(FailReason::Declined);
    let of = |status, source, ms| Observation::new(status, source, at(ms));
    let cases = [
        ("the answer to a query of after", query(Status::Succeeded, 301, 310), true),
        ("the answer to a query of before", query(Status::Succeeded, 300, 310), false),
        ("it is under way, as of after", query(Status::Pending, 301, 310), true),
        ("a query in vain", query(Status::Unknown, 301, 310), false),
        ("a reversal", event(failed, 101, 310), true),
        ("the success again, at a later time", event(Status::Succeeded, 101, 310), false),
        ("the success again", event(Status::Succeeded, 100, 310), false),
        ("an older failure", event(failed, 99, 310), false),
        ("a list", of(Status::Succeeded, Source::Listing, 310), false),
        ("a person", of(Status::Succeeded, Source::Operator, 310), true),
        ("anybody", of(failed, Source::UnverifiedEvent, 310), false),
    ];
    for (what, seen, ends) in cases {
        let mut odd = Observation::not_understood("EN_REVISION", Source::Query, at(300));
        odd.asked_at = Some(at(290));
        let mut standing = fold(&[event(Status::Succeeded, 100, 200), odd]);
        standing.apply(&seen);
        assert_eq!(standing.not_understood().is_none(), ends, "{what}");
    }
    // A word that bears the provider's time is compared by it.
    let cases = [
        ("a later event", event(Status::Succeeded, 151, 310), true),
        ("an event of the same time", event(Status::Succeeded, 150, 310), false),
        ("a reversal of before", event(failed, 149, 310), false),
        ("a reversal of after", event(failed, 151, 310), true),
        ("the answer to a query of after", query(Status::Succeeded, 301, 310), true),
        ("a reversal by a list", of(failed, Source::Listing, 310), false),
        ("a person", of(Status::Succeeded, Source::Operator, 310), true),
    ];
    for (what, seen, ends) in cases {
        let mut odd = Observation::not_understood("ODD", Source::VerifiedEvent, at(300));
        odd.provider_at = Some(at(150));
        let mut standing = fold(&[event(Status::Succeeded, 100, 200), odd]);
        standing.apply(&seen);
        assert_eq!(standing.not_understood().is_none(), ends, "{what}");
    }
}

/// The reference of a payout that is shown in a word that nobody documented is not lost.
#[test]
fn an_odd_word_brings_its_reference() {
    let reference = pagos_core::ProviderRef::new("p1").unwrap();
    let mut odd = Observation::not_understood("EN_REVISION", Source::Query, at(300));
    odd.asked_at = Some(at(290));
    odd.reference = Some(reference.clone());
    for held in [Status::Unknown, Status::Pending, Status::Succeeded] {
        let mut standing = fold(&[Observation::new(held, Source::Reply, at(200)), odd.clone()]);
        assert_eq!((standing.status(), standing.reference()), (held, Some(&reference)));
        standing.apply(&query(Status::Succeeded, 301, 310));
        assert!(standing.was_shown());
    }
}

/// Every order and duplication of verified events of which some are in odd words (`None`): the
/// status is what the provider said last and we could read, and we know whether it said more.
#[test]
fn every_order_of_events_with_odd_words_ends_at_the_same() {
    let (pending, paid) = (Some(Status::Pending), Some(Status::Succeeded));
    let failed = Some(Status::Failed(FailReason::Declined));
    let truths = [
        vec![None],
        vec![pending, None],
        vec![None, paid],
        vec![pending, paid, None],
        vec![pending, None, paid],
        vec![None, pending, None, paid],
        vec![pending, paid, None, failed],
        vec![pending, None, paid, failed, None],
        vec![pending, paid, None, None, failed],
    ];
    for truth in truths {
        let last = truth.iter().rev().flatten().next().copied().unwrap_or(Status::Unknown);
        let is_odd = truth.last().unwrap().is_none();
        let arrive = |index: usize, seen_ms: i64| {
            let told_at = Some(at(i64::try_from(index).unwrap() + 1));
            let told = match truth[index] {
                Some(status) => Observation::new(status, Source::VerifiedEvent, at(seen_ms)),
                None => Observation::not_understood("ODD", Source::VerifiedEvent, at(seen_ms)),
            };
            Observation { provider_at: told_at, ..told }
        };
        let mut order: Vec<usize> = (0..truth.len()).collect();
        permutations(&mut order, 0, &mut |order| {
            for again in 0..=order.len() {
                let mut arrivals = order.to_vec();
                arrivals.extend(order.get(again));
                let log: Vec<_> =
                    arrivals.iter().zip(1_000..).map(|(index, ms)| arrive(*index, ms)).collect();
                let standing = fold(&log);
                assert_eq!(standing.status(), last, "{truth:?} as {arrivals:?}");
                let found = standing.not_understood().is_some();
                assert_eq!(found, is_odd, "{truth:?} as {arrivals:?}");
            }
        });
    }
}
