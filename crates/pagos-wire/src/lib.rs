//! The building blocks of Pagos providers: exact JSON decimals, HS256 tokens, request building,
//! redaction.
//!
//! Pure functions and small types, without I/O, clock, retries or knowledge of a provider. Code
//! belongs here only if a second provider needs it too.
//!
//! ```
//! use pagos_core::{Currency, Money};
//! use pagos_wire::{JsonDecimal, to_ascii_json};
//!
//! #[derive(serde::Serialize)]
//! struct Request {
//!     amount: JsonDecimal,
//!     name: &'static str,
//! }
//!
//! let amount = Money::parse("50000", Currency::Cop)?;
//! let body = to_ascii_json(&Request { amount: JsonDecimal::of(amount, 2)?, name: "José" })?;
//! assert_eq!(&body[..], br#"{"amount":50000.00,"name":"Jos\u00e9"}"#);
//! # Ok::<(), pagos_core::Error>(())
//! ```

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod ascii;
mod civil_time;
mod decimal;
mod failure;
mod jws;
mod loose;
mod mail;
mod percent;
mod redact;
mod request;
mod setting;
mod url;

pub use ascii::{to_ascii_json, to_json};
pub use civil_time::UtcOffset;
pub use decimal::{JsonDecimal, WireDecimal};
pub use failure::{
    invalid, money_call_failure, query_failure, refused, refused_query, retry_after,
};
pub use jws::Hs256;
pub use loose::{WireInteger, WireText};
pub use mail::is_mail_address;
pub use percent::{path_segment, percent_decoded};
pub use redact::redact;
pub use request::{post_json, sensitive};
pub use setting::{
    ENVIRONMENT, Form, MissingFields, NOT_CONFIGURED, NOWHERE, Need, Setting, SettingReader, Side,
    SideKind, VERIFICATIONS, words,
};
pub use url::{BaseUrl, WebhookUrl};
