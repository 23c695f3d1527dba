//! A beneficiary's bank account: its bank, type and number. (An account at a provider is an
//! `AccountName`.)

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Error;

/// The type of a beneficiary's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AccountType {
    /// Cuenta corriente.
    Checking,
    /// Cuenta de ahorro.
    Savings,
    /// Cuenta vista or Cuenta RUT (Chile).
    Sight,
    /// An electronic wallet, whose number is often a telephone number.
    Wallet,
    /// A Mexican CLABE.
    Clabe,
    /// A card number.
    Card,
}

const WORDS: [(&str, AccountType); 12] = [
    ("checking", AccountType::Checking),
    ("savings", AccountType::Savings),
    ("sight", AccountType::Sight),
    ("wallet", AccountType::Wallet),
    ("clabe", AccountType::Clabe),
    ("card", AccountType::Card),
    ("corriente", AccountType::Checking),
    ("ahorro", AccountType::Savings),
    ("ahorros", AccountType::Savings),
    ("vista", AccountType::Sight),
    ("billetera", AccountType::Wallet),
    ("tarjeta", AccountType::Card),
];

/// Reads the English words and the usual Spanish ones (`ahorros`, `corriente`, `vista`,
/// `billetera`).
impl FromStr for AccountType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
            Some((_, kind)) => Ok(*kind),
            None => Err(Error::invalid("account_type").because(format!(
                "{text:?} is not one of checking, savings, sight, wallet, clabe, card"
            ))),
        }
    }
}

impl fmt::Display for AccountType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = WORDS.iter().find(|(_, kind)| kind == self).map_or("account", |(word, _)| word);
        f.write_str(word)
    }
}

/// A bank in the provider's own terms: an id, a code or a name. 1 to 64 characters, trimmed.
///
/// Each provider's `check` decides which of them it understands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BankCode {
    text: String,
}

impl BankCode {
    /// Checks the length and keeps the text.
    ///
    /// # Errors
    /// `Invalid` if empty, over 64 characters, padded with spaces, or with control characters.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        let is_padded = text.trim() != text;
        if text.is_empty() || text.chars().count() > 64 || is_padded || has_control(&text) {
            return Err(Error::invalid("bank").because(format!("{text:?} is not a bank code")));
        }
        Ok(Self { text })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for BankCode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl TryFrom<String> for BankCode {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl From<BankCode> for String {
    fn from(bank: BankCode) -> String {
        bank.text
    }
}

/// An account number: 1 to 64 visible ASCII characters. Leading zeros are kept; `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountNumber {
    text: String,
}

impl AccountNumber {
    /// Checks the form and keeps the text.
    ///
    /// # Errors
    /// `Invalid`, without the number in the message.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        if text.is_empty() || text.len() > 64 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::invalid("account")
                .because("an account number is 1 to 64 letters and digits, without spaces"));
        }
        Ok(Self { text })
    }

    /// The number as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for AccountNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountNumber(..)")
    }
}

impl FromStr for AccountNumber {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl TryFrom<String> for AccountNumber {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl From<AccountNumber> for String {
    fn from(number: AccountNumber) -> String {
        number.text
    }
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_numbers_keep_their_zeros_and_are_never_shown() {
        let number = AccountNumber::new("00012345678").unwrap();
        assert_eq!(number.as_str(), "00012345678");
        assert_eq!(format!("{number:?}"), "AccountNumber(..)");
        let refused = AccountNumber::new("123 456").unwrap_err();
        assert!(!refused.to_string().contains("456"), "{refused}");
    }

    #[test]
    fn types_are_read_in_both_languages() {
        assert_eq!("Ahorros".parse::<AccountType>().unwrap(), AccountType::Savings);
        assert_eq!("checking".parse::<AccountType>().unwrap(), AccountType::Checking);
        assert!("ahorrillos".parse::<AccountType>().is_err());
    }

    #[test]
    fn banks_are_trimmed_texts() {
        assert!(BankCode::new("BANCO AV VILLAS").is_ok());
        for bad in ["", " 33", "33\n"] {
            assert!(BankCode::new(bad).is_err(), "{bad:?}");
        }
    }
}
