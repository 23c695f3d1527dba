//! Payout orders, and the violations that a provider reports about them. Payments are in
//! `payment.rs`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AccountName, AccountNumber, AccountType, BankCode, Document, Money, OrderKey};

/// The person or company that is paid, and the account. `Debug` hides all of it.
///
/// ```
/// use pagos_core::{AccountNumber, AccountType, BankCode, Beneficiary, Document, DocumentType};
///
/// let number = AccountNumber::new("0012345678")?;
/// let ana = Beneficiary::new("Ana Castillo", AccountType::Savings, number)
///     .with_document(Document::new(DocumentType::Cc, "1032456789")?)
///     .with_bank(BankCode::new("Bancolombia")?);
/// assert_eq!(format!("{ana:?}"), "Beneficiary(..)");
/// # Ok::<(), pagos_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beneficiary {
    /// The name on the account.
    pub name: String,
    /// The document that the account was opened with.
    pub document: Option<Document>,
    /// The bank, in the provider's own words.
    pub bank: Option<BankCode>,
    /// The type of the account.
    pub account_type: AccountType,
    /// The number of the account, or the telephone number of a wallet.
    pub account_number: AccountNumber,
    /// Email address, for providers that use it.
    pub email: Option<String>,
    /// Telephone number, for providers that use it.
    pub phone: Option<String>,
}

impl Beneficiary {
    /// A beneficiary with what every provider needs. Most providers need a bank and a document too.
    pub fn new(
        name: impl Into<String>,
        account_type: AccountType,
        account_number: AccountNumber,
    ) -> Self {
        Self {
            name: name.into(),
            document: None,
            bank: None,
            account_type,
            account_number,
            email: None,
            phone: None,
        }
    }

    /// Sets the document that the account was opened with.
    #[must_use]
    pub fn with_document(self, document: Document) -> Self {
        Self { document: Some(document), ..self }
    }

    /// Sets the bank, in the provider's own words.
    #[must_use]
    pub fn with_bank(self, bank: BankCode) -> Self {
        Self { bank: Some(bank), ..self }
    }

    /// Sets the email address, for providers that use it.
    #[must_use]
    pub fn with_email(self, email: impl Into<String>) -> Self {
        Self { email: Some(email.into()), ..self }
    }

    /// Sets the telephone number, for providers that use it.
    #[must_use]
    pub fn with_phone(self, phone: impl Into<String>) -> Self {
        Self { phone: Some(phone.into()), ..self }
    }
}

/// One payout to make: who is paid, how much, through which account, under which key.
///
/// Any value is legal here; the provider's `check` reports what it cannot carry.
///
/// ```
/// use pagos_core::{AccountName, Beneficiary, Currency, Money, OrderKey, PayoutOrder};
/// # let ana = Beneficiary::new("Ana", pagos_core::AccountType::Savings, "0012345678".parse()?);
///
/// let key = OrderKey::new("salary-2026-01-ana")?;
/// let amount = Money::parse("150000", Currency::Cop)?;
/// let order = PayoutOrder::new(key, AccountName::new("cashypro")?, amount, ana)
///     .with_description("salary of January");
/// assert_eq!(order.amount.to_string(), "150000.00 COP");
/// # Ok::<(), pagos_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutOrder {
    /// Our own key, unique in a store. The provider sees it if its protocol has a place for it.
    pub key: OrderKey,
    /// The configured account that pays.
    pub account: AccountName,
    /// How much the beneficiary is to receive.
    pub amount: Money,
    /// The beneficiary.
    pub beneficiary: Beneficiary,
    /// Free text that the beneficiary may see.
    pub description: Option<String>,
}

impl PayoutOrder {
    /// An order without a description.
    pub fn new(
        key: OrderKey,
        account: AccountName,
        amount: Money,
        beneficiary: Beneficiary,
    ) -> Self {
        Self { key, account, amount, beneficiary, description: None }
    }

    /// Sets a text that the beneficiary may see.
    #[must_use]
    pub fn with_description(self, description: impl Into<String>) -> Self {
        Self { description: Some(description.into()), ..self }
    }
}

/// One objection of a provider to an order. All objections are reported at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The field, by the name of its CSV column: `amount`, `bank`, `document` ...
    pub field: &'static str,
    /// What is wrong, without account numbers and documents.
    pub because: String,
    /// What to do.
    pub remedy: String,
    /// Both in Spanish; `None` if somebody wrote [`EnglishViolation::only_in_english`].
    #[serde(skip)]
    spanish: Option<Box<[String; 2]>>,
}

impl Violation {
    /// A violation of `field`: what is wrong, and what to do. It is complete when somebody has decided
    /// about its Spanish, so that no rule stays English unseen.
    ///
    /// ```
    /// use pagos_core::Violation;
    ///
    /// let found = Violation::new("amount", "it has cents", "write whole pesos")
    ///     .in_spanish("tiene centavos", "escriba pesos enteros");
    /// assert_eq!(found.spanish(), Some(("tiene centavos", "escriba pesos enteros")));
    /// assert_eq!(found.to_string(), "amount: it has cents; write whole pesos");
    /// ```
    #[allow(clippy::new_ret_no_self, reason = "the Spanish is still missing")]
    pub fn new(
        field: &'static str,
        because: impl Into<String>,
        remedy: impl Into<String>,
    ) -> EnglishViolation {
        let (because, remedy) = (because.into(), remedy.into());
        EnglishViolation(Self { field, because, remedy, spanish: None })
    }

    /// What is wrong and what to do in Spanish; `None` if there is only English.
    pub fn spanish(&self) -> Option<(&str, &str)> {
        let [because, remedy] = self.spanish.as_deref()?;
        Some((because, remedy))
    }
}

/// A [`Violation`] without a decision about its Spanish.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct EnglishViolation(Violation);

impl EnglishViolation {
    /// Adds the same in Spanish, for people. Programs read the English texts.
    pub fn in_spanish(self, because: impl Into<String>, remedy: impl Into<String>) -> Violation {
        Violation { spanish: Some(Box::new([because.into(), remedy.into()])), ..self.0 }
    }

    /// Leaves it in English, for rules that only commands in English report, such as those about
    /// payments.
    ///
    /// ```
    /// let found = pagos_core::Violation::new("bank", "it is missing", "write its id")
    ///     .only_in_english();
    /// assert_eq!(found.spanish(), None);
    /// ```
    pub fn only_in_english(self) -> Violation {
        self.0
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.field, self.because, self.remedy)
    }
}

impl fmt::Debug for Beneficiary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Beneficiary(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_beneficiary_is_shown() {
        let number = AccountNumber::new("0012345678").unwrap();
        let beneficiary = Beneficiary::new("canary", AccountType::Savings, number)
            .with_email("canary@example.com")
            .with_phone("3001234567");
        assert_eq!(format!("{beneficiary:?}"), "Beneficiary(..)");
    }
}
