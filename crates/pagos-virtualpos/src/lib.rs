//! VirtualPOS (Chile): payouts whose signature is documented and whose endpoints are assumed, and
//! payments after public integrations.
//!
//! This crate opens no connection and reads no clock: transport and clock are given to
//! [`VirtualPos::new`]. It never retries.
//!
//! Know three things before you pay with it. VirtualPOS publishes how a payout is signed and
//! nothing else about it: paths, answers, state words and error codes are settings with assumed
//! defaults, and live use is refused until you state that you compared them with VirtualPOS's own
//! documents. It is unknown whether a repeated key is refused or paid twice, so what may have
//! arrived is not sent again ([`pagos_core::manual::unknown`]). And a query signs the whole
//! instruction again, so keep what [`PayoutProvider::prepare`] returns.
//!
//! Comments cite their sources: `manual` is VirtualPOS's page about the signature of payouts,
//! `docs: x` its page about that of payments, `code: K` a third party's summary of the payment
//! API's pages, `public code` integrations of others; `docs/providers/virtualpos.md` lists them.
//! `inferred` is our conclusion.
//!
//! ```
//! use std::sync::Arc;
//! # use bytes::Bytes;
//! # use pagos_core::{Departure, Timestamp, Transport, TransportError};
//! use pagos_core::{Clock, Environment, PayoutProvider, Secret};
//! use pagos_virtualpos::{VirtualPos, VirtualPosConfig};
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
//! let config = VirtualPosConfig::new(
//!     Environment::Sandbox,
//!     "https://payout-api.sandbox.example",
//!     Secret::new("a1b2c3-d4e5f6-0718a9-b2c3d4-e5f607"),
//!     Secret::new("00112233445566778899aabbccddeeff"),
//! );
//! let virtualpos = VirtualPos::new(config, transport, clock)?;
//! assert_eq!(virtualpos.descriptor().provider, "virtualpos");
//! assert_eq!(virtualpos.environment(), Environment::Sandbox);
//! # Ok::<(), pagos_core::Error>(())
//! ```

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod bank;
mod config;
mod contract;
mod payment;
mod payout;
mod settings;
mod sign;
mod status;
mod webhook;
mod wire;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response};
use serde::Serialize;

use pagos_core::{
    Absence, Bank, BankDirectory, Clock, Contract, Country, Currency, Deduplication, Departure,
    Descriptor, Environment, Error, Handle, Lookup, Observation, PaymentOrder, PaymentProvider,
    PaymentRef, PaymentSession, PaymentTerms, PayoutOrder, PayoutProvider, PayoutRef, Repeat,
    Transport, Violation, WebhookDecoder,
};
use pagos_wire::{BaseUrl, invalid, money_call_failure, post_json, query_failure, to_json};

pub use crate::{
    config::{Paths, PaymentConfig, TlsConfig, VirtualPosConfig},
    settings::{CreateBody, QueryMethod, QuerySignature, RutCheck, SETTINGS},
    sign::{Claims, payload, signature, string_to_sign, verify},
};

use crate::{
    config::{PaymentSettings, Settings, path::Template},
    payout::{Query, answer::Asked, instruction::Instruction},
    sign::Credentials,
};

static DESCRIPTOR: Descriptor = Descriptor {
    provider: "virtualpos",
    countries: &[Country::new("CHL")],
    currencies: &[Currency::Clp],
    // What a repeated `merchant_id` does is not published: it may pay twice. [inferred]
    deduplication: Deduplication::None,
    // Absence proves nothing here. This only decides when a person is called while queries go on;
    // the half hour is our choice. [inferred]
    absence: Absence { answers_min: 4, grace: Duration::from_secs(30 * 60) },
    // Banks return transfers, and no limit of time is documented. [inferred]
    return_window: None,
    pending_max: None,
    answer_max: None,
    requests_per_second_max: None,
    contract: Contract::Assumed,
};

/// One account in one environment of VirtualPOS.
#[derive(Debug)]
pub struct VirtualPos {
    settings: Settings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
}

impl VirtualPos {
    /// Checks the configuration and keeps it, with the given transport and clock. The caller builds
    /// a transport with a client certificate from [`TlsConfig`].
    ///
    /// # Errors
    /// `Invalid` with the field of the configuration that is wrong; in `Live` that is
    /// `contract_verified` if nobody states that the contract was verified.
    pub fn new(
        config: VirtualPosConfig,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        Ok(Self { settings: config.check()?, transport, clock })
    }

