//! How long what goes wrong takes, where twins do not differ.
//! Not how long an order takes when nothing goes wrong.

use std::time::Duration;

use crate::{call::Delays, random::Span};

/// How long faults and reversals take, in virtual time. `[sim]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long a stuck order takes to its first final status. It ends too: every order has one
    /// truth in finite time.
    pub stuck: Duration,
    /// From the first final status to the next one, if there is a reversal.
    pub reversal: Span,
    /// From the arrival of a late request to its effect.
    pub late_apply: Span,
    /// How long a slow reply takes.
    pub slow_reply: Span,
    /// How late a delayed webhook is. It overlaps with `reversal` so that notifications overtake.
    pub webhook_delay: Span,
    /// How long an order that lags is left out where many are looked through.
    pub listing_lag: Span,
}

impl Timing {
    /// What the `nth` create of a key can wait for.
    pub(crate) const fn delays(&self, nth: u32) -> Delays {
        Delays { nth, late_apply: self.late_apply, slow_reply: self.slow_reply }
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            stuck: Duration::from_secs(7 * 24 * 60 * 60),
            reversal: Span::from_millis(60_000, 600_000),
            late_apply: Span::from_millis(60_000, 480_000),
            slow_reply: Span::from_millis(2_000, 10_000),
            webhook_delay: Span::from_millis(30_000, 900_000),
            listing_lag: Span::from_millis(60_000, 600_000),
        }
    }
}
