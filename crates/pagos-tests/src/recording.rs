//! A store that writes down in which order things became durable, behind a worker's injector.
//! Several of them over one store are several processes.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
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
pub trait Witness: std::fmt::Debug + Send + Sync {
    /// These payouts were claimed.
    fn claimed(&self, claims: &[Claim]);
    /// This step became durable.
    fn committed(&self, step: &Step);
}

/// A store behind an injector, with a record.
#[derive(Debug)]
pub struct RecordingStore {
    inner: Arc<dyn Store>,
    injector: Arc<FaultInjector>,
    record: Arc<Mutex<Vec<Act>>>,
    witness: Option<Arc<dyn Witness>>,
}

impl RecordingStore {
    /// `inner`, used through `injector`; what becomes durable is added to `record`.
    pub fn new(
        inner: Arc<dyn Store>,
        injector: Arc<FaultInjector>,
        record: Arc<Mutex<Vec<Act>>>,
    ) -> Arc<Self> {
        Arc::new(Self { inner, injector, record, witness: None })
    }

    /// `inner`, used through `injector`; `witness` is told what becomes durable.
    pub fn witnessed(
        inner: Arc<dyn Store>,
        injector: Arc<FaultInjector>,
        witness: Arc<dyn Witness>,
    ) -> Arc<Self> {
        Arc::new(Self { inner, injector, record: Arc::default(), witness: Some(witness) })
    }

    async fn pass(&self, point: &'static str) -> Result<(), StoreError> {
        self.injector.pass_store(point).await.map_err(StoreError::new)
    }

    fn note(&self, act: Act) {
        self.record.lock().unwrap_or_else(PoisonError::into_inner).push(act);
    }
}

#[async_trait]
impl Store for RecordingStore {
    async fn take_turn(&self) -> Result<Turn, StoreError> {
        self.inner.take_turn().await
    }

    async fn identity(&self) -> Result<String, StoreError> {
        self.inner.identity().await
    }

    async fn bind(&self, account: &AccountName, world: &str) -> Result<String, StoreError> {
        self.inner.bind(account, world).await
    }

    async fn submit(
        &self,
        run: &RunId,
        intents: Vec<Intent>,
    ) -> Result<Vec<Submitted>, StoreError> {
        self.pass("submit, before").await?;
        let keys = intents.iter().map(|intent| intent.order.key.clone()).collect();
        let outcomes = self.inner.submit(run, intents).await?;
        if !outcomes.iter().any(|outcome| outcome.is_refusal()) {
            self.note(Act::Submitted(keys));
        }
        self.pass("submit, after").await?;
        Ok(outcomes)
    }

    async fn release(
        &self,
        run: &RunId,
        expected: u64,
        now: Timestamp,
    ) -> Result<Released, StoreError> {
        self.pass("release, before").await?;
        let done = self.inner.release(run, expected, now).await?;
        self.pass("release, after").await?;
        Ok(done)
    }

    async fn withdraw(&self, run: &RunId) -> Result<u64, StoreError> {
        self.pass("withdraw, before").await?;
        let done = self.inner.withdraw(run).await?;
        self.pass("withdraw, after").await?;
        Ok(done)
    }

    async fn run(&self, run: &RunId) -> Result<Option<Run>, StoreError> {
        self.inner.run(run).await
    }

    async fn claim(
        &self,
        request: ClaimRequest,
        begin: &dyn Begin,
    ) -> Result<Vec<Claim>, StoreError> {
        self.pass("claim, before").await?;
        let claims = self.inner.claim(request, begin).await?;
        self.witness.iter().for_each(|witness| witness.claimed(&claims));
        for claim in claims.iter().filter(|claim| claim.has_begun()) {
            let Payout { order, progress, .. } = &claim.payout;
            self.note(Act::Committed(order.key.clone(), Some(progress.attempts)));
        }
        self.pass("claim, after").await?;
        Ok(claims)
    }

