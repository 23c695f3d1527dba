//! The store goes back in the middle of something.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use pagos_core::{Observation, OrderKey, PayoutProvider, Source, Status};
use pagos_engine::{
    Accounts, Engine, InstrumentedStore, MemoryStore, MemoryWitness, NoProbe, Phase, Point, Probe,
    Snapshot, Store, Timer, WitnessRules,
};
use pagos_tests::{
    Act, Answer, CAREFUL, FaultInjector, FaultyProvider, FaultyWitness, ForgetfulBank, HANDLED,
    KITS, Plan, RecordingStore, Reply, ScriptedProvider, VirtualTimer, Worker, account, finish,
    key, order, policy, run, simulated, start,
};

use crate::scene::Scene;

/// A bank that pays whatever it is asked to pay, over a server that goes back.
struct Careless {
    timer: Arc<VirtualTimer>,
    store: Arc<MemoryStore>,
    witness: Arc<MemoryWitness>,
    bank: ForgetfulBank,
    provider: Arc<dyn PayoutProvider>,
}

impl Careless {
    fn new() -> Self {
        Self::over(MemoryStore::on_a_server())
    }

    fn over(store: MemoryStore) -> Self {
        let timer = VirtualTimer::starting_at(start());
        // A seed by which nothing goes wrong on the way to the bank.
        let bank = ForgetfulBank::new(&CAREFUL, Arc::clone(&timer), 3);
        let store = Arc::new(store);
        let (witness, provider) = (Arc::new(MemoryWitness::new("w")), Arc::new(bank.clone()));
        Self { timer, store, witness, bank, provider }
    }

    fn worker(&self) -> Worker {
        self.worker_seen_by(Arc::new(NoProbe))
    }

    fn worker_seen_by(&self, probe: Arc<dyn Probe>) -> Worker {
        let injector = Arc::new(FaultInjector::new());
        let store = Arc::clone(&self.store) as Arc<dyn Store>;
        let store = RecordingStore::over(store, Arc::clone(&injector), Arc::default());
        let witness = FaultyWitness::new(Arc::clone(&self.witness), Arc::clone(&injector));
        let store = InstrumentedStore::new(store as Arc<dyn Store>, probe);
        let store = store.witnessed_by(witness, WitnessRules::STRICT);
        let bank = FaultyProvider::new(Arc::clone(&self.provider), Arc::clone(&injector));
        let accounts = Accounts::new().with(account(), bank);
        let timer = Arc::clone(&self.timer) as Arc<dyn Timer>;
        let engine = finish(Engine::open(store, &simulated(), accounts, timer, policy())).unwrap();
        Worker::new(engine, injector)
    }

    /// The number of the point of this name on the way of a worker that sends one payout.
    fn point(name: &str) -> u64 {
        let is_here = |point: &u64| {
            let scene = Self::new();
            let mut worker = scene.worker();
            finish(worker.engine().pay(order("a"))).unwrap();
            worker.injector().plan(Plan::DieAt(*point));
            drop(worker.round(1));
            worker.injector().take_met() == Some(name)
        };
        (1..200).find(is_here).unwrap_or_else(|| panic!("no point {name}"))
    }
}

/// Claims of two lines of history have the same numbers. A worker that was not asked to send any
/// more must not close the attempt of another one.
#[test]
fn witness_13_a_worker_of_the_old_state_closes_no_attempt_of_the_new_one() {
    let [appends, sent] = ["witness append, before", "create, after"].map(Careless::point);
    let scene = Careless::new();
    let mut old = scene.worker();
    finish(old.engine().pay(order("a"))).unwrap();
    let earlier = scene.store.snapshot();
    old.injector().plan(Plan::StallAt(appends));
    assert!(old.round(1).is_none());
    scene.store.go_back(&earlier);
    scene.timer.advance(Duration::from_secs(1));
    let mut new = scene.worker();
    new.injector().plan(Plan::DieAt(sent));
    assert!(new.round(1).is_none());
    assert_eq!(scene.bank.payments(&key("a")), 1);
    old.injector().open();
    drop(old.round(1));
    let payout = finish(scene.store.payout(&key("a"))).unwrap().unwrap();
    assert!(payout.progress.open.is_some(), "it is closed, and is being sent");
    for _ in 0..100 {
        drop(old.round(1));
        scene.timer.advance(Duration::from_secs(60));
    }
    assert_eq!(scene.bank.payments(&key("a")), 1);
}

