//! Several workers over one witness, while the store goes back at any moment.

use std::{sync::Arc, time::Duration};

use pagos_core::Status;
use pagos_engine::{
    Accounts, Engine, InstrumentedStore, MemoryStore, MemoryWitness, Store, Timer, WitnessRules,
};
use pagos_tests::{
    CAREFUL, FaultInjector, FaultyProvider, FaultyWitness, ForgetfulBank, RecordingStore,
    VirtualTimer, Worker, account, finish, key, order, policy, run, simulated, start,
};
use pagos_twin::SplitMix64;

const PAYOUTS: u64 = 12;
const WORKERS: u64 = 3;

/// Three workers, a bank that pays whatever it is asked to pay, and a server that goes back.
struct Trial {
    chance: SplitMix64,
    timer: Arc<VirtualTimer>,
    bank: ForgetfulBank,
    store: Arc<MemoryStore>,
    workers: Vec<Worker>,
}

impl Trial {
    fn new(seed: u64) -> Self {
        let timer = VirtualTimer::starting_at(start());
        // A seed by which nothing goes wrong on the way to the bank.
        let bank = ForgetfulBank::new(&CAREFUL, Arc::clone(&timer), 3);
        let store = Arc::new(MemoryStore::on_a_server());
        let witness = Arc::new(MemoryWitness::new("w"));
        let worker = |number: u64| {
            let injector = Arc::new(FaultInjector::jittering(seed * WORKERS + number));
            let store = Arc::clone(&store) as Arc<dyn Store>;
            let store = RecordingStore::over(store, Arc::clone(&injector), Arc::default());
            let witness = FaultyWitness::new(Arc::clone(&witness), Arc::clone(&injector));
            let store = InstrumentedStore::from(store as Arc<dyn Store>);
            let store = store.witnessed_by(witness, WitnessRules::STRICT);
            let bank = FaultyProvider::new(Arc::new(bank.clone()), Arc::clone(&injector));
            let accounts = Accounts::new().with(account(), bank);
            let timer = Arc::clone(&timer) as Arc<dyn Timer>;
            let engine = finish(Engine::open(store, &simulated(), accounts, timer, policy()));
            Worker::new(engine.unwrap(), injector)
        };
        let workers = (0..WORKERS).map(worker).collect();
        Self { chance: SplitMix64::new(seed), timer, bank, store, workers }
    }

    /// Lets the workers go on by turns, while the store goes back to states that it had.
    fn play(&mut self, does_time_pass: bool) {
        let orders = (0..PAYOUTS).map(|number| order(&name(number))).collect();
        finish(self.workers[0].engine().submit(&run(), orders)).unwrap();
        finish(self.workers[0].engine().release(&run(), PAYOUTS)).unwrap();
        let mut earlier = vec![self.store.snapshot()];
        for _ in 0..3_000 {
            match self.chance.below(200) {
                0 => earlier.push(self.store.snapshot()),
                1 | 2 => {
                    let to = usize::try_from(self.chance.below(earlier.len() as u64)).unwrap();
                    self.store.go_back(&earlier[to]);
                }
                3..10 if does_time_pass => {
                    self.timer.advance(Duration::from_millis(self.chance.below(3_000)));
                }
                _ => {
                    let worker = usize::try_from(self.chance.below(WORKERS)).unwrap();
                    self.workers[worker].step(4).transpose().unwrap();
                }
            }
        }
        for _ in 0..300 {
            for worker in &mut self.workers {
                worker.round(4).transpose().unwrap();
            }
            self.timer.advance(Duration::from_secs(60));
        }
    }

    fn payments(&self) -> Vec<usize> {
        (0..PAYOUTS).map(|number| self.bank.payments(&key(&name(number)))).collect()
    }
}

fn name(number: u64) -> String {
    format!("k{number:02}")
}

/// Two states of a store count alike, and where the time stands still their attempts begin at the same
/// moment: only what is drawn by chance tells a worker that its payout is another one by now. Half of
/// these trials paid twice when versions, epochs and attempts were counted.
#[test]
fn witness_23_workers_over_a_store_that_goes_back_at_any_moment_pay_nothing_twice() {
    let mut recalled = 0;
    for (does_time_pass, seed) in
        [true, false].into_iter().flat_map(|it| (0..40).map(move |seed| (it, seed)))
    {
        let mut trial = Trial::new(seed);
        trial.play(does_time_pass);
        let payments = trial.payments();
        assert!(payments.iter().all(|times| *times <= 1), "seed {seed}: {payments:?}");
        for number in 0..PAYOUTS {
            let payout = finish(trial.store.payout(&key(&name(number)))).unwrap().unwrap();
            recalled += usize::from(payout.progress.is_recalled);
            let is_paid = payments[usize::try_from(number).unwrap()] == 1;
            assert!(is_paid || payout.status() == Status::Unknown, "seed {seed}: {payout:?}");
        }
    }
    assert!(recalled > 100, "{recalled}");
}
