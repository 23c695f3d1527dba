//! The store goes back to an earlier state, and its witness knows what was sent since.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use pagos_core::{Clock, Status};
use pagos_engine::{
    Accounts, Decision, Engine, EngineError, InstrumentedStore, MemoryStore, MemoryWitness, Notice,
    NoticeAbout, NoticeKind, Payout, Store, WithoutWitness, WitnessRules,
};
use pagos_tests::{Harness, finish, key, order, policy, run, simulated};

/// A harness over a store that can go back, and its witness.
struct Scene {
    harness: Harness,
    store: Arc<MemoryStore>,
    witness: Arc<MemoryWitness>,
}

impl Scene {
    fn new() -> Self {
        Self::over(MemoryStore::new())
    }

    fn over(store: MemoryStore) -> Self {
        let store = Arc::new(store);
        let harness = Harness::over(
            Arc::clone(&store) as Arc<dyn Store>,
            pagos_kit::example(),
            1,
            pagos_twin::Profile::None,
        );
        Self { harness, store, witness: Arc::new(MemoryWitness::new("w")) }
    }

    fn try_open(&self, rules: Option<WitnessRules>) -> Result<Engine, EngineError> {
        let store = InstrumentedStore::from(Arc::clone(&self.store));
        let store = match rules {
            Some(rules) => store.witnessed_by(Arc::clone(&self.witness) as _, rules),
            None => store,
        };
        let provider = self.harness.provider_over(Arc::new(self.harness.transport()));
        let accounts = Accounts::new().with(self.harness.kit().account(), provider);
        let timer = Arc::clone(&self.harness.timer) as _;
        finish(Engine::open(store, &simulated(), accounts, timer, policy()))
    }

    fn engine(&self) -> Engine {
        self.try_open(Some(WitnessRules::STRICT)).unwrap()
    }

    /// Pays orders, and works until nothing is due.
    fn pay(&self, engine: &Engine, names: &[&str]) {
        for name in names {
            finish(engine.pay(order(name))).unwrap();
        }
        self.work(engine);
    }

    fn work(&self, engine: &Engine) {
        while !finish(engine.work(16)).unwrap().is_idle() {}
    }

    fn payout(&self, name: &str) -> Option<Payout> {
        finish(self.store.payout(&key(name))).unwrap()
    }

    /// How often a person was called to the account.
    fn called(&self) -> usize {
        let notices = finish(self.store.outbox(0, 100)).unwrap().into_iter();
        let is_call = |notice: &Notice| {
            notice.about == NoticeAbout::Account
                && matches!(notice.event, NoticeKind::Attention { .. })
        };
        notices.filter(|(_, notice)| is_call(notice)).count()
    }

    /// The keys of all payouts that the bank has accepted, one of them twice if it has two.
    fn accepted(&self) -> Vec<String> {
        let mut keys = Vec::new();
        self.harness.visit_orders(&mut |order| keys.push(order.key.to_owned()));
        keys.sort();
        keys
    }
}

#[test]
fn witness_1_what_was_sent_after_the_backup_is_not_sent_again() {
    let scene = Scene::new();
    let engine = scene.engine();
    scene.pay(&engine, &["before"]);
    finish(engine.submit(&run(), vec![order("held")])).unwrap();
    let submitted = scene.store.snapshot();
    finish(engine.release(&run(), 1)).unwrap();
    scene.work(&engine);
    scene.pay(&engine, &["after"]);
    drop(engine);

    // Nothing was lost: nothing is found, and nobody is called.
    let engine = scene.engine();
    assert!(!engine.comparison().unwrap().has_gap());
    assert_eq!(scene.called(), 0);
    drop(engine);

    scene.store.go_back(&submitted);
    let engine = scene.engine();
    let found = engine.comparison().unwrap();
    assert_eq!((found.recalled, found.forgotten), (vec![key("held")], vec![key("after")]));
    assert_eq!(scene.payout("held").unwrap().status(), Status::Unknown);
    assert!(scene.called() > 0);
    finish(engine.release(&run(), 1)).unwrap();
    scene.harness.run_to_rest(&engine);
    assert_eq!(scene.payout("held").unwrap().status(), Status::Succeeded);

    // Its order comes once more, as after a command that is repeated.
    scene.pay(&engine, &["after"]);
    scene.harness.run_to_rest(&engine);
    assert_eq!(scene.payout("after").unwrap().status(), Status::Succeeded);
    drop(engine);

    // The witness itself goes back, and the store is ahead of it.
    scene.witness.truncate(0);
    let engine = scene.engine();
    assert!(engine.comparison().unwrap().is_ahead);
    drop(engine);
    assert_eq!(scene.accepted(), ["after", "before", "held"]);
}

#[test]
fn witness_2_a_server_that_goes_back_under_a_running_engine_sends_nothing_again() {
    let scene = Scene::over(MemoryStore::on_a_server());
    let engine = scene.engine();
    let earlier = {
        finish(engine.submit(&run(), vec![order("a")])).unwrap();
        scene.store.snapshot()
    };
    finish(engine.release(&run(), 1)).unwrap();
    scene.work(&engine);
    scene.store.go_back(&earlier);
    finish(engine.release(&run(), 1)).unwrap();
    scene.harness.run_to_rest(&engine);
    assert_eq!(engine.comparison().unwrap().recalled, [key("a")]);
    assert_eq!(scene.payout("a").unwrap().status(), Status::Succeeded);
    assert_eq!(scene.accepted(), ["a"]);
}

