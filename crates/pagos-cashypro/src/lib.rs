//! Cashypro ("Cashy") payouts and pay-ins: Colombia complete, further countries as data.
//!
//! This crate opens no connection, reads no clock and draws no random numbers: transport, clock and
//! nonces are given to [`Cashypro::new`]. It never retries.
//!
//! Know two things before you pay with it. A final status can be reversed, in both directions, so
//! an answer of SUCCESS or FAIL is settled but not frozen. And the merchant's order number is the
//! only idempotency key: in doubt, query with [`PayoutProvider::query`], and never send the same
//! obligation under another key.
//!
//! Comments cite their sources: `manual` is the provider's payout page for Colombia, `docs: x` a
//! page of docs.cashypro.com, `showdoc` the older public manual, `code: hyperf` a public
//! integration with captured payloads, and `inferred` is our conclusion.
//!
//! ```
//! use std::sync::Arc;
//! # use bytes::Bytes;
//! # use pagos_core::{Departure, NonceSource, Timestamp, Transport, TransportError};
//! use pagos_cashypro::{Cashypro, CashyproConfig, country};
//! use pagos_core::{Clock, Environment, PayoutProvider, Secret};
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
//! let config = CashyproConfig {
//!     base_url: "https://sandbox.example/stage-api".to_owned(),
//!     merchant_id: "1002001".to_owned(),
//!     api_key: Secret::new("sandbox-key-0123456789abcdef"),
//!     notify_url: "https://merchant.example/webhooks/cashypro".to_owned(),
//!     ..CashyproConfig::new(Environment::Sandbox, country::COLOMBIA)
//! };
//! let cashypro = Cashypro::new(config, transport, clock, nonces)?;
//! assert_eq!(cashypro.descriptor().provider, "cashypro");
//! assert_eq!(cashypro.environment(), Environment::Sandbox);
//! # Ok::<(), pagos_core::Error>(())
//! ```

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod bank;
mod config;
pub mod country;
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
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use serde::{Serialize, de::DeserializeOwned};

use pagos_core::{
    Absence, Balance, BalanceSource, Bank, BankDirectory, Clock, Contract, Country, Currency,
    Deduplication, Departure, Descriptor, Environment, Error, ErrorKind, Handle, Lookup,
    NonceSource, Observation, PaymentOrder, PaymentProvider, PaymentRef, PaymentSession,
    PaymentTerms, PayoutOrder, PayoutProvider, PayoutRef, Repeat, Transport, Violation,
    WebhookDecoder,
};
use pagos_wire::{
    invalid, money_call_failure, post_json, query_failure, refused_query, retry_after, sensitive,
    to_ascii_json,
};

pub use crate::{
    config::{CashyproConfig, NonceText, PaymentConfig, PaymentProduct},
    settings::{PartialCountry, SETTINGS, SignCase},
    sign::{signature, string_to_sign, verify},
};

use crate::{
    bank::KnownBank,
    config::{HexNonce, Settings},
    sign::SIGN_HEADER,
    status::Answer,
    wire::{BalanceAnswer, BankAnswer, OrderQuery, PlainQuery},
};

static DESCRIPTOR: Descriptor = Descriptor {
    provider: "cashypro",
    countries: &[
        Country::new("COL"),
        Country::new("MEX"),
        Country::new("PER"),
        Country::new("ECU"),
        Country::new("CHL"),
        Country::new("IDN"),
        Country::new("PAK"),
        Country::new("IND"),
    ],
    currencies: &[
        Currency::Cop,
        Currency::Mxn,
        Currency::Pen,
        Currency::Usd,
        Currency::Clp,
        Currency::Idr,
        Currency::Pkr,
        Currency::Inr,
    ],
    // A merchant order number may not be repeated. Source: manual "Create Payout Order", docs:
    // en/col/payin. The answer to a repeat is not documented, and is read as `Unknown`.
    deduplication: Deduplication::ByKey,
    // No document says when an order becomes visible to queries. [inferred]
    absence: Absence { answers_min: 3, grace: Duration::from_secs(10 * 60) },
    // No limit of time for reversals is stated. Source: manual "Order result reversal processing".
    return_window: None,
    // No page says how long a payout takes. Webhooks are repeated for 17 hours, so nothing should
    // take longer. \[inferred\]
    pending_max: Some(Duration::from_secs(24 * 3_600)),
    answer_max: None,
    requests_per_second_max: None,
    contract: Contract::Documented,
};

