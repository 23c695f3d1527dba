//! The instrumented store and providers. The engine has access to nothing else, so that every write
//! and every call names its point.
//!
//! Reads have no points: a process that ends while it reads leaves nothing behind.

mod books;
mod witness;

use std::{collections::BTreeMap, future::Future, sync::Arc};

use pagos_core::{
    AccountName, Clock, Delivery, Departure, Descriptor, Error, ErrorKind, Handle, Hint,
    ListingPage, Lookup, Observation, OrderKey, PaymentOrder, PaymentProvider, PaymentRef,
    PaymentSession, PaymentTerms, PayoutOrder, PayoutProvider, PayoutRef, ProviderRef, Timestamp,
    Violation, WebhookDecoder, Window,
};
use tracing::Instrument;

use crate::{
    accounts::Accounts,
    delivery::{Filed, Filing, InboxId, InboxItem, Refused, Trust, Verdict},
    history::Notice,
    intent::{Closed, Intent, Permit, Released, Run, RunId, Submitted},
    payment::{
        Payment,
        store::{PaymentCommitted, PaymentStep, SubmittedPayment},
    },
    point::{NoProbe, Phase, Point, Probe},
    recognise::{Recognised, recognise},
    records::{Record, RecordKind, RecordWrite, RecordWritten},
    retention::Seal,
    store::{Begin, Claim, ClaimRequest, Committed, Lane, Payout, Step, Store, StoreError, Turn},
    telemetry::{self, Call, Told, Writing},
    witness::{Witness, WitnessRules},
};

/// A store in which every write is a [`Point`]. It is made from any store, with or without a
/// [`Probe`].
#[derive(Debug, Clone)]
pub struct InstrumentedStore {
    store: Arc<dyn Store>,
    probe: Arc<dyn Probe>,
    clock: Option<Arc<dyn Clock>>,
    witness: Option<(Arc<dyn Witness>, WitnessRules)>,
}

impl InstrumentedStore {
    /// A store that tells `probe` of its writes.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use pagos_engine::{MemoryStore, NoProbe, InstrumentedStore};
    ///
    /// let instrumented = InstrumentedStore::new(Arc::new(MemoryStore::new()), Arc::new(NoProbe));
    /// let same = InstrumentedStore::from(Arc::new(MemoryStore::new())); // a store without a probe
    /// # drop((instrumented, same));
    /// ```
    pub fn new(store: Arc<dyn Store>, probe: Arc<dyn Probe>) -> Self {
        Self { store, probe, clock: None, witness: None }
    }

