//! Conekta (Mexico): payouts to any CLABE account, through a payee and a transfer. It collects no
//! payments.
//!
//! This crate opens no connection and reads no clock: transport and clock are given to
//! [`Conekta::new`]. It never retries.
//!
//! Know three things before you pay with it. Conekta accepts no key of ours and no idempotency key,
//! so [`PayoutProvider::prepare`] makes a fresh payee for each payout: store what it returns before
//! anything is sent, because only a transfer to that payee can be recognised as yours. A transfer
//! is executed on the next business day and cannot be cancelled. And only money that was collected
//! through Conekta can be paid out, after a contract with Conekta.
//!
//! Comments cite their sources: `manual` is Conekta's page about dispersions to third parties,
//! `docs: x` another page of its documentation, `openapi: x` and `mock: x` its repository of API
//! descriptions, other names a published client; `docs/providers/conekta.md` lists them. `inferred`
//! is our conclusion.
//!
//! ```
//! use std::sync::Arc;
//! # use bytes::Bytes;
//! # use pagos_core::{Departure, Timestamp, Transport, TransportError};
//! use pagos_conekta::{Conekta, ConektaConfig};
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
//! let config = ConektaConfig::new(Environment::Sandbox, Secret::new("key_DePruebaDeApi"));
//! let conekta = Conekta::new(config, transport, clock)?;
//! assert_eq!(conekta.descriptor().provider, "conekta");
//! assert_eq!(conekta.environment(), Environment::Sandbox);
//! # Ok::<(), pagos_core::Error>(())
//! ```

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod bank;
mod config;
mod contract;
mod manage;
mod payout;
mod settings;
mod sign;
mod status;
mod webhook;
mod wire;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response, header::CONTENT_TYPE};

use pagos_core::{
    Absence, Balance, BalanceSource, Bank, BankDirectory, Clabe, Clock, Contract, Country,
    Currency, Deduplication, Departure, Descriptor, Environment, Error, Handle, ListingPage,
    Lookup, Observation, PayoutListing, PayoutOrder, PayoutProvider, PayoutRef, Transport,
    Violation, WebhookDecoder, Window,
};
use pagos_wire::{invalid, money_call_failure, post_json, query_failure, refused_query};

pub use crate::{
    config::{ConektaConfig, KnownPayee},
    manage::{
        Listed,
        event::{EventRecord, Resent},
        key::{KeyState, WebhookKey},
        payee::{Destination, NewDestination, NewPayee, Payee, PayeeUpdate},
        transaction::Transaction,
        webhook::{Webhook, WebhookUpdate},
    },
    settings::{Language, SETTINGS},
    sign::verify,
};

use crate::{
    config::Settings,
    payout::{
        Instruction,
        handle::{Age, PayeeHandle, is_segment},
    },
    status::Shown,
};

/// For fresh payees: a transfer always names its payee, and the payee belongs to one payout.
/// Source: manual; openapi: schemas/transfers.
static DESCRIPTOR: Descriptor = describe(Deduplication::ByHandle);

/// For payees that are paid again: nothing distinguishes one payout from another.
static DESCRIPTOR_OF_REUSE: Descriptor = describe(Deduplication::None);

const COUNTRIES: &[Country] = &[Country::new("MEX")];

const fn describe(deduplication: Deduplication) -> Descriptor {
    Descriptor {
        provider: "conekta",
        countries: COUNTRIES,
        currencies: &[Currency::Mxn],
        deduplication,
        // It is not published how long the list of transfers lags. A hidden transfer is executed on
        // the next business day, and is visible then at the latest: from a Friday morning to a
        // Monday night. [inferred]
        absence: Absence { answers_min: 4, grace: Duration::from_secs(4 * 24 * 60 * 60) },
        // Banks return transfers, and no limit of time is documented.
        return_window: None,
        // Payee, transfer, states and refusals are in the manual, both queries in openapi.
        // Executed on the next business day (manual); "alert after three business days without a
        // final status", which can be five days. Source: docs/providers/conekta.md \[inferred\].
        pending_max: Some(Duration::from_secs(5 * 24 * 3_600)),
        // Conekta states no limit.
        answer_max: Some(Duration::from_secs(60)),
        requests_per_second_max: None,
        contract: Contract::Documented,
    }
}

/// One account in one environment of Conekta.
#[derive(Debug)]
pub struct Conekta {
    settings: Settings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
}

impl Conekta {
    /// Checks the configuration and keeps it, with the given transport and clock. Let the transport
    /// wait at least a minute for an answer, because Conekta states no limit.
    ///
    /// # Errors
    /// `Invalid` with the field of the configuration that is wrong.
    pub fn new(
        config: ConektaConfig,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        Ok(Self { settings: config.check()?, transport, clock })
    }

    fn request(&self, method: Method, path: &str, body: Bytes) -> Result<Request<Bytes>, Error> {
        let has_body = !body.is_empty();
        let mut request = post_json(&self.settings.base, path, self.settings.headers(), body)?;
        *request.method_mut() = method;
        if !has_body {
            request.headers_mut().remove(CONTENT_TYPE);
        }
        Ok(request)
    }

    /// Sends a query, which moves no money.
    async fn ask(&self, path: &str) -> Result<Response<Bytes>, Error> {
        let request = self.request(Method::GET, path, Bytes::new())?;
        self.transport.send(request, Departure::Anytime).await.map_err(query_failure)
    }

    fn instruction(&self, order: &PayoutOrder) -> Result<Instruction, Error> {
        Instruction::of(&self.settings, order).map_err(invalid)
    }

