//! The shared vocabulary of Pagos: money, orders, observations, the status machine, the provider
//! traits.
//!
//! This crate does no I/O, reads no clock, draws no random numbers and names no provider.
//!
//! Start with [`manual::reversal`] if you wonder why a final status can change, with
//! [`manual::unknown`] if you wonder when a payout may be sent again, with [`PayoutProvider`] if you
//! write a provider, and with [`change`] if you want to see the rule that all of Pagos obeys.

// docs.rs shows which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod account;
mod clabe;
mod clock;
mod currency;
mod day;
mod decimal;
mod descriptor;
mod document;
mod error;
mod identifier;
pub mod manual;
mod money;
mod observation;
mod order;
mod payment;
mod provider;
mod rut;
mod secret;
mod standing;
mod status;
mod time;
mod transport;
mod verified;
mod webhook;

pub use account::{AccountNumber, AccountType, BankCode};
pub use clabe::Clabe;
pub use clock::{Clock, NonceSource};
pub use currency::Currency;
pub use day::Day;
pub use decimal::Decimal;
pub use descriptor::{
    Absence, Contract, Country, Deduplication, Descriptor, Environment, Verification,
};
pub use document::{Document, DocumentType};
pub use error::{Error, ErrorKind};
pub use identifier::{AccountName, BookName, Handle, OrderKey, ProviderRef};
pub use money::Money;
pub use observation::{Echo, Observation, Source};
pub use order::{Beneficiary, EnglishViolation, PayoutOrder, Violation};
pub use payment::{
    Metadata, PaymentOrder, PaymentProvider, PaymentRef, PaymentSession, PaymentTerms, Repeat,
};
pub use provider::{
    Balance, BalanceSource, Bank, BankDirectory, ListingPage, Lookup, PayoutListing,
    PayoutProvider, PayoutRef, Window,
};
pub use rut::Rut;
pub use secret::Secret;
pub use standing::{NotUnderstood, Standing};
pub use status::{Change, FailReason, Status, change};
pub use time::Timestamp;
pub use transport::{Departure, Reached, Transport, TransportError};
pub use verified::{SignatureMatch, Verified};
pub use webhook::{Decoded, Delivery, Event, Hint, Receipt, SecretScope, Subject, WebhookDecoder};