/// A file that somebody copied back names no other line of history. The witness itself refuses.
#[test]
fn witness_3_the_witness_refuses_an_attempt_that_it_has() {
    let scene = Scene::new();
    let engine = scene.engine();
    finish(engine.submit(&run(), vec![order("a")])).unwrap();
    let earlier = scene.store.snapshot();
    finish(engine.release(&run(), 1)).unwrap();
    scene.work(&engine);
    scene.store.go_back(&earlier);
    finish(engine.release(&run(), 1)).unwrap();
    scene.work(&engine);
    let payout = scene.payout("a").unwrap();
    assert_eq!((payout.status(), payout.progress.is_recalled), (Status::Unknown, true));
    assert_eq!(scene.accepted(), ["a"]);
}

#[test]
fn witness_4_without_its_witness_a_live_store_sends_nothing_until_it_is_back() {
    let scene = Scene::new();
    let engine = scene.engine();
    scene.witness.lose(true);
    scene.pay(&engine, &["a", "b"]);
    assert!(scene.accepted().is_empty());
    assert!(engine.without_witness().is_some());
    assert_eq!(scene.called(), 1);
    scene.witness.lose(false);
    scene.harness.run_to_rest(&engine);
    assert_eq!(scene.accepted(), ["a", "b"]);
    assert_eq!(engine.without_witness(), None);
    assert_eq!(scene.called(), 1);

    scene.witness.lose(true);
    let refused = scene.try_open(Some(WitnessRules::STRICT)).unwrap_err();
    assert!(matches!(refused, EngineError::Witness(_)), "{refused}");
    let rules = WitnessRules { without: WithoutWitness::GoOn, ..WitnessRules::STRICT };
    let engine = scene.try_open(Some(rules)).unwrap();
    scene.pay(&engine, &["c"]);
    assert_eq!(scene.accepted(), ["a", "b", "c"]);
    assert_eq!(scene.called(), 2);
}

#[test]
fn witness_5_a_restored_store_sends_nothing_before_it_was_compared() {
    let scene = Scene::new();
    drop(scene.engine());
    let now = scene.harness.timer.clock().now();
    finish(InstrumentedStore::from(Arc::clone(&scene.store)).mark_restored(now, now)).unwrap();
    let refused = scene.try_open(None).unwrap_err();
    assert!(matches!(refused, EngineError::Restored(_)), "{refused}");
    let engine = scene.engine();
    let store = InstrumentedStore::from(Arc::clone(&scene.store));
    assert!(finish(store.restored()).unwrap().unwrap().accepted.is_some());
    drop(engine);
    drop(scene.try_open(None).unwrap());
}

#[test]
fn witness_6_what_is_recalled_is_sent_again_by_a_person_only() {
    let scene = Scene::new();
    let engine = scene.engine();
    finish(engine.submit(&run(), vec![order("a")])).unwrap();
    let earlier = scene.store.snapshot();
    scene.harness.trigger("a", pagos_twin::Fault::LoseRequest, 1);
    finish(engine.release(&run(), 1)).unwrap();
    scene.work(&engine);
    assert!(scene.accepted().is_empty());
    scene.store.go_back(&earlier);
    let engine = scene.engine();
    finish(engine.release(&run(), 1)).unwrap();
    let calls = || scene.payout("a").unwrap().progress.attention.is_some();
    scene.harness.run_until(&engine, calls);
    assert!(scene.accepted().is_empty());
    finish(engine.resolve(&key("a"), Decision::SendAgain, "not at the bank")).unwrap();
    scene.harness.run_to_rest(&engine);
    assert_eq!(scene.accepted(), ["a"]);
    assert_eq!(scene.payout("a").unwrap().progress.attempts, 2);
}

#[test]
fn witness_7_another_order_under_a_forgotten_key_is_held_for_a_person() {
    let scene = Scene::new();
    let engine = scene.engine();
    let earlier = scene.store.snapshot();
    scene.pay(&engine, &["a"]);
    scene.store.go_back(&earlier);
    let engine = scene.engine();
    finish(engine.pay(order("a").with_description("another"))).unwrap();
    scene.harness.run_to_rest(&engine);
    assert!(scene.payout("a").unwrap().progress.is_quarantined());
    assert_eq!(scene.accepted(), ["a"]);
}

/// The key stays sealed although the witness that named it was replaced since.
#[test]
fn witness_8_a_forgotten_payout_is_not_sent_by_an_order_that_comes_back() {
    let scene = Scene::new();
    let engine = scene.engine();
    let earlier = scene.store.snapshot();
    scene.pay(&engine, &["a"]);
    scene.store.go_back(&earlier);
    let engine = scene.engine();
    assert_eq!(engine.comparison().unwrap().forgotten, [key("a")]);
    scene.witness.truncate(0);
    scene.pay(&engine, &["a"]);
    assert!(scene.payout("a").unwrap().progress.is_recalled);
    assert_eq!(scene.accepted(), ["a"]);
}
