//! Compares payouts with bank statements and with the lists of providers.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod expected;
mod fold;
mod matching;
mod outcome;
mod provider;
mod rule;
#[cfg(test)]
mod testing;

pub use expected::{Booked, Expected, Payee};
pub use matching::{CANDIDATES_MAX, Finding, Matcher, OpenLine, Part, Verdict, match_lines};
pub use outcome::{Alarm, Covered, Outcome, alarm, outcome};
pub use provider::{Comparison, Difference, compare_with_provider};
pub use rule::{Place, Rule, Rules};
