//! The harness: twin, provider, store and engine in one virtual time, and the webhooks between them.
//! It judges nothing.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use pagos_core::{
    AccountName, Clock, Delivery, PayoutOrder, PayoutProvider, Receipt, Timestamp, Transport,
    WebhookDecoder,
};
use pagos_engine::{
    Accounts, Engine, Entry, InboxItem, InstrumentedStore, Judged, Lane, MemoryStore, Notice,
    Payout, Policy, RunId, Store, Submitted, Trust, Work,
};
use pagos_kit::{Kit, Terms};
use pagos_twin::{
    Ack, Faults, Movement, OrderView, Profile, Trigger, TwinTransport, WebhookDelivery, World,
};

use crate::{
    drive::finish,
    fault_injector::FaultInjector,
    faulty::FaultyTransport,
    recording::{Act, RecordingStore},
    sample::{self, key, start},
    timer::VirtualTimer,
};

/// The live policy, but for the watch over settled payouts, which is three days instead of thirty,
/// and without a limit to the rate.
pub fn policy() -> Policy {
    Policy {
        watch_for: Duration::from_secs(3 * 24 * 3_600),
        sends_per_second_max: None,
        queries_per_second_max: None,
        hints_per_second_max: None,
        ..Policy::live()
    }
}

/// A twin, a store, and engines between them.
#[derive(Debug)]
pub struct Harness {
    /// The time of everything.
    pub timer: Arc<VirtualTimer>,
    /// What all engines share.
    pub store: Arc<dyn Store>,
    /// What became durable and what was sent, in order.
    pub record: Arc<Mutex<Vec<Act>>>,
    world: Arc<Mutex<World>>,
    kit: Kit,
    decoder: Arc<dyn PayoutProvider>,
    seed: u64,
}

impl Harness {
    /// A harness with a twin that takes a key once, its usual settings and no faults.
    pub fn new(seed: u64) -> Self {
        Self::with_profile(seed, Profile::None)
    }

    /// A harness whose twin has the faults of a profile.
    pub fn with_profile(seed: u64, profile: Profile) -> Self {
        Self::of(sample::kit(), seed, profile)
    }

    /// A harness of a provider, over a store in memory.
    pub fn of(kit: Kit, seed: u64, profile: Profile) -> Self {
        Self::over(Arc::new(MemoryStore::new()), kit, seed, profile)
    }

    /// A harness of a provider, over a store.
    pub fn over(store: Arc<dyn Store>, kit: Kit, seed: u64, profile: Profile) -> Self {
        let timer = VirtualTimer::starting_at(start());
        let twin = kit.twin(Faults::new(profile, seed), Terms::default());
        let world = Arc::new(Mutex::new(World::new(vec![twin])));
        let transport = TwinTransport::new(Arc::clone(&world), timer.clock());
        let decoder = kit.provider(Arc::new(transport), Arc::clone(&timer) as Arc<dyn Clock>, seed);
        Self { timer, store, record: Arc::default(), world, kit, decoder, seed }
    }

    /// The provider that is played.
    pub fn kit(&self) -> Kit {
        self.kit
    }

    /// Orders a fault of the twin for one payout.
    pub fn trigger(&self, name: &str, fault: pagos_twin::Fault, times: u32) {
        let trigger = Trigger { key: name.to_owned(), fault, times };
        self.world().twin_mut(self.kit.name()).unwrap().faults_mut().trigger(trigger);
    }

    /// An engine with an injector where nothing happens.
    pub fn engine(&self) -> Engine {
        self.engine_behind(&Arc::new(FaultInjector::new()))
    }

    /// An engine whose store and transport are behind `injector`.
    pub fn engine_behind(&self, injector: &Arc<FaultInjector>) -> Engine {
        let transport = FaultyTransport::new(self.transport(), Arc::clone(injector));
        // Gates differ between engines and their points say when; so the nonces differ too.
        let clock = Arc::clone(&self.timer) as Arc<dyn Clock>;
        let seed = self.seed ^ injector.points();
        self.engine_with(self.kit.provider(Arc::new(transport), clock, seed), injector)
    }

