//! Amounts between JSON text and centavos, exactly. No floating point, no rounding.

use std::fmt::Write;

/// Digits after the point that `decimal(20,2)` allows, and the exponent of COP.
const SCALE: usize = 2;

/// Centavos of a decimal text with at most two decimals (`"50000"`, `"50000.5"`, `"50000.00"`).
///
/// `None` for signs, exponents, more decimals (zeros too) and what does not fit `i64`.
/// Source: manual "Request Parameters", `decimal(20,2)`.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "00"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
    if !is_digits(whole) || !is_digits(decimals) || decimals.len() > SCALE {
        return None;
    }
    let pesos: i64 = whole.parse().ok()?;
    let tenths_or_centavos: i64 = decimals.parse().ok()?;
    let centavos =
        if decimals.len() < SCALE { tenths_or_centavos * 10 } else { tenths_or_centavos };
    pesos.checked_mul(100)?.checked_add(centavos)
}

/// With as many decimals as needed and at least `decimals_min`: `60000`, `60000.5`, `60000.05`.
pub(super) fn shortest(minor: i64, decimals_min: usize) -> String {
    let mut text = fixed(minor, SCALE);
    for _ in decimals_min..SCALE {
        match text.strip_suffix('0') {
            Some(shorter) => text.truncate(shorter.len()),
            None => return text,
        }
    }
    if text.ends_with('.') {
        text.pop();
    }
    text
}

/// With exactly `decimals` decimals, at least two: `60000.00`, `5150.0000`.
pub(super) fn fixed(minor: i64, decimals: usize) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let units = minor.unsigned_abs();
    let mut text = format!("{sign}{}.{:02}", units / 100, units % 100);
    for _ in SCALE..decimals {
        let _ = text.write_char('0');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_exactly() {
        for (text, expected) in [
            ("50000", Some(5_000_000)),
            ("50000.0", Some(5_000_000)),
            ("50000.00", Some(5_000_000)),
            ("50000.5", Some(5_000_050)),
            ("50000.05", Some(5_000_005)),
            ("0.1", Some(10)),
            ("90071992547409.93", Some(9_007_199_254_740_993)),
            ("50000.000", None),
            ("5e4", None),
            ("-1", None),
            ("+1", None),
            ("1.", None),
            (".5", None),
            ("", None),
            ("1,5", None),
            ("1.2.3", None),
            ("99999999999999999999", None),
            ("92233720368547758.08", None),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn texts_are_written_in_three_styles() {
        for (minor, plain, one, two, four) in [
            (6_000_000, "60000", "60000.0", "60000.00", "60000.0000"),
            (6_000_050, "60000.5", "60000.5", "60000.50", "60000.5000"),
            (6_000_005, "60000.05", "60000.05", "60000.05", "60000.0500"),
            (0, "0", "0.0", "0.00", "0.0000"),
            (-150, "-1.5", "-1.5", "-1.50", "-1.5000"),
        ] {
            assert_eq!(shortest(minor, 0), plain);
            assert_eq!(shortest(minor, 1), one);
            assert_eq!(fixed(minor, 2), two);
            assert_eq!(fixed(minor, 4), four);
        }
    }
}
