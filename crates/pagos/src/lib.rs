//! Payouts in Latin America behind one domain model: re-exports the selected providers.
//!
//! The vocabulary (money, orders, observations, errors) and the traits are at the root; each
//! feature adds a module:
//!
//! | feature | module | what |
//! |---|---|---|
//! | `cashypro` | `cashypro` | the provider Cashypro |
//! | `conekta` | `conekta` | the provider Conekta |
//! | `etpay` | `etpay` | the provider ETpay |
//! | `fintoc` | `fintoc` | the provider Fintoc |
//! | `virtualpos` | `virtualpos` | the provider VirtualPOS |
//! | `all-providers` | | every provider |
//! | `http` | `transport` | the transport over reqwest and rustls |
//! | `system` | `system` | this machine's clock and randomness, and with `engine` its timer |
//! | `engine` | `engine` | durable payouts: stored before they are sent, never sent twice |
//! | `sqlite` | `sqlite` | the engine's embedded store |
//! | `postgres` | `postgres` | the engine's store on a PostgreSQL server, for many workers |
//! | `webhook` | `webhook` | the HTTP receiver for webhooks |
//! | `twin` | `twin` | simulators of the providers, for tests |
//! | `twin-server` | `twin` | the same behind HTTP on loopback, with webhooks and a journal |
//!
//! No feature is on by default. A feature adds API and never changes behaviour. With one provider
//! and without `http` the crate has no HTTP client, no TLS and no runtime: implement [`Transport`]
//! over your own, with the crates [`http`], [`bytes`] and [`macro@async_trait`], whose types and
//! macro are in the traits.
//!
//! [The guide](https://github.com/pagos-rs/pagos/tree/main/docs/guide) has whole programs: a first
//! payout, a service with webhooks, a payment, a transport and a provider of your own, and tests.
//!
//! # Example
//!
//! One call to Cashypro, against its twin. A real program passes `transport::HttpTransport` instead
//! of the twin, and lets the engine store the order before it is sent.
//!
#![cfg_attr(all(feature = "cashypro", feature = "system", feature = "twin"), doc = "```")]
#![cfg_attr(
    not(all(feature = "cashypro", feature = "system", feature = "twin")),
    doc = "```ignore"
)]
//! use std::sync::{Arc, Mutex};
//!
//! use pagos::cashypro::{Cashypro, CashyproConfig, country};
//! use pagos::system::System;
//! use pagos::twin::{TwinTransport, VirtualClock, World, cashypro};
//! use pagos::{
//!     AccountName, AccountType, Beneficiary, Currency, Departure, Document, DocumentType, Environment,
//!     Error, Lookup, Money, OrderKey, PayoutOrder, PayoutProvider, PayoutRef, Secret, Status, Timestamp,
//! };
//!
//! # fn main() -> Result<(), Error> {
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
//! # runtime.block_on(async {
//! let clock = Arc::new(VirtualClock::starting_at(Timestamp::from_millis(1_767_225_600_000)));
//! let bank = TwinTransport::new(Arc::new(Mutex::new(World::standard())), clock.clone());
//! let config = CashyproConfig {
//!     base_url: "http://127.0.0.1/cashypro/stage-api".to_owned(),
//!     merchant_id: cashypro::SANDBOX_MERCHANT_ID.to_owned(),
//!     api_key: Secret::new(cashypro::SANDBOX_API_KEY),
//!     notify_url: "http://127.0.0.1/webhooks/cashypro".to_owned(),
//!     ..CashyproConfig::new(Environment::Sandbox, country::COLOMBIA)
//! };
//! let cashypro = Cashypro::new(config, Arc::new(bank), clock, Arc::new(System))?;
//! let provider: &dyn PayoutProvider = &cashypro;
//!
//! let ana = Beneficiary::new("Ana Castillo", AccountType::Savings, "0012345678".parse()?)
//!     .with_document(Document::new(DocumentType::Cc, "1032456789")?)
//!     .with_bank("20".parse()?);
//! let (key, account) = (OrderKey::new("SALARY_2026_01_ANA")?, AccountName::new("cashypro")?);
//! let order = PayoutOrder::new(key, account, Money::parse("150000", Currency::Cop)?, ana)
//!     .with_description("salary of january");
//! assert!(provider.check(&order).is_ok());
//! let seen = provider.create(&order, None, Departure::Anytime).await?;
//! assert_eq!(seen.status, Status::Pending);
//!
//! // A lost reply is an error of kind `Unknown`: query with the same key, never send another one.
//! let reference = seen.reference.as_ref();
//! let asked = PayoutRef { order: &order, reference, handle: None, begun_at: None };
//! assert!(matches!(provider.query(&asked).await?, Lookup::Found(_)));
//! # Ok(())
//! # }) }
//! ```
//!
//! # A provider to run a program against
//!
//! With `twin-server` a test serves the twins on loopback, and passes their addresses and invented
//! credentials to the program under test. The ledger then shows what was really paid.
//!
#![cfg_attr(feature = "twin-server", doc = "```")]
#![cfg_attr(not(feature = "twin-server"), doc = "```ignore")]
//! use pagos::twin::{Profile, ServeOptions, World, serve};
//! use tokio::net::TcpListener;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let world = World::standard().with_profile(Profile::Hostile, 7);
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let server = serve(listener, world, ServeOptions { speed: 60, ..ServeOptions::default() }).await?;
//!
//! let origin = server.origin();
//! let accounts = server.inspect(|world| world.credentials(&origin));
//! assert_eq!(accounts["cashypro"]["base_url"], format!("{origin}/cashypro/stage-api"));
//! // The program under test runs here.
//! assert!(server.inspect(|world| world.movements().is_empty()));
//! server.shut_down().await;
//! # Ok(())
//! # }) }
//! ```

// docs.rs shows which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub use pagos_core::*;

#[doc(no_inline)]
pub use {async_trait::async_trait, bytes, http};

#[cfg(feature = "cashypro")]
#[doc(inline)]
pub use pagos_cashypro as cashypro;

#[cfg(feature = "conekta")]
#[doc(inline)]
pub use pagos_conekta as conekta;

#[cfg(feature = "engine")]
#[doc(inline)]
pub use pagos_engine as engine;

#[cfg(feature = "etpay")]
#[doc(inline)]
pub use pagos_etpay as etpay;

#[cfg(feature = "http")]
#[doc(inline)]
pub use pagos_http as transport;

#[cfg(feature = "postgres")]
#[doc(inline)]
pub use pagos_store_postgres as postgres;

#[cfg(feature = "sqlite")]
#[doc(inline)]
pub use pagos_store_sqlite as sqlite;

#[cfg(feature = "system")]
#[doc(inline)]
pub use pagos_system as system;

#[cfg(feature = "twin")]
#[doc(inline)]
pub use pagos_twin as twin;

#[cfg(feature = "fintoc")]
#[doc(inline)]
pub use pagos_fintoc as fintoc;

#[cfg(feature = "virtualpos")]
#[doc(inline)]
pub use pagos_virtualpos as virtualpos;

#[cfg(feature = "webhook")]
#[doc(inline)]
pub use pagos_webhook as webhook;

/// Compiles the code of the guide's page on embedding. The other pages repeat examples.
#[cfg(all(doctest, feature = "engine"))]
#[doc = include_str!("../../../docs/guide/embedding.md")]
#[derive(Debug)]
pub struct Embedding;
