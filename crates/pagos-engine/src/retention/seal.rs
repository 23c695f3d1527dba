//! What the store still tells of a payout that left: how it ended, and since when it is archived.

use pagos_core::{Status, Timestamp};
use serde::{Deserialize, Serialize};

/// What is known of an archived payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// How it ended.
    pub ended: SealedAs,
    /// The day on which it was archived, as its first moment in UTC.
    pub archived_on: Timestamp,
}

impl Seal {
    const DAY_MS: i64 = 86_400_000;

    /// The number of the day of a moment, as stores keep it.
    pub fn day_of(moment: Timestamp) -> i64 {
        moment.as_millis().div_euclid(Self::DAY_MS)
    }

    /// The seal that a store kept, from the number of the day.
    pub fn on_day(ended: SealedAs, day: i64) -> Self {
        let archived_on = Timestamp::from_millis(day.saturating_mul(Self::DAY_MS));
        Self { ended, archived_on }
    }

    /// The day, as `2026-03-01`.
    ///
    /// ```
    /// use pagos_engine::{Seal, SealedAs};
    ///
    /// assert_eq!(Seal::on_day(SealedAs::Succeeded, 20_513).day_text(), "2026-03-01");
    /// ```
    pub fn day_text(self) -> String {
        let text = self.archived_on.to_string();
        text.split('T').next().unwrap_or_default().to_owned()
    }
}

/// How an archived payout ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SealedAs {
    /// The money arrived.
    Succeeded,
    /// It failed; the archive has the reason.
    Failed,
}

impl SealedAs {
    /// How a payout with a final status ended; `None` for one that is not final.
    pub fn of(status: Status) -> Option<Self> {
        match status {
            Status::Succeeded => Some(Self::Succeeded),
            Status::Failed(_) => Some(Self::Failed),
            Status::Created | Status::Unknown | Status::Pending => None,
        }
    }

    /// The status word, as in [`crate::Progress::word`].
    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}