/// One merchant at one deployment of Cashy.
#[derive(Debug)]
pub struct Cashypro {
    settings: Settings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    nonces: Arc<dyn NonceText>,
}

impl Cashypro {
    /// Checks the configuration and keeps it, with the given transport, clock and nonces.
    ///
    /// # Errors
    /// `Invalid` with the field of the configuration that is wrong.
    pub fn new(
        config: CashyproConfig,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        nonces: Arc<dyn NonceSource>,
    ) -> Result<Self, Error> {
        let settings = config.check()?;
        Ok(Self { settings, transport, clock, nonces: Arc::new(HexNonce(nonces)) })
    }

    /// Takes `nonceStr` from `nonces` instead, to replay documented examples byte for byte.
    #[must_use]
    pub fn with_nonce_text(self, nonces: Arc<dyn NonceText>) -> Self {
        Self { nonces, ..self }
    }

    /// The banks that payers can pay from, for pay types that require one.
    ///
    /// # Errors
    /// The same as [`BankDirectory::banks`].
    pub async fn payment_banks(&self) -> Result<Vec<Bank>, Error> {
        self.ask_banks("/api/payInBankListQuery").await
    }

    /// Serialises the body once, signs these bytes and sends these bytes.
    fn build_request(&self, path: &str, body: &impl Serialize) -> Result<Request<Bytes>, Error> {
        let settings = &self.settings;
        let body = to_ascii_json(body)?;
        let sign = signature(&body, &settings.api_key, settings.sign_case);
        let merchant = HeaderValue::from_str(&settings.merchant_id).map_err(|_| {
            Error::invalid("merchant_id").because("the merchant id is no header value")
        })?;
        let headers = [
            (HeaderName::from_static("merchantid"), merchant),
            (HeaderName::from_static(SIGN_HEADER), sensitive(&sign)?),
        ];
        post_json(&settings.base, path, headers, body)
    }

    /// A query that moves no money.
    async fn ask(&self, path: &str, body: &impl Serialize) -> Result<Response<Bytes>, Error> {
        let request = self.build_request(path, body)?;
        let response =
            self.transport.send(request, Departure::Anytime).await.map_err(query_failure)?;
        match response.status() {
            StatusCode::TOO_MANY_REQUESTS => Err(throttled(&response)),
            _ => Ok(response),
        }
    }

    /// Sends a query that concerns no order, and parses its answer.
    async fn ask_plainly<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        let nonce = self.nonces.draw();
        let response = self.ask(path, &PlainQuery { nonce_str: &nonce }).await?;
        let unreadable = |because: &str| {
            Error::new(ErrorKind::Unknown, format!("the answer cannot be read: {because}"))
        };
        match status::read(&response) {
            Answer::Data(data) => {
                serde_json::from_str(data.get()).map_err(|_| unreadable("another shape"))
            }
            Answer::Empty => Err(unreadable("no data")),
            Answer::Refused { error, .. } => Err(refused_query(error)),
            Answer::Unreadable(because) => Err(unreadable(&because)),
        }
    }

    async fn ask_banks(&self, path: &str) -> Result<Vec<Bank>, Error> {
        let rows: Vec<BankAnswer> = self.ask_plainly(path).await?;
        let bank = |row: BankAnswer| Bank {
            id: row.bank_id.into_string(),
            code: row.bank_code.map(|code| code.into_string()),
            name: row.bank_name.into_string(),
        };
        Ok(rows.into_iter().map(bank).collect())
    }

    async fn ask_order(
        &self,
        path: &str,
        key: &str,
        reference: Option<&str>,
    ) -> Result<Lookup, Error> {
        let nonce = self.nonces.draw();
        let body = OrderQuery { mch_order_no: key, nonce_str: &nonce, order_no: reference };
        let asked_at = self.clock.now();
        let response = self.ask(path, &body).await?;
        payout::read_lookup(&self.settings, &response, asked_at, self.clock.now())
    }
}

#[async_trait]
impl PayoutProvider for Cashypro {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn environment(&self) -> Environment {
        self.settings.environment
    }

    fn check(&self, order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        payout::request(&self.settings, order, "").map(drop)
    }

