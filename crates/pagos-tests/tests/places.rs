//! The places of a lane: the next payout is claimed while the answer about the last one is recorded, and
//! no sooner; and what a record makes due is done without a look at the clock.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use pagos_core::{ErrorKind, OrderKey, Status};
use pagos_engine::{Accounts, Engine, Policy};
use pagos_tests::{
    Act, Answer, FaultInjector, KEYED, Reply, ScriptedHarness, account, drive, finish, policy,
    simulated,
};

/// How many payouts were begun and not recorded at a time, with `places` in each lane, in the order of
/// the steps that the seed makes.
fn most_unrecorded(seed: u64, places: usize, reply: Reply) -> usize {
    let scripted = ScriptedHarness::new(&KEYED, [reply], []);
    scripted.submit(&["a", "b", "c", "d", "e", "f"]);
    let engine = scripted.engine_behind(&Arc::new(FaultInjector::jittering(seed)));
    scripted.record.lock().unwrap().clear();
    let mut run =
        Box::pin(engine.run(places, std::future::pending::<()>(), std::future::pending::<()>));
    assert!(drive(&mut run).is_none(), "it goes on until it is told to stop");
    let record = scripted.record.lock().unwrap();
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

/// The loop slept for a second with payouts that were due: it had found nothing to ask about, and only then
/// was the reply recorded that made it due.
#[test]
fn what_a_record_makes_due_is_done_at_once() {
    for places in [1, 2, 64] {
        let (reply, answer) = (Reply::Says(Status::Pending), Answer::Found(Status::Succeeded));
        let scripted = ScriptedHarness::new(&KEYED, [reply], [answer]);
        scripted.submit(&["a", "b", "c"]);
        let accounts = Accounts::new().with(account(), Arc::clone(&scripted.provider) as _);
        let at_once = Policy { poll_delays: vec![Duration::ZERO], ..policy() };
        let (store, timer) = (Arc::clone(&scripted.store), Arc::clone(&scripted.timer) as _);
        let engine = finish(Engine::open(store, &simulated(), accounts, timer, at_once)).unwrap();
        let mut run =
            Box::pin(engine.run(places, std::future::pending::<()>(), std::future::pending::<()>));
        // The clock stands still.
        assert!(drive(&mut run).is_none(), "it goes on until it is told to stop");
        for name in ["a", "b", "c"] {
            let status = scripted.payout(name).progress.status();
            assert_eq!(status, Status::Succeeded, "{name} of {places}");
        }
    }
}
