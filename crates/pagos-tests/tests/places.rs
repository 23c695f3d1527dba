//! The places of a lane: the next payout is claimed while the answer about the last one is recorded, and
//! no sooner.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::sync::Arc;

use pagos_core::ErrorKind;
use pagos_core::OrderKey;
use pagos_core::Status;
use pagos_tests::Act;
use pagos_tests::Gate;
use pagos_tests::KEYED;
use pagos_tests::Reply;
use pagos_tests::Scene;
use pagos_tests::drive;

/// How many payouts were begun and not recorded at a time, with `places` in each lane, in the order of
/// the steps that the seed makes.
fn most_unrecorded(seed: u64, places: usize, reply: Reply) -> usize {
    let scene = Scene::new(&KEYED, [reply], []);
    scene.submit(&["a", "b", "c", "d", "e", "f"]);
    let engine = scene.engine_behind(&Arc::new(Gate::jittering(seed)));
    scene.record.lock().unwrap().clear();
    let mut run =
        Box::pin(engine.run(places, std::future::pending::<()>(), std::future::pending::<()>));
    assert!(drive(&mut run).is_none(), "it goes on until it is told to stop");
    let record = scene.record.lock().unwrap();
    let mut unrecorded: BTreeSet<&OrderKey> = BTreeSet::new();
    let mut most = 0;
    for act in record.iter() {
        match act {
            Act::Committed(key, Some(_)) => drop(unrecorded.insert(key)),
            Act::Committed(key, None) => drop(unrecorded.remove(key)),
            _ => {}
        }
        most = most.max(unrecorded.len());
    }
    most
}

#[test]
fn a_place_is_free_when_the_answer_is_there_and_not_only_when_it_is_recorded() {
    for places in [1, 2] {
        let reply = || Reply::Says(Status::Pending);
        let most: Vec<usize> = (0..64).map(|seed| most_unrecorded(seed, places, reply())).collect();
        assert!(most.iter().any(|most| *most > places), "{most:?}");
        assert!(most.iter().all(|most| *most <= 2 * places), "{most:?}");
    }
}

#[test]
fn a_refused_account_gets_no_further_payout_before_that_is_recorded() {
    for seed in 0..64 {
        let most = most_unrecorded(seed, 1, Reply::Fails(ErrorKind::Unauthorized));
        assert_eq!(most, 1, "seed {seed}");
    }
}
