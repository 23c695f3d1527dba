//! What a payout costs: how often the engine calls its store. A call more is a round trip more for
//! each payout, so it must be meant.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use futures_util::future::BoxFuture;
use pagos_core::*;
use pagos_engine::{
    suite::{Call, Hook, HookedStore},
    *,
};

mod guarded;
use guarded::*;

/// Counts calls by the name of the method.
#[derive(Debug, Default)]
struct Count {
    calls: Mutex<BTreeMap<&'static str, u32>>,
}

impl Count {
    /// The calls since the last time.
    fn take(&self) -> Vec<(&'static str, u32)> {
        std::mem::take(&mut *self.calls.lock().unwrap()).into_iter().collect()
    }
}

impl Hook for Count {
    fn around<'a, T: Send + 'a>(
        &'a self,
        call: Call,
        run: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        *self.calls.lock().unwrap().entry(call.name).or_default() += 1;
        run
    }
}

/// An engine that is open, over a store that counts from now on.
async fn counted(merchant: &Merchant, accounts: Accounts) -> (Arc<HookedStore<Count>>, Engine) {
    let store = HookedStore::new(merchant.store.clone() as Arc<dyn Store>, Count::default());
    let timer = Arc::new(ManualTimer::over(merchant.clock.clone() as Arc<dyn Clock>));
    let world = World::Simulated("tests".to_owned());
    let engine = Engine::open(store.clone(), &world, accounts, timer, Policy::live()).await;
    store.take();
    (store, engine.unwrap())
}

#[tokio::test]
async fn a_payout_without_rules_is_stored_and_made_due_in_two_calls() {
    let merchant = Merchant::usual();
    let bank = merchant.bank.clone() as Arc<dyn PayoutProvider>;
    let (store, engine) = counted(&merchant, Accounts::new().with(account(), bank)).await;
    engine.make_due_by(order("may-1", clp(100)), &actor("ana")).await.unwrap();
    assert_eq!(store.take(), [("release", 1), ("submit", 1)]);
    engine.pay(order("may-2", clp(100))).await.unwrap();
    assert_eq!(store.take(), [("payout", 1), ("release", 1), ("submit", 1)]);
    // What was there before may be in a run that waits for the approval of other engines.
    engine.pay(order("may-2", clp(100))).await.unwrap();
    assert_eq!(store.take(), [("payout", 1), ("release", 1), ("run", 1), ("submit", 1)]);
    let orders = (0..100).map(|number| order(&format!("june-{number}"), clp(100))).collect();
    engine.submit(&run("june"), orders).await.unwrap();
    engine.release(&run("june"), 100).await.unwrap();
    assert_eq!(store.take(), [("release", 1), ("run", 1), ("submit", 1)]);
}

#[tokio::test]
async fn a_payout_is_sent_with_two_writes_of_its_own() {
    let merchant = Merchant::usual();
    let bank = merchant.bank.clone() as Arc<dyn PayoutProvider>;
    let (store, engine) = counted(&merchant, Accounts::new().with(account(), bank)).await;
    engine.pay(order("may-1", clp(100))).await.unwrap();
    store.take();
    engine.work(16).await.unwrap();
    let calls = store.take();
    let of = |name| calls.iter().find(|(it, _)| *it == name).map_or(0, |(_, count)| *count);
    assert_eq!((of("claim"), of("commit")), (2, 1), "{calls:?}");
    assert_eq!(merchant.bank.paid(), ["may-1"]);
}

#[tokio::test]
async fn rules_cost_reads_and_no_write_where_nobody_must_approve() {
    let merchant = Merchant::usual();
    let (store, engine) = counted(&merchant, merchant.accounts.clone()).await;
    engine.pay(order("may-1", clp(100))).await.unwrap();
    let calls = store.take();
    assert!(calls.contains(&("held", 1)) && calls.contains(&("run", 1)), "{calls:?}");
    assert!(calls.iter().all(|(name, _)| *name != "write_record"), "{calls:?}");
}
