//! What a provider can do, as small traits. What it cannot do is absent, not a stub.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::Descriptor;
use crate::Error;
use crate::Handle;
use crate::Money;
use crate::Observation;
use crate::PaymentOrder;
use crate::PayoutKey;
use crate::PayoutOrder;
use crate::ProviderRef;
use crate::Violation;
use crate::WebhookDecoder;

/// Sends payouts and answers questions about them.
///
/// No method retries. Dropping a future does not take a request back: after a dropped `create`
/// the outcome is unknown.
#[async_trait]
pub trait PayoutProvider: Debug + Send + Sync {
    /// The provider's constant properties.
    fn descriptor(&self) -> &'static Descriptor;

    /// Everything that this provider has against the order. Pure; what a plan runs on every row.
    ///
    /// # Errors
    /// All violations in one go; never an empty list.
    fn check(&self, order: &PayoutOrder) -> Result<(), Vec<Violation>>;

    /// Makes what `create` needs (a payee, say). Moves no money. `None` where nothing is needed.
    ///
    /// # Errors
    /// Never [`crate::ErrorKind::Unknown`] in a way that matters: a lost reply is harmless.
    async fn prepare(&self, order: &PayoutOrder) -> Result<Option<Handle>, Error> {
        let _ = order;
        Ok(None)
    }

    /// Sends the payout, once. The caller has stored the intent and the attempt before.
    ///
    /// # Errors
    /// By the next step, see [`crate::ErrorKind`]. A timeout, a 5xx, an unreadable answer, a
    /// success without reference and an undocumented refusal are all `Unknown`.
    async fn create(
        &self,
        order: &PayoutOrder,
        handle: Option<&Handle>,
    ) -> Result<Observation, Error>;

    /// Asks about one payout.
    ///
    /// # Errors
    /// `Unauthorized`, `Throttled` or `Undelivered`; what cannot be understood is
    /// [`Lookup::CannotTell`].
    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error>;

    /// Balances, where the provider tells them.
    fn balances(&self) -> Option<&dyn BalanceSource> {
        None
    }

    /// A list of payouts, where the provider has one.
    fn listing(&self) -> Option<&dyn PayoutListing> {
        None
    }

    /// Banks, where the provider lists them.
    fn banks(&self) -> Option<&dyn BankDirectory> {
        None
    }

    /// Money in, where the provider collects.
    fn payments(&self) -> Option<&dyn PaymentProvider> {
        None
    }

    /// Webhooks, where the provider sends them.
    fn webhooks(&self) -> Option<&dyn WebhookDecoder> {
        None
    }
}

/// Which payout is meant: all that we know of it.
#[derive(Debug, Clone, Copy)]
pub struct PayoutRef<'a> {
    /// The order, with our key.
    pub order: &'a PayoutOrder,
    /// The provider's id, once known.
    pub reference: Option<&'a ProviderRef>,
    /// What `prepare` made.
    pub handle: Option<&'a Handle>,
}

/// What a question brought to light.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// The provider has it.
    Found(Observation),
    /// The provider says that there is no such payout. Proof only after [`crate::Absence`].
    Absent,
    /// The answer says nothing about the payout; the text tells why.
    CannotTell(String),
}

/// Tells balances.
#[async_trait]
pub trait BalanceSource: Send + Sync {
    /// The balances of this account.
    ///
    /// # Errors
    /// `Unauthorized`, `Throttled`, `Undelivered`; `Unknown` for an unreadable answer.
    async fn balances(&self) -> Result<Vec<Balance>, Error>;
}

/// One balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// What can be paid out now.
    pub available: Money,
    /// What is held or under way.
    pub unavailable: Option<Money>,
}

/// Lists banks.
#[async_trait]
pub trait BankDirectory: Send + Sync {
    /// The banks that payouts of this account can reach.
    ///
    /// # Errors
    /// As [`BalanceSource::balances`].
    async fn banks(&self) -> Result<Vec<Bank>, Error>;
}

/// One bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bank {
    /// What goes into an order's `bank`.
    pub id: String,
    /// The provider's further code, if it has one.
    pub code: Option<String>,
    /// The name.
    pub name: String,
}

/// Lists payouts, page by page. May lag behind the truth.
#[async_trait]
pub trait PayoutListing: Send + Sync {
    /// One page, and the cursor of the next.
    ///
    /// # Errors
    /// As [`BalanceSource::balances`].
    async fn page(&self, cursor: Option<&str>)
    -> Result<(Vec<Observation>, Option<String>), Error>;
}

/// Asks for payments.
#[async_trait]
pub trait PaymentProvider: Send + Sync {
    /// Opens a payment that a payer can complete.
    ///
    /// # Errors
    /// By the next step, as [`PayoutProvider::create`].
    async fn create(&self, order: &PaymentOrder) -> Result<PaymentSession, Error>;

    /// Asks about one payment.
    ///
    /// # Errors
    /// As [`PayoutProvider::query`].
    async fn query(&self, payment: &PaymentRef<'_>) -> Result<Lookup, Error>;
}

/// An opened payment: where to send the payer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentSession {
    /// What the provider's answer says.
    pub observation: Observation,
    /// The page for the payer, if there is one.
    pub url: Option<String>,
    /// A code to pay with, if there is one.
    pub code: Option<String>,
}

/// Which payment is meant. It needs its amount's currency to read answers that name none.
#[derive(Debug, Clone, Copy)]
pub struct PaymentRef<'a> {
    /// Our key.
    pub key: &'a PayoutKey,
    /// The provider's id, once known.
    pub reference: Option<&'a ProviderRef>,
}
