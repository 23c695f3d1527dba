//! Payments: what we ask a payer for, the session in which it is paid, and the trait that opens it.
//! Payments have the same statuses as payouts (`status.rs`).

use std::{fmt, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    Absence, AccountName, BankCode, Document, Error, Lookup, Money, Observation, OrderKey,
    ProviderRef, Secret, Violation,
};

/// Asks for payments.
///
/// No method retries. No method moves money by itself: a payer does that in a session.
#[async_trait]
pub trait PaymentProvider: Send + Sync {
    /// How sessions behave.
    fn terms(&self) -> PaymentTerms;

    /// Reports everything that this provider objects to in the order. Pure.
    ///
    /// # Errors
    /// All violations at once; never an empty list.
    fn check(&self, order: &PaymentOrder) -> Result<(), Vec<Violation>>;

    /// Opens a session in which a payer can pay. Store the result before the payer sees the
    /// address: without [`PaymentSession::secret`] the outcome may be impossible to verify.
    ///
    /// # Errors
    /// By the next step, like [`crate::PayoutProvider::create`]. After `Unknown`, [`Repeat`] says
    /// whether another call is safe.
    async fn create(&self, order: &PaymentOrder) -> Result<PaymentSession, Error>;

    /// Asks about one session; returns one observation for each try of a payer, oldest first.
    ///
    /// # Errors
    /// The same as [`crate::PayoutProvider::query`].
    async fn query(&self, payment: &PaymentRef<'_>) -> Result<Lookup<Vec<Observation>>, Error>;
}

/// How a provider's payment sessions behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentTerms {
    /// How long a payer has after the opening; `None` if no limit is documented.
    pub open_for: Option<Duration>,
    /// When answers after the end of a session prove that nobody paid. `grace` counts from the end.
    /// A payment that arrives later still counts.
    pub absence: Absence,
    /// What a second `create` for the same key does.
    pub repeat: Repeat,
}

/// What a second `create` for the same key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// It opens another session beside the first. This is harmless as long as only one of the two
    /// addresses is ever given to a payer; otherwise the order can be paid twice.
    OpensAnother,
    /// The provider refuses it. Another session needs another key.
    Refused,
}

/// One payment to collect.
///
/// Any value is legal here; the provider's `check` reports what it cannot carry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentOrder {
    /// Our own key. A payout never has the same one.
    pub key: OrderKey,
    /// The configured account that collects.
    pub account: AccountName,
    /// How much the payer is to pay.
    pub amount: Money,
    /// The payer's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer_name: Option<String>,
    /// The payer's document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// Only the holder of `document` may pay.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_document_locked: bool,
    /// The payer's bank, if it is known or the payment method needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<BankCode>,
    /// The payer's email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The payer's telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Free text that the payer may see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where the payer's browser goes after paying; `None` uses the account's setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
    /// Where the payer's browser goes after failing or giving up; `None` uses the account's
    /// setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_url: Option<String>,
    /// Lines that the provider keeps with the payment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<Metadata>,
}

impl PaymentOrder {
    /// An order with the three values that every payment needs. The other fields can be set
    /// directly.
    ///
    /// ```
    /// use pagos_core::{AccountName, Currency, Money, OrderKey, PaymentOrder};
    ///
    /// let (key, account) = (OrderKey::new("invoice-17")?, AccountName::new("etpay")?);
    /// let amount = Money::parse("15000", Currency::Clp)?;
    /// let order = PaymentOrder {
    ///     description: Some("invoice 17".to_owned()),
    ///     ..PaymentOrder::new(key, account, amount)
    /// };
    /// assert!(!order.is_document_locked);
    /// # Ok::<(), pagos_core::Error>(())
    /// ```
    pub fn new(key: OrderKey, account: AccountName, amount: Money) -> Self {
        Self {
            key,
            account,
            amount,
            payer_name: None,
            document: None,
            is_document_locked: false,
            bank: None,
            email: None,
            phone: None,
            description: None,
            return_url: None,
            cancel_url: None,
            metadata: Vec::new(),
        }
    }
}

/// One line of metadata on a payment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The name of the line: `Invoice`.
    pub name: String,
    /// The value, as text even for numbers.
    pub value: String,
    /// Whether the payer sees it.
    pub is_shown: bool,
}

/// An opened session: the page or code with which the payer pays.
#[derive(Debug, Clone)]
pub struct PaymentSession {
    /// What the provider's answer said; its reference names the session.
    pub observation: Observation,
    /// The page for the payer, if there is one.
    pub url: Option<String>,
    /// A code to pay with, if there is one.
    pub code: Option<String>,
    /// The secret that verifies deliveries about this session, if the provider issues one per
    /// session.
    pub secret: Option<Secret>,
}

/// Names one session of one payment.
#[derive(Debug, Clone, Copy)]
pub struct PaymentRef<'a> {
    /// The order, with our key.
    pub order: &'a PaymentOrder,
    /// The provider's id of the session, once known.
    pub reference: Option<&'a ProviderRef>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(fact: &bool) -> bool {
    !*fact
}

impl fmt::Debug for PaymentOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaymentOrder")
            .field("key", &self.key)
            .field("account", &self.account)
            .field("amount", &self.amount)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metadata(..)")
    }
}
