//! Stateful local simulators of payout providers, with faults, for tests and sandboxes.
//!
//! A [`Twin`] is a pure state machine: requests and times go in, replies and webhooks come out, and
//! a bank [`Ledger`] says what was really paid. A [`World`] holds the twins of all providers and a
//! control surface. Run it in one process under a [`VirtualClock`] through [`TwinTransport`], or
//! with the feature `server` behind HTTP on loopback with `serve`.
//!
//! This crate knows no client: it depends on no provider crate and derives signatures on its own, so
//! that one mistake cannot hide on both sides. It never touches real money or a real provider, and
//! its webhooks go over plain HTTP to `localhost` and loopback addresses only.
//!
//! # Paths
//!
//! | path | what |
//! |---|---|
//! | `/cashypro/stage-api/api/...` | Cashypro of Colombia: `payOut`, `payOutQuery`, `getBalance`, `bankListQuery`, `payInBankListQuery`, `payIn`, `payInQuery`, `payDesk` |
//! | `/conekta/...` | Conekta of Mexico: payees, transfers, events, webhooks and their keys; see [`conekta`] |
//! | `/etpay/api/...`, `/etpay/pmt/...`, `/etpay/platform/...` | ETpay of Chile: payments, the page of the payer, payouts; see [`etpay`] |
//! | `/fintoc/v2/...` | Fintoc of Mexico: transfers and the account that they leave; see [`fintoc`] |
//! | `/virtualpos/payout/...`, `/virtualpos/payments/...`, `/virtualpos/pay/...` | VirtualPOS of Chile: payouts, payments, the page of the payer; see [`virtualpos`] |
//! | `GET /_twin/ledger` | every [`Movement`], oldest first; `?from=n` leaves out the first n |
//! | `GET /_twin/orders` | every order with its status and the status it will end with |
//! | `GET /_twin/credentials` | invented credentials and addresses by provider |
//! | `GET /_twin/faults` | seed, rates, and how often each fault has happened |
//! | `POST /_twin/faults` | `{"provider", "profile", "seed", "rates": {fault: per mille}, "triggers": [{"key", "fault", "times"}]}`, each part optional |
//! | `GET /_twin/clock` | what the clock shows, and how many times faster than real time it runs |
//! | `POST /_twin/clock` | `{"advance_ms": n}` or `{"speed": n}` |
//! | `/_twin/<provider>/...` | what one twin alone understands |
//! | `POST /_twin/reset` | forgets orders, money, webhooks and faults; settings and seed stay |
//!
//! A control call that makes no sense is answered with 400 and `{"error": "..."}` and changes
//! nothing.
//!
//! # Faults
//!
//! [`Faults`] are drawn by rates (profiles `none`, `mild`, `hostile`), ordered for one key by a
//! [`Trigger`], or asked for by the order itself in a remark (Cashypro: `remark`; ETpay: the
//! `description` of a payout; VirtualPOS: its `message`; Conekta: the names of payee and account; Fintoc: `comment`). A trigger wins over a remark, a remark over chance. At most one
//! fault meets one occasion. A draw depends on the seed, the occasion, the key and how many such
//! occasions the key had; nothing else, so that traffic of other orders changes nothing for this one.
//!
//! | occasion | fault | in a remark | what happens | per mille in `hostile` |
//! |---|---|---|---|---|
//! | create | `lose_request` | `sim:timeout-not-created` | connection closes, nothing is applied | 30 |
//! | create | `lose_reply` | `sim:timeout-created` | applied, connection closes | 40 |
//! | create | `error_after` | `sim:500-created` | applied, answered with the provider's internal error | 25 |
//! | create | `error_before` | `sim:500-not-created` | not applied, internal error | 20 |
//! | create | `busy` | `sim:busy` | not applied, the provider is busy | 15 |
//! | create | `late_apply` | `sim:late-apply` | connection closes, applied 1 to 8 minutes later | 30 |
//! | create | `torn` | `sim:torn` | applied, the answer breaks off | 20 |
//! | create | `html_before` | `sim:html-502-not-created` | not applied, HTML 502 | 20 |
//! | create | `html_after` | `sim:html-502` | applied, HTML 502 | 20 |
//! | create | `throttle` | `sim:throttle` | not applied, HTTP 429 | 15 |
//! | create | `refuse` | `sim:refused` | not applied, a field is said to be wrong | 5 |
//! | create | `slow_reply` | `sim:slow` | applied, answered after 2 to 10 seconds | 5 |
//! | create | `balance_exhausted` | `sim:no-funds` | the balance does not cover it: Cashypro accepts and fails it later, the others refuse it | 5 |
//! | query | `query_lost` | | connection closes | 25 |
//! | query | `query_error` | | the provider's internal error | 15 |
//! | query | `query_torn` | | the answer breaks off | 15 |
//! | query | `query_html` | | HTML 502 | 20 |
//! | query | `query_throttle` | | HTTP 429 | 15 |
//! | query | `odd_word` | `sim:odd-word` | statuses are told in a word that nobody documented; of an order that asks for it, in the first three answers | 10 |
//! | webhook | `webhook_lost` | `sim:no-webhook` | never sent | 60 |
//! | webhook | `webhook_duplicated` | `sim:dup-webhook` | sent twice | 60 |
//! | webhook | `webhook_delayed` | | sent 0.5 to 15 minutes late, perhaps behind a reversal | 50 |
//! | webhook | `webhook_bad_sign` | | first sending wrongly signed, or a lie where nothing is signed; then right | 30 |
//! | webhook | | `sim:bad-sign` | every sending wrongly signed | |
//! | webhook | | `sim:out-of-order` | a notice of an earlier status follows the final one | |
//! | life | `decline` | `sim:fail`, `sim:fail:<reason>` | fails | 30 |
//! | life | `cancel` | `sim:cancel` | is cancelled (ETpay: rejected with `SIM06`; VirtualPOS: `cancelado`; Conekta: `failed`; Fintoc: `rejected`) | 5 |
//! | life | `success_then_fail` | `sim:success-then-fail` | paid, taken back 1 to 10 minutes later | 10 |
//! | life | `fail_then_success` | `sim:fail-then-success` | failed, paid after all | 10 |
//! | life | | `sim:success` | paid, and nothing goes wrong on the way | |
//! | life | | `sim:stuck` | under way for seven days, then paid | |
//! | life | | `sim:amount-echo` | query and webhook tell 100 pesos more than was ordered; Conekta's create does too | |
//! | listing | `listing_lags` | | for 1 to 10 minutes lists leave it out (ETpay, Conekta, Fintoc) or queries by the merchant's own number do not find it (VirtualPOS) | 100 |
//!
//! A remark about the call works on the first create of its key; a repeat is treated as usual. A
//! remark that begins with `sim:` and names nothing is refused. With Cashypro, accounts
//! `9990000001` to `9990000007` always fail (no such account, frozen, document mismatch, refused by the bank,
//! daily limit, cancelled by compliance, and for a reason that says that nobody knows), and so does a wallet
//! that is not paid as a savings account. With ETpay some beneficiaries have outcomes of their own, with VirtualPOS,
//! Conekta and Fintoc some accounts; see [`etpay`], [`virtualpos`], [`conekta`] and [`fintoc`].
//!
//! Every order that exists ends in exactly one truth after finite virtual time.
//!
//! # Writing another twin
//!
//! `cargo xtask new-provider NAME` writes one that answers every call with 501: an implementation of
//! `Protocol` (see `machine.rs`), which makes a [`Machine`] a [`Twin`], and its lines in this file.

