//! Calendar days at a fixed offset from UTC, for sums and limits of a day.

use std::str::FromStr;

use pagos_core::{Day, Error, Timestamp};

const OFFSET_MINUTES_MAX: i16 = 14 * 60;

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
    minutes: i16,
}

impl UtcOffset {
    /// UTC itself, the default.
    pub const UTC: Self = Self { minutes: 0 };

    /// The calendar day of a moment.
    pub fn day_of(self, at: Timestamp) -> Day {
        Day::at(at, self.minutes)
    }

    /// Minutes more than UTC; negative to the west.
    pub fn minutes(self) -> i16 {
        self.minutes
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
        let two_digits = |part: &str| -> Option<i16> {
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
