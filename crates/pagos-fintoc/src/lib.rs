//! Fintoc (Mexico, Chile): payouts over SPEI and TEF from an account at Fintoc. Collects nothing.
//!
//! This crate opens no connection, reads no clock and draws no random number: transport, clock and nonces
//! are given to [`Fintoc::new`]. It retries nothing.
//!
//! Three things to know before paying with it. Fintoc keeps its first answer to a key, a refusal too, and
//! gives it again for a day at least: a payout that was refused needs a new order with a new key. After
//! that day a repeat can pay twice, so nothing is sent again then ([`Deduplication::ByKeyFor`]). And a
//! success can come back later.
//!
//! Sources of facts are cited where the code rests on them: `docs: x` is a page of docs.fintoc.com, `sdk: x`
//! one of Fintoc's published packages, `recorded: x` an exchange with Fintoc's own server that lies in one of
//! them, `cli` and `skill` further repositories of Fintoc's; `docs/providers/fintoc.md` lists them. `inferred`
//! is our conclusion.
//!
//! ```
//! use std::sync::Arc;
//! # use bytes::Bytes;
//! # use pagos_core::{Departure, NonceSource, Timestamp, Transport, TransportError};
//! use pagos_core::{Clock, Environment, Secret};
//! use pagos_fintoc::{Country, Fintoc, FintocConfig};
//! # #[derive(Debug)]
//! # struct Outside;
//! # impl Clock for Outside { fn now(&self) -> Timestamp { Timestamp::default() } }
//! # impl NonceSource for Outside { fn draw(&self) -> [u8; 16] { [7; 16] } }
//! # #[async_trait::async_trait]
//! # impl Transport for Outside {
//! #     async fn send(&self, _: http::Request<Bytes>, _: Departure)
//! #     -> Result<http::Response<Bytes>, TransportError> { unreachable!() }
//! # }
//! # let (transport, clock, nonces) = (Arc::new(Outside), Arc::new(Outside), Arc::new(Outside));
//!
//! let config = FintocConfig::new(
//!     Environment::Sandbox,
//!     "https://api.fintoc.com",
//!     Secret::new("sk_test_0123456789"),
//!     "acc_31yYL7h9LVPg121AgFtCyJPDsgM",
//!     Country::Mexico,
//!     Secret::new("the text of a PEM file"),
//! );
//! let refused = Fintoc::new(config, transport, clock, nonces).unwrap_err();
//! assert_eq!(refused.field(), Some("jws_private_key"));
//! ```

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod config;
mod contract;
mod country;
mod payout;
mod settings;
mod sign;
mod status;
mod webhook;
mod wire;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, Method, Request, Response, header::CONTENT_TYPE};

use pagos_core::{
    Absence, Balance, BalanceSource, Bank, Clock, Contract, Currency, Deduplication, Departure,
    Descriptor, Environment, Error, ErrorKind, Handle, ListingPage, Lookup, Money, NonceSource,
    Observation, PayoutListing, PayoutOrder, PayoutProvider, PayoutRef, Transport, Violation,
    WebhookDecoder, Window,
};
use pagos_wire::{invalid, money_call_failure, post_json, query_failure, sensitive, to_json};

pub use crate::{
    config::FintocConfig,
    country::Country,
    settings::SETTINGS,
    sign::{SigningKey, Stamp, signature, string_to_sign, verify},
};

use crate::{config::Settings, sign::JWS_HEADER, status::Shown, wire::AccountAnswer};

static DESCRIPTOR: Descriptor = Descriptor {
    provider: "fintoc",
    countries: &[pagos_core::Country::new("MEX"), pagos_core::Country::new("CHL")],
    currencies: &[Currency::Mxn, Currency::Clp],
    // The first answer to a key is kept and given again; keys may be deleted once they are 24 hours old.
    // Source: docs: api/fintoc-api/idempotent-requests.
    deduplication: Deduplication::ByKeyFor(Duration::from_secs(24 * 60 * 60)),
    // By how long the list of transfers lags is not published. [inferred]
    absence: Absence { answers_min: 3, grace: Duration::from_secs(30 * 60) },
    // Banks return transfers, and nobody states a limit.
    return_window: None,
    // Both rails pay within minutes, large Chilean transfers on the next banking day. Nobody states how
    // long Fintoc may take. [inferred]
    pending_max: Some(Duration::from_secs(24 * 60 * 60)),
    answer_max: None,
    // Then HTTP 429. Source: docs: v2023-11-15/api/fintoc-api/errors/errors-status-codes.
    requests_per_second_max: Some(5),
    // The call, its signature, keys, refusals and the list are in Fintoc's documents and packages.
    contract: Contract::Documented,
};

/// One account in one environment of Fintoc.
#[derive(Debug)]
pub struct Fintoc {
    settings: Settings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    nonces: Arc<dyn NonceSource>,
}