    /// The same store, whose telemetry says by `clock` how long each write took. [`crate::Engine`]
    /// gives it the engine's timer.
    ///
    /// ```
    /// # #[derive(Debug)]
    /// # struct Standing;
    /// # impl pagos_core::Clock for Standing {
    /// #     fn now(&self) -> pagos_core::Timestamp { pagos_core::Timestamp::from_millis(7) }
    /// # }
    /// use std::sync::Arc;
    ///
    /// use pagos_engine::{InstrumentedStore, MemoryStore};
    ///
    /// let store = InstrumentedStore::from(Arc::new(MemoryStore::new()));
    /// let measured = store.measured_by(Arc::new(Standing));
    /// # drop(measured);
    /// ```
    #[must_use]
    pub fn measured_by(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// [`crate::InboxStore::receive`].
    ///
    /// # Errors
    /// The error of the store.
    pub async fn receive(
        &self,
        account: &AccountName,
        delivery: &Delivery,
        verdict: &Verdict,
    ) -> Result<InboxId, StoreError> {
        self.write(Point::Receive, None, self.store.receive(account, delivery, verdict)).await
    }

    /// [`crate::InboxStore::count_refused`].
    ///
    /// # Errors
    /// The error of the store.
    pub async fn count_refused(&self, refused: Vec<Refused>) -> Result<(), StoreError> {
        self.write(Point::CountRefused, None, self.store.count_refused(refused)).await
    }

    /// [`Store::acknowledge`].
    ///
    /// ```
    /// use pagos_engine::{InstrumentedStore, Store, StoreError};
    ///
    /// async fn read(store: &dyn Store, writer: &InstrumentedStore) -> Result<(), StoreError> {
    ///     let position = store.reader("billing").await?.unwrap_or(0);
    ///     for (number, notice) in store.outbox(position, 100).await? {
    ///         println!("{number}: {:?}", notice.event);
    ///         writer.acknowledge("billing", number).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// The error of the store.
    pub async fn acknowledge(&self, reader: &str, number: u64) -> Result<(), StoreError> {
        self.write(Point::Acknowledge, None, self.store.acknowledge(reader, number)).await
    }

    /// [`crate::RecordStore::write_record`].
    ///
    /// # Errors
    /// The error of the store.
    pub async fn write_record(&self, write: RecordWrite) -> Result<RecordWritten, StoreError> {
        let point = match write.kind {
            RecordKind::Token => Point::KeepToken,
            RecordKind::Endpoint => Point::KeepEndpoint,
            RecordKind::Approval => Point::KeepApproval,
            RecordKind::Spending => Point::KeepSpending,
            RecordKind::Sample => Point::KeepSample,
            RecordKind::Links => Point::KeepLinks,
            RecordKind::Statement => Point::KeepStatement,
            RecordKind::Period => Point::KeepPeriod,
            RecordKind::Witness => Point::KeepWitness,
            RecordKind::Forgotten => Point::KeepForgotten,
        };
        self.write(point, None, self.store.write_record(write)).await
    }

    pub(crate) async fn take_turn(&self) -> Result<Turn, StoreError> {
        self.write(Point::TakeTurn, None, self.store.take_turn()).await
    }

    pub(crate) async fn halt(&self, notice: Notice) -> Result<bool, StoreError> {
        self.write(Point::Halt, None, self.store.halt(notice)).await
    }

    pub(crate) async fn resume(&self, notice: Notice) -> Result<bool, StoreError> {
        self.write(Point::Resume, None, self.store.resume(notice)).await
    }

    pub(crate) async fn reopen(
        &self,
        id: InboxId,
        verdict: Option<Verdict>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(Point::ReopenDelivery, None, self.store.reopen(id, verdict, now)).await
    }

    pub(crate) async fn delivery(&self, id: InboxId) -> Result<Option<Filed>, StoreError> {
        self.store.delivery(id).await
    }

    pub(crate) async fn claim_payments(
        &self,
        request: ClaimRequest,
    ) -> Result<Vec<Payment>, StoreError> {
        self.write(Point::ClaimPayments, None, self.store.claim_payments(request)).await
    }

    pub(crate) async fn bind(
        &self,
        account: &AccountName,
        world: &str,
    ) -> Result<String, StoreError> {
        self.write(Point::Bind, None, self.store.bind(account, world)).await
    }

    /// Calls [`recognise`] on this store.
    ///
    /// # Errors
    /// The error of the store.
    pub async fn recognise(
        &self,
        account: &AccountName,
        hint: &Hint,
    ) -> Result<Recognised, StoreError> {
        recognise(self.store.as_ref(), account, hint).await
    }

    /// [`Store::halted`].
    ///
    /// # Errors
    /// The error of the store.
    pub async fn halted(&self) -> Result<Vec<AccountName>, StoreError> {
        self.store.halted().await
    }

    pub(crate) async fn submit(
        &self,
        run: &RunId,
        intents: Vec<Intent>,
    ) -> Result<Vec<Submitted>, StoreError> {
        self.write(Point::Submit, None, self.store.submit(run, intents)).await
    }

    pub(crate) async fn run(&self, run: &RunId) -> Result<Option<Run>, StoreError> {
        self.store.run(run).await
    }

    pub(crate) async fn held(
        &self,
        run: &RunId,
        after: Option<&OrderKey>,
        limit: usize,
    ) -> Result<Vec<Payout>, StoreError> {
        self.store.held(run, after, limit).await
    }

    pub(crate) async fn record(
        &self,
        kind: RecordKind,
        name: &str,
    ) -> Result<Option<Record>, StoreError> {
        self.store.record(kind, name).await
    }

    pub(crate) async fn records(
        &self,
        kind: RecordKind,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        self.store.records(kind, after, limit).await
    }

    pub(crate) async fn close(
        &self,
        run: &RunId,
        expected: u64,
        now: Timestamp,
    ) -> Result<Closed, StoreError> {
        self.write(Point::CloseRun, None, self.store.close(run, expected, now)).await
    }

    pub(crate) async fn release(
        &self,
        run: &RunId,
        permit: Permit,
        now: Timestamp,
    ) -> Result<Released, StoreError> {
        self.write(Point::Release, None, self.store.release(run, permit, now)).await
    }

    pub(crate) async fn withdraw(&self, run: &RunId) -> Result<u64, StoreError> {
        self.write(Point::Withdraw, None, self.store.withdraw(run)).await
    }

    pub(crate) async fn swept(
        &self,
        account: &AccountName,
    ) -> Result<BTreeMap<u32, Timestamp>, StoreError> {
        self.store.swept(account).await
    }

    pub(crate) async fn note_swept(
        &self,
        account: &AccountName,
        part: u32,
        was: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let noting = self.store.note_swept(account, part, was, at);
        self.write(Point::NoteSwept, None, noting).await
    }

    pub(crate) async fn end_claims(&self) -> Result<u64, StoreError> {
        self.write(Point::EndClaims, None, self.store.end_claims()).await
    }

    /// One write, together with the points of the attempts that begin with it.
    pub(crate) async fn claim(
        &self,
        request: ClaimRequest,
        begin: &dyn Begin,
    ) -> Result<Vec<Claim>, StoreError> {
        let begin = |payout: &Payout| {
            let begun = begin.begin(payout)?;
            self.probe.at(Point::BeginAttempt, Phase::Before, Some(&payout.order.key));
            Some(begun)
        };
        let claims = self.write(Point::Claim, None, self.store.claim(request, &begin)).await?;
        for claim in claims.iter().filter(|claim| claim.has_begun()) {
            self.probe.at(Point::BeginAttempt, Phase::After, Some(&claim.payout.order.key));
        }
        Ok(claims)
    }

    pub(crate) async fn commit(&self, point: Point, step: Step) -> Result<Committed, StoreError> {
        let key = step.key.clone();
        self.write_told(point, Some(&key), self.store.commit(step), telemetry::committed).await
    }

    pub(crate) async fn file(&self, id: InboxId, filing: Filing) -> Result<(), StoreError> {
        let point = match &filing {
            Filing::Defer { .. } => Point::DeferDelivery,
            Filing::Close { .. } => Point::CloseDelivery,
        };
        self.write(point, None, self.store.file(id, filing)).await
    }

    pub(crate) async fn submit_payment(
        &self,
        order: PaymentOrder,
        now: Timestamp,
    ) -> Result<SubmittedPayment, StoreError> {
        let key = order.key.clone();
        self.write(Point::SubmitPayment, Some(&key), self.store.submit_payment(order, now)).await
    }

    pub(crate) async fn commit_payment(
        &self,
        point: Point,
        step: PaymentStep,
    ) -> Result<PaymentCommitted, StoreError> {
        let key = step.key.clone();
        let writing = self.store.commit_payment(step);
        self.write_told(point, Some(&key), writing, telemetry::committed_payment).await
    }

    pub(crate) async fn payout(&self, key: &OrderKey) -> Result<Option<Payout>, StoreError> {
        self.store.payout(key).await
    }

    pub(crate) async fn payout_of(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Result<Option<OrderKey>, StoreError> {
        self.store.payout_of(account, reference).await
    }

    pub(crate) async fn sealed(&self, key: &OrderKey) -> Result<Option<Seal>, StoreError> {
        self.store.sealed(key).await
    }

    pub(crate) async fn payment(&self, key: &OrderKey) -> Result<Option<Payment>, StoreError> {
        self.store.payment(key).await
    }

    pub(crate) async fn inbox(
        &self,
        trust: Trust,
        accounts: &[AccountName],
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<InboxItem>, StoreError> {
        self.store.inbox(trust, accounts, now, limit).await
    }

    pub(crate) async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        self.store.next_due(lanes).await
    }

    /// The providers, instrumented with the same probe. Their calls are measured by `clock`.
    pub(crate) fn doors_to(
        &self,
        accounts: Accounts,
        clock: Arc<dyn Clock>,
    ) -> InstrumentedProviders {
        InstrumentedProviders { accounts, probe: Arc::clone(&self.probe), clock }
    }

    /// The store, for reads.
    pub(crate) fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// Nothing is written before the first poll, so `before` is reported first.
    pub(crate) async fn write<T>(
        &self,
        point: Point,
        key: Option<&OrderKey>,
        writing: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.write_told(point, key, writing, telemetry::done).await
    }

    /// The same; `word` is the outcome in the telemetry.
    async fn write_told<T>(
        &self,
        point: Point,
        key: Option<&OrderKey>,
        writing: impl Future<Output = Result<T, StoreError>>,
        word: impl FnOnce(&T) -> &'static str,
    ) -> Result<T, StoreError> {
        self.probe.at(point, Phase::Before, key);
        let mut telling = Writing::begin(point, key, self.clock.as_ref());
        let written = writing.await;
        telling.ended(&written, word);
        drop(telling);
        let written = written?;
        self.probe.at(point, Phase::After, key);
        Ok(written)
    }
}

impl<S: Store + 'static> From<Arc<S>> for InstrumentedStore {
    fn from(store: Arc<S>) -> Self {
        Self::new(store, Arc::new(NoProbe))
    }
}

impl From<Arc<dyn Store>> for InstrumentedStore {
    fn from(store: Arc<dyn Store>) -> Self {
        Self::new(store, Arc::new(NoProbe))
    }
}

/// The instrumented providers of all accounts.
#[derive(Debug)]
pub(crate) struct InstrumentedProviders {
    accounts: Accounts,
    probe: Arc<dyn Probe>,
    clock: Arc<dyn Clock>,
}

impl InstrumentedProviders {
    pub(crate) fn to(&self, account: &AccountName) -> Option<InstrumentedProvider<'_>> {
        let (account, provider) = self.accounts.named(account)?;
        let door = Door { account, probe: self.probe.as_ref(), clock: self.clock.as_ref() };
        Some(InstrumentedProvider { provider: provider.as_ref(), door })
    }

