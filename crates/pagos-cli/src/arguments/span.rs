//! Durations as people write them: `90s`, `30m`, `72h`, `7d`.

use std::time::Duration;

/// Longer ones would leave the calendar.
const DAYS_MAX: u64 = 3_660;

/// Parses a whole number with its unit.
///
/// # Errors
/// What to write instead.
pub(crate) fn parse_span(text: &str) -> Result<Duration, String> {
    let wanted = || "write a whole number and s, m, h or d, such as 72h".to_owned();
    let (place, unit) = text.char_indices().next_back().ok_or_else(wanted)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wanted()),
    };
    let digits = text.get(..place).filter(|digits| digits.bytes().all(|it| it.is_ascii_digit()));
    let number: u64 = digits.and_then(|digits| digits.parse().ok()).ok_or_else(wanted)?;
    let total = number.checked_mul(seconds).filter(|total| *total <= DAYS_MAX * 86_400);
    total.map(Duration::from_secs).ok_or_else(|| format!("at most {DAYS_MAX}d"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_number_and_a_unit() {
        for (text, seconds) in
            [("0s", 0), ("90s", 90), ("30m", 1_800), ("72h", 259_200), ("3660d", 316_224_000)]
        {
            assert_eq!(parse_span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "h", "72", "72 h", "-1h", "+1h", "1.5h", "1w", "1ñ", "3661d"] {
            assert!(parse_span(text).is_err(), "{text}");
        }
        assert!(parse_span("99999999999999999999h").is_err());
    }
}
