//! Local times without a zone, `yyyy-MM-dd HH:mm:ss`, as many providers write them. The caller
//! gives the offset from UTC; there are no time zone rules here.

use jiff::{civil::DateTime, tz::Offset};

use pagos_core::{Error, Timestamp};

const FORM: &str = "%Y-%m-%d %H:%M:%S";

/// A fixed distance from UTC, in minutes, positive to the east: Colombia is -300.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UtcOffset {
    minutes: i16,
}

impl UtcOffset {
    /// UTC.
    pub const UTC: Self = Self { minutes: 0 };

    /// `hours` east of UTC.
    pub const fn hours(hours: i8) -> Self {
        Self { minutes: hours as i16 * 60 }
    }

    /// `minutes` east of UTC. No place on Earth is more than 14 hours away.
    pub const fn minutes(minutes: i16) -> Self {
        Self { minutes }
    }

    /// Parses `yyyy-MM-dd HH:mm:ss` as local time at this offset. Strict: no fraction, no `T`.
    ///
    /// ```
    /// use pagos_wire::UtcOffset;
    ///
    /// let colombia = UtcOffset::hours(-5);
    /// let moment = colombia.parse("2024-12-02 08:42:54")?;
    /// assert_eq!(moment.to_string(), "2024-12-02T13:42:54Z");
    /// assert_eq!(colombia.format(moment)?, "2024-12-02 08:42:54");
    /// # Ok::<(), pagos_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` for any other form, for days that do not exist and for an offset beyond a day.
    pub fn parse(self, text: &str) -> Result<Timestamp, Error> {
        let refused = || Error::invalid("time").because(format!("{text:?} is not {FORM}"));
        let civil = DateTime::strptime(FORM, text).map_err(|cause| refused().with_source(cause))?;
        if civil.strftime(FORM).to_string() != text {
            return Err(refused());
        }
        let moment = self.offset()?.to_timestamp(civil).map_err(|cause| {
            Error::invalid("time").because(format!("{text:?} is out of range")).with_source(cause)
        })?;
        Ok(Timestamp::from_millis(moment.as_millisecond()))
    }

    /// Formats `moment` as local time at this offset, in whole seconds.
    ///
    /// # Errors
    /// `Invalid` for moments beyond the year 9999 or before -9999.
    pub fn format(self, moment: Timestamp) -> Result<String, Error> {
        let instant = jiff::Timestamp::from_millisecond(moment.as_millis()).map_err(|cause| {
            Error::invalid("time").because(format!("{moment} is out of range")).with_source(cause)
        })?;
        Ok(self.offset()?.to_datetime(instant).strftime(FORM).to_string())
    }

    fn offset(self) -> Result<Offset, Error> {
        Offset::from_seconds(i32::from(self.minutes) * 60).map_err(|cause| {
            Error::invalid("utc_offset").because("the offset is out of range").with_source(cause)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_one_form_is_read() {
        let refused = [
            "",
            "2024-12-02",
            "2024-12-02T08:42:54",
            "2024-12-02 8:42:54",
            "2024-12-02 08:42:54 ",
            "2024-12-02 08:42:54.5",
            "2024-12-02 08:42:54Z",
            "2024-02-30 08:42:54",
            "2024-12-02 24:00:00",
            "02-12-2024 08:42:54",
        ];
        for text in refused {
            assert!(UtcOffset::UTC.parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_offset_beyond_a_day_is_refused() {
        assert_eq!(UtcOffset::hours(-5), UtcOffset::minutes(-300));
        assert!(UtcOffset::minutes(i16::MIN).format(Timestamp::default()).is_err());
        assert!(UtcOffset::hours(100).parse("2024-12-02 08:42:54").is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            unix_seconds in -60_000_000_000_i64..250_000_000_000,
            minutes in -1080_i16..=1080,
        ) {
            let offset = UtcOffset::minutes(minutes);
            let moment = Timestamp::from_millis(unix_seconds * 1000);
            prop_assert_eq!(offset.parse(&offset.format(moment).unwrap()).unwrap(), moment);
        }
    }
}
