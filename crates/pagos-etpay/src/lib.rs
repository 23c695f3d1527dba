//! ETpay (Chile): payments by bank transfer, and payouts behind a contract that is assumed.
//!
//! This crate opens no connection and reads no clock: transport and clock are given to
//! [`Etpay::new`]. It never retries a call that moves money.
//!
//! Know three things before you use it. The end of a payment is reported by a notification that is
//! signed with a secret of that session, so store [`PaymentSession::secret`] before the payer sees
//! the address. The browser's redirect proves nothing. And ETpay publishes its calls for payments,
//! but not those for payouts: our assumptions about them are in one file, and live use is refused
//! until you state that you compared it with ETpay's own documents.
//!
//! Comments cite their sources: `manual` is one of ETpay's two manual pages, `docs: Dn` a public
//! page, `sdk` ETpay's Python package, `code` public code of others; `docs/providers/etpay.md`
//! lists them. `inferred` is our conclusion and `sim` our invention.
//!
//! ```
//! use std::sync::Arc;
//! # use bytes::Bytes;
//! # use pagos_core::{Departure, Timestamp, Transport, TransportError};
//! use pagos_core::{Clock, Environment, PayoutProvider, Secret};
//! use pagos_etpay::{Etpay, EtpayConfig, PaymentConfig};
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
//! let config = EtpayConfig {
//!     environment: Environment::Sandbox,
//!     merchant_code: "cl_sim_merchant".to_owned(),
//!     merchant_api_token: Secret::new("sandbox-token-0123456789abcdef"),
//!     payments: Some(PaymentConfig::new(
//!         "https://api.sandbox.example",
//!         "https://pmt.sandbox.example",
//!         "https://merchant.example/webhooks/etpay",
//!     )),
//!     payouts: None,
//!     sandbox_clock_days: 0,
//! };
//! let etpay = Etpay::new(config, transport, clock)?;
//! assert!(etpay.payments().is_some());
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
mod session;
mod settings;
mod sign;
mod status;
mod webhook;
mod wire;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use pagos_core::{
    Absence, Balance, BalanceSource, Bank, BankDirectory, Clock, Contract, Country, Currency,
    Deduplication, Departure, Descriptor, Environment, Error, Handle, ListingPage, Lookup,
    Observation, PaymentOrder, PaymentProvider, PaymentRef, PaymentSession, PaymentTerms,
    PayoutListing, PayoutOrder, PayoutProvider, PayoutRef, Repeat, Transport, Violation,
    WebhookDecoder, Window,
};
use pagos_wire::{BaseUrl, invalid, money_call_failure, post_json, query_failure, to_ascii_json};

pub use crate::{
    config::{EtpayConfig, PaymentConfig, PayoutConfig},
    settings::SETTINGS,
    sign::{Claims, sign, verify},
    webhook::body::read_redirect,
};

use crate::config::{PaymentSettings, Settings};

/// One merchant in one environment of ETpay.
#[derive(Debug)]
pub struct Etpay {
    settings: Settings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    login: Option<session::Login>,
}

impl Etpay {
    /// Checks the configuration and keeps it, with the given transport and clock.
    ///
    /// # Errors
    /// `Invalid` with the field of the configuration that is wrong; in `Live` that is
    /// `contract_verified` if payouts are configured and nobody states that their contract was
    /// verified.
    pub fn new(
        config: EtpayConfig,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let settings = config.check()?;
        let login = settings.payouts.is_some().then(session::Login::default);
        Ok(Self { settings, transport, clock, login })
    }

    fn collecting(&self) -> Result<&PaymentSettings, Violation> {
        self.settings.payments.as_ref().ok_or_else(|| {
            Violation::new("provider", "this account collects no payments", "configure PMT_URL")
                .only_in_english()
        })
    }

    fn session_request(&self, order: &PaymentOrder) -> Result<Request<Bytes>, Error> {
        let payments = self.collecting().map_err(|found| invalid(vec![found]))?;
        let body = payment::request(&self.settings, payments, order).map_err(invalid)?;
        build_request(&payments.base, "/session/initialize", &body)
    }
}

/// Credentials are in the body and nothing is signed, so there is no header to add. Source: manual.
fn build_request(
    base: &BaseUrl,
    path: &str,
    body: &impl Serialize,
) -> Result<Request<Bytes>, Error> {
    post_json(base, path, [], to_ascii_json(body)?)
}

#[async_trait]
impl PaymentProvider for Etpay {
    fn terms(&self) -> PaymentTerms {
        PaymentTerms {
            // ETpay does not say, so it is a setting. Source: docs: D25, a reseller.
            open_for: self.settings.payments.as_ref().map(|payments| payments.open_for),
            // Guess: no document says when an answer is complete. The notification of an abandoned
            // session comes after its end. Source: docs: D25. [inferred]
            absence: Absence { answers_min: 2, grace: Duration::from_secs(15 * 60) },
            // No rule against a repeated order id is documented, and public samples use one id for
            // every sale. Source: code: C2, C3. [inferred]
            repeat: Repeat::OpensAnother,
        }
    }

    fn check(&self, order: &PaymentOrder) -> Result<(), Vec<Violation>> {
        let payments = self.collecting().map_err(|found| vec![found])?;
        payment::request(&self.settings, payments, order).map(drop)
    }

