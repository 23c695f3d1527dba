//! Compares payouts with the lines of bank statements, and leaves a list that a person can finish.
//!
//! Start with [`Reconciler::new`]. [`Reconciler::import`] stores the lines of a statement,
//! [`Reconciler::reconcile`] matches them with payouts, [`Reconciler::decide`] is what a person says
//! about a line, [`Reconciler::close`] closes a period, and [`Reconciler::report`] tells what became
//! of each payout. What decides is pure and needs no store: [`match_lines`] and [`outcome`].
//!
//! A statement is evidence for a person. Nothing here changes where a payout stands.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod balance;
mod book;
mod csv;
mod decide;
mod error;
mod expected;
mod fold;
mod html;
mod import;
mod matching;
mod outcome;
mod period;
mod provider;
mod reconcile;
mod reconciled;
mod report;
mod rule;
mod stored;
#[cfg(test)]
mod testing;
mod words;

pub use book::{Book, Reconciler};
pub use csv::{LINES_HEADER, PAYOUTS_HEADER};
pub use decide::{LineDecision, Said};
pub use error::Error;
pub use expected::{Booked, Expected, Payee};
pub use import::{Begun, Import, StatementFile, digest};
pub use matching::{
    CANDIDATES_MAX, Finding, JudgedLine, Matcher, OpenLine, Part, Verdict, match_lines,
};
pub use outcome::{Alarm, Covered, Outcome, alarm, outcome};
pub use period::{Closing, Late, PeriodRecord, Sides, Sum, Totals};
pub use provider::{Comparison, Difference, compare_with_provider};
pub use reconcile::Summary;
pub use reconciled::{Reconciled, reconciled};
pub use report::{Figures, LineRow, PayoutRow, Report};
pub use rule::{Place, Rule, Rules};
pub use stored::{Decided, StatementRecord, StatementSpan};
pub use words::Language;