    fn shown<'a>(&'a self, order: &'a PayoutOrder) -> Shown<'a> {
        Shown::about(
            &self.settings.credentials,
            Some(&order.beneficiary.name),
            order.beneficiary.email.as_deref(),
        )
    }
}

#[async_trait]
impl PayoutProvider for Conekta {
    /// `ByHandle`, or `None` if the configuration names payees that are paid again.
    fn descriptor(&self) -> &'static Descriptor {
        match self.settings.known_payees.is_empty() {
            true => &DESCRIPTOR,
            false => &DESCRIPTOR_OF_REUSE,
        }
    }

    fn environment(&self) -> Environment {
        self.settings.environment
    }

    fn check(&self, order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        Instruction::of(&self.settings, order).map(drop)
    }

    /// The bank in the CLABE.
    fn payee_bank(&self, order: &PayoutOrder) -> Option<Bank> {
        let clabe: Clabe = order.beneficiary.account_number.as_str().parse().ok()?;
        bank::list().into_iter().find(|bank| bank.id == clabe.bank())
    }

    fn must_prepare(&self) -> bool {
        true
    }

    /// Makes a payee with the order's account, unless the configuration names one. A payee moves no
    /// money, so a lost answer is `Undelivered`: another payee is made, and the orphan does no
    /// harm. `Rejected` means that Conekta says that this payee cannot be made.
    async fn prepare(&self, order: &PayoutOrder) -> Result<Option<Handle>, Error> {
        let instruction = self.instruction(order)?;
        if let Some(payee) = self.settings.known_payee(&instruction.account) {
            let known = PayeeHandle {
                age: Age::Reused,
                payee: payee.to_owned(),
                destination: None,
                account: instruction.account,
            };
            return known.to_handle().map(Some);
        }
        let request = self.request(Method::POST, contract::PATH_PAYEES, instruction.payee()?)?;
        let response =
            self.transport.send(request, Departure::Anytime).await.map_err(query_failure)?;
        let payee =
            payout::answer::read_payee(&instruction.account, &response, &self.shown(order))?;
        payee.to_handle().map(Some)
    }

    /// Sends the transfer to the payee of the handle. `Rejected` for what the manual lists as
    /// refusals; `Throttled` for an insufficient balance and for too many requests; `Invalid`
    /// without a handle or with that of another account. Any other answer without a transfer is
    /// `Unknown`.
    async fn create(
        &self,
        order: &PayoutOrder,
        handle: Option<&Handle>,
        departure: Departure,
    ) -> Result<Observation, Error> {
        let instruction = self.instruction(order)?;
        let handle = handle.ok_or_else(|| {
            Error::invalid("handle").because(
                "a transfer needs the handle of its payee: call `prepare`, store what it returns, and \
                 give it to `create`; nothing was sent",
            )
        })?;
        let handle = PayeeHandle::of(handle)?;
        handle.check_account(&instruction.account)?;
        let body = instruction.transfer(&handle.payee)?;
        let request = self.request(Method::POST, contract::PATH_TRANSFERS, body)?;
        let asked_at = self.clock.now();
        let response = self.transport.send(request, departure).await.map_err(money_call_failure)?;
        let seen_at = self.clock.now();
        payout::answer::read_reply(&handle, &response, &self.shown(order), asked_at, seen_at)
    }

    /// Queries by the transfer's id if it is known, else by its payee in the list: up to 20 pages,
    /// back to ten minutes before the first attempt. Without a payee the answer is
    /// [`Lookup::CannotTell`].
    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        let handle = payout.handle.map(PayeeHandle::of).transpose()?;
        let reference = payout.reference.filter(|id| is_segment(id.as_str()));
        if let Some(reference) = reference {
            let path = format!("{}/{reference}", contract::PATH_TRANSFERS);
            let asked_at = self.clock.now();
            let response = self.ask(&path).await?;
            return payout::answer::read_lookup(
                &payout::answer::Asked {
                    reference,
                    handle: handle.as_ref(),
                    account: payout.order.beneficiary.account_number.as_str(),
                    asked_at,
                    seen_at: self.clock.now(),
                },
                &response,
                &self.shown(payout.order),
            );
        }
        match handle {
            Some(handle) => payout::list::find(self, payout, &handle).await,
            None => {
                let because = "neither the transfer's id nor its payee is known";
                Ok(Lookup::CannotTell(because.to_owned()))
            }
        }
    }

    fn balances(&self) -> Option<&dyn BalanceSource> {
        Some(self)
    }

    fn listing(&self) -> Option<&dyn PayoutListing> {
        Some(self)
    }

    fn banks(&self) -> Option<&dyn BankDirectory> {
        Some(self)
    }

    fn webhooks(&self) -> Option<&dyn WebhookDecoder> {
        Some(self)
    }
}

#[async_trait]
impl BalanceSource for Conekta {
    /// The amounts that can be paid out and that are pending. Conekta's commission and its tax are
    /// added to a payout, so a balance of exactly its amount can be too low. Source: manual.
    async fn balances(&self) -> Result<Vec<Balance>, Error> {
        self.balance().await.map(|balance| vec![balance]).map_err(refused_query)
    }
}

#[async_trait]
impl PayoutListing for Conekta {
    /// Every transfer of the account, including Conekta's settlements with the merchant; none has a
    /// key of ours.
    async fn page(&self, window: Window, cursor: Option<&str>) -> Result<ListingPage, Error> {
        payout::list::page(self, window, cursor).await
    }
}

#[async_trait]
impl BankDirectory for Conekta {
    /// A fixed table for Mexico; Conekta publishes none. Makes no call.
    async fn banks(&self) -> Result<Vec<Bank>, Error> {
        Ok(bank::list())
    }
}
