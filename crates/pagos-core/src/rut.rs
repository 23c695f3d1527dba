//! The Chilean RUT, a tax number with a check digit.

use std::{fmt, str::FromStr};

use crate::Error;

/// A RUT with a correct check digit (modulo 11).
///
/// Parses `12.345.678-5`, `12345678-5` and `123456785`; `k` in either case.
///
/// ```
/// use pagos_core::Rut;
///
/// let rut: Rut = "12.345.678-5".parse()?;
/// assert_eq!(rut.without_dots(), "12345678-5");
/// # Ok::<(), pagos_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rut {
    number: u32,
    check: char,
}

impl Rut {
    /// `12345678-5`: no dots, a dash, `K` in upper case.
    pub fn without_dots(&self) -> String {
        format!("{}-{}", self.number, self.check)
    }
}

impl FromStr for Rut {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        // The number is personal data, so the message does not contain it.
        let because = |message: &str| Error::invalid("document").because(message);
        let plain: String = text.chars().filter(|letter| !matches!(letter, '.' | '-')).collect();
        let is_placed = text.find('-').is_none_or(|place| place + 2 == text.len());
        let split = plain.len().checked_sub(1).filter(|split| plain.is_char_boundary(*split));
        let (digits, check) = match split {
            Some(split) if is_placed && (1..=8).contains(&split) => plain.split_at(split),
            _ => return Err(because("a RUT is up to 8 digits, a dash and a check digit")),
        };
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(because("a RUT has only digits before its check digit"));
        }
        let number: u32 = digits.parse().map_err(|_| because("a RUT has up to 8 digits"))?;
        let expected = check_digit(number);
        if !check.eq_ignore_ascii_case(expected.encode_utf8(&mut [0; 4])) {
            return Err(because("the RUT's check digit is wrong; one of its digits is mistyped"));
        }
        Ok(Self { number, check: expected })
    }
}

/// Weights 2 to 7 from the right; eleven minus the remainder, where 11 is `0` and 10 is `K`.
fn check_digit(mut number: u32) -> char {
    let mut sum = 0;
    for weight in (2..=7).cycle() {
        if number == 0 {
            break;
        }
        sum += number % 10 * weight;
        number /= 10;
    }
    match 11 - sum % 11 {
        11 => '0',
        10 => 'K',
        digit => char::from_digit(digit, 10).unwrap_or('0'),
    }
}

impl fmt::Debug for Rut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rut(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_ruts_are_read_in_every_form() {
        for text in ["12.345.678-5", "12345678-5", "123456785"] {
            assert_eq!(text.parse::<Rut>().unwrap().without_dots(), "12345678-5");
        }
        assert_eq!("6-K".parse::<Rut>().unwrap(), "6-k".parse::<Rut>().unwrap());
        assert_eq!("11.111.111-1".parse::<Rut>().unwrap().without_dots(), "11111111-1");
    }

    #[test]
    fn every_wrong_check_digit_is_refused() {
        let refused = "0123456789K"
            .chars()
            .filter(|check| format!("12345678-{check}").parse::<Rut>().is_err())
            .count();
        assert_eq!(refused, 10);
        for text in ["", "-", "5", "1234567890-1", "12-345678-5", "1234567-85", "abc-1", "1é"] {
            assert!(text.parse::<Rut>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn debug_and_errors_show_nothing_of_it() {
        let rut: Rut = "12345678-5".parse().unwrap();
        assert_eq!(format!("{rut:?}"), "Rut(..)");
        assert!(!"12345678-4".parse::<Rut>().unwrap_err().to_string().contains("1234"));
    }
}
