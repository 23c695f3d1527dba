//! Approval and limits: what people must agree to before money leaves, and what nobody may do.
//!
//! `release.rs` is the one place that makes a [`crate::Permit`]. It looks at what the run holds
//! (`content.rs`), at the rules and limits of its accounts (`rules.rs`, `limits.rs`), at what was
//! spent on the day (`spending.rs`) and at who approved (`record.rs`, `answer.rs`).

mod answer;
mod content;
mod day;
mod forget;
mod limits;
mod record;
mod release;
mod resend;
mod rules;
mod spending;

pub use content::{RunDigest, RunTotal};
pub use day::UtcOffset;
pub use limits::{Limits, Payee};
pub use record::{Approval, ApprovalState, RunApproval};
pub use resend::Resend;
pub use rules::{Approvals, Measure, Rule, Weight};
