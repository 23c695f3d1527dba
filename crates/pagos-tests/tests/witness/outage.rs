//! The witness cannot be used for a time.

use std::{sync::Arc, time::Duration};

use pagos_core::Clock;
use pagos_engine::{
    EngineError, Entry, InstrumentedStore, MemoryStore, WithoutWitness, WitnessRules,
};
use pagos_tests::{FaultInjector, KITS, Worker, finish, key, order, run};

use crate::scene::Scene;

const GO_ON: WitnessRules = WitnessRules { without: WithoutWitness::GoOn, ..WitnessRules::STRICT };

/// A full disk: the witness can be read and not be written. Of twenty payouts that are due, one is
/// tried at a time, and none counts it as a refusal of its own.
#[test]
fn witness_8_an_outage_counts_against_no_payout() {
    let scene = Scene::new();
    let engine = scene.engine();
    let names: Vec<String> = (10..30).map(|nth| format!("p{nth}")).collect();
    scene.witness.fill(true);
    for name in &names {
        finish(engine.pay(order(name))).unwrap();
    }
    for _ in 0..100 {
        scene.work(&engine);
        scene.harness.timer.advance(Duration::from_secs(60));
    }
    let mut begun = 0;
    for name in &names {
        let progress = scene.payout(name).unwrap().progress;
        assert_eq!((progress.refusals, progress.attention), (0, None), "{name}");
        let is_begun = |entry: &&Entry| matches!(entry, Entry::AttemptBegun { .. });
        begun += scene.harness.history(name).iter().filter(is_begun).count();
    }
    assert!(begun < 130, "{begun} attempts were begun in vain");
    assert_eq!(scene.called(), 1);
    scene.witness.fill(false);
    scene.harness.run_to_rest(&engine);
    assert_eq!(scene.accepted(), names);
}

#[test]
fn witness_9_each_outage_calls_a_person_whichever_process_ended_the_last_one() {
    let scene = Scene::new();
    let engine = scene.engine();
    scene.witness.lose(true);
    scene.pay(&engine, &["a"]);
    drop(engine);
    scene.witness.lose(false);
    let engine = scene.engine();
    scene.work(&engine);
    assert_eq!(scene.called(), 1);
    scene.witness.lose(true);
    scene.pay(&engine, &["b"]);
    assert_eq!(scene.called(), 2);
}

/// To go on without a witness is no leave to send from a backup.
#[test]
fn witness_10_a_restored_store_sends_nothing_while_its_witness_is_lost() {
    let scene = Scene::new();
    drop(scene.engine());
    let now = scene.harness.timer.now();
    let store = InstrumentedStore::from(Arc::clone(&scene.store));
    finish(store.mark_restored(now, now)).unwrap();
    scene.witness.lose(true);
    let refused = scene.try_open(Some(GO_ON)).unwrap_err();
    assert!(matches!(refused, EngineError::Restored(_)), "{refused}");
}

#[test]
fn witness_11_what_is_forgotten_is_not_sent_while_the_witness_is_lost() {
    let scene = Scene::new();
    let engine = scene.engine();
    let earlier = scene.store.snapshot();
    scene.pay(&engine, &["a"]);
    scene.store.go_back(&earlier);
    assert_eq!(scene.engine().comparison().unwrap().forgotten, [key("a")]);
    scene.witness.lose(true);
    let engine = scene.try_open(Some(GO_ON)).unwrap();
    scene.pay(&engine, &["a"]);
    assert!(scene.payout("a").unwrap().progress.is_recalled);
    assert_eq!(scene.accepted(), ["a"]);
}

/// What was sent during an outage is known to the provider's list, if it has one that repeats our
/// keys, and the witness learns it from there, for every worker.
#[test]
fn witness_12_a_list_tells_the_witness_what_was_sent_without_it() {
    let mut found_in_lists = 0;
    for kit in KITS {
        let scene = Scene::of(*kit, MemoryStore::on_a_server());
        let engine = scene.try_open(Some(GO_ON)).unwrap();
        let earlier = scene.store.snapshot();
        scene.witness.lose(true);
        finish(engine.pay(kit.order("a"))).unwrap();
        scene.harness.run_to_rest(&engine);
        scene.witness.lose(false);
        scene.store.go_back(&earlier);
        let found = scene.engine().comparison().unwrap();
        let noted: Vec<_> = scene.witness.attempts().into_iter().map(|it| it.key).collect();
        assert_eq!(noted, found.forgotten, "{}", kit.name());
        found_in_lists += noted.len();
    }
    assert!(found_in_lists > 0);
}