    /// The stored instruction, else the order's. It is checked to say the same as the order.
    fn instruction(
        &self,
        order: &PayoutOrder,
        handle: Option<&Handle>,
    ) -> Result<Instruction, Error> {
        let meant = payout::tef(&self.settings, order).map_err(invalid)?;
        let Some(handle) = handle else { return Instruction::new(meant) };
        let stored = Instruction::of_handle(handle)?;
        stored.check_order(order)?;
        stored.check_payee(&meant)?;
        Ok(stored)
    }

    fn create_request(&self, instruction: &Instruction) -> Result<Request<Bytes>, Error> {
        let settings = &self.settings;
        let body = payout::create_body(settings, instruction)?;
        let headers = settings.credentials.headers(instruction.claims())?;
        post_json(&settings.base, settings.create_path.as_str(), headers, body)
    }

    /// Queries by VirtualPOS's id if it is known and can be part of a path, else by our key.
    fn query_request(
        &self,
        payout: &PayoutRef<'_>,
        query: &Query,
    ) -> Result<Request<Bytes>, Error> {
        let settings = &self.settings;
        let by_id = payout.reference.and_then(|id| settings.by_id_path.fill(id.as_str()));
        let path = by_id.or_else(|| settings.by_key_path.fill(payout.order.key.as_str()));
        let path = path.ok_or_else(|| Error::invalid("key").because("it fits into no path"))?;
        let (method, body) = query.message(settings.query_method)?;
        let headers = settings.credentials.headers(query.claims())?;
        let mut request = post_json(&settings.base, &path, headers, body)?;
        *request.method_mut() = method;
        Ok(request)
    }

    fn collecting(&self) -> Result<&PaymentSettings, Violation> {
        self.settings.payments.as_ref().ok_or_else(|| {
            Violation::new("provider", "this account collects nothing", "configure PAYMENTS_URL")
                .only_in_english()
        })
    }

    /// Sends a call that opens a payment or its page. It moves no money.
    async fn open(
        &self,
        payments: &PaymentSettings,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Response<Bytes>, Error> {
        let request = payment_request(&payments.base, &payments.credentials, path, body)?;
        self.transport.send(request, Departure::Anytime).await.map_err(money_call_failure)
    }
}

#[async_trait]
impl PayoutProvider for VirtualPos {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn environment(&self) -> Environment {
        self.settings.environment
    }

    fn check(&self, order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        payout::tef(&self.settings, order).map(drop)
    }

    fn payee_bank(&self, order: &PayoutOrder) -> Option<Bank> {
        let code = order.beneficiary.bank.as_ref()?.as_str();
        bank::list().into_iter().find(|bank| bank.id == code)
    }

    fn must_prepare(&self) -> bool {
        true
    }

    /// Makes no call: the handle is the instruction itself, byte for byte, in base64url. It
    /// contains personal data of the payee, so protect it like the order.
    async fn prepare(&self, order: &PayoutOrder) -> Result<Option<Handle>, Error> {
        let tef = payout::tef(&self.settings, order).map_err(invalid)?;
        Instruction::new(tef)?.to_handle().map(Some)
    }

    /// `Unauthorized` for a refused signature, `Undelivered` if the request was never sent,
    /// `Invalid` for a handle of another order; anything else that is not a success with an id is
    /// `Unknown`, with the provider's code. No refusal is documented, so none is `Rejected`: query
    /// by our key.
    async fn create(
        &self,
        order: &PayoutOrder,
        handle: Option<&Handle>,
        departure: Departure,
    ) -> Result<Observation, Error> {
        let instruction = self.instruction(order, handle)?;
        let request = self.create_request(&instruction)?;
        let asked_at = self.clock.now();
        let response = self.transport.send(request, departure).await.map_err(money_call_failure)?;
        let seen_at = self.clock.now();
        payout::answer::read_reply(&self.settings, instruction.tef(), &response, asked_at, seen_at)
    }

    /// Signs the instruction of the handle, or the one that the order gives today. Without a handle
    /// a refused signature is [`Lookup::CannotTell`]: the order may give other bytes than those
    /// that were sent.
    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        let query = Query::about(&self.settings, payout)?;
        let request = self.query_request(payout, &query)?;
        let asked_at = self.clock.now();
        let response =
            self.transport.send(request, Departure::Anytime).await.map_err(query_failure)?;
        let asked = Asked {
            tef: query.instruction.as_ref().map(Instruction::tef),
            is_certain: query.is_certain,
            asked_at,
            seen_at: self.clock.now(),
        };
        payout::answer::read_lookup(&self.settings, &asked, &response)
    }