// docs.rs shows which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod balance;
mod book;
mod call;
pub mod cashypro;
mod chile;
mod clock;
pub mod conekta;
mod control;
pub mod etpay;
mod fault;
mod fields;
pub mod fintoc;
#[cfg(feature = "server")]
mod journal;
mod ledger;
mod machine;
mod notification;
mod outcome;
mod page;
mod random;
mod scenario;
mod schedule;
#[cfg(feature = "server")]
mod server;
mod surface;
mod timing;
mod transport;
mod twin;
pub mod virtualpos;
mod web;
mod world;

pub use clock::{SpeedError, TwinClock, VirtualClock};
pub use fault::{Fault, Faults, Occasion, Profile, ProfileError, RatesError, Trigger};
#[cfg(feature = "server")]
pub use journal::{Body, Input, Journal, JournalError, Opened};
pub use ledger::{Direction, Ledger, Movement, Totals};
pub use machine::Machine;
pub use random::{Span, SplitMix64};
#[cfg(feature = "server")]
pub use server::{ScaledClock, ServeError, ServeOptions, ServerHandle, serve};
pub use surface::answer_clock;
pub use timing::Timing;
pub use transport::TwinTransport;
pub use twin::{Ack, DeliveryId, OrderView, Outgoing, Registration, Reply, Twin, WebhookDelivery};
pub use world::World;

/// One twin of every provider, with its usual settings.
fn all_twins() -> Vec<Box<dyn Twin>> {
    vec![
        Box::new(cashypro::CashyproTwin::new(cashypro::CashyproSettings::default())),
        Box::new(conekta::ConektaTwin::new(conekta::ConektaSettings::default())),
        Box::new(etpay::EtpayTwin::new(etpay::EtpaySettings::default())),
        Box::new(fintoc::FintocTwin::new(fintoc::FintocSettings::default())),
        Box::new(virtualpos::VirtualPosTwin::new(virtualpos::VirtualPosSettings::default())),
    ]
}
