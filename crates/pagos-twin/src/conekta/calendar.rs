//! Business days of Mexican banks, and when a transfer is executed.
//! Not a list of holidays: which days are some is a setting.

use jiff::{
    ToSpan,
    civil::{Date, Weekday},
    tz::{TimeZone, offset},
};
use pagos_core::Timestamp;

/// At nine in the morning of the business day after the request. A request of a day of rest counts
/// as one of the next business day.
///
/// Source: manual, Monday to Tuesday and Friday to Monday. The hour is `[sim]`; what a Saturday
/// means is inferred.
pub(super) fn executed_at(requested_at: Timestamp, holidays: &[String]) -> Option<Timestamp> {
    let zone = TimeZone::fixed(MEXICO_CITY);
    let requested = jiff::Timestamp::from_millisecond(requested_at.as_millis()).ok()?;
    let requested = requested.to_zoned_datetime(zone.clone()).date();
    let counted = first_business_day(requested, holidays)?;
    let executed = first_business_day(counted.tomorrow().ok()?, holidays)?;
    let moment = executed.at(9, 0, 0, 0).to_zoned_datetime(zone).ok()?.timestamp();
    Some(Timestamp::from_millis(moment.as_millisecond()))
}

/// Whether this is a date as holidays are written.
pub(super) fn is_date(text: &str) -> bool {
    text.parse::<Date>().is_ok()
}

/// This day or the next one on which banks work.
fn first_business_day(day: Date, holidays: &[String]) -> Option<Date> {
    (0..REST_DAYS_MAX).filter_map(|after| day.checked_add(after.days()).ok()).find(|day| {
        let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let is_holiday = |it: &String| it.parse::<Date>().is_ok_and(|holiday| holiday == *day);
        !is_weekend && !holidays.iter().any(is_holiday)
    })
}

/// Six hours behind UTC the whole year since October 2022. Source: the IANA database.
const MEXICO_CITY: jiff::tz::Offset = offset(-6);

/// Nobody rests longer.
const REST_DAYS_MAX: i32 = 366;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(requested: &str, holidays: &[&str], expected: &str) {
        let holidays: Vec<String> = holidays.iter().map(|it| (*it).to_owned()).collect();
        let executed = executed_at(requested.parse().unwrap(), &holidays).unwrap();
        assert_eq!(executed.to_string(), expected, "{requested}");
    }

    #[test]
    fn a_transfer_waits_for_a_business_day() {
        check("2024-12-02T15:00:00Z", &[], "2024-12-03T15:00:00Z");
        check("2024-12-06T15:00:00Z", &[], "2024-12-09T15:00:00Z");
        check("2024-12-07T15:00:00Z", &[], "2024-12-10T15:00:00Z");
        check("2024-12-08T15:00:00Z", &[], "2024-12-10T15:00:00Z");
        // Midnight is that of Mexico City.
        check("2024-12-03T05:59:59Z", &[], "2024-12-03T15:00:00Z");
        check("2024-12-03T06:00:00Z", &[], "2024-12-04T15:00:00Z");
    }

    #[test]
    fn holidays_are_days_of_rest() {
        check("2024-12-24T15:00:00Z", &["2024-12-25"], "2024-12-26T15:00:00Z");
        check("2024-12-25T15:00:00Z", &["2024-12-25", "no date"], "2024-12-27T15:00:00Z");
        assert!(is_date("2024-12-25") && !is_date("25/12/2024"));
    }
}
