//! Days as ETpay's lists count them, and the spans of days that a query may cover. A day has 24
//! hours at a fixed distance from UTC; there are no time zone rules.

use std::iter::successors;

use jiff::{ToSpan, civil::Date, tz::Offset};

use pagos_core::Timestamp;

use crate::contract::{DAY_OFFSET, SPAN_DAYS_MAX, list_path};

/// ETpay's day that contains `moment`; the first or the last day of the calendar for a moment
/// beyond it.
pub(super) fn day_of(moment: Timestamp) -> Date {
    day_at(DAY_OFFSET, moment)
}

/// Parses `yyyy-MM-dd` and nothing else.
pub(super) fn parse_day(text: &str) -> Option<Date> {
    text.parse::<Date>().ok().filter(|day| day.to_string() == text)
}

fn day_at(offset: Offset, moment: Timestamp) -> Date {
    let limit = if moment.as_millis() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    let moment = jiff::Timestamp::from_millisecond(moment.as_millis()).unwrap_or(limit);
    offset.to_datetime(moment).date()
}

/// Consecutive days, including the first and the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Date,
    pub(super) to: Date,
}

impl Span {
    /// Splits `from` to `to` into as many parts as there must be queries.
    pub(super) fn all(from: Date, to: Date, today: Date) -> impl Iterator<Item = Self> {
        successors(Self::first(from, to, today), move |span| Self::first(span.next(to)?, to, today))
    }

    /// The first part of `from` to `to` that one query may cover.
    ///
    /// A span either ends before today or begins with it. ETpay answers a query that it does not
    /// like with today's rows, so in a span that ends before today they are recognised as wrong.
    pub(super) fn first(from: Date, to: Date, today: Date) -> Option<Self> {
        if from > to {
            return None;
        }
        let longest = to.min(from.saturating_add((SPAN_DAYS_MAX - 1).days()));
        let ends_before = if from < today { today.saturating_sub(1.day()) } else { longest };
        Some(Self { from, to: longest.min(ends_before) })
    }

    /// The first day after it that is not after `last`.
    pub(super) fn next(self, last: Date) -> Option<Date> {
        self.to.tomorrow().ok().filter(|next| *next <= last)
    }

    /// Whether a row of this time can be in the answer for this span. It is unknown whether ETpay's
    /// days are Chile's or UTC's, so either counts.
    pub(super) fn holds(self, moment: Timestamp) -> bool {
        self.from <= day_at(Offset::UTC, moment) && day_of(moment) <= self.to
    }

    /// Path and query of one page.
    pub(super) fn path(self, page: u32) -> String {
        list_path(self.from, self.to, page)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Date {
        parse_day(text).unwrap()
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
            assert_eq!(day_of(moment(text)).to_string(), expected, "{text}");
        }
    }

    #[test]
    fn only_days_are_read_as_days() {
        for text in ["", "2026-02-30", "02/01/2026", "2026-1-2", "2026-01-02 "] {
            assert_eq!(parse_day(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_calendar_ends() {
        let [first, last] = [i64::MIN, i64::MAX].map(Timestamp::from_millis).map(day_of);
        assert_eq!([first.year(), last.year()], [-9999, 9999]);
        assert_eq!(Span::all(last, Date::MAX, first).last().map(|span| span.to), Some(Date::MAX));
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
            let [first, to, today] =
                [first, first + length, today].map(|days| day("2026-01-01") + days.days());
            let mut next = Some(first);
            for span in Span::all(first, to, today) {
                prop_assert!(Some(span.from) == next && span.to >= span.from && span.to <= to);
                prop_assert!(span.to < span.from + SPAN_DAYS_MAX.days());
                prop_assert!(span.to < today || span.from >= today);
                next = span.next(to);
            }
            prop_assert_eq!(next, None);
        }
    }
}
