//! Days as ETpay's lists count them, and the spans of days in which a list may be asked for. No
//! calendar: a day has 24 hours at a fixed distance from UTC.

use pagos_core::{Error, Timestamp};

use crate::contract::{DAY_OFFSET, DAY_OFFSET_MS, SPAN_DAYS_MAX, list_path};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// One day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day {
    /// Days since 1970-01-01.
    number: i64,
}

impl Day {
    /// The day in which `moment` lies.
    pub(super) fn of(moment: Timestamp) -> Self {
        Self { number: moment.as_millis().saturating_add(DAY_OFFSET_MS).div_euclid(DAY_MS) }
    }

    /// The day `days` later; earlier for negative ones.
    pub(super) fn plus(self, days: i64) -> Self {
        Self { number: self.number.saturating_add(days) }
    }

    /// Reads `yyyy-MM-dd`.
    ///
    /// # Errors
    /// `Invalid` for every other form.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        Ok(Self::of(DAY_OFFSET.parse(&format!("{text} 00:00:00"))?))
    }

    /// `yyyy-MM-dd`.
    ///
    /// # Errors
    /// `Invalid` for days beyond the year 9999.
    pub(super) fn text(self) -> Result<String, Error> {
        let midnight = DAY_OFFSET.format(self.starts_at())?;
        Ok(midnight.split(' ').next().unwrap_or_default().to_owned())
    }

    fn starts_at(self) -> Timestamp {
        Timestamp::from_millis(self.starts_at_in_utc().saturating_sub(DAY_OFFSET_MS))
    }

    fn starts_at_in_utc(self) -> i64 {
        self.number.saturating_mul(DAY_MS)
    }
}

/// Some days in a row, first and last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Day,
    pub(super) to: Day,
}

impl Span {
    /// The first part of `from` to `to` that one query may cover.
    ///
    /// A span ends before today or begins with it. Today's rows are what a query is answered
    /// with that ETpay does not like, so in a span that ends before today they are out of place.
    pub(super) fn first(from: Day, to: Day, today: Day) -> Option<Self> {
        if from > to {
            return None;
        }
        let longest = to.min(from.plus(SPAN_DAYS_MAX - 1));
        let ends_before = if from < today { today.plus(-1) } else { longest };
        Some(Self { from, to: longest.min(ends_before) })
    }

    /// Can a row of this time be an answer to this span? Whether ETpay's days are Chile's or UTC's
    /// is not known, so what lies in either counts.
    pub(super) fn holds(self, moment: Timestamp) -> bool {
        let end = self.to.plus(1).starts_at();
        moment.as_millis() >= self.from.starts_at_in_utc() && moment < end
    }

    /// Path and query of one page.
    ///
    /// # Errors
    /// `Invalid` for days beyond the year 9999.
    pub(super) fn path(self, page: u32) -> Result<String, Error> {
        let (from, to) = (self.from.text()?, self.to.text()?);
        Ok(list_path(parts(&from), parts(&to), page))
    }
}

/// Year, month and day.
fn parts(text: &str) -> [&str; 3] {
    let mut parts = text.split('-');
    [(); 3].map(|()| parts.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn days_begin_at_four_in_utc() {
        let cases = [
            ("2026-01-02T03:59:59.999Z", "2026-01-01"),
            ("2026-01-02T04:00:00Z", "2026-01-02"),
            ("1969-12-31T23:59:59Z", "1969-12-31"),
            ("2024-03-01T03:00:00Z", "2024-02-29"),
        ];
        for (text, expected) in cases {
            assert_eq!(Day::of(moment(text)).text().unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn only_days_are_read_as_days() {
        for text in ["", "2026-02-30", "02/01/2026", "2026-1-2", "2026-01-02 "] {
            assert!(Day::parse(text).is_err(), "{text:?}");
        }
        assert!(Day { number: i64::MAX }.text().is_err());
    }

    #[test]
    fn spans_are_short_and_never_reach_into_today() {
        let today = day("2026-03-10");
        let cases = [
            ("2026-03-01", "2026-03-20", Some(("2026-03-01", "2026-03-06"))),
            ("2026-03-07", "2026-03-20", Some(("2026-03-07", "2026-03-09"))),
            ("2026-03-09", "2026-03-11", Some(("2026-03-09", "2026-03-09"))),
            ("2026-03-10", "2026-03-11", Some(("2026-03-10", "2026-03-11"))),
            ("2026-03-10", "2026-03-20", Some(("2026-03-10", "2026-03-15"))),
            ("2026-03-11", "2026-03-11", Some(("2026-03-11", "2026-03-11"))),
            ("2026-03-02", "2026-03-01", None),
        ];
        for (from, to, expected) in cases {
            let span = Span::first(day(from), day(to), today);
            let expected = expected.map(|(from, to)| Span { from: day(from), to: day(to) });
            assert_eq!(span, expected, "{from} {to}");
        }
    }

    #[test]
    fn rows_of_another_day_are_out_of_place() {
        let span = Span { from: day("2026-03-01"), to: day("2026-03-02") };
        let cases = [
            ("2026-02-28T23:59:59Z", false),
            ("2026-03-01T00:00:00Z", true),
            ("2026-03-03T03:59:59Z", true),
            ("2026-03-03T04:00:00Z", false),
        ];
        for (text, expected) in cases {
            assert_eq!(span.holds(moment(text)), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn spans_cover_every_day_once(first in 0_i64..60, length in 0_i64..40, today in 0_i64..90) {
            let [mut from, to, today] =
                [first, first + length, today].map(|number| Day { number });
            let mut covered = 0;
            while let Some(span) = Span::first(from, to, today) {
                prop_assert!(span.from == from && span.to >= from && span.to <= to);
                prop_assert!(span.to.number - span.from.number < SPAN_DAYS_MAX);
                prop_assert!(span.to < today || span.from >= today);
                covered += span.to.number - span.from.number + 1;
                from = span.to.plus(1);
            }
            prop_assert_eq!(covered, length + 1);
        }
    }
}
