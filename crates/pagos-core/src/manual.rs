//! The reasons behind the rules, kept next to the code that follows them.

#[doc = include_str!("manual/reversal.md")]
pub mod reversal {}

#[doc = include_str!("manual/unknown.md")]
pub mod unknown {}
