//! A store whose every call is over when it returns, whatever threads it works with.
//!
//! Over it a seeded schedule goes the same way on every store: nothing waits for a thread, so nothing
//! depends on how fast one is. Blocks its caller; for one schedule on a thread of its own.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::task::Wake;
use std::task::Waker;
use std::thread;
use std::thread::Thread;

use async_trait::async_trait;

use pagos_core::AccountName;
use pagos_core::Delivery;
use pagos_core::OrderKey;
use pagos_core::PaymentOrder;
use pagos_core::ProviderRef;
use pagos_core::Timestamp;
use pagos_engine::Asked;
use pagos_engine::Claim;
use pagos_engine::ClaimRequest;
use pagos_engine::Committed;
use pagos_engine::Entry;
use pagos_engine::Filter;
use pagos_engine::InboxId;
use pagos_engine::InboxItem;
use pagos_engine::Intent;
use pagos_engine::KnownSession;
use pagos_engine::Notice;
use pagos_engine::Payment;
use pagos_engine::PaymentStep;
use pagos_engine::PaymentStore;
use pagos_engine::Payout;
use pagos_engine::RunId;
use pagos_engine::Step;
use pagos_engine::Store;
use pagos_engine::StoreError;
use pagos_engine::Submitted;
use pagos_engine::Tally;

/// A store that keeps nobody waiting for it.
#[derive(Debug)]
pub struct SteadyStore {
    inner: Arc<dyn Store>,
}

impl SteadyStore {
    /// `inner`, whose calls are waited for.
    pub fn new(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { inner })
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future to its end on this thread, which sleeps while it has to wait.
pub fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[async_trait]
impl Store for SteadyStore {
    async fn submit(&self, intents: Vec<Intent>) -> Result<Vec<Submitted>, StoreError> {
        wait_for(self.inner.submit(intents))
    }

    async fn bind(&self, account: &AccountName, world: &str) -> Result<String, StoreError> {
        wait_for(self.inner.bind(account, world))
    }

    async fn release(&self, run: &RunId, now: Timestamp) -> Result<u64, StoreError> {
        wait_for(self.inner.release(run, now))
    }

    async fn withdraw(&self, run: &RunId) -> Result<u64, StoreError> {
        wait_for(self.inner.withdraw(run))
    }

    async fn claim(&self, request: ClaimRequest) -> Result<Vec<Claim>, StoreError> {
        wait_for(self.inner.claim(request))
    }

    async fn end_claims(&self) -> Result<u64, StoreError> {
        wait_for(self.inner.end_claims())
    }

    async fn commit(&self, step: Step) -> Result<Committed, StoreError> {
        wait_for(self.inner.commit(step))
    }

    async fn payout(&self, key: &OrderKey) -> Result<Option<Payout>, StoreError> {
        wait_for(self.inner.payout(key))
    }

    async fn payout_of(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Result<Option<OrderKey>, StoreError> {
        wait_for(self.inner.payout_of(account, reference))
    }

    async fn list(
        &self,
        filter: &Filter,
        after: Option<&OrderKey>,
        limit: usize,
    ) -> Result<Vec<Payout>, StoreError> {
        wait_for(self.inner.list(filter, after, limit))
    }

    async fn history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        wait_for(self.inner.history(key))
    }

    async fn tally(&self, run: Option<&RunId>) -> Result<Tally, StoreError> {
        wait_for(self.inner.tally(run))
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        wait_for(self.inner.next_due())
    }

    async fn receive(
        &self,
        account: &AccountName,
        delivery: &Delivery,
    ) -> Result<InboxId, StoreError> {
        wait_for(self.inner.receive(account, delivery))
    }

    async fn inbox(&self, now: Timestamp, limit: usize) -> Result<Vec<InboxItem>, StoreError> {
        wait_for(self.inner.inbox(now, limit))
    }

    async fn file(
        &self,
        id: InboxId,
        due_at: Option<Timestamp>,
        outcome: &str,
    ) -> Result<(), StoreError> {
        wait_for(self.inner.file(id, due_at, outcome))
    }

    async fn outbox(&self, after: u64, limit: usize) -> Result<Vec<(u64, Notice)>, StoreError> {
        wait_for(self.inner.outbox(after, limit))
    }
}

#[async_trait]
impl PaymentStore for SteadyStore {
    async fn ask_for(&self, order: PaymentOrder, now: Timestamp) -> Result<Asked, StoreError> {
        wait_for(self.inner.ask_for(order, now))
    }

    async fn payment(&self, key: &OrderKey) -> Result<Option<Payment>, StoreError> {
        wait_for(self.inner.payment(key))
    }

    async fn session(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Result<Option<KnownSession>, StoreError> {
        wait_for(self.inner.session(account, reference))
    }

    async fn commit_payment(&self, step: PaymentStep) -> Result<Committed, StoreError> {
        wait_for(self.inner.commit_payment(step))
    }

    async fn payments(
        &self,
        status: Option<&str>,
        after: Option<&OrderKey>,
        limit: usize,
    ) -> Result<Vec<Payment>, StoreError> {
        wait_for(self.inner.payments(status, after, limit))
    }

    async fn due_payments(&self, now: Timestamp, limit: usize) -> Result<Vec<Payment>, StoreError> {
        wait_for(self.inner.due_payments(now, limit))
    }

    async fn payment_history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        wait_for(self.inner.payment_history(key))
    }
}
