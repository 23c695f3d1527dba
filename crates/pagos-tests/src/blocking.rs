//! A store whose every call is over when it returns, whatever threads it works with.
//!
//! Over it a seeded schedule goes the same way on every store: nothing waits for a thread, so nothing
//! depends on how fast one is. Blocks its caller; for one schedule on a thread of its own.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use async_trait::async_trait;

use pagos_core::{AccountName, Delivery, OrderKey, PaymentOrder, ProviderRef, Timestamp};
use pagos_engine::{
    Begin, Candidate, Claim, ClaimRequest, Committed, Entry, Filed, Filing, Filter, InboxId,
    InboxItem, InboxState, InboxStore, Intent, KnownSession, Lane, Leaving, Notice, Page, Payment,
    PaymentCommitted, PaymentStep, PaymentStore, Payout, Refused, Released, RetentionStore, Run,
    RunId, Scope, Seal, Sealing, Step, Store, StoreError, Submitted, SubmittedPayment, Tally,
    Trust, Turn, Verdict,
};

/// A store that keeps nobody waiting for it.
#[derive(Debug)]
pub struct BlockingStore {
    inner: Arc<dyn Store>,
}

impl BlockingStore {
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
impl Store for BlockingStore {
    async fn take_turn(&self) -> Result<Turn, StoreError> {
        // Several workers of one schedule share a store.
        Ok(Turn::Shared)
    }

    async fn identity(&self) -> Result<String, StoreError> {
        wait_for(self.inner.identity())
    }

    async fn bind(&self, account: &AccountName, world: &str) -> Result<String, StoreError> {
        wait_for(self.inner.bind(account, world))
    }

    async fn submit(
        &self,
        run: &RunId,
        intents: Vec<Intent>,
    ) -> Result<Vec<Submitted>, StoreError> {
        wait_for(self.inner.submit(run, intents))
    }

    async fn release(
        &self,
        run: &RunId,
        expected: u64,
        now: Timestamp,
    ) -> Result<Released, StoreError> {
        wait_for(self.inner.release(run, expected, now))
    }

    async fn withdraw(&self, run: &RunId) -> Result<u64, StoreError> {
        wait_for(self.inner.withdraw(run))
    }

    async fn run(&self, run: &RunId) -> Result<Option<Run>, StoreError> {
        wait_for(self.inner.run(run))
    }

    async fn claim(
        &self,
        request: ClaimRequest,
        begin: &dyn Begin,
    ) -> Result<Vec<Claim>, StoreError> {
        wait_for(self.inner.claim(request, begin))
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

    async fn list(&self, filter: &Filter, page: &Page) -> Result<Vec<Payout>, StoreError> {
        wait_for(self.inner.list(filter, page))
    }

    async fn history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        wait_for(self.inner.history(key))
    }

    async fn tally(&self, run: Option<&RunId>) -> Result<Tally, StoreError> {
        wait_for(self.inner.tally(run))
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        wait_for(self.inner.next_due(lanes))
    }

    async fn outbox(&self, after: u64, limit: usize) -> Result<Vec<(u64, Notice)>, StoreError> {
        wait_for(self.inner.outbox(after, limit))
    }

    async fn newest_notice(&self) -> Result<u64, StoreError> {
        wait_for(self.inner.newest_notice())
    }

    async fn reader(&self, name: &str) -> Result<Option<u64>, StoreError> {
        wait_for(self.inner.reader(name))
    }

    async fn acknowledge(&self, name: &str, number: u64) -> Result<(), StoreError> {
        wait_for(self.inner.acknowledge(name, number))
    }

    async fn swept(&self, account: &AccountName) -> Result<BTreeMap<u32, Timestamp>, StoreError> {
        wait_for(self.inner.swept(account))
    }

    async fn note_swept(
        &self,
        account: &AccountName,
        part: u32,
        was: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        wait_for(self.inner.note_swept(account, part, was, at))
    }

    async fn halt(&self, notice: Notice) -> Result<bool, StoreError> {
        wait_for(self.inner.halt(notice))
    }

    async fn resume(&self, notice: Notice) -> Result<bool, StoreError> {
        wait_for(self.inner.resume(notice))
    }

    async fn halted(&self) -> Result<Vec<AccountName>, StoreError> {
        wait_for(self.inner.halted())
    }
}

#[async_trait]
impl InboxStore for BlockingStore {
    async fn receive(
        &self,
        account: &AccountName,
        delivery: &Delivery,
        verdict: &Verdict,
    ) -> Result<InboxId, StoreError> {
        wait_for(self.inner.receive(account, delivery, verdict))
    }

    async fn inbox(
        &self,
        trust: Trust,
        accounts: &[AccountName],
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<InboxItem>, StoreError> {
        wait_for(self.inner.inbox(trust, accounts, now, limit))
    }

    async fn file(&self, id: InboxId, filing: Filing) -> Result<(), StoreError> {
        wait_for(self.inner.file(id, filing))
    }

    async fn reopen(
        &self,
        id: InboxId,
        verdict: Option<Verdict>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        wait_for(self.inner.reopen(id, verdict, now))
    }

    async fn delivery(&self, id: InboxId) -> Result<Option<Filed>, StoreError> {
        wait_for(self.inner.delivery(id))
    }

    async fn deliveries(
        &self,
        state: Option<InboxState>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Filed>, StoreError> {
        wait_for(self.inner.deliveries(state, after, limit))
    }

    async fn count_refused(&self, refused: Vec<Refused>) -> Result<(), StoreError> {
        wait_for(self.inner.count_refused(refused))
    }

    async fn refused(&self) -> Result<Vec<Refused>, StoreError> {
        wait_for(self.inner.refused())
    }
}

#[async_trait]
impl RetentionStore for BlockingStore {
    async fn candidates(
        &self,
        scope: Scope,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Candidate>, StoreError> {
        wait_for(self.inner.candidates(scope, after, limit))
    }

    async fn seal(
        &self,
        leaving: Vec<Leaving>,
        now: Timestamp,
    ) -> Result<Vec<Sealing>, StoreError> {
        wait_for(self.inner.seal(leaving, now))
    }

    async fn sealed(&self, key: &OrderKey) -> Result<Option<Seal>, StoreError> {
        wait_for(self.inner.sealed(key))
    }

    async fn archived(&self, run: &RunId) -> Result<Tally, StoreError> {
        wait_for(self.inner.archived(run))
    }

    async fn forgettable_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        wait_for(self.inner.forgettable_deliveries(before))
    }

    async fn forget_deliveries(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
        wait_for(self.inner.forget_deliveries(before, limit))
    }

    async fn forget_notices(&self, up_to: u64) -> Result<u64, StoreError> {
        wait_for(self.inner.forget_notices(up_to))
    }

    async fn readers(&self) -> Result<Vec<(String, u64)>, StoreError> {
        wait_for(self.inner.readers())
    }
}

#[async_trait]
impl PaymentStore for BlockingStore {
    async fn submit_payment(
        &self,
        order: PaymentOrder,
        now: Timestamp,
    ) -> Result<SubmittedPayment, StoreError> {
        wait_for(self.inner.submit_payment(order, now))
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

    async fn commit_payment(&self, step: PaymentStep) -> Result<PaymentCommitted, StoreError> {
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

    async fn claim_payments(&self, request: ClaimRequest) -> Result<Vec<Payment>, StoreError> {
        wait_for(self.inner.claim_payments(request))
    }

    async fn payment_history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        wait_for(self.inner.payment_history(key))
    }
}
