//! What the named points tell of a run: each request leaves right after its attempt is durable, each
//! attempt follows a proof, and every call tells before and after. Ends no process; a sweep does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use pagos_core::{Clock, OrderKey};
use pagos_engine::{Accounts, Engine, InstrumentedStore, Phase, Point, Probe};
use pagos_tests::{Harness, KITS, Kit, finish, policy, run, simulated};
use pagos_twin::Profile;

const ROUNDS: u32 = 150;

const SEEDS: std::ops::Range<u64> = 1..9;

/// Writes down what it is told.
#[derive(Debug, Default)]
struct Witness {
    told: Mutex<Vec<(Point, Phase, Option<OrderKey>)>>,
}

impl Probe for Witness {
    fn at(&self, point: Point, phase: Phase, key: Option<&OrderKey>) {
        self.told.lock().unwrap().push((point, phase, key.cloned()));
    }
}

/// Pays a dozen payouts on a hostile day; returns what the probe was told.
fn pay(kit: Kit, seed: u64) -> Vec<(Point, Phase, Option<OrderKey>)> {
    let harness = Harness::of(kit, seed, Profile::Hostile);
    let witness = Arc::new(Witness::default());
    let clock = Arc::clone(&harness.timer) as Arc<dyn Clock>;
    let provider = kit.provider(Arc::new(harness.transport()), clock, seed);
    let store = InstrumentedStore::new(Arc::clone(&harness.store), Arc::clone(&witness) as _);
    let accounts = Accounts::new().with(kit.account(), provider);
    let timer = Arc::clone(&harness.timer) as _;
    let engine = finish(Engine::open(store, &simulated(), accounts, timer, policy())).unwrap();
    let orders = (0..12).map(|n| kit.order(&format!("p{seed}x{n}"))).collect();
    finish(engine.submit(&run(), orders)).unwrap();
    finish(engine.release(&run(), 12)).unwrap();
    // Doubts that wait for a person are asked about for ever.
    let rounds = Cell::new(0);
    harness.run_until(&engine, || {
        rounds.set(rounds.get() + 1);
        rounds.get() == ROUNDS
    });
    std::mem::take(&mut *witness.told.lock().unwrap())
}

/// What was told of each order, in order.
fn by_order(told: &[(Point, Phase, Option<OrderKey>)]) -> BTreeMap<OrderKey, Vec<(Point, Phase)>> {
    let mut orders: BTreeMap<OrderKey, Vec<(Point, Phase)>> = BTreeMap::new();
    for (point, phase, key) in told {
        if let Some(key) = key {
            orders.entry(key.clone()).or_default().push((*point, *phase));
        }
    }
    orders
}

#[test]
fn a_request_leaves_right_after_its_attempt_is_durable_and_an_attempt_follows_a_proof() {
    let mut met = BTreeSet::new();
    for kit in KITS.iter().copied() {
        for seed in SEEDS {
            let what = format!("{}, seed {seed}", kit.name());
            for (key, told) in by_order(&pay(kit, seed)) {
                let sent = told.iter().filter(|it| **it == (Point::Create, Phase::Before)).count();
                assert!(sent > 0, "{what}: {key} was never sent");
                let mut is_alive = false;
                for pair in told.windows(2) {
                    if pair[1] == (Point::Create, Phase::Before) {
                        assert_eq!(pair[0], (Point::BeginAttempt, Phase::After), "{what}: {key}");
                    }
                    match pair[1] {
                        (Point::BeginAttempt, Phase::After) => {
                            assert!(!is_alive, "{what}: {key} has two attempts alive");
                            is_alive = true;
                        }
                        (Point::CloseAttempt | Point::RecordAbsence, Phase::After) => {
                            is_alive = false;
                        }
                        _ => {}
                    }
                }
                met.extend(told.into_iter().map(|(point, _)| point));
            }
        }
    }
    for point in [Point::RecordDoubt, Point::RecordAbsence, Point::CloseAttempt] {
        assert!(
            met.contains(&point),
            "no seed of {SEEDS:?} met {point}; the test shows too little"
        );
    }
}

#[test]
fn the_doors_tell_before_and_after() {
    for kit in KITS.iter().copied() {
        let told = pay(kit, 1);
        for point in Point::ALL {
            let count = |wanted: Phase| {
                told.iter().filter(|(it, phase, _)| (it, *phase) == (point, wanted)).count()
            };
            assert_eq!(count(Phase::Before), count(Phase::After), "{}: {point}", kit.name());
        }
        // Orders are many where they come in, and one where they go out.
        assert!(told.iter().all(|(point, _, key)| *point != Point::Submit || key.is_none()));
        assert!(told.iter().all(|(point, _, key)| *point != Point::Create || key.is_some()));
    }
}
