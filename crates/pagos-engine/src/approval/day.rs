//! Calendar days at a fixed offset from UTC, for sums and limits of a day.

use std::{fmt, str::FromStr};

use pagos_core::{Error, Timestamp};

const DAY_MS: i64 = 86_400_000;

const OFFSET_MINUTES_MAX: i32 = 14 * 60;

/// How far the clock of a country is from UTC. It is fixed: there is no daylight saving time.
///
/// ```
/// use pagos_core::Timestamp;
/// use pagos_engine::UtcOffset;
///
/// let evening: Timestamp = "2026-05-01T02:00:00Z".parse()?;
/// assert_eq!(UtcOffset::UTC.day_of(evening).to_string(), "2026-05-01");
/// let bogota: UtcOffset = "-05:00".parse()?;
/// assert_eq!(bogota.day_of(evening).to_string(), "2026-04-30");
/// # Ok::<(), pagos_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UtcOffset {
    minutes: i32,
}

impl UtcOffset {
    /// UTC itself, the default.
    pub const UTC: Self = Self { minutes: 0 };

    /// The calendar day of a moment.
    pub fn day_of(self, at: Timestamp) -> Day {
        let local_ms = at.as_millis().saturating_add(i64::from(self.minutes) * 60_000);
        Day { number: local_ms.div_euclid(DAY_MS) }
    }
}

/// Reads `+HH:MM`, `-HH:MM` or `UTC`.
impl FromStr for UtcOffset {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text == "UTC" {
            return Ok(Self::UTC);
        }
        let refused = || {
            Error::invalid("day")
                .because(format!("{text:?} is not UTC or an offset such as -05:00"))
        };
        let (sign, rest) = match (text.strip_prefix('-'), text.strip_prefix('+')) {
            (Some(rest), _) => (-1, rest),
            (None, Some(rest)) => (1, rest),
            (None, None) => return Err(refused()),
        };
        let two_digits = |part: &str| -> Option<i32> {
            let is_plain = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            if is_plain { part.parse().ok() } else { None }
        };
        let (hours, minutes) = rest.split_once(':').ok_or_else(refused)?;
        let (hours, minutes) = two_digits(hours).zip(two_digits(minutes)).ok_or_else(refused)?;
        let all = hours * 60 + minutes;
        if minutes > 59 || all > OFFSET_MINUTES_MAX {
            return Err(refused());
        }
        Ok(Self { minutes: sign * all })
    }
}

/// A calendar day. It prints as `2026-05-01`, so that the texts of later days sort later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    /// Days since 1970-01-01.
    number: i64,
}

impl Day {
    /// The day so many days earlier.
    pub(crate) fn minus(self, days: i64) -> Self {
        Self { number: self.number.saturating_sub(days) }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let midnight = Timestamp::from_millis(self.number.saturating_mul(DAY_MS)).to_string();
        f.write_str(midnight.split('T').next().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_of_its_offset() {
        let day = |offset: &str, at: &str| {
            let offset: UtcOffset = offset.parse().unwrap();
            offset.day_of(at.parse().unwrap()).to_string()
        };
        assert_eq!(day("UTC", "2026-05-01T23:59:59.999Z"), "2026-05-01");
        assert_eq!(day("-03:00", "2026-05-01T02:59:59.999Z"), "2026-04-30");
        assert_eq!(day("-03:00", "2026-05-01T03:00:00Z"), "2026-05-01");
        assert_eq!(day("+05:30", "2026-05-01T18:30:00Z"), "2026-05-02");
        assert_eq!(day("UTC", "1969-12-31T23:00:00Z"), "1969-12-31");
    }

    #[test]
    fn other_texts_are_no_offset() {
        for bad in ["", "-5", "05:00", "-05:60", "+15:00", "-0:500", "utc", "-05:00:00", "+-5:00"] {
            assert!(bad.parse::<UtcOffset>().is_err(), "{bad:?}");
        }
    }
}
