//! Amounts of money as integers of the minor unit, without floats, rounding or conversion.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Currency, Decimal, Error};

/// An exact amount in one currency.
///
/// ```
/// use pagos_core::{Currency, Money};
///
/// let amount = Money::parse("150000.00", Currency::Cop)?;
/// assert_eq!(amount.minor, 15_000_000);
/// assert_eq!(amount.to_string(), "150000.00 COP");
/// # Ok::<(), pagos_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units (centavos for COP, whole pesos for CLP). Negative only in balances.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// `minor` units of `currency`.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Parses major units with a dot and no thousands separator: `150000`, `1250.50`.
    ///
    /// # Errors
    /// `Invalid` for a comma, a sign, an exponent, spaces, more decimals than the currency has
    /// (so the ambiguous `1.234` is refused), or an amount beyond the range of `i64`.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, Error> {
        let because = |message: String| Error::invalid("amount").because(message);
        if text.contains(',') {
            return Err(because(format!(
                "{text:?} has a comma; write major units with a dot and no thousands separator"
            )));
        }
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Err(because(format!("{text:?} is not an amount such as 150000 or 1250.50")));
        }
        let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let exponent = currency.exponent();
        if decimals > usize::from(exponent) {
            let word = if decimals == 1 { "decimal" } else { "decimals" };
            return Err(because(format!(
                "{text:?} has {decimals} {word} and {currency} has {exponent}; \
                 a dot is never a thousands separator here"
            )));
        }
        let decimal: Decimal = text
            .parse()
            .map_err(|_| because(format!("{text:?} is not an amount such as 150000 or 1250.50")))?;
        Self::from_decimal(decimal, currency)
    }

    /// The amount given as a decimal of major units.
    ///
    /// # Errors
    /// `Invalid` if the currency cannot represent it exactly.
    pub fn from_decimal(major: Decimal, currency: Currency) -> Result<Self, Error> {
        match major.to_minor(currency.exponent()) {
            Some(minor) => Ok(Self { minor, currency }),
            None => Err(Error::invalid("amount")
                .because(format!("{major} cannot be carried exactly in {currency}"))),
        }
    }

    /// Formats major units with exactly `decimals` digits after the dot; without a dot if that is
    /// 0.
    ///
    /// # Errors
    /// `Invalid` if a non-zero digit would be dropped (1500.50 COP at `decimals` 0).
    pub fn to_major(self, decimals: u8) -> Result<String, Error> {
        let exponent = self.currency.exponent();
        let dropped = 10_u64.pow(u32::from(exponent.saturating_sub(decimals)));
        let digits = self.minor.unsigned_abs();
        if !digits.is_multiple_of(dropped) {
            return Err(Error::invalid("amount")
                .because(format!("{self} has a fraction that {decimals} decimals cannot carry")));
        }
        let kept = usize::from(decimals.min(exponent));
        let padded = format!("{:0>width$}", digits / dropped, width = kept + 1);
        let (whole, fraction) = padded.split_at(padded.len() - kept);
        let sign = if self.minor < 0 { "-" } else { "" };
        if decimals == 0 {
            return Ok(format!("{sign}{whole}"));
        }
        Ok(format!("{sign}{whole}.{fraction:0<width$}", width = usize::from(decimals)))
    }

    /// The sum, or `None` on overflow or if the currencies differ.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self { minor: self.minor.checked_add(other.minor)?, ..self })
    }
}

/// Prints major units with the currency's own number of decimals, then the code: `1250.50 COP`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let major = self.to_major(self.currency.exponent()).map_err(|_| fmt::Error)?;
        write!(f, "{major} {}", self.currency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        let cases = [
            ("150000", Currency::Cop, 15_000_000),
            ("1250.50", Currency::Cop, 125_050),
            ("1250.5", Currency::Cop, 125_050),
            ("4700", Currency::Clp, 4_700),
            ("0.01", Currency::Mxn, 1),
        ];
        for (text, currency, minor) in cases {
            assert_eq!(
                Money::parse(text, currency).unwrap(),
                Money::new(minor, currency),
                "{text}"
            );
        }
    }

    #[test]
    fn ambiguous_amounts_are_refused() {
        for text in ["14,82", "1.234", "1,234.00", "-5", "+5", "1e3", "", " 5", "5.", ".5", "$5"] {
            assert!(Money::parse(text, Currency::Cop).is_err(), "{text:?}");
        }
        assert!(Money::parse("1.2", Currency::Clp).is_err());
        assert!(Money::parse("99999999999999999999", Currency::Cop).is_err());
    }

    #[test]
    fn nothing_is_rounded_on_the_way_out() {
        let cents = Money::new(150_050, Currency::Cop);
        assert_eq!(cents.to_major(2).unwrap(), "1500.50");
        assert_eq!(cents.to_major(1).unwrap(), "1500.5");
        assert!(cents.to_major(0).is_err());
        assert_eq!(Money::new(4_700, Currency::Clp).to_major(2).unwrap(), "4700.00");
        assert_eq!(Money::new(-5, Currency::Cop).to_string(), "-0.05 COP");
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(minor in 0..i64::MAX) {
            for currency in [Currency::Cop, Currency::Clp] {
                let amount = Money::new(minor, currency);
                let text = amount.to_major(currency.exponent()).unwrap();
                prop_assert_eq!(Money::parse(&text, currency).unwrap(), amount);
            }
        }
    }
}
