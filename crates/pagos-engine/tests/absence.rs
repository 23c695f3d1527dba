//! How old an answer of absence is: it says what was so when the question left, whenever it came and
//! whenever it is written down.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use pagos_core::*;
use pagos_engine::*;

mod guarded;
use guarded::{Hand, Merchant, START_MS, account, clp, order};

const ANSWERS_MIN: u32 = 3;
const GRACE: Duration = Duration::from_secs(600);

/// A bank that never has the payout. Its last answer that is needed is slow: it is asked before the
/// grace ends, and answers after that.
#[derive(Debug)]
struct SlowBank {
    clock: Arc<Hand>,
    sent: AtomicU32,
    asked: AtomicU32,
}

static DESCRIPTOR: Descriptor = Descriptor {
    provider: "slow",
    countries: &[],
    currencies: &[Currency::Clp],
    deduplication: Deduplication::ByKey,
    absence: Absence { answers_min: ANSWERS_MIN, grace: GRACE },
    return_window: None,
    pending_max: None,
    answer_max: None,
    requests_per_second_max: None,
    contract: Contract::Documented,
};

impl SlowBank {
    fn age(&self) -> Duration {
        self.clock.now().since(Timestamp::from_millis(START_MS))
    }
}

#[async_trait]
impl PayoutProvider for SlowBank {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn environment(&self) -> Environment {
        Environment::Sandbox
    }

    fn check(&self, _: &PayoutOrder) -> Result<(), Vec<Violation>> {
        Ok(())
    }

    fn payee_bank(&self, _: &PayoutOrder) -> Option<Bank> {
        None
    }

    fn must_prepare(&self) -> bool {
        false
    }

    async fn prepare(&self, _: &PayoutOrder) -> Result<Option<Handle>, Error> {
        Ok(None)
    }

    async fn create(
        &self,
        _: &PayoutOrder,
        _: Option<&Handle>,
        _: Departure,
    ) -> Result<Observation, Error> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        Err(Error::new(ErrorKind::Unknown, "no answer"))
    }

    async fn query(&self, _: &PayoutRef<'_>) -> Result<Lookup, Error> {
        if self.asked.fetch_add(1, Ordering::Relaxed) + 1 == ANSWERS_MIN {
            assert!(self.age() < GRACE, "asked before the grace ends");
            self.clock.pass(GRACE - self.age() + Duration::from_secs(1));
        }
        Ok(Lookup::Absent)
    }
}

#[tokio::test]
async fn a_slow_answer_of_absence_is_as_old_as_its_question() {
    let Merchant { clock, store, .. } = Merchant::usual();
    let bank = SlowBank { clock: clock.clone(), sent: 0.into(), asked: 0.into() };
    let bank = Arc::new(bank);
    let accounts = Accounts::new().with(account(), bank.clone() as Arc<dyn PayoutProvider>);
    let timer = Arc::new(ManualTimer::over(clock.clone() as Arc<dyn Clock>));
    let world = World::Simulated("tests".to_owned());
    let engine = Engine::open(store, &world, accounts, timer, Policy::live()).await.unwrap();
    engine.pay(order("may-1", clp(100))).await.unwrap();
    // Each round asks once; the question of the third leaves before the grace ends.
    let asked_until = async |wanted| {
        while bank.asked.load(Ordering::Relaxed) < wanted {
            let wait = engine.due_at().await.unwrap().unwrap().since(clock.now());
            clock.pass(wait);
            engine.work(16).await.unwrap();
        }
        clock.pass(Duration::from_secs(1));
        engine.work(16).await.unwrap();
        bank.sent.load(Ordering::Relaxed)
    };
    assert_eq!(asked_until(ANSWERS_MIN).await, 1, "an old answer is no proof");
    assert_eq!(asked_until(ANSWERS_MIN + 1).await, 2, "a question of after the grace proves it");
}