    /// The provider over a transport of the test's own, such as one around [`Harness::transport`].
    pub fn provider_over(&self, transport: Arc<dyn Transport>) -> Arc<dyn PayoutProvider> {
        self.kit.provider(transport, Arc::clone(&self.timer) as Arc<dyn Clock>, self.seed)
    }

    /// The way to the twin.
    pub fn transport(&self) -> TwinTransport {
        TwinTransport::new(Arc::clone(&self.world), self.timer.clock())
    }

    /// An engine over this store with another provider.
    pub fn engine_with(
        &self,
        provider: Arc<dyn PayoutProvider>,
        injector: &Arc<FaultInjector>,
    ) -> Engine {
        let record = Arc::clone(&self.record);
        let store = RecordingStore::over(Arc::clone(&self.store), Arc::clone(injector), record);
        let accounts = Accounts::new().with(self.kit.account(), provider);
        let timer = Arc::clone(&self.timer) as _;
        finish(Engine::open(store, &simulated(), accounts, timer, policy())).unwrap()
    }

    /// Submits and releases orders past every injector.
    pub fn submit(&self, orders: Vec<PayoutOrder>) -> Vec<Submitted> {
        submit(&self.engine(), orders)
    }

    /// Takes the webhooks that the twin has to send by now.
    pub fn webhooks(&self) -> Vec<WebhookDelivery> {
        let now = self.timer.now();
        self.world().due(now)
    }

    /// What arrives when a webhook arrives now.
    pub fn arrival(&self, webhook: &WebhookDelivery) -> Delivery {
        Delivery {
            headers: webhook.headers.clone(),
            body: webhook.body.clone(),
            received_at: self.timer.now(),
        }
    }

    /// Receives a delivery as a receiver does. Returns the HTTP status of the answer.
    pub fn receive(&self, delivery: &Delivery) -> u16 {
        let decoder = self.decoder.webhooks().unwrap();
        receive(Arc::clone(&self.store), &self.kit.account(), decoder, delivery)
    }

    /// The deliveries that wait to be applied.
    pub fn waiting(&self) -> Vec<InboxItem> {
        let accounts = [self.kit.account()];
        let due = |trust| {
            finish(self.store.inbox(trust, &accounts, self.timer.now(), usize::MAX)).unwrap()
        };
        [Trust::Verified, Trust::Unverified].into_iter().flat_map(due).collect()
    }

    /// Carries the webhooks: every webhook that is due is received and answered. Returns how many.
    pub fn pump(&self) -> usize {
        let webhooks = self.webhooks();
        for webhook in &webhooks {
            let status = self.receive(&self.arrival(webhook));
            self.world().delivered(webhook.id, Ack::Status(status), self.timer.now());
        }
        webhooks.len()
    }

    /// Tells the twin that a webhook which was taken with [`Harness::webhooks`] was acknowledged.
    pub fn acknowledge(&self, webhook: &WebhookDelivery) {
        self.world().delivered(webhook.id, Ack::Status(200), self.timer.now());
    }

    /// When something happens next by itself, here or at the provider.
    pub fn next_due(&self) -> Option<Timestamp> {
        let ours = finish(self.store.next_due(&lanes([self.kit.account()]))).unwrap();
        let theirs = self.world().next_due();
        ours.into_iter().chain(theirs).min()
    }

    /// Works, carries the webhooks and turns the clock until nothing is due any more.
    ///
    /// # Panics
    /// If that takes more than 20,000 rounds or the store fails.
    pub fn run_to_rest(&self, engine: &Engine) {
        self.run_until(engine, || false);
    }

