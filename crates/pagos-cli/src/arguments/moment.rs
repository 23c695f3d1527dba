//! Moments as people write them: a day, or RFC 3339. A day begins in UTC, like all times in the
//! output.

use pagos_core::Timestamp;

/// Parses a day or a moment.
///
/// # Errors
/// What to write instead.
pub(crate) fn parse_moment(text: &str) -> Result<Timestamp, String> {
    let is_day = text.len() == 10;
    let whole = if is_day { format!("{text}T00:00:00Z") } else { text.to_owned() };
    whole.parse().map_err(|_| {
        "write a day, such as 2026-01-31, or a moment, such as 2026-01-31T09:30:00Z".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_in_utc_and_moments_may_name_an_offset() {
        for (text, moment) in [
            ("2026-01-31", "2026-01-31T00:00:00Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z"),
            ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00Z"),
            ("2026-01-31T09:30:00.5-05:00", "2026-01-31T14:30:00.5Z"),
        ] {
            assert_eq!(parse_moment(text).unwrap().to_string(), moment, "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2026-02-29",
            "2026-13-01",
            "31-01-2026",
            "31/01/2026",
            "2026-1-31",
            "2026-01-31T09:30:00",
            "1733103774518",
        ] {
            assert!(parse_moment(text).is_err(), "{text}");
        }
    }
}
