//! What a provider can do, as small traits. What it cannot do is absent, not a stub.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{
    Departure, Descriptor, Environment, Error, Handle, Money, Observation, PaymentProvider,
    PayoutOrder, ProviderRef, Timestamp, Violation, WebhookDecoder,
};

/// Sends payouts and answers queries about them.
///
/// No method retries. Dropping a future does not take a request back: after a dropped `create`
/// the outcome is unknown.
#[async_trait]
pub trait PayoutProvider: Debug + Send + Sync {
    /// The provider's constant properties.
    fn descriptor(&self) -> &'static Descriptor;

    /// Which world the account belongs to, by its configuration: whether its payouts are real money.
    fn environment(&self) -> Environment;

    /// Everything that this provider has against the order. Pure; what a plan runs on every row.
    ///
    /// # Errors
    /// All violations in one go; never an empty list.
    fn check(&self, order: &PayoutOrder) -> Result<(), Vec<Violation>>;

    /// The bank that a good order goes to, as this provider's table understands it: for a person who
    /// compares it with what was meant. `None` if no table has it. Pure; nobody is asked.
    fn payee_bank(&self, order: &PayoutOrder) -> Option<Bank>;

    /// Is [`PayoutProvider::prepare`] to be called at this moment, before the order is sent without a
    /// handle? Where it is not, the payout costs one durable write less. Pure and quick.
    fn must_prepare(&self) -> bool;

    /// Makes what `create` and `query` need: a payee, the instruction that both of them sign, or a
    /// login. It is stored before anything is sent. Moves no money. `None` where nothing is to be stored.
    ///
    /// # Errors
    /// Never [`crate::ErrorKind::Unknown`] in a way that matters: a lost reply is harmless.
    async fn prepare(&self, order: &PayoutOrder) -> Result<Option<Handle>, Error>;

    /// Sends the payout, once. The caller has stored the intent and the attempt before.
    ///
    /// The request that moves money is given to the transport with `departure`: after that moment it
    /// does not leave, and the error is `Undelivered`.
    ///
    /// # Errors
    /// By the next step, see [`crate::ErrorKind`]. A timeout, a 5xx, an unreadable answer, a
    /// success without reference and an undocumented refusal are all `Unknown`.
    async fn create(
        &self,
        order: &PayoutOrder,
        handle: Option<&Handle>,
        departure: Departure,
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
    /// When its first attempt was begun, for providers that find a payout by its date only.
    pub begun_at: Option<Timestamp>,
}

/// What a query brought to light.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T = Observation> {
    /// The provider has it.
    Found(T),
    /// The provider says that there is no such order, in documented words: an answer that it does
    /// not document is [`Lookup::CannotTell`]. Proof only after [`crate::Absence`].
    Absent,
    /// The provider has more than one under this key, so money may have moved twice; the text tells
    /// what it has. A person must look.
    Ambiguous(String),
    /// The answer says nothing about the order; the text tells why.
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

/// Lists payouts, page by page. May lag behind the truth, so what it lacks proves nothing.
#[async_trait]
pub trait PayoutListing: Send + Sync {
    /// The page at `cursor` (`None` for the first) of the payouts that were created in `window`.
    /// Walk to the end: a page without rows can have a next one. A payout can appear on two pages.
    ///
    /// # Errors
    /// As [`BalanceSource::balances`]; `Invalid` for a cursor that is not of this provider.
    async fn page(&self, window: Window, cursor: Option<&str>) -> Result<ListingPage, Error>;
}

/// A span of time, by the provider's clock. `from` belongs to it, `until` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingPage {
    /// What the provider tells about each payout; our key is in the echo.
    pub rows: Vec<Observation>,
    /// Where the list goes on; `None` at its end.
    pub next: Option<String>,
}