    /// The accounts, sorted by name.
    pub(crate) fn names(&self) -> impl Iterator<Item = &AccountName> {
        self.accounts.iter().map(|(name, _)| name)
    }

    pub(crate) fn accounts(&self) -> &Accounts {
        &self.accounts
    }
}

/// What every call to the provider of one account passes.
#[derive(Debug, Clone, Copy)]
struct Door<'a> {
    account: &'a AccountName,
    probe: &'a dyn Probe,
    clock: &'a dyn Clock,
}

/// A provider in which every call is a point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InstrumentedProvider<'a> {
    provider: &'a dyn PayoutProvider,
    door: Door<'a>,
}

impl<'a> InstrumentedProvider<'a> {
    pub(crate) fn descriptor(self) -> &'static Descriptor {
        self.provider.descriptor()
    }

    pub(crate) fn check(self, order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        self.provider.check(order)
    }

    pub(crate) fn webhooks(self) -> Option<&'a dyn WebhookDecoder> {
        self.provider.webhooks()
    }

    pub(crate) fn payments(self) -> Option<InstrumentedPayments<'a>> {
        let (name, door) = (self.descriptor().provider, self.door);
        Some(InstrumentedPayments { provider: self.provider.payments()?, name, door })
    }

    pub(crate) fn must_prepare(self) -> bool {
        self.provider.must_prepare()
    }

    pub(crate) async fn prepare(self, order: &PayoutOrder) -> Result<Option<Handle>, Error> {
        let call = self.call(Point::Prepare, Some(&order.key));
        self.door.pass(call, self.provider.prepare(order)).await
    }

    pub(crate) async fn create(
        self,
        order: &PayoutOrder,
        handle: Option<&Handle>,
        attempt: Option<u32>,
        departure: Departure,
    ) -> Result<Observation, Error> {
        let call = Call { attempt, ..self.call(Point::Create, Some(&order.key)) };
        self.door.pass(call, self.provider.create(order, handle, departure)).await
    }

    pub(crate) fn has_list(self) -> bool {
        self.provider.listing().is_some()
    }

    pub(crate) async fn page(
        self,
        window: Window,
        cursor: Option<&str>,
    ) -> Result<ListingPage, Error> {
        let listing = self.provider.listing().ok_or_else(listless)?;
        self.door.pass(self.call(Point::List, None), listing.page(window, cursor)).await
    }

    pub(crate) async fn query(self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        let call = self.call(Point::Query, Some(&payout.order.key));
        self.door.pass(call, self.provider.query(payout)).await
    }

    fn call<'k>(self, point: Point, key: Option<&'k OrderKey>) -> Call<'k>
    where
        'a: 'k,
    {
        let provider = self.descriptor().provider;
        Call { point, account: self.door.account, provider, key, attempt: None }
    }
}