/// Wherever a worker stands still, what it was about may be gone when it goes on.
#[test]
fn witness_14_a_worker_outlives_that_its_payout_is_gone() {
    for point in 1..60 {
        let scene = Scene::new();
        let injector = Arc::new(FaultInjector::new());
        let engine = scene.engine_behind(&injector);
        let empty = scene.store.snapshot();
        finish(engine.pay(order("a"))).unwrap();
        injector.plan(Plan::StallAt(point));
        let mut worker = Worker::new(engine, injector);
        if worker.round(1).is_some() {
            assert!(point > 10, "nothing was swept");
            return;
        }
        scene.store.go_back(&empty);
        worker.injector().open();
        worker.round(1).unwrap().unwrap();
    }
}

/// One payout of a claim was sent before, and that cannot be written down. The others are sent.
#[test]
fn witness_15_what_the_witness_lets_pass_is_sent_although_another_cannot_be_turned_back() {
    for point in 1..60 {
        let scene = Scene::new();
        let injector = Arc::new(FaultInjector::new());
        let engine = scene.engine_behind(&injector);
        finish(engine.submit(&run(), vec![order("a")])).unwrap();
        let earlier = scene.store.snapshot();
        let other = scene.engine();
        finish(other.release(&run(), 1)).unwrap();
        scene.work(&other);
        scene.store.go_back(&earlier);
        finish(other.release(&run(), 1)).unwrap();
        finish(other.pay(order("b"))).unwrap();
        injector.plan(Plan::FailAt(point));
        let worked = finish(engine.work(16));
        let is_recalled = scene.payout("a").unwrap().progress.is_recalled;
        if injector.take_met() == Some("commit, before") && !is_recalled {
            assert!(worked.is_err());
            assert_eq!(scene.accepted(), ["a", "b"]);
            return;
        }
    }
    panic!("nothing was written");
}

/// Goes back at the first write of a kind.
#[derive(Debug)]
struct GoesBack {
    store: Arc<MemoryStore>,
    at: Point,
    to: Arc<Mutex<Option<Snapshot>>>,
}

impl Probe for GoesBack {
    fn at(&self, point: Point, phase: Phase, _: Option<&OrderKey>) {
        if point == self.at && phase == Phase::Before {
            let to = self.to.lock().unwrap().take();
            to.into_iter().for_each(|to| self.store.go_back(&to));
        }
    }
}

/// The common point is written to a store that has lost what was compared a moment ago.
#[test]
fn witness_16_a_common_point_is_believed_only_once_it_was_read_back() {
    let scene = Scene::over(MemoryStore::on_a_server());
    drop(scene.engine());
    let earlier = scene.store.snapshot();
    let engine = scene.engine();
    scene.pay(&engine, &["a"]);
    drop(engine);
    let store = Arc::clone(&scene.store);
    let probe = GoesBack { store, at: Point::KeepWitness, to: Arc::new(Mutex::new(Some(earlier))) };
    let store = InstrumentedStore::new(Arc::clone(&scene.store) as _, Arc::new(probe));
    let witness = Arc::clone(&scene.witness) as _;
    let engine = scene.open_on(store.witnessed_by(witness, WitnessRules::STRICT)).unwrap();
    finish(engine.pay(order("b"))).unwrap();
    scene.work(&engine);
    assert_eq!(engine.comparison().unwrap().forgotten, [key("a")]);
}

/// A file says nothing. Where several engines work on it, each looks at what the others sent.
#[test]
fn witness_17_several_engines_compare_again_and_again() {
    let scene = Scene::new();
    let engine = scene.sent_and_went_back();
    assert_eq!(scene.called(), 0);
    scene.harness.timer.advance(Duration::from_secs(61));
    scene.work(&engine);
    assert!(scene.payout("a").unwrap().progress.is_recalled);
    assert_eq!(scene.called(), 1);
}

/// What is prepared anew names another payee at the provider. Asked about that one, the provider would
/// say that it has nothing.
#[test]
fn witness_18_what_was_prepared_for_a_repeat_is_forgotten_with_it() {
    let mut prepared = 0;
    for kit in KITS {
        let scene = Scene::of(*kit, MemoryStore::new());
        let engine = scene.engine();
        finish(engine.submit(&run(), vec![kit.order("a")])).unwrap();
        let earlier = scene.store.snapshot();
        finish(engine.release(&run(), 1)).unwrap();
        scene.work(&engine);
        prepared += usize::from(scene.payout("a").unwrap().progress.handle.is_some());
        scene.store.go_back(&earlier);
        finish(engine.release(&run(), 1)).unwrap();
        scene.work(&engine);
        let progress = scene.payout("a").unwrap().progress;
        assert_eq!((progress.is_recalled, progress.handle), (true, None), "{}", kit.name());
    }
    assert!(prepared > 0);
}