    async fn end_claims(&self) -> Result<u64, StoreError> {
        self.inner.end_claims().await
    }

    async fn commit(&self, step: Step) -> Result<Committed, StoreError> {
        self.pass("commit, before").await?;
        let key = step.key.clone();
        let begun = step.entries.iter().find_map(|entry| match entry {
            Entry::AttemptBegun { number, .. } => Some(*number),
            _ => None,
        });
        let told = self.witness.as_ref().map(|witness| (witness, step.clone()));
        let committed = self.inner.commit(step).await?;
        if committed != Committed::Conflict {
            told.iter().for_each(|(witness, step)| witness.committed(step));
            self.note(Act::Committed(key, begun));
        }
        self.pass("commit, after").await?;
        Ok(committed)
    }

    async fn payout(&self, key: &OrderKey) -> Result<Option<Payout>, StoreError> {
        self.pass("payout, before").await?;
        self.inner.payout(key).await
    }

    async fn payout_of(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Result<Option<OrderKey>, StoreError> {
        self.pass("payout of, before").await?;
        self.inner.payout_of(account, reference).await
    }

    async fn list(&self, filter: &Filter, page: &Page) -> Result<Vec<Payout>, StoreError> {
        self.inner.list(filter, page).await
    }

    async fn history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        self.inner.history(key).await
    }

    async fn tally(&self, run: Option<&RunId>) -> Result<Tally, StoreError> {
        self.inner.tally(run).await
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        self.inner.next_due(lanes).await
    }

    async fn outbox(&self, after: u64, limit: usize) -> Result<Vec<(u64, Notice)>, StoreError> {
        self.inner.outbox(after, limit).await
    }

    async fn newest_notice(&self) -> Result<u64, StoreError> {
        self.inner.newest_notice().await
    }

    async fn reader(&self, name: &str) -> Result<Option<u64>, StoreError> {
        self.inner.reader(name).await
    }

    async fn acknowledge(&self, name: &str, number: u64) -> Result<(), StoreError> {
        self.pass("acknowledge, before").await?;
        self.inner.acknowledge(name, number).await?;
        self.pass("acknowledge, after").await
    }

    async fn swept(&self, account: &AccountName) -> Result<BTreeMap<u32, Timestamp>, StoreError> {
        self.inner.swept(account).await
    }

    async fn note_swept(
        &self,
        account: &AccountName,
        part: u32,
        was: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.pass("note swept, before").await?;
        let noted = self.inner.note_swept(account, part, was, at).await?;
        self.pass("note swept, after").await?;
        Ok(noted)
    }

    async fn halt(&self, notice: Notice) -> Result<bool, StoreError> {
        self.pass("halt, before").await?;
        let done = self.inner.halt(notice).await?;
        self.pass("halt, after").await?;
        Ok(done)
    }

    async fn resume(&self, notice: Notice) -> Result<bool, StoreError> {
        self.pass("resume, before").await?;
        let done = self.inner.resume(notice).await?;
        self.pass("resume, after").await?;
        Ok(done)
    }

    async fn halted(&self) -> Result<Vec<AccountName>, StoreError> {
        self.inner.halted().await
    }
}

#[async_trait]
impl InboxStore for RecordingStore {
    async fn receive(
        &self,
        account: &AccountName,
        delivery: &Delivery,
        verdict: &Verdict,
    ) -> Result<InboxId, StoreError> {
        self.pass("receive, before").await?;
        let id = self.inner.receive(account, delivery, verdict).await?;
        self.note(Act::Received(id));
        self.pass("receive, after").await?;
        Ok(id)
    }