    /// As [`Harness::run_to_rest`], but no longer than until `is_enough`.
    ///
    /// # Panics
    /// As there.
    pub fn run_until(&self, engine: &Engine, is_enough: impl Fn() -> bool) {
        for _ in 0..ROUNDS_MAX {
            let worked = finish(engine.work(64)).unwrap();
            let carried = self.pump();
            if is_enough() {
                return;
            }
            if !worked.is_idle() || carried > 0 {
                continue;
            }
            match self.next_due() {
                Some(at) => self.timer.advance_to(at.max(self.timer.now().plus(TICK))),
                None => return,
            }
        }
        panic!("no rest after {ROUNDS_MAX} rounds, seed {}", self.seed);
    }

    /// One payout as stored.
    pub fn payout(&self, name: &str) -> Payout {
        finish(self.store.payout(&key(name))).unwrap().expect("a stored payout")
    }

    /// The history of one payout.
    pub fn history(&self, name: &str) -> Vec<Entry> {
        finish(self.store.history(&key(name))).unwrap()
    }

    /// Everything that the application was told.
    pub fn notices(&self) -> Vec<Notice> {
        let numbered = finish(self.store.outbox(0, usize::MAX)).unwrap();
        numbered.into_iter().map(|(_, notice)| notice).collect()
    }

    /// What was really paid, oldest first.
    pub fn movements(&self) -> Vec<Movement> {
        let now = self.timer.now();
        let mut world = self.world();
        world.twin_mut(self.kit.name()).unwrap().advance(now);
        world.movements().into_iter().cloned().collect()
    }

    /// Visits the orders that the provider has.
    pub fn visit_orders(&self, visit: &mut dyn FnMut(OrderView<'_>)) {
        self.world().visit_orders(visit);
    }

    /// How many faults the twin has met.
    pub fn faults_met(&self) -> u64 {
        self.world().twin(self.kit.name()).unwrap().faults().met().values().sum()
    }

    /// The provider itself, without an injector.
    pub fn provider(&self) -> &dyn PayoutProvider {
        self.decoder.as_ref()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Receives a delivery as a receiver does: find out what it is, refuse what is not genuine, store the
/// rest with the verdict, then acknowledge. Returns the HTTP status of the answer.
pub(crate) fn receive(
    store: Arc<dyn Store>,
    account: &AccountName,
    decoder: &dyn WebhookDecoder,
    delivery: &Delivery,
) -> u16 {
    let instrumented = InstrumentedStore::from(store);
    let mut delivery = delivery.clone();
    delivery.keep_headers(decoder.headers());
    let taken = match finish(instrumented.judge(account, decoder, &delivery)) {
        Ok(Judged::Forged) => return decoder.acknowledge(Receipt::Refused).status().as_u16(),
        Ok(Judged::Hint(hint)) => {
            finish(instrumented.note_hint(account, &hint, delivery.received_at)).map(drop)
        }
        Ok(Judged::Verified(verdict)) => {
            finish(instrumented.receive(account, &delivery, &verdict)).map(drop)
        }
        Err(error) => Err(error),
    };
    let receipt = if taken.is_ok() { Receipt::Taken } else { Receipt::Failed };
    decoder.acknowledge(receipt).status().as_u16()
}

/// Submits orders as a run of their own and releases it.
pub(crate) fn submit(engine: &Engine, orders: Vec<PayoutOrder>) -> Vec<Submitted> {
    let run = RunId(orders.iter().map(|order| order.key.as_str()).collect::<Vec<_>>().join(" "));
    let expected = orders.iter().map(|order| &order.key).collect::<BTreeSet<_>>().len() as u64;
    let submitted = finish(engine.submit(&run, orders)).unwrap();
    finish(engine.release(&run, expected)).unwrap();
    submitted
}

/// The world of every harness.
pub fn simulated() -> pagos_engine::World {
    pagos_engine::World::Simulated("simulated".to_owned())
}

/// Every lane of these accounts.
pub fn lanes(accounts: impl IntoIterator<Item = AccountName>) -> Vec<Lane> {
    let of = |account: AccountName| Work::ALL.map(|work| Lane { account: account.clone(), work });
    accounts.into_iter().flat_map(of).collect()
}

/// More rounds than a schedule without a livelock takes.
const ROUNDS_MAX: u32 = 20_000;

const TICK: Duration = Duration::from_millis(1);
