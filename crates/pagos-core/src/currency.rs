//! The ISO 4217 currencies of the countries that the providers serve.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Error;

/// A currency with its ISO 4217 exponent. Each provider defines separately how it writes amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
#[non_exhaustive]
pub enum Currency {
    /// Argentine peso.
    Ars,
    /// Brazilian real.
    Brl,
    /// Chilean peso, which has no cents.
    Clp,
    /// Colombian peso. ISO gives it two decimals, but cents are not used in practice.
    Cop,
    /// Egyptian pound.
    Egp,
    /// Indonesian rupiah.
    Idr,
    /// Indian rupee.
    Inr,
    /// Mexican peso.
    Mxn,
    /// Peruvian sol.
    Pen,
    /// Philippine peso.
    Php,
    /// Pakistani rupee.
    Pkr,
    /// Thai baht.
    Thb,
    /// Turkish lira.
    Try,
    /// Tanzanian shilling.
    Tzs,
    /// United States dollar.
    Usd,
    /// Vietnamese dong, which has no cents.
    Vnd,
}

/// Codes and exponents. They are written out here so that no update of a dependency can change what
/// an amount means. Source: ISO 4217 list one (active codes).
const TABLE: [(Currency, &str, u8); 16] = [
    (Currency::Ars, "ARS", 2),
    (Currency::Brl, "BRL", 2),
    (Currency::Clp, "CLP", 0),
    (Currency::Cop, "COP", 2),
    (Currency::Egp, "EGP", 2),
    (Currency::Idr, "IDR", 2),
    (Currency::Inr, "INR", 2),
    (Currency::Mxn, "MXN", 2),
    (Currency::Pen, "PEN", 2),
    (Currency::Php, "PHP", 2),
    (Currency::Pkr, "PKR", 2),
    (Currency::Thb, "THB", 2),
    (Currency::Try, "TRY", 2),
    (Currency::Tzs, "TZS", 2),
    (Currency::Usd, "USD", 2),
    (Currency::Vnd, "VND", 0),
];

impl Currency {
    /// The ISO 4217 code, upper case.
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// The number of decimal digits of the minor unit: 2 for COP, 0 for CLP.
    pub fn exponent(self) -> u8 {
        self.row().2
    }

    fn row(self) -> &'static (Currency, &'static str, u8) {
        // The table is in the order of the enum (tested below), so the position is the variant.
        #[allow(clippy::indexing_slicing)]
        &TABLE[self as usize]
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl From<Currency> for &'static str {
    fn from(currency: Currency) -> &'static str {
        currency.code()
    }
}

impl FromStr for Currency {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match TABLE.iter().find(|(_, code, _)| *code == text) {
            Some((currency, _, _)) => Ok(*currency),
            None => Err(Error::invalid("currency")
                .because(format!("{text:?} is not a currency code that Pagos knows, such as COP"))),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_where_its_variant_says() {
        for (position, (currency, code, _)) in TABLE.iter().enumerate() {
            assert_eq!(*currency as usize, position, "{code}");
            assert_eq!(code.parse::<Currency>().unwrap(), *currency);
        }
        assert!("cop".parse::<Currency>().is_err());
        assert_eq!((Currency::Clp.exponent(), Currency::Cop.exponent()), (0, 2));
    }
}
