//! What a provider can do, as small traits. A provider does not implement what it cannot do.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{
    Departure, Descriptor, Environment, Error, Handle, Money, Observation, PaymentProvider,
    PayoutOrder, ProviderRef, Timestamp, Violation, WebhookDecoder,
};

/// Sends payouts and answers queries about them.
///
/// No method retries. Dropping a future does not recall a request: after a dropped `create` the
/// outcome is unknown.
#[async_trait]
pub trait PayoutProvider: Debug + Send + Sync {
    /// The provider's constant properties.
    fn descriptor(&self) -> &'static Descriptor;

    /// Whether the configured account pays real money.
    fn environment(&self) -> Environment;

    /// Reports everything that this provider objects to in the order. Pure; a plan calls it for
    /// every row.
    ///
    /// # Errors
    /// All violations at once; never an empty list.
    fn check(&self, order: &PayoutOrder) -> Result<(), Vec<Violation>>;

    /// The bank that a valid order goes to according to this provider's table, so that a person can
    /// compare it with the intended one. `None` if the bank is in no table. Pure; sends nothing.
    fn payee_bank(&self, order: &PayoutOrder) -> Option<Bank>;

    /// Whether [`PayoutProvider::prepare`] must be called now, before an order without a handle is
    /// sent. If not, the payout costs one durable write less. Pure and fast.
    fn must_prepare(&self) -> bool;

    /// Makes what `create` and `query` need: a payee, the instruction that both of them sign, or a
    /// login. The caller stores it before anything is sent. Moves no money. `None` if there is
    /// nothing to store.
    ///
    /// # Errors
    /// A lost reply is harmless here, so [`crate::ErrorKind::Unknown`] has no special meaning.
    async fn prepare(&self, order: &PayoutOrder) -> Result<Option<Handle>, Error>;

    /// Sends the payout, once. The caller has stored the intent and the attempt before.
    ///
    /// The request that moves money is given to the transport with `departure`. After that moment
    /// it is not sent any more, and the error is `Undelivered`.
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
    /// `Unauthorized`, `Throttled` or `Undelivered`. An answer that cannot be understood is
    /// [`Lookup::CannotTell`].
    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error>;

    /// The balances, if the provider reports them.
    fn balances(&self) -> Option<&dyn BalanceSource> {
        None
    }

    /// The list of payouts, if the provider has one.
    fn listing(&self) -> Option<&dyn PayoutListing> {
        None
    }

    /// The banks, if the provider lists them.
    fn banks(&self) -> Option<&dyn BankDirectory> {
        None
    }

    /// The payment side, if the provider collects payments.
    fn payments(&self) -> Option<&dyn PaymentProvider> {
        None
    }

    /// The webhook decoder, if the provider sends webhooks.
    fn webhooks(&self) -> Option<&dyn WebhookDecoder> {
        None
    }
}

/// Names one payout by everything that we know of it.
#[derive(Debug, Clone, Copy)]
pub struct PayoutRef<'a> {
    /// The order, with our key.
    pub order: &'a PayoutOrder,
    /// The provider's id, once known.
    pub reference: Option<&'a ProviderRef>,
    /// What `prepare` made.
    pub handle: Option<&'a Handle>,
    /// When its first attempt was begun, for providers that find a payout only by its date.
    pub begun_at: Option<Timestamp>,
}

/// The result of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T = Observation> {
    /// The provider has it.
    Found(T),
    /// The provider says in documented words that there is no such order; undocumented words are
    /// [`Lookup::CannotTell`]. This is proof only under the conditions of [`crate::Absence`].
    Absent,
    /// The provider has more than one order under this key, so money may have moved twice; the text
    /// says what it has. A person must look.
    Ambiguous(String),
    /// The answer says nothing about the order; the text says why.
    CannotTell(String),
}

/// Reports balances.
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
    /// The amount that can be paid out now.
    pub available: Money,
    /// The amount that is held or under way.
    pub unavailable: Option<Money>,
}

/// Lists banks.
#[async_trait]
pub trait BankDirectory: Send + Sync {
    /// The banks that payouts of this account can reach.
    ///
    /// # Errors
    /// The same as [`BalanceSource::balances`].
    async fn banks(&self) -> Result<Vec<Bank>, Error>;
}

/// One bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bank {
    /// What goes into an order's `bank`.
    pub id: String,
    /// A second code of the provider, if it has one.
    pub code: Option<String>,
    /// The name.
    pub name: String,
}

/// Lists payouts, page by page. A list may lag, so a payout missing from it proves nothing.
#[async_trait]
pub trait PayoutListing: Send + Sync {
    /// The page at `cursor` (`None` for the first) of the payouts that were created in `window`.
    /// Read on until `next` is `None`, since even a page without rows can have a next one. A payout
    /// can appear on two pages.
    ///
    /// # Errors
    /// The same as [`BalanceSource::balances`]; `Invalid` for a cursor of another provider.
    async fn page(&self, window: Window, cursor: Option<&str>) -> Result<ListingPage, Error>;
}

/// A span of time by the provider's clock. It includes `from` and excludes `until`.
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
    /// What the provider reports about each payout; our key is in the echo.
    pub rows: Vec<Observation>,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<String>,
}
