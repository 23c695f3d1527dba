//! What is the same for every provider of Chile: the check digit of a RUT and the zone of Santiago.
//! Not how a provider writes either.

use std::sync::LazyLock;

use jiff::tz::TimeZone;

/// The check digit of the digits before it, by modulus 11. Other characters give some digit.
///
/// Source: `etpay.md: D30`; `virtualpos.md` 6.1.
pub(crate) fn check_digit(body: &str) -> u8 {
    let factors = (2..=7).cycle();
    let sum: u32 = body
        .bytes()
        .rev()
        .zip(factors)
        .map(|(digit, by)| u32::from(digit.wrapping_sub(b'0')) * by)
        .sum();
    match 11 - sum % 11 {
        11 => b'0',
        10 => b'K',
        rest => b'0' + u8::try_from(rest).unwrap_or(0),
    }
}

/// The present rule of America/Santiago: four hours behind UTC, three from the first Saturday of
/// September to the first of April, each at midnight. `None` never.
///
/// Source: the last line of that zone in the IANA database.
pub(crate) fn santiago() -> Option<TimeZone> {
    SANTIAGO.clone()
}

static SANTIAGO: LazyLock<Option<TimeZone>> =
    LazyLock::new(|| TimeZone::posix("<-04>4<-03>,M9.1.6/24,M4.1.6/24").ok());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_known_numbers() {
        for (body, digit) in [
            ("11111111", b'1'),
            ("12345678", b'5'),
            ("15509661", b'6'),
            ("11222333", b'9'),
            ("76967692", b'9'),
            ("20347878", b'K'),
            ("10000013", b'K'),
            ("11111117", b'0'),
            ("1111111", b'4'),
        ] {
            assert_eq!(check_digit(body), digit, "{body}");
        }
    }
}
