//! Calls to a provider that go through a worker's gate: the calls, or the requests below them.
//! What a dead or stalled worker has sent stays sent.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use pagos_core::{
    Bank, Departure, Descriptor, Environment, Error, ErrorKind, Handle, Lookup, Observation,
    PayoutListing, PayoutOrder, PayoutProvider, PayoutRef, Reached, Transport, TransportError,
    Violation, WebhookDecoder,
};

use crate::gate::Gate;

/// A provider behind a gate.
#[derive(Debug)]
pub struct GatedProvider {
    inner: Arc<dyn PayoutProvider>,
    gate: Arc<Gate>,
}

impl GatedProvider {
    /// `inner`, called through `gate`.
    pub fn new(inner: Arc<dyn PayoutProvider>, gate: Arc<Gate>) -> Arc<Self> {
        Arc::new(Self { inner, gate })
    }
}

#[async_trait]
impl PayoutProvider for GatedProvider {
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
        self.gate.pass("create, before").await.map_err(lost)?;
        let answer = self.inner.create(order, handle, departure).await;
        self.gate.pass("create, after").await.map_err(lost)?;
        answer
    }

    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        let lost = |because: &str| Error::new(ErrorKind::Undelivered, because);
        self.gate.pass("query, before").await.map_err(lost)?;
        let answer = self.inner.query(payout).await;
        self.gate.pass("query, after").await.map_err(lost)?;
        answer
    }

    fn listing(&self) -> Option<&dyn PayoutListing> {
        self.inner.listing()
    }

    fn webhooks(&self) -> Option<&dyn WebhookDecoder> {
        self.inner.webhooks()
    }
}

/// A transport behind a gate.
#[derive(Debug)]
pub struct GatedTransport<T> {
    inner: T,
    gate: Arc<Gate>,
}

impl<T: Transport> GatedTransport<T> {
    /// `inner`, used through `gate`.
    pub fn new(inner: T, gate: Arc<Gate>) -> Self {
        Self { inner, gate }
    }
}

#[async_trait]
impl<T: Transport> Transport for GatedTransport<T> {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let lost = |because: &str| TransportError::new(Reached::Maybe, because);
        self.gate.pass("request, before").await.map_err(lost)?;
        let answer = self.inner.send(request, departure).await;
        self.gate.pass("request, after").await.map_err(lost)?;
        answer
    }
}
