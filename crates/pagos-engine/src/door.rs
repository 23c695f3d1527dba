//! The doors to the store and to the providers. The engine holds nothing else, so that every write
//! and every call names its point; what is written and when is decided elsewhere.
//!
//! Reading needs no point: a process that ends while it reads leaves nothing behind.

use std::future::Future;
use std::sync::Arc;

use pagos_core::AccountName;
use pagos_core::Delivery;
use pagos_core::Departure;
use pagos_core::Descriptor;
use pagos_core::Error;
use pagos_core::Handle;
use pagos_core::Hint;
use pagos_core::Lookup;
use pagos_core::Observation;
use pagos_core::OrderKey;
use pagos_core::PaymentOrder;
use pagos_core::PaymentProvider;
use pagos_core::PaymentRef;
use pagos_core::PaymentSession;
use pagos_core::PaymentTerms;
use pagos_core::PayoutOrder;
use pagos_core::PayoutProvider;
use pagos_core::PayoutRef;
use pagos_core::Timestamp;
use pagos_core::Violation;
use pagos_core::WebhookDecoder;

use crate::accounts::Accounts;
use crate::intent::Intent;
use crate::intent::RunId;
use crate::intent::Submitted;
use crate::payment::Payment;
use crate::payment::store::Asked;
use crate::payment::store::PaymentStep;
use crate::point::NoProbe;
use crate::point::Phase;
use crate::point::Point;
use crate::point::Probe;
use crate::recognise::Recognised;
use crate::recognise::recognise;
use crate::store::Claim;
use crate::store::ClaimRequest;
use crate::store::Committed;
use crate::store::InboxId;
use crate::store::InboxItem;
use crate::store::Payout;
use crate::store::Step;
use crate::store::Store;
use crate::store::StoreError;

/// A store whose every write is a [`Point`]. Made of any store, or of one with a [`Probe`].
#[derive(Debug, Clone)]
pub struct StoreDoor {
    store: Arc<dyn Store>,
    probe: Arc<dyn Probe>,
}

impl StoreDoor {
    /// A store whose writes `probe` is told of.
    pub fn new(store: Arc<dyn Store>, probe: Arc<dyn Probe>) -> Self {
        Self { store, probe }
    }

    /// [`Store::receive`].
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn receive(
        &self,
        account: &AccountName,
        delivery: &Delivery,
    ) -> Result<InboxId, StoreError> {
        self.write(Point::Receive, None, self.store.receive(account, delivery)).await
    }

    /// [`Store::bind`].
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn bind(&self, account: &AccountName, world: &str) -> Result<String, StoreError> {
        self.write(Point::Bind, None, self.store.bind(account, world)).await
    }

    /// [`recognise`] over this store.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn recognise(
        &self,
        account: &AccountName,
        hint: &Hint,
    ) -> Result<Recognised, StoreError> {
        recognise(self.store.as_ref(), account, hint).await
    }

    pub(crate) async fn submit(&self, intents: Vec<Intent>) -> Result<Vec<Submitted>, StoreError> {
        self.write(Point::Submit, None, self.store.submit(intents)).await
    }

    pub(crate) async fn release(&self, run: &RunId, now: Timestamp) -> Result<u64, StoreError> {
        self.write(Point::Release, None, self.store.release(run, now)).await
    }

    pub(crate) async fn withdraw(&self, run: &RunId) -> Result<u64, StoreError> {
        self.write(Point::Withdraw, None, self.store.withdraw(run)).await
    }

    pub(crate) async fn end_claims(&self) -> Result<u64, StoreError> {
        self.write(Point::EndClaims, None, self.store.end_claims()).await
    }

    pub(crate) async fn claim(&self, request: ClaimRequest) -> Result<Vec<Claim>, StoreError> {
        self.write(Point::Claim, None, self.store.claim(request)).await
    }

    pub(crate) async fn commit(&self, point: Point, step: Step) -> Result<Committed, StoreError> {
        let key = step.key.clone();
        self.write(point, Some(&key), self.store.commit(step)).await
    }

    pub(crate) async fn file(
        &self,
        point: Point,
        id: InboxId,
        due_at: Option<Timestamp>,
        outcome: &str,
    ) -> Result<(), StoreError> {
        self.write(point, None, self.store.file(id, due_at, outcome)).await
    }

    pub(crate) async fn ask_for(
        &self,
        order: PaymentOrder,
        now: Timestamp,
    ) -> Result<Asked, StoreError> {
        let key = order.key.clone();
        self.write(Point::AskForPayment, Some(&key), self.store.ask_for(order, now)).await
    }

    pub(crate) async fn commit_payment(
        &self,
        point: Point,
        step: PaymentStep,
    ) -> Result<Committed, StoreError> {
        let key = step.key.clone();
        self.write(point, Some(&key), self.store.commit_payment(step)).await
    }

    pub(crate) async fn payout(&self, key: &OrderKey) -> Result<Option<Payout>, StoreError> {
        self.store.payout(key).await
    }

    pub(crate) async fn payment(&self, key: &OrderKey) -> Result<Option<Payment>, StoreError> {
        self.store.payment(key).await
    }

    pub(crate) async fn inbox(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<InboxItem>, StoreError> {
        self.store.inbox(now, limit).await
    }

    pub(crate) async fn due_payments(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Payment>, StoreError> {
        self.store.due_payments(now, limit).await
    }

    pub(crate) async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.store.next_due().await
    }

    /// The providers behind the same probe.
    pub(crate) fn doors_to(&self, accounts: Accounts) -> ProviderDoors {
        ProviderDoors { accounts, probe: Arc::clone(&self.probe) }
    }

    /// Nothing is written before the first poll, so `before` is told first.
    async fn write<T>(
        &self,
        point: Point,
        key: Option<&OrderKey>,
        writing: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.probe.at(point, Phase::Before, key);
        let written = writing.await?;
        self.probe.at(point, Phase::After, key);
        Ok(written)
    }
}

