//! What we want to pay out, and what a provider has against an order. Money in is in `payment.rs`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AccountName, AccountNumber, AccountType, BankCode, Document, Money, OrderKey};

/// Who is paid, and where. `Debug` shows nothing of the person.
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
    /// Electronic mail, for providers that take it.
    pub email: Option<String>,
    /// Telephone, for providers that take it.
    pub phone: Option<String>,
}

/// One payout that we want: who, how much, through which account, under which key.
///
/// Any value is legal here; what a provider cannot carry, its `check` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutOrder {
    /// Our own reference. Unique in a store; the provider sees it where it can carry it.
    pub key: OrderKey,
    /// The configured account that pays.
    pub account: AccountName,
    /// How much the beneficiary is to receive.
    pub amount: Money,
    /// Who is paid.
    pub beneficiary: Beneficiary,
    /// Free text that the beneficiary may see.
    pub description: Option<String>,
}

/// One thing that a provider has against an order. All of them are reported in one go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The field, by the name of its CSV column: `amount`, `bank`, `document` ...
    pub field: &'static str,
    /// What is wrong. No account number and no document in it.
    pub because: String,
    /// What to do.
    pub remedy: String,
}

impl Violation {
    /// What is wrong with `field`, and what to do.
    pub fn new(field: &'static str, because: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { field, because: because.into(), remedy: remedy.into() }
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
    use crate::AccountType;

    #[test]
    fn nothing_of_a_beneficiary_is_shown() {
        let beneficiary = Beneficiary {
            name: "canary".to_owned(),
            document: None,
            bank: None,
            account_type: AccountType::Savings,
            account_number: AccountNumber::new("0012345678").unwrap(),
            email: Some("canary@example.com".to_owned()),
            phone: Some("3001234567".to_owned()),
        };
        assert_eq!(format!("{beneficiary:?}"), "Beneficiary(..)");
    }
}
