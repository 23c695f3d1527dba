//! Exact decimals on the wire, read and written as text, without floats or rounding.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::value::RawValue;

use pagos_core::{Currency, Decimal, Error, Money};

/// A decimal that a provider wrote, as a JSON number or as a string that holds one.
///
/// For a field that may be null or missing, use `Option<WireDecimal>` with `#[serde(default)]`.
/// The number must come straight from JSON text (`serde_json::from_slice`, `from_str`); a
/// `serde_json::Value` in between may already have lost digits and is refused.
///
/// ```
/// use pagos_core::{Currency, Money};
/// use pagos_wire::WireDecimal;
///
/// let fees: [WireDecimal; 3] = serde_json::from_str(r#"[5150.0000, "5150", 5.15E3]"#).unwrap();
/// for fee in fees {
///     assert_eq!(fee.in_currency(Currency::Cop)?, Money::new(515_000, Currency::Cop));
/// }
/// # Ok::<(), pagos_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WireDecimal(Decimal);

impl WireDecimal {
    /// The number.
    pub fn value(self) -> Decimal {
        self.0
    }

    /// The number as major units of `currency`.
    ///
    /// # Errors
    /// `Invalid` if the currency cannot represent it exactly.
    pub fn in_currency(self, currency: Currency) -> Result<Money, Error> {
        Money::from_decimal(self.0, currency)
    }
}

impl<'de> Deserialize<'de> for WireDecimal {
    fn deserialize<D>(deserializer: D) -> Result<Self, D::Error>
    where
        D: Deserializer<'de>,
    {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        // A number has no quotes; a string of digits has no escapes.
        let text = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(json);
        text.parse().map(Self).map_err(|_| D::Error::custom("neither a number nor a string of one"))
    }
}

/// A JSON number with a fixed number of decimals: `50000.00`.
#[derive(Clone)]
pub struct JsonDecimal {
    text: Box<RawValue>,
}

impl JsonDecimal {
    /// `amount` in major units with exactly `decimals` digits after the dot; without a dot if that
    /// is 0.
    ///
    /// # Errors
    /// `Invalid` if a non-zero digit would be dropped.
    pub fn of(amount: Money, decimals: u8) -> Result<Self, Error> {
        let text = RawValue::from_string(amount.to_major(decimals)?).map_err(|cause| {
            Error::invalid("amount").because("the amount has no JSON form").with_source(cause)
        })?;
        Ok(Self { text })
    }
}

impl Serialize for JsonDecimal {
    fn serialize<S>(&self, serializer: S) -> Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        self.text.serialize(serializer)
    }
}

impl fmt::Debug for JsonDecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.get())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Option<Money> {
        let decimal: WireDecimal = serde_json::from_str(json).ok()?;
        decimal.in_currency(Currency::Cop).ok()
    }

    #[test]
    fn numbers_and_strings_are_one_value() {
        for json in
            ["60000", "60000.0", "60000.00", "\"60000\"", "\"60000.0000\"", "6E4", " 60000 "]
        {
            assert_eq!(read(json), Some(Money::new(6_000_000, Currency::Cop)), "{json}");
        }
        assert_eq!(read("92233720368547758.07"), Some(Money::new(i64::MAX, Currency::Cop)));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for json in ["\"\"", "\"6 000\"", "true", "[1]", "{}", "\"1", "NaN", "\"\\u0031\"", "0.001"]
        {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn null_and_missing_are_none() {
        #[derive(Deserialize)]
        struct Fee {
            #[serde(default)]
            fee: Option<WireDecimal>,
        }
        for json in [r#"{"fee":null}"#, "{}"] {
            assert_eq!(serde_json::from_str::<Fee>(json).unwrap().fee, None, "{json}");
        }
    }

    #[test]
    fn the_number_of_decimals_is_fixed() {
        let written = |minor, decimals| {
            let decimal = JsonDecimal::of(Money::new(minor, Currency::Cop), decimals)?;
            Ok::<_, Error>(serde_json::to_string(&decimal).unwrap())
        };
        assert_eq!(written(5_000_000, 2).unwrap(), "50000.00");
        assert_eq!(written(5_000_000, 0).unwrap(), "50000");
        assert!(written(5_000_050, 0).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(minor in any::<i64>()) {
            let amount = Money::new(minor, Currency::Cop);
            let json = serde_json::to_string(&JsonDecimal::of(amount, 2).unwrap()).unwrap();
            prop_assert_eq!(read(&json), Some(amount));
            prop_assert_eq!(read(&format!("\"{json}\"")), Some(amount));
        }
    }
}