impl<S: Store + 'static> From<Arc<S>> for StoreDoor {
    fn from(store: Arc<S>) -> Self {
        Self::new(store, Arc::new(NoProbe))
    }
}

impl From<Arc<dyn Store>> for StoreDoor {
    fn from(store: Arc<dyn Store>) -> Self {
        Self::new(store, Arc::new(NoProbe))
    }
}

/// The providers of all accounts, each behind a door.
#[derive(Debug)]
pub(crate) struct ProviderDoors {
    accounts: Accounts,
    probe: Arc<dyn Probe>,
}

impl ProviderDoors {
    pub(crate) fn to(&self, account: &AccountName) -> Option<ProviderDoor<'_>> {
        let provider = self.accounts.provider(account)?.as_ref();
        Some(ProviderDoor { provider, probe: self.probe.as_ref() })
    }

    pub(crate) fn descriptors(&self) -> impl Iterator<Item = &'static Descriptor> {
        self.accounts.iter().map(|(_, provider)| provider.descriptor())
    }
}

/// A provider whose every call is a point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProviderDoor<'a> {
    provider: &'a dyn PayoutProvider,
    probe: &'a dyn Probe,
}

impl<'a> ProviderDoor<'a> {
    pub(crate) fn descriptor(self) -> &'static Descriptor {
        self.provider.descriptor()
    }

    pub(crate) fn webhooks(self) -> Option<&'a dyn WebhookDecoder> {
        self.provider.webhooks()
    }

    pub(crate) fn payments(self) -> Option<PaymentDoor<'a>> {
        Some(PaymentDoor { provider: self.provider.payments()?, probe: self.probe })
    }

    pub(crate) async fn prepare(self, order: &PayoutOrder) -> Result<Option<Handle>, Error> {
        call(self.probe, Point::Prepare, &order.key, self.provider.prepare(order)).await
    }

    pub(crate) async fn create(
        self,
        order: &PayoutOrder,
        handle: Option<&Handle>,
        departure: Departure,
    ) -> Result<Observation, Error> {
        call(self.probe, Point::Create, &order.key, self.provider.create(order, handle, departure))
            .await
    }

    pub(crate) async fn query(self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        call(self.probe, Point::Query, &payout.order.key, self.provider.query(payout)).await
    }
}

/// The payment side of a provider, whose every call is a point.
#[derive(Clone, Copy)]
pub(crate) struct PaymentDoor<'a> {
    provider: &'a dyn PaymentProvider,
    probe: &'a dyn Probe,
}

impl PaymentDoor<'_> {
    pub(crate) fn terms(self) -> PaymentTerms {
        self.provider.terms()
    }

    pub(crate) fn check(self, order: &PaymentOrder) -> Result<(), Vec<Violation>> {
        self.provider.check(order)
    }

    pub(crate) async fn create(self, order: &PaymentOrder) -> Result<PaymentSession, Error> {
        call(self.probe, Point::PaymentCreate, &order.key, self.provider.create(order)).await
    }

    pub(crate) async fn query(
        self,
        payment: &PaymentRef<'_>,
    ) -> Result<Lookup<Vec<Observation>>, Error> {
        call(self.probe, Point::PaymentQuery, &payment.order.key, self.provider.query(payment))
            .await
    }
}

/// Nothing leaves before the first poll, so `before` is told first. The answer counts as read
/// whatever it is.
async fn call<T>(
    probe: &dyn Probe,
    point: Point,
    key: &OrderKey,
    calling: impl Future<Output = T>,
) -> T {
    probe.at(point, Phase::Before, Some(key));
    let answer = calling.await;
    probe.at(point, Phase::After, Some(key));
    answer
}
