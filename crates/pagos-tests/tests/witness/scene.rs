//! A store that can go back, its witness, and a provider.

use std::sync::Arc;

use pagos_engine::{
    Accounts, Engine, EngineError, InstrumentedStore, MemoryStore, MemoryWitness, Notice,
    NoticeAbout, NoticeKind, Payout, Store, WitnessRules,
};
use pagos_tests::{
    FaultInjector, FaultyTransport, FaultyWitness, Harness, Kit, RecordingStore, finish, key,
    order, policy, run, simulated,
};
use pagos_twin::Profile;

/// A harness over a store that can go back, and its witness.
pub(crate) struct Scene {
    pub(crate) harness: Harness,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) witness: Arc<MemoryWitness>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::over(MemoryStore::new())
    }

    pub(crate) fn over(store: MemoryStore) -> Self {
        Self::of(pagos_kit::example(), store)
    }

    /// Its provider lists what it has, with our keys.
    pub(crate) fn listing() -> Self {
        Self::of(pagos_kit::find("fintoc").unwrap(), MemoryStore::new())
    }

    pub(crate) fn of(kit: Kit, store: MemoryStore) -> Self {
        let store = Arc::new(store);
        let shared = Arc::clone(&store) as Arc<dyn Store>;
        let harness = Harness::over(shared, kit, 1, Profile::None);
        Self { harness, store, witness: Arc::new(MemoryWitness::new("w")) }
    }

    /// An engine that sent payout `a`, over the store as it was when the payout was only submitted.
    pub(crate) fn sent_and_went_back(&self) -> Engine {
        let engine = self.engine();
        finish(engine.submit(&run(), vec![order("a")])).unwrap();
        let earlier = self.store.snapshot();
        finish(engine.release(&run(), 1)).unwrap();
        self.work(&engine);
        self.store.go_back(&earlier);
        engine
    }

    pub(crate) fn try_open(&self, rules: Option<WitnessRules>) -> Result<Engine, EngineError> {
        let store = self.instrumented();
        self.open_on(match rules {
            Some(rules) => store.witnessed_by(Arc::clone(&self.witness) as _, rules),
            None => store,
        })
    }

    pub(crate) fn open_on(&self, store: InstrumentedStore) -> Result<Engine, EngineError> {
        let provider = self.harness.provider_over(Arc::new(self.harness.transport()));
        let accounts = Accounts::new().with(self.harness.kit().account(), provider);
        let timer = Arc::clone(&self.harness.timer) as _;
        finish(Engine::open(store, &simulated(), accounts, timer, policy()))
    }

    pub(crate) fn instrumented(&self) -> InstrumentedStore {
        InstrumentedStore::from(Arc::clone(&self.store))
    }

    /// An engine that sends nothing.
    pub(crate) fn beside(&self) -> Engine {
        let provider = self.harness.provider_over(Arc::new(self.harness.transport()));
        let accounts = Accounts::new().with(self.harness.kit().account(), provider);
        let timer = Arc::clone(&self.harness.timer) as _;
        let (store, world) = (self.instrumented(), simulated());
        finish(Engine::open_beside(store, &world, accounts, timer, policy())).unwrap()
    }

    /// An engine whose store, witness and provider are behind `injector`.
    pub(crate) fn engine_behind(&self, injector: &Arc<FaultInjector>) -> Engine {
        let store = RecordingStore::over(
            Arc::clone(&self.store) as _,
            Arc::clone(injector),
            Arc::default(),
        );
        let store = InstrumentedStore::from(store as Arc<dyn Store>);
        let witness = FaultyWitness::new(Arc::clone(&self.witness), Arc::clone(injector));
        let store = store.witnessed_by(witness, WitnessRules::STRICT);
        let transport = FaultyTransport::new(self.harness.transport(), Arc::clone(injector));
        let provider = self.harness.provider_over(Arc::new(transport));
        let accounts = Accounts::new().with(self.harness.kit().account(), provider);
        let timer = Arc::clone(&self.harness.timer) as _;
        finish(Engine::open(store, &simulated(), accounts, timer, policy())).unwrap()
    }

    pub(crate) fn engine(&self) -> Engine {
        self.try_open(Some(WitnessRules::STRICT)).unwrap()
    }

    /// Pays orders, and works until nothing is due.
    pub(crate) fn pay(&self, engine: &Engine, names: &[&str]) {
        for name in names {
            finish(engine.pay(self.harness.kit().order(name))).unwrap();
        }
        self.work(engine);
    }

    pub(crate) fn work(&self, engine: &Engine) {
        while !finish(engine.work(16)).unwrap().is_idle() {}
    }

    pub(crate) fn payout(&self, name: &str) -> Option<Payout> {
        finish(self.store.payout(&key(name))).unwrap()
    }

    /// How often a person was called to the account.
    pub(crate) fn called(&self) -> usize {
        let notices = finish(self.store.outbox(0, 100)).unwrap().into_iter();
        let is_call = |notice: &Notice| {
            notice.about == NoticeAbout::Account
                && matches!(notice.event, NoticeKind::Attention { .. })
        };
        notices.filter(|(_, notice)| is_call(notice)).count()
    }

    /// The keys of all payouts that the bank has accepted, one of them twice if it has two.
    pub(crate) fn accepted(&self) -> Vec<String> {
        let mut keys = Vec::new();
        self.harness.visit_orders(&mut |order| keys.push(order.key.to_owned()));
        keys.sort();
        keys
    }
}
