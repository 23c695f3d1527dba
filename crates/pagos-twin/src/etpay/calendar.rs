//! Days of Chile: the dates of list queries as ranges of moments.
//! Not a time zone database; one rule is enough for a simulator.

use jiff::civil::Date;
use pagos_core::Timestamp;

use crate::chile::santiago;

/// Whole days, from the first midnight up to and without the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

/// The days that a list is asked for, or silently today: if an end is missing or no date, if they
/// are the wrong way round, or if they span more than seven days.
///
/// Source: `docs: D8, D9`, of a sibling of the payouts list. That both ends count, and that days are
/// those of Santiago, is inferred.
pub(super) fn window(from: Option<&str>, to: Option<&str>, now: Timestamp) -> Option<Days> {
    let asked = from.and_then(date).zip(to.and_then(date)).filter(|(from, to)| {
        let days = to.duration_since(*from).as_hours() / 24;
        (0..DAYS_MAX).contains(&days)
    });
    let zone = santiago()?;
    let today = jiff::Timestamp::from_millisecond(now.as_millis()).ok()?;
    let today = today.to_zoned_datetime(zone.clone()).date();
    let (from, to) = asked.unwrap_or((today, today));
    let midnight = |day: Date| {
        let moment = day.to_zoned_datetime(zone.clone()).ok()?.timestamp();
        Some(Timestamp::from_millis(moment.as_millisecond()))
    };
    Some(Days { start: midnight(from)?, end: midnight(to.tomorrow().ok()?)? })
}

/// `DD/MM/YYYY`. Source: `docs: D8`, the sample `13/01/2023`.
fn date(text: &str) -> Option<Date> {
    let mut parts = text.split('/');
    let mut number = |digits: usize| {
        let part = parts.next()?;
        let is_plain = part.len() == digits && part.bytes().all(|it| it.is_ascii_digit());
        part.parse::<i16>().ok().filter(|_| is_plain)
    };
    let (day, month, year) = (number(2)?, number(2)?, number(4)?);
    if parts.next().is_some() {
        return None;
    }
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

const DAYS_MAX: i64 = 7;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: &str, to: &str, expected: [&str; 2]) {
        let now = "2024-12-02T02:59:59.999Z".parse().unwrap();
        let days = window(Some(from), Some(to), now).unwrap();
        assert_eq!([days.start.to_string(), days.end.to_string()], expected, "{from} {to}");
    }

    #[test]
    fn days_begin_at_midnight_of_santiago() {
        check("13/01/2023", "13/01/2023", ["2023-01-13T03:00:00Z", "2023-01-14T03:00:00Z"]);
        check("01/06/2024", "07/06/2024", ["2024-06-01T04:00:00Z", "2024-06-08T04:00:00Z"]);
        // The night of the change has 23 hours in September and 25 in April.
        check("08/09/2024", "08/09/2024", ["2024-09-08T04:00:00Z", "2024-09-09T03:00:00Z"]);
        check("06/04/2024", "06/04/2024", ["2024-04-06T03:00:00Z", "2024-04-07T04:00:00Z"]);
    }

    #[test]
    fn a_bad_range_is_today() {
        let today = ["2024-12-01T03:00:00Z", "2024-12-02T03:00:00Z"];
        for (from, to) in [
            ("01/06/2024", "08/06/2024"),
            ("02/06/2024", "01/06/2024"),
            ("31/02/2024", "01/03/2024"),
            ("06/13/2024", "06/13/2024"),
            ("2024-06-01", "2024-06-01"),
            ("1/6/2024", "1/6/2024"),
            ("01/06/2024/1", "01/06/2024"),
            ("", ""),
        ] {
            check(from, to, today);
        }
        let now = "2024-12-02T03:00:00Z".parse().unwrap();
        let days = window(Some("01/06/2024"), None, now).unwrap();
        assert_eq!(days.start, now, "one end alone");
    }
}
