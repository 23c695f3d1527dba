//! What the real engine does under seeded faults and crashes, replayed as a path of the model; and
//! traces with one step changed, which must not be one.
//!
//! `PAGOS_SCHEDULES=1000` replays more of them, `PAGOS_SEED=7` begins at another seed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout)]

#[path = "replay/bank.rs"]
mod bank;
#[path = "replay/path.rs"]
mod path;
#[path = "replay/schedule.rs"]
mod schedule;
#[path = "replay/trace.rs"]
mod trace;

use std::time::Duration;

use pagos_core::{Absence, Deduplication, Descriptor};
use pagos_model::{Bounds, Patience, Size, Status, World};
use pagos_tests::{CAREFUL, KEYED};

use crate::{path::walk, schedule::play, trace::Happened};

static HANDLED: Descriptor = Descriptor {
    deduplication: Deduplication::ByHandle,
    absence: Absence { answers_min: 3, ..KEYED.absence },
    ..KEYED
};

/// It forgets so soon that few attempts fit in.
static FORGETTING: Descriptor = Descriptor {
    deduplication: Deduplication::ByKeyFor(Duration::from_secs(2_400)),
    absence: Absence { answers_min: 3, ..KEYED.absence },
    ..KEYED
};

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

/// The world with the engine's numbers and without bounds to what may go wrong.
fn unbounded(world: World) -> World {
    let most = u8::MAX;
    let bounds = Bounds {
        attempts: most,
        crashes: most,
        untaken: most,
        reversals: 1,
        operator: 0,
        wrong_absences: 0,
    };
    World {
        answers_min: 3,
        lost_max: 5,
        patience: Patience::Any,
        bounds,
        is_symmetric: false,
        ..world
    }
}

fn check_traces(descriptor: &'static Descriptor, world: World) {
    let world = unbounded(world);
    let first = number("PAGOS_SEED", 0);
    let (mut steps, mut most, mut ended, mut resent) = (0, 0, 0, 0);
    let count = number("PAGOS_SCHEDULES", 150);
    for seed in first..first + count {
        let trace = play(descriptor, seed);
        let walked = walk(&world, &trace);
        let possible = walked.unwrap_or_else(|because| {
            panic!("{}, seed {seed}: not a path of the model: {because}\n{trace:?}", world.name)
        });
        most = most.max(possible);
        steps += trace.len();
        ended += trace.iter().filter(|it| matches!(it, Happened::Ended(_))).count();
        resent += trace.iter().filter(|it| matches!(it, Happened::Begun(_, 2))).count();
    }
    println!(
        "{}: {count} traces, {steps} steps, {ended} workers ended, {resent} sent again, \
         at most {most} states at one time",
        world.name
    );
    assert!(count < 100 || (ended > 20 && resent > 20), "nothing was at stake");
}

#[test]
fn what_the_engine_does_with_a_keyed_provider_is_a_path() {
    check_traces(&KEYED, World::keyed(Size::Small));
}

#[test]
fn what_the_engine_does_with_handles_is_a_path() {
    check_traces(&HANDLED, World::handled(Size::Small));
}

#[test]
fn what_the_engine_does_with_a_provider_that_would_pay_twice_is_a_path() {
    check_traces(&CAREFUL, World::hidden(Size::Small));
}

/// As many attempts fit into the model's time as into the engine's.
#[test]
fn what_the_engine_does_with_a_provider_that_forgets_keys_is_a_path() {
    let world = World::remembering(Size::Small);
    check_traces(&FORGETTING, World { memory: Some(15), ..world });
}

/// The first trace in which `change` finds something to change.
fn doctored(change: impl Fn(&[Happened]) -> Option<Vec<Happened>>) -> Vec<Happened> {
    let traces = (0..200).map(|seed| play(&CAREFUL, seed));
    traces.into_iter().find_map(|trace| change(&trace)).expect("a trace to be changed")
}

#[test]
fn a_send_without_a_begin_is_no_path() {
    let trace = doctored(|trace| {
        let begun = trace.iter().position(|it| matches!(it, Happened::Begun(..)))?;
        matches!(trace.get(begun + 1), Some(Happened::Taken(_))).then_some(())?;
        Some([&trace[..begun], &trace[begun + 1..]].concat())
    });
    assert!(walk(&unbounded(World::hidden(Size::Small)), &trace).is_err());
}

#[test]
fn a_second_send_in_doubt_is_no_path() {
    let trace = doctored(|trace| {
        let lost = trace.iter().position(|it| matches!(it, Happened::Lost(_)))?;
        let again = trace[lost].clone();
        Some([&trace[..=lost], &[again]].concat())
    });
    assert!(walk(&unbounded(World::hidden(Size::Small)), &trace).is_err());
}

#[test]
fn a_second_attempt_in_doubt_is_no_path() {
    let trace = doctored(|trace| {
        let doubt = trace.iter().position(|it| {
            matches!(it, Happened::Stored(_, row) if row.status == Status::Unknown && row.is_open)
        })?;
        let again = [Happened::Claimed(0), Happened::Begun(0, 2)];
        Some([&trace[..=doubt], &again].concat())
    });
    assert!(walk(&unbounded(World::hidden(Size::Small)), &trace).is_err());
}

#[test]
fn failed_after_a_timeout_is_no_path() {
    let trace = doctored(|trace| {
        let lost = trace.iter().position(|it| matches!(it, Happened::Lost(_)))?;
        let mut changed = trace.to_vec();
        let stored = changed[lost..].iter_mut().find_map(|it| match it {
            Happened::Stored(_, row) if row.status == Status::Unknown => Some(row),
            _ => None,
        })?;
        stored.status = Status::Failed;
        stored.is_open = false;
        Some(changed)
    });
    assert!(walk(&unbounded(World::hidden(Size::Small)), &trace).is_err());
}
