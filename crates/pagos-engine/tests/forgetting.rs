//! What was said about runs is forgotten with them, and not before.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{error::Error, sync::atomic::Ordering, time::Duration};

use async_trait::async_trait;
use pagos_core::{Clock, OrderKey};
use pagos_engine::*;

mod guarded;
use guarded::*;

const DAY: Duration = Duration::from_secs(86_400);

/// An archive that keeps the keys.
#[derive(Debug, Default)]
struct Keys(Vec<OrderKey>);

#[async_trait]
impl Archive for Keys {
    async fn keep(
        &mut self,
        payouts: &[ArchivedPayout],
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.0.extend(payouts.iter().map(|payout| payout.order.key.clone()));
        Ok(())
    }
}

/// Prunes everything that was left alone for a day; returns the names of the approvals that stay.
async fn pruned(merchant: &Merchant) -> Vec<String> {
    let now = merchant.clock.now();
    let horizon = Horizon::new(now.minus(DAY), now).unwrap();
    let store = InstrumentedStore::from(merchant.store.clone());
    let mut next = Some(0);
    while let Some(place) = next {
        next = store.prune(&mut Keys::default(), horizon, place, 1).await.unwrap().next;
    }
    let records = merchant.store.records(RecordKind::Approval, "", 100).await.unwrap();
    records.into_iter().map(|record| record.name).collect()
}

/// Ends the watch over a payout, so that it may leave.
async fn leave_alone(merchant: &Merchant, key: &str) {
    let payout = merchant.store.payout(&OrderKey::new(key).unwrap()).await.unwrap().unwrap();
    let step = Step {
        key: payout.order.key.clone(),
        version: payout.version,
        fence: None,
        lease: Lease::End,
        progress: Progress { attention: None, ..payout.progress },
        due_at: None,
        entries: Vec::new(),
        notices: Vec::new(),
        applies: None,
    };
    merchant.store.commit(step).await.unwrap();
}

#[tokio::test]
async fn an_approval_is_forgotten_with_the_last_payout_of_its_run() {
    let merchant = Merchant::usual();
    let waits = merchant.waiting("big", &[600, 300]).await;
    let engine = merchant.engine().await;
    engine.approve(&run("big"), &waits.digest, &actor("leo"), "").await.unwrap();
    assert_eq!(merchant.paid().await, ["big-0", "big-1"]);
    let name = format!("done/{:020}", waits.id);
    merchant.clock.pass(3 * DAY);
    leave_alone(&merchant, "big-0").await;
    assert_eq!(pruned(&merchant).await, std::slice::from_ref(&name), "a payout is still there");
    assert!(engine.approval(&run("big")).await.unwrap().is_some());
    leave_alone(&merchant, "big-1").await;
    assert_eq!(pruned(&merchant).await, Vec::<String>::new());
    assert_eq!(engine.approval(&run("big")).await.unwrap(), None);
}

#[tokio::test]
async fn what_waits_stays_and_what_was_withdrawn_goes_when_it_is_old() {
    let merchant = Merchant::usual();
    let (gone, waits) =
        (merchant.waiting("big", &[600]).await, merchant.waiting("wide", &[600]).await);
    let engine = merchant.engine().await;
    engine.withdraw(&run("big")).await.unwrap();
    let (done, open) = (format!("done/{:020}", gone.id), format!("open/{:020}", waits.id));
    assert_eq!(pruned(&merchant).await, [done, open.clone()]);
    merchant.clock.pass(3 * DAY);
    assert_eq!(pruned(&merchant).await, [open]);
}

#[tokio::test]
async fn a_decision_to_send_again_is_forgotten_with_its_payout() {
    let merchant = Merchant::usual();
    merchant.bank.is_mute.store(true, Ordering::Relaxed);
    let waits = merchant.waiting("big", &[600]).await;
    let engine = merchant.engine().await;
    engine.approve(&run("big"), &waits.digest, &actor("leo"), "").await.unwrap();
    merchant.paid().await;
    merchant.clock.pass(DAY);
    let (key, ana) = (OrderKey::new("big-0").unwrap(), actor("ana"));
    let waits = engine.resolve_by(&key, Decision::SendAgain, "lost", &ana).await;
    assert!(matches!(waits, Err(EngineError::ResendWaits(_))));
    let waiting = engine.resends().await.unwrap();
    assert_eq!(waiting.iter().map(|resend| &resend.key).collect::<Vec<_>>(), [&key]);
    // It turns out to be paid, so the decision is void.
    engine.resolve_by(&key, Decision::Succeeded, "the statement", &ana).await.unwrap();
    assert_eq!(engine.resends().await.unwrap(), []);
    merchant.clock.pass(3 * DAY);
    assert!(pruned(&merchant).await.contains(&"resend/big-0/1".to_owned()));
    leave_alone(&merchant, "big-0").await;
    assert_eq!(pruned(&merchant).await, Vec::<String>::new());
}
