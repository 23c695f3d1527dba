//! The Mexican CLABE: an account number of 18 digits, the last of which is a check digit.

use std::{fmt, str::FromStr};

use crate::Error;

/// A CLABE with a correct check digit (weights 3-7-1).
///
/// ```
/// use pagos_core::Clabe;
///
/// let clabe: Clabe = "032180000118359719".parse()?;
/// assert_eq!(clabe.bank(), "032");
/// # Ok::<(), pagos_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Clabe {
    digits: String,
}

impl Clabe {
    /// All 18 digits.
    pub fn as_str(&self) -> &str {
        &self.digits
    }

    /// The first three digits, which name the bank.
    pub fn bank(&self) -> &str {
        self.digits.get(..3).unwrap_or_default()
    }
}

impl FromStr for Clabe {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let because = |message: &str| Error::invalid("account").because(message);
        if text.len() != 18 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(because("a CLABE is 18 digits; a spreadsheet may have removed zeros"));
        }
        let weights = [3_u32, 7, 1].into_iter().cycle();
        let mut digits = text.bytes().map(|byte| u32::from(byte - b'0'));
        let sum: u32 =
            digits.clone().zip(weights).take(17).map(|(digit, weight)| digit * weight % 10).sum();
        if digits.next_back() != Some((10 - sum % 10) % 10) {
            return Err(because("the CLABE's check digit is wrong; one of its digits is mistyped"));
        }
        Ok(Self { digits: text.to_owned() })
    }
}

impl fmt::Debug for Clabe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clabe(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_checked() {
        for good in ["032180000118359719", "002010077777777771"] {
            assert!(good.parse::<Clabe>().is_ok(), "{good}");
        }
        for position in 0..18 {
            let mut digits = *b"032180000118359719";
            digits[position] = b'0' + (digits[position] - b'0' + 1) % 10;
            let text = std::str::from_utf8(&digits).unwrap();
            assert!(text.parse::<Clabe>().is_err(), "digit {position} changed");
        }
        for bad in ["", "32180000118359719", "0321800001183597190", "03218000011835971x"] {
            assert!(bad.parse::<Clabe>().is_err(), "{bad:?}");
        }
    }
}
