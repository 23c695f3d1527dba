//! Calls to a provider that go through a worker's injector: the calls, or the requests below them.
//! What a dead or stalled worker has sent stays sent.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use pagos_core::{
    Bank, Departure, Descriptor, Environment, Error, ErrorKind, Handle, Lookup, Observation,
    PayoutListing, PayoutOrder, PayoutProvider, PayoutRef, Reached, Transport, TransportError,
    Violation, WebhookDecoder,
};
use pagos_engine::{
    MemoryWitness, Noted, Reading, SentAttempt, Witness, WitnessError, WitnessErrorKind,
    WitnessMark,
};

use crate::fault_injector::FaultInjector;

/// A provider behind an injector.
#[derive(Debug)]
pub struct FaultyProvider {
    inner: Arc<dyn PayoutProvider>,
    injector: Arc<FaultInjector>,
}

impl FaultyProvider {
    /// `inner`, called through `injector`.
    pub fn new(inner: Arc<dyn PayoutProvider>, injector: Arc<FaultInjector>) -> Arc<Self> {
        Arc::new(Self { inner, injector })
    }
}

#[async_trait]
impl PayoutProvider for FaultyProvider {
    fn descriptor(&self) -> &'static Descriptor {
        self.inner.descriptor()
    }

    fn environment(&self) -> Environment {
        self.inner.environment()
    }

    fn check(&self, order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        self.inner.check(order)
    }

    fn payee_bank(&self, order: &PayoutOrder) -> Option<Bank> {
        self.inner.payee_bank(order)
    }

    fn must_prepare(&self) -> bool {
        self.inner.must_prepare()
    }

    async fn prepare(&self, order: &PayoutOrder) -> Result<Option<Handle>, Error> {
        self.inner.prepare(order).await
    }

    async fn create(
        &self,
        order: &PayoutOrder,
        handle: Option<&Handle>,
        departure: Departure,
    ) -> Result<Observation, Error> {
        let lost = |because: &str| Error::new(ErrorKind::Unknown, because);
        self.injector.pass("create, before").await.map_err(lost)?;
        let answer = self.inner.create(order, handle, departure).await;
        self.injector.pass("create, after").await.map_err(lost)?;
        answer
    }

    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        let lost = |because: &str| Error::new(ErrorKind::Undelivered, because);
        self.injector.pass("query, before").await.map_err(lost)?;
        let answer = self.inner.query(payout).await;
        self.injector.pass("query, after").await.map_err(lost)?;
        answer
    }

    fn listing(&self) -> Option<&dyn PayoutListing> {
        self.inner.listing()
    }

    fn webhooks(&self) -> Option<&dyn WebhookDecoder> {
        self.inner.webhooks()
    }
}

/// A transport behind an injector.
#[derive(Debug)]
pub struct FaultyTransport<T> {
    inner: T,
    injector: Arc<FaultInjector>,
}

impl<T: Transport> FaultyTransport<T> {
    /// `inner`, used through `injector`.
    pub fn new(inner: T, injector: Arc<FaultInjector>) -> Self {
        Self { inner, injector }
    }
}

#[async_trait]
impl<T: Transport> Transport for FaultyTransport<T> {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let lost = |because: &str| TransportError::new(Reached::Maybe, because);
        self.injector.pass("request, before").await.map_err(lost)?;
        let answer = self.inner.send(request, departure).await;
        self.injector.pass("request, after").await.map_err(lost)?;
        answer
    }
}

/// A witness behind an injector.
#[derive(Debug)]
pub struct FaultyWitness {
    inner: Arc<MemoryWitness>,
    injector: Arc<FaultInjector>,
}

impl FaultyWitness {
    /// `inner`, used through `injector`.
    pub fn new(inner: Arc<MemoryWitness>, injector: Arc<FaultInjector>) -> Arc<Self> {
        Arc::new(Self { inner, injector })
    }

    async fn pass(&self, point: &'static str) -> Result<(), WitnessError> {
        let failed = |because: &str| WitnessError {
            kind: WitnessErrorKind::Unavailable,
            message: because.to_owned(),
        };
        self.injector.pass(point).await.map_err(failed)
    }
}

#[async_trait]
impl Witness for FaultyWitness {
    fn identity(&self) -> &str {
        self.inner.identity()
    }

    async fn append(&self, attempts: &[SentAttempt]) -> Result<Vec<Noted>, WitnessError> {
        self.pass("witness append, before").await?;
        let noted = self.inner.append(attempts).await;
        // A failure takes its time too, in which others may find the witness back.
        self.pass("witness append, after").await?;
        noted
    }

    async fn mark(&self) -> Result<WitnessMark, WitnessError> {
        self.inner.mark().await
    }

    async fn read(
        &self,
        after: Option<&WitnessMark>,
        limit: usize,
    ) -> Result<Reading, WitnessError> {
        self.pass("witness read, before").await?;
        self.inner.read(after, limit).await
    }
}
