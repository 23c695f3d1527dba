//! Amounts on the wire: text in major units, and in answers an integer of minor units beside it.
//! Never a float: a JSON number in place of the text is refused.

use std::fmt;

use pagos_core::{Currency, Money};
use serde::{Deserialize, Deserializer, de};

/// An amount in major units as a client writes it: `"150000"` or `"1250.50"`.
#[derive(Debug)]
pub(crate) struct MajorUnits(pub(crate) String);

impl<'de> Deserialize<'de> for MajorUnits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnlyText)
    }
}

struct OnlyText;

impl de::Visitor<'_> for OnlyText {
    type Value = MajorUnits;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount as text, such as \"1250.50\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<MajorUnits, E> {
        Ok(MajorUnits(text.to_owned()))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<MajorUnits, E> {
        Err(E::custom(NUMBER))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<MajorUnits, E> {
        Err(E::custom(NUMBER))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<MajorUnits, E> {
        Err(E::custom(NUMBER))
    }
}

const NUMBER: &str = "an amount is text in major units, such as \"1250.50\": a JSON number is refused, because \
     programs lose digits of it";

/// Major units as an answer shows them, without the currency.
pub(crate) fn major(money: Money) -> String {
    // As many decimals as the currency has drop no digit.
    money.to_major(money.currency.exponent()).unwrap_or_default()
}

/// A sum, which may be larger than any amount.
pub(crate) fn major_of_sum(minor: i128, currency: Currency) -> Option<(String, i64)> {
    let minor = i64::try_from(minor).ok()?;
    Some((major(Money::new(minor, currency)), minor))
}
