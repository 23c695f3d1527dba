//! The shared words of Pagos: money, orders, observations, the status machine, the provider traits.
//!
//! This crate does no I/O, reads no clock and draws no random number. It knows no provider by name.
//!
//! Start with [`manual::reversal`] if you wonder why a final status can change, with
//! [`manual::unknown`] if you wonder when a payout may be sent again, with [`PayoutProvider`] if you
//! write a provider, and with [`change`] if you want to see the rule that all of Pagos obeys.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod account;
mod clabe;
mod clock;
mod currency;
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

pub use account::AccountNumber;
pub use account::AccountType;
pub use account::BankCode;
pub use clabe::Clabe;
pub use clock::Clock;
pub use clock::NonceSource;
pub use currency::Currency;
pub use decimal::Decimal;
pub use descriptor::Absence;
pub use descriptor::Contract;
pub use descriptor::Country;
pub use descriptor::Deduplication;
pub use descriptor::Descriptor;
pub use descriptor::Environment;
pub use descriptor::Verification;
pub use document::Document;
pub use document::DocumentType;
pub use error::Error;
pub use error::ErrorKind;
pub use identifier::AccountName;
pub use identifier::Handle;
pub use identifier::OrderKey;
pub use identifier::ProviderRef;
pub use money::Money;
pub use observation::Echo;
pub use observation::Observation;
pub use observation::Source;
pub use order::Beneficiary;
pub use order::PayoutOrder;
pub use order::Violation;
pub use payment::Metadata;
pub use payment::PaymentOrder;
pub use payment::PaymentProvider;
pub use payment::PaymentRef;
pub use payment::PaymentSession;
pub use payment::PaymentTerms;
pub use payment::Repeat;
pub use provider::Balance;
pub use provider::BalanceSource;
pub use provider::Bank;
pub use provider::BankDirectory;
pub use provider::ListingPage;
pub use provider::Lookup;
pub use provider::PayoutListing;
pub use provider::PayoutProvider;
pub use provider::PayoutRef;
pub use provider::Window;
pub use rut::Rut;
pub use secret::Secret;
pub use standing::NotUnderstood;
pub use standing::Standing;
pub use status::Change;
pub use status::FailReason;
pub use status::Status;
pub use status::change;
pub use time::Timestamp;
pub use transport::Departure;
pub use transport::Reached;
pub use transport::Transport;
pub use transport::TransportError;
pub use verified::TagMatch;
pub use verified::Verified;
pub use webhook::Decoded;
pub use webhook::Delivery;
pub use webhook::Event;
pub use webhook::Hint;
pub use webhook::Receipt;
pub use webhook::SecretScope;
pub use webhook::Subject;
pub use webhook::WebhookDecoder;
