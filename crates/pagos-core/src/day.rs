//! Calendar days, as banks book them: without a time and without a zone.

use std::{fmt, str::FromStr};

use jiff::{Span, civil::Date, tz::Offset};
use serde::{Deserialize, Serialize};

use crate::{Error, Timestamp};

/// A day of the Gregorian calendar, from the year 1 to the year 9999.
///
/// ```
/// use pagos_core::Day;
///
/// let day: Day = "2026-02-27".parse()?;
/// assert_eq!(day.plus(2).to_string(), "2026-03-01");
/// assert_eq!(day.plus(2).since(day), 2);
/// # Ok::<(), pagos_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day {
    date: Date,
}

impl Day {
    /// The first day that there is.
    pub const MIN: Self = Self { date: Date::constant(1, 1, 1) };
    /// The last day that there is.
    pub const MAX: Self = Self { date: Date::constant(9999, 12, 31) };

    /// A day by its numbers.
    ///
    /// # Errors
    /// `Invalid` for a day that does not exist, such as 30 February.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, Error> {
        let refused = || {
            Error::invalid("day").because(format!("{year}-{month}-{day} is no day of the calendar"))
        };
        let date = Date::new(year, month, day).map_err(|cause| refused().with_source(cause))?;
        if year < 1 {
            return Err(refused());
        }
        Ok(Self { date })
    }

    /// The day at `moment` where clocks show `offset_minutes` more than UTC (Chile -180 or -240,
    /// Mexico -360, Colombia -300). The nearest day that there is for a moment beyond them.
    ///
    /// ```
    /// use pagos_core::{Day, Timestamp};
    ///
    /// let moment: Timestamp = "2026-01-01T02:00:00Z".parse()?;
    /// assert_eq!(Day::at(moment, 0).to_string(), "2026-01-01");
    /// assert_eq!(Day::at(moment, -300).to_string(), "2025-12-31");
    /// # Ok::<(), pagos_core::Error>(())
    /// ```
    pub fn at(moment: Timestamp, offset_minutes: i16) -> Self {
        let local_ms =
            moment.as_millis().saturating_add(i64::from(offset_minutes).saturating_mul(60_000));
        match jiff::Timestamp::from_millisecond(local_ms) {
            Ok(local) => {
                let date = Offset::UTC.to_datetime(local).date();
                Self { date }.clamp(Self::MIN, Self::MAX)
            }
            Err(_) if local_ms < 0 => Self::MIN,
            Err(_) => Self::MAX,
        }
    }

    /// The first moment of the day where clocks show `offset_minutes` more than UTC.
    pub fn start(self, offset_minutes: i16) -> Timestamp {
        // Every day from the year 1 to 9999 has a midnight in UTC.
        let midnight = Offset::UTC.to_timestamp(self.date.at(0, 0, 0, 0));
        let utc_ms = midnight.map_or(0, jiff::Timestamp::as_millisecond);
        Timestamp::from_millis(utc_ms.saturating_sub(i64::from(offset_minutes) * 60_000))
    }

    /// The day `days` later, or earlier if negative; the nearest day that there is beyond them.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        let beyond = if days < 0 { Self::MIN } else { Self::MAX };
        let moved = Span::new().try_days(days).and_then(|span| self.date.checked_add(span));
        moved.map_or(beyond, |date| Self { date }.clamp(Self::MIN, Self::MAX))
    }

    /// How many days after `earlier` this day is; negative if it is before it.
    pub fn since(self, earlier: Self) -> i32 {
        earlier.date.until(self.date).map_or(0, |span| span.get_days())
    }

    /// The year.
    pub fn year(self) -> i16 {
        self.date.year()
    }

    /// The month, from 1.
    pub fn month(self) -> i8 {
        self.date.month()
    }

    /// The day of the month, from 1.
    pub fn day(self) -> i8 {
        self.date.day()
    }
}

/// Prints `2026-01-31`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date.fmt(f)
    }
}

/// Parses `2026-01-31` and nothing else.
impl FromStr for Day {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refused =
            || Error::invalid("day").because(format!("{text:?} is not a day such as 2026-01-31"));
        let number = |from: usize, to: usize| {
            let digits = text.get(from..to)?;
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| digits.parse::<i16>().ok()).flatten()
        };
        let is_form =
            text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
        let parts = (is_form, number(0, 4), number(5, 7), number(8, 10));
        let (true, Some(year), Some(month), Some(day)) = parts else { return Err(refused()) };
        let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else {
            return Err(refused());
        };
        Self::new(year, month, day)
    }
}

impl TryFrom<String> for Day {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_one_form_of_a_day_that_exists_is_read() {
        for text in ["2026-01-31", "0001-01-01", "9999-12-31", "2024-02-29"] {
            assert_eq!(text.parse::<Day>().unwrap().to_string(), text);
        }
        let refused = [
            "",
            "2026-1-31",
            "2026-02-29",
            "2026-13-01",
            "0000-01-01",
            "31-01-2026",
            "2026/01/31",
            "2026-01-31 ",
            "+026-01-31",
            "2026-01-31T00:00:00Z",
            "２026-01-31",
        ];
        for text in refused {
            assert!(text.parse::<Day>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_calendar_has_an_end_on_both_sides() {
        assert_eq!(Day::MAX.plus(1), Day::MAX);
        assert_eq!(Day::MIN.plus(-1), Day::MIN);
        assert_eq!(Day::MIN.plus(i32::MAX), Day::MAX);
        assert_eq!(Day::at(Timestamp::from_millis(i64::MIN), 0), Day::MIN);
        assert_eq!(Day::at(Timestamp::from_millis(i64::MAX), 0), Day::MAX);
    }

    proptest! {
        #[test]
        fn a_day_begins_at_its_start(days in -700_000_i32..2_900_000, minutes in -840_i16..=840) {
            let day = Day::new(1970, 1, 1).unwrap().plus(days);
            let start = day.start(minutes);
            prop_assert_eq!(Day::at(start, minutes), day);
            let before = Timestamp::from_millis(start.as_millis() - 1);
            prop_assert_eq!(Day::at(before, minutes), if day == Day::MIN { day } else { day.plus(-1) });
            prop_assert_eq!(day.plus(41).since(day), day.plus(41).since(Day::MIN) - day.since(Day::MIN));
        }
    }
}
