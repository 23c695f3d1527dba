//! The model of a store that goes back explored completely, and every guard taken away once.

#![allow(clippy::unwrap_used, clippy::panic)]
#![allow(clippy::print_stdout)]

use pagos_model::{
    GOING_BACK_PROMISES, GoingBackWorld, WhatGoesBack, WitnessGuard, explore_going_back, way_back,
};

#[test]
fn a_debt_is_paid_once_whatever_goes_back() {
    for kind in [WhatGoesBack::Server, WhatGoesBack::File] {
        let (states, unseen) = explore_going_back(&GoingBackWorld::new(kind)).unwrap();
        println!("{kind:?}: {states} states");
        assert_eq!(unseen, Vec::<&str>::new());
        assert!(states > 10_000, "{states}");
    }
}

#[test]
fn every_guard_of_the_witness_is_needed() {
    let [paid_once, compared] = GOING_BACK_PROMISES;
    for guard in WitnessGuard::ALL {
        let (kind, promise) = match guard {
            WitnessGuard::Witness | WitnessGuard::NotedFirst => (WhatGoesBack::File, paid_once),
            WitnessGuard::RefuseKnown => (WhatGoesBack::FileInUse, paid_once),
            WitnessGuard::CompareFirst => (WhatGoesBack::Server, compared),
            WitnessGuard::RecalledRests | WitnessGuard::ThisAttempt => {
                (WhatGoesBack::Server, paid_once)
            }
        };
        let world = GoingBackWorld::new(kind).without(guard);
        let way = way_back(&world, promise);
        let way = way.unwrap_or_else(|| panic!("without {guard:?} nothing breaks"));
        println!("without {guard:?}: {way:?}");
    }
}