/// The error for a provider without a list. The engine does not ask one for its list.
fn listless() -> Error {
    Error::new(ErrorKind::Undelivered, "the provider has no list of payouts")
}

/// The payment side of a provider, in which every call is a point.
#[derive(Clone, Copy)]
pub(crate) struct InstrumentedPayments<'a> {
    provider: &'a dyn PaymentProvider,
    name: &'static str,
    door: Door<'a>,
}

impl<'a> InstrumentedPayments<'a> {
    pub(crate) fn terms(self) -> PaymentTerms {
        self.provider.terms()
    }

    pub(crate) fn check(self, order: &PaymentOrder) -> Result<(), Vec<Violation>> {
        self.provider.check(order)
    }

    pub(crate) async fn create(self, order: &PaymentOrder) -> Result<PaymentSession, Error> {
        let call = self.call(Point::PaymentCreate, &order.key);
        self.door.pass(call, self.provider.create(order)).await
    }

    pub(crate) async fn query(
        self,
        payment: &PaymentRef<'_>,
    ) -> Result<Lookup<Vec<Observation>>, Error> {
        let call = self.call(Point::PaymentQuery, &payment.order.key);
        self.door.pass(call, self.provider.query(payment)).await
    }

    fn call<'k>(&self, point: Point, key: &'k OrderKey) -> Call<'k>
    where
        'a: 'k,
    {
        let (account, provider) = (self.door.account, self.name);
        Call { point, account, provider, key: Some(key), attempt: None }
    }
}

impl Door<'_> {
    /// Nothing is sent before the first poll, so `before` is reported first. Any answer counts as
    /// read. A call that is dropped before its answer is told as unanswered.
    async fn pass<T: Told>(
        &self,
        call: Call<'_>,
        calling: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let (point, key) = (call.point, call.key);
        self.probe.at(point, Phase::Before, key);
        let mut telling = call.begin(self.clock);
        let answer = calling.instrument(telling.span()).await;
        telling.answered(&answer);
        drop(telling);
        self.probe.at(point, Phase::After, key);
        answer
    }
}