/// Two states have an attempt of one number, and only one of them was noted and sent. The simulation
/// found that the other one was taken for it, denied by the provider, and sent once more.
#[test]
fn witness_20_an_attempt_is_known_by_its_moment_and_not_by_its_number() {
    let appends = Careless::point("witness append, before");
    let scene = Careless::new();
    let mut old = scene.worker();
    finish(old.engine().pay(order("a"))).unwrap();
    let earlier = scene.store.snapshot();
    old.injector().plan(Plan::DieAt(appends));
    assert!(old.round(1).is_none());
    let begun = scene.store.snapshot();
    scene.store.go_back(&earlier);
    scene.timer.advance(Duration::from_secs(1));
    let mut new = scene.worker();
    new.round(1).unwrap().unwrap();
    assert_eq!(scene.bank.payments(&key("a")), 1);
    scene.store.go_back(&begun);
    let last = scene.worker();
    assert_eq!(last.engine().comparison().unwrap().recalled, [key("a")]);
}

/// The witness notes an attempt, and its answer is lost. The attempt is not sent, and this store knows
/// that; it is no attempt of a state that was forgotten.
#[test]
fn witness_22_an_attempt_that_was_noted_and_held_back_is_not_recalled() {
    for is_restarted in [false, true] {
        for point in 1..60 {
            let scene = Scene::new();
            let injector = Arc::new(FaultInjector::new());
            let engine = scene.engine_behind(&injector);
            finish(engine.pay(order("a"))).unwrap();
            injector.plan(Plan::FailAt(point));
            drop(finish(engine.work(16)));
            if injector.take_met() != Some("witness append, after") {
                assert!(point < 59, "it was never asked");
                continue;
            }
            assert!(scene.accepted().is_empty());
            scene.harness.timer.advance(Duration::from_secs(6));
            let engine = if is_restarted { scene.engine() } else { engine };
            assert!(!engine.comparison().unwrap().has_gap());
            scene.harness.run_to_rest(&engine);
            let progress = scene.payout("a").unwrap().progress;
            assert_eq!((progress.is_recalled, progress.attempts), (false, 2));
            assert_eq!(scene.accepted(), ["a"]);
            break;
        }
    }
}

/// The store goes back under running workers while one of them notes how far it agrees with the witness,
/// so the note says that it knows what it has just forgotten. The payout is prepared anew, and the
/// worker dies before it asks the witness. The provider has nothing of what was prepared. The simulation
/// found that this was taken for a proof that the payout was never made.
#[test]
fn witness_24_an_absence_proves_nothing_about_an_attempt_that_the_witness_does_not_have() {
    assert!((1..100).any(a_worker_dies_at_its_point_and_the_witness_is_not_asked));
}

/// Whether it dies on its way to the witness.
fn a_worker_dies_at_its_point_and_the_witness_is_not_asked(point: u64) -> bool {
    let mut scene = Careless::over(MemoryStore::new());
    let acts: Arc<Mutex<Vec<Act>>> = Arc::default();
    let pending = Observation::new(Status::Pending, Source::Reply, start());
    scene.provider = ScriptedProvider::new(
        &HANDLED,
        Arc::clone(&scene.timer),
        Arc::clone(&acts),
        [Reply::Tells(Box::new(pending))],
        [Answer::Absent],
    );
    let is_sending = |act: &&Act| matches!(act, Act::Sent(_));
    let sent = || acts.lock().unwrap().iter().filter(is_sending).count();
    let mut dying = scene.worker();
    finish(dying.engine().submit(&run(), vec![order("a")])).unwrap();
    drop(dying.round(1));
    scene.timer.advance(Duration::from_secs(61));
    let to = Arc::new(Mutex::new(None));
    let probe =
        GoesBack { store: Arc::clone(&scene.store), at: Point::KeepWitness, to: Arc::clone(&to) };
    let mut noting = scene.worker_seen_by(Arc::new(probe));
    let earlier = scene.store.snapshot();
    finish(noting.engine().release(&run(), 1)).unwrap();
    noting.round(1).unwrap().unwrap();
    assert_eq!(sent(), 1);
    *to.lock().unwrap() = Some(earlier);
    scene.timer.advance(Duration::from_secs(61));
    drop(noting.round(1));
    assert_eq!(finish(scene.store.payout(&key("a"))).unwrap().unwrap().progress.attempts, 0);

    finish(dying.engine().release(&run(), 1)).unwrap();
    dying.injector().plan(Plan::DieAt(point));
    drop(dying.round(1));
    if dying.injector().take_met() != Some("witness append, before") {
        return false;
    }
    drop(dying);
    let mut asking = scene.worker();
    for _ in 0..300 {
        drop(asking.round(1));
        scene.timer.advance(Duration::from_secs(60));
    }
    assert_eq!(sent(), 1);
    let progress = finish(scene.store.payout(&key("a"))).unwrap().unwrap().progress;
    assert!(progress.is_recalled);
    true
}