/// The witness is lost at the first try of what was sent before, in a file that says nothing. The next
/// attempt must not have a number that is new to the witness. The simulation found that it was sent.
#[test]
fn witness_19_what_was_held_back_gives_its_number_back() {
    let scene = Scene::new();
    let engine = scene.sent_and_went_back();
    scene.harness.timer.advance(Duration::from_secs(1));
    scene.witness.lose(true);
    finish(engine.release(&run(), 1)).unwrap();
    scene.work(&engine);
    scene.witness.lose(false);
    scene.harness.timer.advance(Duration::from_secs(6));
    scene.work(&engine);
    let progress = scene.payout("a").unwrap().progress;
    assert_eq!((progress.is_recalled, progress.attempts), (true, 1));
    assert_eq!(scene.accepted(), ["a"]);
}

/// What was prepared while the witness was lost belongs to no attempt that was sent.
#[test]
fn witness_21_what_was_prepared_for_a_held_attempt_is_not_asked_about() {
    for kit in KITS {
        let scene = Scene::of(*kit, MemoryStore::new());
        let engine = scene.engine();
        finish(engine.submit(&run(), vec![kit.order("a")])).unwrap();
        let earlier = scene.store.snapshot();
        finish(engine.release(&run(), 1)).unwrap();
        scene.work(&engine);
        scene.store.go_back(&earlier);
        scene.witness.lose(true);
        scene.harness.timer.advance(Duration::from_secs(1));
        finish(engine.release(&run(), 1)).unwrap();
        scene.work(&engine);
        scene.witness.lose(false);
        drop(scene.engine());
        let progress = scene.payout("a").unwrap().progress;
        assert_eq!((progress.is_recalled, progress.handle), (true, None), "{}", kit.name());
    }
}

/// Several payouts meet it at the same moment, some of them before and some after it was lost.
#[test]
fn witness_25_an_outage_calls_a_person_once_however_many_payouts_meet_it() {
    let kit = pagos_kit::find("conekta").unwrap();
    let mut called = 0;
    for seed in 0..150 {
        let scene = Scene::of(kit, MemoryStore::new());
        let injector = Arc::new(FaultInjector::jittering(seed));
        let engine = scene.engine_behind(&injector);
        for name in ["a", "b", "c", "d", "e", "f"] {
            finish(engine.pay(kit.order(name))).unwrap();
        }
        let mut worker = Worker::new(engine, injector);
        for step in 0..100 {
            if step == seed / 3 {
                scene.witness.lose(true);
            }
            worker.step(6).transpose().unwrap();
        }
        assert!(scene.called() <= 1, "seed {seed}");
        called += scene.called();
    }
    assert!(called > 20, "{called}");
}

/// Some of the payouts failed at the witness before it was back, and learn of it afterwards. That is no
/// outage of its own, and nothing that is left of it silences the next one. The simulation found both.
#[test]
fn witness_26_a_failure_from_before_the_witness_was_back_calls_nobody_again() {
    let kit = pagos_kit::find("conekta").unwrap();
    let mut called = 0;
    for seed in 0..300 {
        let scene = Scene::of(kit, MemoryStore::new());
        let injector = Arc::new(FaultInjector::jittering(seed));
        let engine = scene.engine_behind(&injector);
        for name in ["a", "b", "c", "d", "e", "f"] {
            finish(engine.pay(kit.order(name))).unwrap();
        }
        let mut worker = Worker::new(engine, injector);
        let lost_at = seed / 4;
        for step in 0..400 {
            if step == lost_at {
                scene.witness.lose(true);
            }
            if step == lost_at + 1 + seed % 12 {
                scene.witness.lose(false);
            }
            if step > lost_at && (step - lost_at) % 10 == 0 {
                scene.harness.timer.advance(Duration::from_secs(6));
            }
            worker.step(6).transpose().unwrap();
        }
        let first = scene.called();
        assert!(first <= 1, "seed {seed}: {first} calls");
        called += first;
        assert_eq!(worker.engine().without_witness(), None, "seed {seed}");

        scene.witness.lose(true);
        finish(worker.engine().pay(kit.order("later"))).unwrap();
        for _ in 0..400 {
            worker.step(6).transpose().unwrap();
        }
        assert_eq!(scene.called(), first + 1, "seed {seed}: the next outage");
    }
    assert!(called > 20, "{called}");
}
