//! Moments in time as whole milliseconds.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::Error;

/// A moment: milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// ```
/// use pagos_core::Timestamp;
///
/// let moment = Timestamp::from_millis(1_733_103_774_518);
/// assert_eq!(moment.to_string(), "2024-12-02T01:42:54.518Z");
/// ```
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp {
    unix_ms: i64,
}

impl Timestamp {
    /// The moment `unix_ms` milliseconds after the epoch; negative before it.
    pub const fn from_millis(unix_ms: i64) -> Self {
        Self { unix_ms }
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.unix_ms
    }

    /// The moment `wait` later, in whole milliseconds; saturates at the latest representable
    /// moment.
    #[must_use]
    pub fn plus(self, wait: Duration) -> Self {
        let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        Self { unix_ms: self.unix_ms.saturating_add(wait_ms) }
    }

    /// The moment `time` earlier; saturates at the earliest representable moment.
    #[must_use]
    pub fn minus(self, time: Duration) -> Self {
        let time_ms = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        Self { unix_ms: self.unix_ms.saturating_sub(time_ms) }
    }

    /// The duration from `earlier` to this moment; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        let passed_ms = self.unix_ms.saturating_sub(earlier.unix_ms);
        Duration::from_millis(u64::try_from(passed_ms).unwrap_or(0))
    }
}

/// Prints RFC 3339 in UTC, with milliseconds unless they are zero.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.unix_ms) {
            Ok(moment) => moment.fmt(f),
            Err(_) => write!(f, "{} ms", self.unix_ms),
        }
    }
}

/// Parses RFC 3339 (`2024-12-02T01:42:54Z`).
impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let moment = text.parse::<jiff::Timestamp>().map_err(|cause| {
            Error::invalid("time").because(format!("{text:?} is not RFC 3339")).with_source(cause)
        })?;
        Ok(Self { unix_ms: moment.as_millisecond() })
    }
}