    fn payee_bank(&self, order: &PayoutOrder) -> Option<Bank> {
        let text = order.beneficiary.bank.as_ref()?.as_str();
        bank::find(&self.settings.country, text).map(KnownBank::to_bank)
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
        let request = {
            let nonce = self.nonces.draw();
            let body = payout::request(&self.settings, order, &nonce).map_err(invalid)?;
            self.build_request("/api/payOut", &body)?
        };
        let asked_at = self.clock.now();
        let response = self.transport.send(request, departure).await.map_err(money_call_failure)?;
        payout::read_reply(&self.settings, &response, asked_at, self.clock.now())
    }

    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        let reference = payout.reference.map(|reference| reference.as_str());
        self.ask_order("/api/payOutQuery", payout.order.key.as_str(), reference).await
    }

    fn balances(&self) -> Option<&dyn BalanceSource> {
        Some(self)
    }

    fn banks(&self) -> Option<&dyn BankDirectory> {
        Some(self)
    }

    fn payments(&self) -> Option<&dyn PaymentProvider> {
        Some(self)
    }

    fn webhooks(&self) -> Option<&dyn WebhookDecoder> {
        Some(self)
    }
}

#[async_trait]
impl BalanceSource for Cashypro {
    async fn balances(&self) -> Result<Vec<Balance>, Error> {
        let answer: BalanceAnswer = self.ask_plainly("/api/getBalance").await?;
        let unreadable = |because| Error::new(ErrorKind::Unknown, because);
        if answer.mch_id.is_some_and(|id| id.as_str() != self.settings.merchant_id) {
            return Err(unreadable("the answer speaks of another merchant"));
        }
        let money = |amount: pagos_wire::WireDecimal| {
            amount
                .in_currency(self.settings.country.currency)
                .map_err(|cause| unreadable("a balance is not exact").with_source(cause))
        };
        let unavailable = answer.un_balance.map(money).transpose()?;
        Ok(vec![Balance { available: money(answer.balance)?, unavailable }])
    }
}

#[async_trait]
impl BankDirectory for Cashypro {
    async fn banks(&self) -> Result<Vec<Bank>, Error> {
        self.ask_banks("/api/bankListQuery").await
    }
}

#[async_trait]
impl PaymentProvider for Cashypro {
    fn terms(&self) -> PaymentTerms {
        PaymentTerms {
            open_for: Some(Duration::from_secs(self.settings.payment.expire_seconds.into())),
            absence: DESCRIPTOR.absence,
            // The same as for payouts. Source: docs: en/col/payin, en/ecu/paydesk.
            repeat: Repeat::Refused,
        }
    }

    fn check(&self, order: &PaymentOrder) -> Result<(), Vec<Violation>> {
        payment::request(&self.settings, order, "").map(drop).map_err(|found| vec![found])
    }

    async fn create(&self, order: &PaymentOrder) -> Result<PaymentSession, Error> {
        let request = {
            let nonce = self.nonces.draw();
            let body = payment::request(&self.settings, order, &nonce)
                .map_err(|violation| invalid(vec![violation]))?;
            self.build_request(payment::path(&self.settings.payment.product), &body)?
        };
        let asked_at = self.clock.now();
        let response =
            self.transport.send(request, Departure::Anytime).await.map_err(money_call_failure)?;
        payment::read_session(&self.settings, &response, asked_at, self.clock.now())
    }

    async fn query(&self, payment: &PaymentRef<'_>) -> Result<Lookup<Vec<Observation>>, Error> {
        let reference = payment.reference.map(|reference| reference.as_str());
        if let PaymentProduct::PayDesk { .. } = self.settings.payment.product {
            // The query of payDesk exists, but its path is unknown to us. Source: docs:
            // tza/paydesk.
            return Ok(Lookup::CannotTell("payments of payDesk cannot be asked about".to_owned()));
        }
        let key = payment.order.key.as_str();
        let lookup = self.ask_order("/api/payInQuery", key, reference).await?;
        // One order is one try here.
        Ok(match lookup {
            Lookup::Found(seen) => Lookup::Found(vec![seen]),
            Lookup::Absent => Lookup::Absent,
            Lookup::Ambiguous(because) => Lookup::Ambiguous(because),
            Lookup::CannotTell(because) => Lookup::CannotTell(because),
        })
    }
}

/// The error of a query that was refused unread. The provider documents no such answer.
fn throttled(response: &Response<Bytes>) -> Error {
    Error::new(ErrorKind::Throttled, "too many queries").with_retry_after(retry_after(response))
}