    /// A lost answer is `Unknown`, and another call is safe: nobody can pay in a session whose
    /// token nobody has. Keep only the last session.
    async fn create(&self, order: &PaymentOrder) -> Result<PaymentSession, Error> {
        let request = self.session_request(order)?;
        let payments = self.collecting().map_err(|found| invalid(vec![found]))?;
        let asked_at = self.clock.now();
        let response =
            self.transport.send(request, Departure::Anytime).await.map_err(money_call_failure)?;
        payment::read_session(&self.settings, payments, &response, asked_at, self.clock.now())
    }

    /// Limits are not published: query one session at most every 30 seconds. \[inferred\]
    async fn query(&self, payment: &PaymentRef<'_>) -> Result<Lookup<Vec<Observation>>, Error> {
        let payments = self.collecting().map_err(|found| invalid(vec![found]))?;
        let body = payment::query(&self.settings, payment);
        // Source: sdk.
        let request = build_request(&payments.base, "/merchant/check_payment_status", &body)?;
        let asked_at = self.clock.now();
        let response =
            self.transport.send(request, Departure::Anytime).await.map_err(query_failure)?;
        let seen_at = self.clock.now();
        payment::answer::read_lookup(&self.settings, payment, &response, asked_at, seen_at)
    }
}

static DESCRIPTOR: Descriptor = Descriptor {
    provider: "etpay",
    countries: &[Country::new("CHL")],
    currencies: &[Currency::Clp],
    // No idempotency key and no rule about duplicates is documented, so a repeat may pay twice.
    // [inferred]
    deduplication: Deduplication::None,
    // Absence is never proof here: lists are paged, lag, and are silently answered with other days.
    // This value only decides when a person is called, while the queries go on. [inferred]
    absence: Absence { answers_min: 4, grace: Duration::from_secs(30 * 60) },
    // Neither returns nor a limit for them are documented.
    return_window: None,
    // Transfers are instant up to 7,000,000 CLP; larger ones wait for the next banking window,
    // which a weekend can delay. \[inferred\]
    pending_max: Some(Duration::from_secs(4 * 24 * 3_600)),
    answer_max: None,
    requests_per_second_max: None,
    contract: Contract::Assumed,
};

#[async_trait]
impl PayoutProvider for Etpay {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn environment(&self) -> Environment {
        self.settings.environment
    }

    fn check(&self, order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        let side = self.paying().map_err(|found| vec![found])?;
        payout::request(&self.settings, side.payouts, order).map(drop)
    }

    fn payee_bank(&self, order: &PayoutOrder) -> Option<Bank> {
        bank::find(order.beneficiary.bank.as_ref()?.as_str()).map(bank::BankRow::to_bank)
    }

    /// Only while there is no valid login.
    fn must_prepare(&self) -> bool {
        self.paying().is_ok_and(|side| !side.is_logged_in())
    }

    /// Logs in, so that a failed login happens before an attempt is recorded.
    async fn prepare(&self, _order: &PayoutOrder) -> Result<Option<Handle>, Error> {
        if let Ok(side) = self.paying() {
            side.token().await?;
        }
        Ok(None)
    }

    async fn create(
        &self,
        order: &PayoutOrder,
        _handle: Option<&Handle>,
        departure: Departure,
    ) -> Result<Observation, Error> {
        let side = self.paying().map_err(|found| invalid(vec![found]))?;
        side.create(order, departure).await
    }

    /// Queries by ETpay's id if it is known, else by our key among the payouts of some days.
    /// `Absent` then reports what a list shows, and is never proof.
    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        let Ok(side) = self.paying() else {
            return Ok(Lookup::CannotTell("this account makes no payouts".to_owned()));
        };
        match payout.reference {
            Some(reference) => side.look_up(reference).await,
            None => payout::search::find(side, payout).await,
        }
    }

    fn balances(&self) -> Option<&dyn BalanceSource> {
        self.settings.payouts.is_some().then_some(self)
    }

    fn listing(&self) -> Option<&dyn PayoutListing> {
        self.settings.payouts.is_some().then_some(self)
    }

    fn banks(&self) -> Option<&dyn BankDirectory> {
        self.settings.payouts.is_some().then_some(self)
    }

    fn payments(&self) -> Option<&dyn PaymentProvider> {
        self.settings.payments.is_some().then_some(self)
    }

    fn webhooks(&self) -> Option<&dyn WebhookDecoder> {
        Some(self)
    }
}

#[async_trait]
impl BalanceSource for Etpay {
    async fn balances(&self) -> Result<Vec<Balance>, Error> {
        let side = self.paying().map_err(|found| invalid(vec![found]))?;
        side.balances().await
    }
}

#[async_trait]
impl PayoutListing for Etpay {
    async fn page(&self, window: Window, cursor: Option<&str>) -> Result<ListingPage, Error> {
        let side = self.paying().map_err(|found| invalid(vec![found]))?;
        payout::search::page(side, window, cursor).await
    }
}

#[async_trait]
impl BankDirectory for Etpay {
    /// From a fixed table: ETpay publishes no list that could be requested.
    async fn banks(&self) -> Result<Vec<Bank>, Error> {
        let side = self.paying().map_err(|found| invalid(vec![found]))?;
        Ok(bank::payee_banks(self.settings.environment, &side.payouts.confirmed_banks))
    }
}