    fn banks(&self) -> Option<&dyn BankDirectory> {
        Some(self)
    }

    fn payments(&self) -> Option<&dyn PaymentProvider> {
        self.settings.payments.is_some().then_some(self)
    }

    fn webhooks(&self) -> Option<&dyn WebhookDecoder> {
        Some(self)
    }
}

#[async_trait]
impl BankDirectory for VirtualPos {
    /// A fixed table for Chile; VirtualPOS publishes none. Makes no call.
    async fn banks(&self) -> Result<Vec<Bank>, Error> {
        Ok(bank::list())
    }
}

#[async_trait]
impl PaymentProvider for VirtualPos {
    fn terms(&self) -> PaymentTerms {
        PaymentTerms {
            open_for: Some(Duration::from_secs(contract::OPEN_DAYS * 24 * 60 * 60)),
            // Guess: a word of its own reports the end of a payment, and a day is short after
            // thirty. [inferred]
            absence: Absence { answers_min: 2, grace: Duration::from_secs(24 * 60 * 60) },
            // No rule against a repeated internal code is known. [inferred]
            repeat: Repeat::OpensAnother,
        }
    }

    fn check(&self, order: &PaymentOrder) -> Result<(), Vec<Violation>> {
        let payments = self.collecting().map_err(|found| vec![found])?;
        payment::request(&self.settings, payments, order).map(drop)
    }

    /// Makes one call, or two if the first answer has no page for the payer. If the second answer
    /// is lost, the payment stays open and unseen: another call opens another one.
    async fn create(&self, order: &PaymentOrder) -> Result<PaymentSession, Error> {
        let payments = self.collecting().map_err(|found| invalid(vec![found]))?;
        let body = payment::request(&self.settings, payments, order).map_err(invalid)?;
        let asked_at = self.clock.now();
        let response = self.open(payments, contract::PATH_PAYMENT, &body).await?;
        let seen_at = self.clock.now();
        let opened = payment::read_opened(&self.settings, payments, &response, asked_at, seen_at)?;
        let url = match opened.url {
            Some(url) => url,
            None => {
                let path = payment_path(contract::PATH_WEBCHECKOUT, &opened.observation)?;
                let body = payment::webcheckout(payments, order).map_err(invalid)?;
                let response = self.open(payments, &path, &body).await?;
                payment::read_link(&self.settings, payments, &response)?
            }
        };
        Ok(PaymentSession {
            observation: opened.observation,
            url: Some(url),
            code: None,
            secret: None,
        })
    }

    async fn query(&self, payment: &PaymentRef<'_>) -> Result<Lookup<Vec<Observation>>, Error> {
        let payments = self.collecting().map_err(|found| invalid(vec![found]))?;
        let Some(reference) = payment.reference else {
            return Ok(Lookup::CannotTell("a payment is asked about by its uuid".to_owned()));
        };
        let template = Template::parse("path", contract::PATH_PAYMENT_BY_ID, "{id}")?;
        let Some(path) = template.fill(reference.as_str()) else {
            return Ok(Lookup::CannotTell("the uuid fits into no path".to_owned()));
        };
        let headers = payments.credentials.headers(Claims::ApiKeyOnly)?;
        let mut request = post_json(&payments.base, &path, headers, Bytes::new())?;
        *request.method_mut() = Method::GET;
        let asked_at = self.clock.now();
        let response =
            self.transport.send(request, Departure::Anytime).await.map_err(query_failure)?;
        payment::read_lookup(&self.settings, payments, &response, asked_at, self.clock.now())
    }
}

/// Serialises the body once, signs these bytes and sends these bytes.
fn payment_request(
    base: &BaseUrl,
    credentials: &Credentials,
    path: &str,
    body: &impl Serialize,
) -> Result<Request<Bytes>, Error> {
    let body = to_json(body)?;
    let headers = credentials.headers(Claims::Attributes(&body))?;
    post_json(base, path, headers, body)
}

fn payment_path(template: &str, opened: &Observation) -> Result<String, Error> {
    let id = opened.reference.as_ref().map_or("", |reference| reference.as_str());
    let path = Template::parse("path", template, "{id}")?.fill(id);
    path.ok_or_else(|| Error::invalid("reference").because("the uuid fits into no path"))
}
