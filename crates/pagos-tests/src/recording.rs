//! A store that writes down in which order things became durable, behind a worker's injector.
//! Several of them over one store are several processes.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;

use pagos_core::OrderKey;
use pagos_engine::{
    Claim, Committed, Entry, InboxId, Payout, Step, Store, StoreError,
    suite::{Call, Done, Hook, HookedStore},
};

use crate::fault_injector::FaultInjector;

/// One thing that happened, in the order in which it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Intents became durable.
    Submitted(Vec<OrderKey>),
    /// A step became durable; with the number of the attempt that it began, if it did.
    Committed(OrderKey, Option<u32>),
    /// A delivery became durable.
    Received(InboxId),
    /// A request that moves money left.
    Sent(OrderKey),
    /// A query left.
    Asked(OrderKey),
}

/// Who is told at once what a worker's store made durable, with all that belongs to it.
pub trait Onlooker: std::fmt::Debug + Send + Sync {
    /// These payouts were claimed.
    fn claimed(&self, claims: &[Claim]);
    /// This step became durable.
    fn committed(&self, step: &Step);
}

/// A store behind an injector, with a record.
#[derive(Debug)]
pub struct RecordingStore {
    injector: Arc<FaultInjector>,
    record: Arc<Mutex<Vec<Act>>>,
    onlooker: Option<Arc<dyn Onlooker>>,
}

impl RecordingStore {
    /// `inner`, used through `injector`; what becomes durable is added to `record`.
    pub fn over(
        inner: Arc<dyn Store>,
        injector: Arc<FaultInjector>,
        record: Arc<Mutex<Vec<Act>>>,
    ) -> Arc<HookedStore<Self>> {
        HookedStore::new(inner, Self { injector, record, onlooker: None })
    }

    /// `inner`, used through `injector`; `onlooker` is told what becomes durable.
    pub fn seen_by(
        inner: Arc<dyn Store>,
        injector: Arc<FaultInjector>,
        onlooker: Arc<dyn Onlooker>,
    ) -> Arc<HookedStore<Self>> {
        HookedStore::new(inner, Self { injector, record: Arc::default(), onlooker: Some(onlooker) })
    }

    async fn pass(&self, point: &'static str) -> Result<(), StoreError> {
        self.injector.pass_store(point).await.map_err(StoreError::new)
    }

    fn record(&self, act: Act) {
        self.record.lock().unwrap_or_else(PoisonError::into_inner).push(act);
    }
}

impl Hook for RecordingStore {
    fn around<'a, T: Send + 'a>(
        &'a self,
        call: Call,
        run: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        let is_write = WRITES.contains(&call.name);
        if !is_write && !READS.contains(&call.name) {
            return run;
        }
        Box::pin(async move {
            self.pass(call.before).await?;
            let done = run.await?;
            if is_write {
                self.pass(call.after).await?;
            }
            Ok(done)
        })
    }

    fn note(&self, done: Done<'_>) {
        match done {
            Done::Submitted(keys, outcomes) => {
                if !outcomes.iter().any(|outcome| outcome.is_refusal()) {
                    self.record(Act::Submitted(keys.to_vec()));
                }
            }
            Done::Claimed(claims) => {
                self.onlooker.iter().for_each(|onlooker| onlooker.claimed(claims));
                for claim in claims.iter().filter(|claim| claim.has_begun()) {
                    let Payout { order, progress, .. } = &claim.payout;
                    self.record(Act::Committed(order.key.clone(), Some(progress.attempts)));
                }
            }
            Done::Committed(_, Committed::Conflict) => {}
            Done::Committed(step, _) => {
                self.onlooker.iter().for_each(|onlooker| onlooker.committed(step));
                let begun = step.entries.iter().find_map(|entry| match entry {
                    Entry::AttemptBegun { number, .. } => Some(*number),
                    _ => None,
                });
                self.record(Act::Committed(step.key.clone(), begun));
            }
            Done::Received(id) => self.record(Act::Received(id)),
        }
    }
}

/// The calls with a point before them and one after them.
const WRITES: [&str; 20] = [
    "submit",
    "release",
    "withdraw",
    "claim",
    "commit",
    "acknowledge",
    "note_swept",
    "halt",
    "resume",
    "receive",
    "file",
    "reopen",
    "seal",
    "forget_deliveries",
    "forget_notices",
    "forget_reader",
    "submit_payment",
    "commit_payment",
    "claim_payments",
    "write_record",
];

/// The calls with a point before them.
const READS: [&str; 5] = ["payout", "payout_of", "inbox", "payment", "session"];