impl Fintoc {
    /// Checks the configuration and takes it over, with what the outer world gives.
    ///
    /// # Errors
    /// `Invalid` with the field of the configuration that is to blame.
    pub fn new(
        config: FintocConfig,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        nonces: Arc<dyn NonceSource>,
    ) -> Result<Self, Error> {
        Ok(Self { settings: config.check()?, transport, clock, nonces })
    }

    /// A query. It moves no money and is not signed: recorded ones were answered without a signature.
    async fn ask(&self, path: &str) -> Result<Response<Bytes>, Error> {
        let settings = &self.settings;
        let mut request = post_json(&settings.base, path, settings.headers(), Bytes::new())?;
        *request.method_mut() = Method::GET;
        request.headers_mut().remove(CONTENT_TYPE);
        self.transport.send(request, Departure::Anytime).await.map_err(query_failure)
    }

    /// Serialised once; these bytes are signed and these bytes are sent. The key is the order's at every
    /// attempt, and nonce and time are fresh at each.
    fn transfer(&self, order: &PayoutOrder) -> Result<Request<Bytes>, Error> {
        let settings = &self.settings;
        let body = to_json(&payout::request(settings, order).map_err(invalid)?)?;
        let stamp = Stamp { nonce: self.nonces.draw(), at: self.clock.now() };
        let signature = signature(&body, stamp, &settings.signing_key)?;
        let own = [
            (HeaderName::from_static("idempotency-key"), sensitive(order.key.as_str())?),
            (HeaderName::from_static(JWS_HEADER), sensitive(&signature)?),
        ];
        let headers = settings.headers().chain(own);
        post_json(&settings.base, contract::PATH_TRANSFERS, headers, body)
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
        payout::request(&self.settings, order).map(drop)
    }

    /// Fintoc's list of institutions is not in this crate.
    fn payee_bank(&self, _order: &PayoutOrder) -> Option<Bank> {
        None
    }

    fn must_prepare(&self) -> bool {
        false
    }

    async fn prepare(&self, _order: &PayoutOrder) -> Result<Option<Handle>, Error> {
        Ok(None)
    }

    /// `Rejected` for what Fintoc documents as refusals, each of which has spent the key. `Unauthorized`
    /// where key or signature were refused, and `Throttled` for too many requests. Everything else that
    /// is no transfer is `Unknown`, a repeated transfer too.
    async fn create(
        &self,
        order: &PayoutOrder,
        _handle: Option<&Handle>,
        departure: Departure,
    ) -> Result<Observation, Error> {
        let request = self.transfer(order)?;
        let asked_at = self.clock.now();
        let response = self.transport.send(request, departure).await.map_err(money_call_failure)?;
        payout::read_reply(&self.settings, order, &response, asked_at, self.clock.now())
    }

    /// By the transfer's id where it is known, else by our key in the list: up to 20 pages, from ten
    /// minutes before the first attempt on, and if there are more, 20 of the minutes around that attempt.
    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        let Some(path) = payout.reference.and_then(payout::path) else {
            return payout::list::find(self, payout).await;
        };
        let asked_at = self.clock.now();
        let response = self.ask(&path).await?;
        payout::read_lookup(&self.settings, payout, &response, asked_at, self.clock.now())
    }

    fn balances(&self) -> Option<&dyn BalanceSource> {
        Some(self)
    }

    fn listing(&self) -> Option<&dyn PayoutListing> {
        Some(self)
    }

    fn webhooks(&self) -> Option<&dyn WebhookDecoder> {
        Some(self)
    }
}

#[async_trait]
impl BalanceSource for Fintoc {
    /// What can be paid out of this account. Source: recorded: accounts/get.
    async fn balances(&self) -> Result<Vec<Balance>, Error> {
        let settings = &self.settings;
        let unreadable = |because: &str| Error::new(ErrorKind::Unknown, because);
        let path = format!("{}/{}", contract::PATH_ACCOUNTS, settings.account_id);
        let response = self.ask(&path).await?;
        let shown = Shown::new(&settings.credentials, None);
        let body = status::read_query(&response, &shown)?.map_err(|told| unreadable(&told))?;
        let answer: AccountAnswer =
            status::parse(body).ok_or_else(|| unreadable("the answer has another shape"))?;
        if answer.id.is_none_or(|id| id.as_str() != settings.account_id) {
            return Err(unreadable("the answer speaks of another account"));
        }
        let currency = settings.country.currency();
        if answer.currency.is_none_or(|told| told.as_str() != currency.code()) {
            return Err(unreadable("the account has another currency than its country"));
        }
        let minor = answer.available_balance.ok_or_else(|| unreadable("no balance is told"))?;
        let available = Money::new(minor.value(), currency);
        Ok(vec![Balance { available, unavailable: None }])
    }
}

#[async_trait]
impl PayoutListing for Fintoc {
    /// Every transfer out of the account; those that Pagos made bear our key.
    async fn page(&self, window: Window, cursor: Option<&str>) -> Result<ListingPage, Error> {
        payout::list::page(self, window, cursor).await
    }
}
