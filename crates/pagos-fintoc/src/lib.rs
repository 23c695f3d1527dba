//! Fintoc payouts. Not filled in yet: no order passes its checks, so nothing is ever sent.
//!
//! This crate opens no connection and reads no clock: transport and clock are given to
//! [`Fintoc::new`]. It retries nothing.
//!
//! ```
//! use std::sync::Arc;
//! # use bytes::Bytes;
//! # use pagos_core::{Departure, Timestamp, Transport, TransportError};
//! use pagos_fintoc::{Fintoc, FintocConfig};
//! use pagos_core::{Clock, Environment, PayoutProvider, Secret};
//! # #[derive(Debug)]
//! # struct Outside;
//! # impl Clock for Outside { fn now(&self) -> Timestamp { Timestamp::default() } }
//! # #[async_trait::async_trait]
//! # impl Transport for Outside {
//! #     async fn send(&self, _: http::Request<Bytes>, _: Departure)
//! #     -> Result<http::Response<Bytes>, TransportError> { unreachable!() }
//! # }
//! # let (transport, clock) = (Arc::new(Outside), Arc::new(Outside));
//!
//! let config = FintocConfig::new(
//!     Environment::Sandbox,
//!     "https://sandbox.example",
//!     Secret::new("sandbox-key-0123456789abcdef"),
//! );
//! let fintoc = Fintoc::new(config, transport, clock)?;
//! assert_eq!(fintoc.descriptor().provider, "fintoc");
//! # Ok::<(), pagos_core::Error>(())
//! ```

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod config;
mod payout;
mod settings;
mod sign;
mod status;
mod webhook;
mod wire;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, Method, Request};

use pagos_core::{
    Absence, Bank, Clock, Contract, Deduplication, Departure, Descriptor, Environment, Error,
    Handle, Lookup, Observation, PayoutOrder, PayoutProvider, PayoutRef, Transport, Violation,
    WebhookDecoder,
};
use pagos_wire::{money_call_failure, post_json, query_failure, sensitive, to_ascii_json};

pub use crate::{
    config::FintocConfig,
    settings::SETTINGS,
    sign::{signature, string_to_sign, verify},
};

use crate::{config::Settings, sign::SIGN_HEADER};

/// What is written here claims least. Each line changes when a document says more, and cites it.
static DESCRIPTOR: Descriptor = Descriptor {
    provider: "fintoc",
    countries: &[],
    currencies: &[],
    deduplication: Deduplication::None,
    absence: Absence { answers_min: 4, grace: Duration::from_secs(30 * 60) },
    return_window: None,
    pending_max: None,
    answer_max: None,
    contract: Contract::Assumed,
};

/// One account in one environment of Fintoc.
#[derive(Debug)]
pub struct Fintoc {
    settings: Settings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
}

impl Fintoc {
    /// Checks the configuration and takes it over, with what the outer world gives.
    ///
    /// # Errors
    /// `Invalid` with the field of the configuration that is to blame; in `Live` that is
    /// `contract_verified` where nobody states that the contract was verified.
    pub fn new(
        config: FintocConfig,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        Ok(Self { settings: config.check()?, transport, clock })
    }

    /// These bytes are signed and these bytes are sent.
    fn build_request(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Request<Bytes>, Error> {
        let sign = signature(&body, &self.settings.api_key)?;
        let headers = [(HeaderName::from_static(SIGN_HEADER), sensitive(&sign)?)];
        let mut request = post_json(&self.settings.base, path, headers, body)?;
        *request.method_mut() = method;
        Ok(request)
    }
}

#[async_trait]
impl PayoutProvider for Fintoc {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn environment(&self) -> Environment {
        self.settings.environment
    }

    fn check(&self, order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        payout::request(order).map(drop)
    }

    fn payee_bank(&self, _order: &PayoutOrder) -> Option<Bank> {
        None
    }

    fn must_prepare(&self) -> bool {
        false
    }

    async fn prepare(&self, _order: &PayoutOrder) -> Result<Option<Handle>, Error> {
        Ok(None)
    }

    async fn create(
        &self,
        order: &PayoutOrder,
        _handle: Option<&Handle>,
        departure: Departure,
    ) -> Result<Observation, Error> {
        let body = payout::request(order).map_err(payout::invalid)?;
        let request = self.build_request(Method::POST, payout::PATH, to_ascii_json(&body)?)?;
        let asked_at = self.clock.now();
        let response = self.transport.send(request, departure).await.map_err(money_call_failure)?;
        payout::read_reply(&response, asked_at, self.clock.now())
    }

    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        let Some(path) = payout::query_path(payout) else {
            return Ok(Lookup::CannotTell(payout::NO_QUERY.to_owned()));
        };
        let request = self.build_request(Method::GET, &path, Bytes::new())?;
        let asked_at = self.clock.now();
        let response =
            self.transport.send(request, Departure::Anytime).await.map_err(query_failure)?;
        Ok(payout::read_lookup(&response, asked_at, self.clock.now()))
    }

    fn webhooks(&self) -> Option<&dyn WebhookDecoder> {
        Some(self)
    }
}