    async fn inbox(
        &self,
        trust: Trust,
        accounts: &[AccountName],
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<InboxItem>, StoreError> {
        self.pass("inbox, before").await?;
        self.inner.inbox(trust, accounts, now, limit).await
    }

    async fn file(&self, id: InboxId, filing: Filing) -> Result<(), StoreError> {
        self.pass("file, before").await?;
        self.inner.file(id, filing).await?;
        self.pass("file, after").await
    }

    async fn reopen(
        &self,
        id: InboxId,
        verdict: Option<Verdict>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.pass("reopen, before").await?;
        let done = self.inner.reopen(id, verdict, now).await?;
        self.pass("reopen, after").await?;
        Ok(done)
    }

    async fn delivery(&self, id: InboxId) -> Result<Option<Filed>, StoreError> {
        self.inner.delivery(id).await
    }

    async fn deliveries(
        &self,
        state: Option<InboxState>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Filed>, StoreError> {
        self.inner.deliveries(state, after, limit).await
    }

    async fn count_refused(&self, refused: Vec<Refused>) -> Result<(), StoreError> {
        self.inner.count_refused(refused).await
    }

    async fn refused(&self) -> Result<Vec<Refused>, StoreError> {
        self.inner.refused().await
    }
}

#[async_trait]
impl RetentionStore for RecordingStore {
    async fn candidates(
        &self,
        scope: Scope,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Candidate>, StoreError> {
        self.inner.candidates(scope, after, limit).await
    }

    async fn seal(
        &self,
        leaving: Vec<Leaving>,
        now: Timestamp,
    ) -> Result<Vec<Sealing>, StoreError> {
        self.pass("seal, before").await?;
        let done = self.inner.seal(leaving, now).await?;
        self.pass("seal, after").await?;
        Ok(done)
    }

    async fn sealed(&self, key: &OrderKey) -> Result<Option<Seal>, StoreError> {
        self.inner.sealed(key).await
    }

    async fn archived(&self, run: &RunId) -> Result<Tally, StoreError> {
        self.inner.archived(run).await
    }

    async fn forgettable_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.inner.forgettable_deliveries(before).await
    }

    async fn forget_deliveries(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
        self.pass("forget deliveries, before").await?;
        let done = self.inner.forget_deliveries(before, limit).await?;
        self.pass("forget deliveries, after").await?;
        Ok(done)
    }

    async fn forget_notices(&self, up_to: u64) -> Result<u64, StoreError> {
        self.pass("forget notices, before").await?;
        let done = self.inner.forget_notices(up_to).await?;
        self.pass("forget notices, after").await?;
        Ok(done)
    }

    async fn readers(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.inner.readers().await
    }
}

#[async_trait]
impl PaymentStore for RecordingStore {
    async fn submit_payment(
        &self,
        order: PaymentOrder,
        now: Timestamp,
    ) -> Result<SubmittedPayment, StoreError> {
        self.pass("ask for, before").await?;
        let done = self.inner.submit_payment(order, now).await?;
        self.pass("ask for, after").await?;
        Ok(done)
    }

    async fn payment(&self, key: &OrderKey) -> Result<Option<Payment>, StoreError> {
        self.pass("payment, before").await?;
        self.inner.payment(key).await
    }

    async fn session(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Result<Option<KnownSession>, StoreError> {
        self.pass("session, before").await?;
        self.inner.session(account, reference).await
    }

    async fn commit_payment(&self, step: PaymentStep) -> Result<PaymentCommitted, StoreError> {
        self.pass("commit payment, before").await?;
        let done = self.inner.commit_payment(step).await?;
        self.pass("commit payment, after").await?;
        Ok(done)
    }

    async fn payments(
        &self,
        status: Option<&str>,
        after: Option<&OrderKey>,
        limit: usize,
    ) -> Result<Vec<Payment>, StoreError> {
        self.inner.payments(status, after, limit).await
    }

    async fn claim_payments(&self, request: ClaimRequest) -> Result<Vec<Payment>, StoreError> {
        self.pass("claim payments, before").await?;
        let done = self.inner.claim_payments(request).await?;
        self.pass("claim payments, after").await?;
        Ok(done)
    }

    async fn payment_history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        self.inner.payment_history(key).await
    }
}
