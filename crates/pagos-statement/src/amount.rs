//! Amounts as banks write them: integers from the first byte, and refused where a digit would be
//! lost or a separator could mean two things.

use pagos_core::{Currency, Decimal, Money};

use crate::problem::quote;

/// How amounts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Notation {
    /// What stands before the decimals.
    pub(crate) decimal: char,
    /// What stands between groups of three digits, if anything may.
    pub(crate) thousands: Option<char>,
    /// More digits behind the decimal separator are refused: it may be meant for thousands.
    pub(crate) decimals_max: usize,
}

/// camt: `1500.50`.
pub(crate) const WITH_POINT: Notation =
    Notation { decimal: '.', thousands: None, decimals_max: 17 };
/// MT940: `1500,50`.
pub(crate) const WITH_COMMA: Notation =
    Notation { decimal: ',', thousands: None, decimals_max: DECIMALS_MAX };

/// No currency that Pagos knows has more.
pub(crate) const DECIMALS_MAX: usize = 2;

/// An amount without a sign.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse(text: &str, notation: Notation, currency: Currency) -> Result<Money, String> {
    let refused = |why: &str| format!("{} is no amount: {why}", quote(text));
    let digits = plain(text, notation).map_err(refused)?;
    let decimal: Decimal = digits.parse().map_err(|_| refused("it has too many digits"))?;
    let amount = Money::from_decimal(decimal, currency);
    amount.map_err(|_| {
        let decimals = digits.split_once('.').map_or("", |(_, decimals)| decimals);
        let places = currency.exponent();
        if decimals.trim_end_matches('0').len() > usize::from(places) {
            return refused(&format!("{currency} has {places} decimals"));
        }
        refused("it is too large")
    })
}

/// `1234.5`, with a point and without groups.
fn plain(text: &str, notation: Notation) -> Result<String, &'static str> {
    let (whole, fraction) = text.split_once(notation.decimal).unwrap_or((text, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(fraction) {
        return Err("something other than digits follows the decimal separator");
    }
    if fraction.len() > notation.decimals_max {
        return Err("it has too many decimals, or the wrong separator of thousands");
    }
    let whole = match notation.thousands {
        Some(separator) if whole.contains(separator) => {
            let mut groups = whole.split(separator);
            let is_first = groups.next().is_some_and(|it| (1..=3).contains(&it.len()));
            if !is_first || groups.any(|group| group.len() != 3) {
                return Err("its groups are not of three digits");
            }
            whole.replace(separator, "")
        }
        _ => whole.to_owned(),
    };
    if !is_digits(&whole) {
        return Err("it has other signs than digits and the separators of this format");
    }
    match (whole.is_empty(), fraction.is_empty()) {
        (true, true) => Err("it has no digits"),
        (true, false) => Ok(format!("0.{fraction}")),
        (false, true) => Ok(whole),
        (false, false) => Ok(format!("{whole}.{fraction}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, notation: Notation, currency: Currency, minor: Option<i64>) {
        let read = parse(text, notation, currency);
        assert_eq!(read.as_ref().ok().map(|amount| amount.minor), minor, "{text:?}: {read:?}");
    }

    #[test]
    fn each_notation_reads_its_own_amounts_exactly() {
        let chile = Notation { decimal: ',', thousands: Some('.'), decimals_max: DECIMALS_MAX };
        for (text, minor) in [
            ("1.234.567", Some(1_234_567)),
            ("1234567", Some(1_234_567)),
            ("1.234,00", Some(1_234)),
            ("1.234,50", None),
            ("1.23", None),
            ("1234.567", None),
            (".234", None),
            ("1..234", None),
            ("1,000", None),
            ("", None),
            (",", None),
        ] {
            check(text, chile, Currency::Clp, minor);
        }
        for (text, minor) in [
            ("1500.5", Some(150_050)),
            (".5", Some(50)),
            ("5.", Some(500)),
            ("1500.500", Some(150_050)),
            ("1500.505", None),
            ("1,500.50", None),
            ("-5", None),
            ("1e3", None),
            ("٣", None),
            ("99999999999999999999", None),
            ("999999999999999999999999999999999999", None),
        ] {
            check(text, WITH_POINT, Currency::Mxn, minor);
        }
        check("1500,", WITH_COMMA, Currency::Cop, Some(150_000));
        check("1500.00", WITH_COMMA, Currency::Cop, None);
    }

    #[test]
    fn what_may_be_an_account_is_not_quoted() {
        for text in ["Ana Perez", "012345678901234567", "00012345678"] {
            assert!(quote(text).starts_with("a text of"), "{text}");
        }
        assert_eq!(quote("1.500,5"), "\"1.500,5\"");
    }
}
