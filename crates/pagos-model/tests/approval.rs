//! The model of approval explored completely, and every guard taken away once.

#![allow(clippy::unwrap_used, clippy::panic)]
#![allow(clippy::print_stdout)]

use pagos_model::{ApprovalGuard, ApprovalWorld, explore_approval, way_around_approval};

#[test]
fn nothing_is_due_without_the_approvals_of_this_very_content() {
    let (states, unseen) = explore_approval(&ApprovalWorld::default()).unwrap();
    println!("{states} states");
    assert_eq!(unseen, Vec::<&str>::new());
    assert!(states > 1_000, "{states}");
}

#[test]
fn every_guard_of_approval_is_needed() {
    for guard in ApprovalGuard::ALL {
        let way = way_around_approval(&ApprovalWorld::without(guard));
        let way = way.unwrap_or_else(|| panic!("without {guard:?} nothing breaks"));
        println!("without {guard:?}: {way:?}");
    }
}
