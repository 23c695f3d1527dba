//! Money in: what we ask a payer for, the session in which it is paid, and who opens it.
//! Where a payment stands is `status.rs`, the same as for payouts.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    Absence, AccountName, BankCode, Document, Error, Lookup, Money, Observation, OrderKey,
    ProviderRef, Secret, Violation,
};

/// Asks for payments.
///
/// No method retries. Nothing here moves money by itself: a payer does, in a session.
#[async_trait]
pub trait PaymentProvider: Send + Sync {
    /// How sessions behave.
    fn terms(&self) -> PaymentTerms;

    /// Everything that this provider has against the order. Pure.
    ///
    /// # Errors
    /// All violations in one go; never an empty list.
    fn check(&self, order: &PaymentOrder) -> Result<(), Vec<Violation>>;

    /// Opens a session in which a payer can pay. Store what it returns before the payer sees the
    /// address: without [`PaymentSession::secret`] the outcome may be impossible to verify.
    ///
    /// # Errors
    /// By the next step, as [`crate::PayoutProvider::create`]. After `Unknown`, [`Repeat`] says
    /// whether another call is safe.
    async fn create(&self, order: &PaymentOrder) -> Result<PaymentSession, Error>;

    /// Asks about one session: an observation per try of a payer, oldest first.
    ///
    /// # Errors
    /// As [`crate::PayoutProvider::query`].
    async fn query(&self, payment: &PaymentRef<'_>) -> Result<Lookup<Vec<Observation>>, Error>;
}

/// How a provider's payment sessions behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentTerms {
    /// How long a payer has, from the opening; `None` where nobody states it.
    pub open_for: Option<Duration>,
    /// After the end of a session: when answers that nobody paid prove it. `grace` counts from the
    /// end. A payment that arrives later still counts.
    pub absence: Absence,
    /// What a second `create` for the same key does.
    pub repeat: Repeat,
}

/// What a second `create` for the same key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// It opens another session beside the first. Harmless as long as the address of one of them is
    /// never given away; if both are, the order can be paid twice.
    OpensAnother,
    /// The provider refuses it: whoever wants another session takes another key.
    Refused,
}

/// One payment that we ask for.
///
/// Any value is legal here; what a provider cannot carry, its `check` says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentOrder {
    /// Our own reference. Never shared with a payout.
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
    /// The payer's bank, where it is known or the payment method needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<BankCode>,
    /// The payer's mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The payer's telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Free text that the payer may see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where the payer's browser goes after paying; `None` for the account's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
    /// Where the payer's browser goes after failing or giving up; `None` for the account's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_url: Option<String>,
    /// Lines that the provider keeps with the payment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<Metadata>,
}

impl PaymentOrder {
    /// An order of which only the three things are known that every payment needs. The rest are fields.
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

/// One line about a payment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// What it is: `Invoice`.
    pub name: String,
    /// The value, as text even for numbers.
    pub value: String,
    /// Does the payer see it?
    pub is_shown: bool,
}

/// An opened session: where to send the payer.
#[derive(Debug, Clone)]
pub struct PaymentSession {
    /// What the provider's answer says; its reference names the session.
    pub observation: Observation,
    /// The page for the payer, if there is one.
    pub url: Option<String>,
    /// A code to pay with, if there is one.
    pub code: Option<String>,
    /// What deliveries about this session are verified with, where the provider issues one for each.
    pub secret: Option<Secret>,
}

/// Which session of which payment is meant.
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
