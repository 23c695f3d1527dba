//! What people in Chile have in common, whoever pays them: names and tax numbers. Not how a
//! provider wants them written beyond that.

use super::build_name;
use crate::random::Random;

/// The limit of an instant transfer in Chile, in pesos. They have no cents.
pub(crate) const PESOS_MAX: u64 = 7_000_000;

pub(crate) const ACCOUNT_TYPES: [&str; 3] = ["checking", "sight", "savings"];

/// Somebody who pays, as options of `pagos payment create`.
pub(crate) const PAYER: &[&str] = &["--name", "Ana Diaz", "--document", "rut:11.111.111-1"];

/// Numbers of people. Twins keep 22222222 and the like for scenarios of their own.
const RUT_MIN: u64 = 1_000_000;
const RUT_MAX: u64 = 21_999_999;

const FIRST_NAMES: [&str; 6] = ["Amanda", "Benjamín", "Catalina", "Ignacio", "Javiera", "Tomás"];
const LAST_NAMES: [&str; 6] = ["Aravena", "Fuentes", "Muñoz", "Pizarro", "Sepúlveda", "Tapia"];

/// Somebody's name.
pub(crate) fn build_person(random: &mut Random) -> String {
    build_name(&FIRST_NAMES, &LAST_NAMES, random)
}

/// Somebody's tax number.
pub(crate) fn draw_rut(random: &mut Random) -> String {
    build_rut(random.draw(RUT_MIN, RUT_MAX))
}

/// An amount in pesos.
pub(crate) fn draw_amount(random: &mut Random) -> i64 {
    // At most 7,000,000, which fits.
    i64::try_from(random.draw(1, PESOS_MAX)).unwrap_or(i64::MAX)
}

/// A tax number with its check digit, modulus 11.
fn build_rut(body: u64) -> String {
    let digits = body.to_string();
    let weighed = digits.bytes().rev().zip((2..=7).cycle());
    let sum: u64 = weighed.map(|(digit, factor)| u64::from(digit - b'0') * factor).sum();
    match 11 - sum % 11 {
        11 => format!("{body}-0"),
        10 => format!("{body}-K"),
        digit => format!("{body}-{digit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_right() {
        for (body, expected) in [
            (11_111_111, "11111111-1"),
            (12_345_678, "12345678-5"),
            (76_934_246, "76934246-K"),
            (5_126_663, "5126663-3"),
            (12_000_008, "12000008-K"),
            (12_000_002, "12000002-0"),
            (20_080_808, "20080808-8"),
        ] {
            assert_eq!(build_rut(body), expected);
        }
    }
}
