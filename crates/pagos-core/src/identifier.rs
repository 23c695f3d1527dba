//! Identifiers: our key, the provider's reference, the name of a configured account or of a book, a
//! handle.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Error;

/// Declares a newtype over text that is checked once, in its constructor.
macro_rules! identifier {
    (
        $(#[$meta:meta])*
        $name:ident, $field:literal, $length_max:literal, $legal:expr, $rule:literal, $remedy:expr
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name {
            text: String,
        }

        impl $name {
            /// Checks the text and keeps it.
            ///
            /// # Errors
            /// `Invalid` with the rule that is broken.
            pub fn new(text: impl Into<String>) -> Result<Self, Error> {
                let text = text.into();
                let legal: fn(u8) -> bool = $legal;
                if text.is_empty() || text.len() > $length_max || !text.bytes().all(legal) {
                    let remedy: fn(&str) -> &'static str = $remedy;
                    let message = format!("{text:?} is not {}{}", $rule, remedy(&text));
                    return Err(Error::invalid($field).because(message));
                }
                Ok(Self { text })
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.text
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.text)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<Self, Error> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.text
            }
        }
    };
}

identifier!(
    /// Our own name for a payout or a payment, chosen before it is sent and never changed.
    ///
    /// 1 to 32 of `A-Z a-z 0-9 _ -`. A provider that allows less says so in its check. A UUID fits
    /// without its hyphens: `uuid.simple()` has 32 digits, `uuid.hyphenated()` has 36 characters.
    OrderKey,
    "key",
    32,
    |byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-',
    "1 to 32 of A-Z a-z 0-9 _ -",
    |text| match is_hyphenated_uuid(text) {
        true => "; a UUID fits without its hyphens, as 32 digits (`uuid.simple()`)",
        false => "",
    }
);

identifier!(
    /// The provider's id of a payout or payment. 1 to 128 visible ASCII characters.
    ProviderRef,
    "reference",
    128,
    |byte| byte.is_ascii_graphic(),
    "1 to 128 visible ASCII characters",
    |_| ""
);

identifier!(
    /// The name of a configured account at a provider. 1 to 32 of `a-z 0-9 _ -`.
    ///
    /// If a provider has only one account, that account has the provider's name.
    AccountName,
    "provider",
    32,
    |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-',
    "1 to 32 of a-z 0-9 _ -",
    |_| ""
);

identifier!(
    /// The name of a book: one account at a bank, whose statements are reconciled with payouts. 1 to
    /// 32 of `a-z 0-9 _ -`.
    BookName,
    "book",
    32,
    |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-',
    "1 to 32 of a-z 0-9 _ -",
    |_| ""
);

/// Matches `8-4-4-4-12` hexadecimal digits, the form in which most libraries print a UUID.
fn is_hyphenated_uuid(text: &str) -> bool {
    let is_group = |group: &str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.split('-').all(is_group)
}

/// What `prepare` made and what `create` and `query` need: the id of a payee, or the exact
/// instruction that was signed. 1 to 4,096 visible ASCII characters. It may contain personal data,
/// so `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Handle {
    text: String,
}

impl Handle {
    /// Checks the text and keeps it.
    ///
    /// # Errors
    /// `Invalid` with the rule that is broken. The message does not contain the text.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        let is_legal = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > HANDLE_LENGTH_MAX || !is_legal {
            return Err(Error::invalid("handle")
                .because(format!("it is not 1 to {HANDLE_LENGTH_MAX} visible ASCII characters")));
        }
        Ok(Self { text })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle(..)")
    }
}

impl TryFrom<String> for Handle {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl From<Handle> for String {
    fn from(handle: Handle) -> String {
        handle.text
    }
}

const HANDLE_LENGTH_MAX: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_1_to_32_of_the_plain_alphabet() {
        let longest = "a".repeat(32);
        for good in ["a", "ORD-2026_001", longest.as_str()] {
            assert_eq!(OrderKey::new(good).unwrap().as_str(), good);
        }
        let too_long = "a".repeat(33);
        for bad in ["", "a b", "ñ", "a/b", "a\n", too_long.as_str()] {
            assert!(OrderKey::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_hyphenated_uuid_is_told_what_fits() {
        let uuid = "0b6f4f4e-91d1-4f57-8d63-8a6f5be6a001";
        let said = OrderKey::new(uuid).unwrap_err().to_string();
        assert!(said.contains("uuid.simple()"), "{said}");
        assert!(OrderKey::new(uuid.replace('-', "")).is_ok());
        let said = OrderKey::new("a b").unwrap_err().to_string();
        assert!(said.ends_with("is not 1 to 32 of A-Z a-z 0-9 _ -"), "{said}");
    }

    #[test]
    fn what_is_read_from_json_is_checked_too() {
        assert!(serde_json::from_str::<OrderKey>("\"a b\"").is_err());
        assert!(serde_json::from_str::<AccountName>("\"Bank\"").is_err());
        assert!(serde_json::from_str::<ProviderRef>("\"PAYOUT1\"").is_ok());
    }
}
