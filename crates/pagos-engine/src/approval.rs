//! Approval and limits: what a person must agree to before money leaves, and what nobody may do.

mod day;
mod limits;
mod rules;

pub use day::{Day, UtcOffset};
pub use limits::{Limits, Payee};
pub use rules::{Approvals, Measure, Rule, Weight};
