//! Exact decimal numbers, parsed from text. Nothing is ever rounded.

use std::{fmt, str::FromStr};

use crate::Error;

/// An exact decimal: `coefficient / 10^scale`, at most 30 digits.
///
/// Parses JSON numbers (`5150.0000`, `-3`, `1.5E9`). Two decimals are equal when their values are.
///
/// ```
/// use pagos_core::Decimal;
///
/// assert_eq!("60000.00".parse::<Decimal>()?, "6E4".parse::<Decimal>()?);
/// # Ok::<(), pagos_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    // Normal form: no trailing zero in `coefficient` unless `scale` is 0, so `Eq` compares values.
    coefficient: i128,
    scale: u8,
}

const DIGITS_MAX: usize = 30;

impl Decimal {
    /// The value times `10^exponent` as an integer, or `None` if a non-zero digit would be lost or
    /// the value is beyond `i64`.
    pub fn to_minor(self, exponent: u8) -> Option<i64> {
        let raise = exponent.checked_sub(self.scale)?;
        let factor = 10_i128.checked_pow(u32::from(raise))?;
        i64::try_from(self.coefficient.checked_mul(factor)?).ok()
    }

    fn new(mut coefficient: i128, mut scale: u8) -> Self {
        while scale > 0 && coefficient % 10 == 0 {
            coefficient /= 10;
            scale -= 1;
        }
        Self { coefficient, scale }
    }
}

impl FromStr for Decimal {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text)
            .ok_or_else(|| Error::invalid("number").because(format!("{text:?} is not a decimal")))
    }
}

fn parse(text: &str) -> Option<Decimal> {
    let (is_negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, power) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, power)) => (mantissa, parse_power(power)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    if whole.len() + fraction.len() > DIGITS_MAX {
        return None;
    }
    let mut coefficient: i128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        coefficient = coefficient * 10 + i128::from(digit - b'0');
    }
    let scale = i32::try_from(fraction.len()).ok()? - power;
    if is_negative {
        coefficient = -coefficient;
    }
    if coefficient == 0 {
        return Some(Decimal::new(0, 0));
    }
    match u8::try_from(scale) {
        Ok(scale) => Some(Decimal::new(coefficient, scale)),
        Err(_) if scale < 0 => {
            let factor = 10_i128.checked_pow(scale.unsigned_abs())?;
            Some(Decimal::new(coefficient.checked_mul(factor)?, 0))
        }
        Err(_) => None,
    }
}

fn parse_power(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || digits.len() > 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.coefficient.unsigned_abs().to_string();
        let scale = usize::from(self.scale);
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        let sign = if self.coefficient < 0 { "-" } else { "" };
        if fraction.is_empty() {
            return write!(f, "{sign}{whole}");
        }
        write!(f, "{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn minor(text: &str, exponent: u8) -> Option<i64> {
        parse(text).and_then(|decimal| decimal.to_minor(exponent))
    }

    #[test]
    fn the_forms_that_providers_write_are_one_value() {
        for text in ["60000", "60000.0", "60000.00", "60000.0000", "6E4", "6e+4", "600000E-1"] {
            assert_eq!(minor(text, 2), Some(6_000_000), "{text}");
        }
        assert_eq!(minor("1.5E9", 2), Some(150_000_000_000));
        assert_eq!(minor("-0.05", 2), Some(-5));
        assert_eq!(minor("0E300", 2), Some(0));
    }

    #[test]
    fn a_digit_that_would_be_lost_is_refused() {
        assert_eq!(minor("5150.005", 2), None);
        assert_eq!(minor("1.5", 0), None);
        assert_eq!(minor("92233720368547758.08", 2), None);
    }

    #[test]
    fn what_is_not_a_json_number_is_refused() {
        for text in
            ["", "-", ".5", "5.", "1,5", "1.2.3", "+1", "1e", "1e1e1", "NaN", "0x1", " 1", "1 "]
        {
            assert_eq!(parse(text), None, "{text:?}");
        }
        assert_eq!(parse(&"9".repeat(31)), None);
        assert_eq!(parse("1e9999"), None);
    }

    proptest! {
        #[test]
        fn text_and_minor_units_agree(minor_units in any::<i64>(), exponent in 0_u8..6) {
            let decimal = Decimal::new(i128::from(minor_units), exponent);
            prop_assert_eq!(decimal.to_minor(exponent), Some(minor_units));
            prop_assert_eq!(parse(&decimal.to_string()), Some(decimal));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[-+0-9.eE ]{0,40}") {
            let _ = parse(&text);
        }
    }
}
