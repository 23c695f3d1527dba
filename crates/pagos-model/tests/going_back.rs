//! The model of a store that goes back explored completely, and every guard taken away once.

#![allow(clippy::unwrap_used, clippy::panic)]
#![allow(clippy::print_stdout)]

use pagos_model::{
    GOING_BACK_PROMISES, GoingBackWorld, WitnessGuard, explore_going_back, way_back,
};

#[test]
fn a_debt_is_paid_once_whatever_goes_back() {
    for names_lines in [false, true] {
        let (states, unseen) = explore_going_back(&GoingBackWorld::new(names_lines)).unwrap();
        println!("names lines: {names_lines}, {states} states");
        assert_eq!(unseen, Vec::<&str>::new());
        assert!(states > 10_000, "{states}");
    }
}

#[test]
fn every_guard_of_the_witness_is_needed() {
    let [paid_once, compared] = GOING_BACK_PROMISES;
    for guard in WitnessGuard::ALL {
        let (names_lines, promise) = match guard {
            WitnessGuard::Witness | WitnessGuard::NotedFirst | WitnessGuard::RefuseKnown => {
                (false, paid_once)
            }
            WitnessGuard::CompareFirst => (true, compared),
            WitnessGuard::RecalledRests | WitnessGuard::ThisAttempt => (true, paid_once),
        };
        let world = GoingBackWorld::new(names_lines).without(guard);
        let way = way_back(&world, promise);
        let way = way.unwrap_or_else(|| panic!("without {guard:?} nothing breaks"));
        println!("without {guard:?}: {way:?}");
    }
}
