//! The reasons behind the rules, next to the code that obeys them. No code.

#[doc = include_str!("manual/reversal.md")]
pub mod reversal {}

#[doc = include_str!("manual/unknown.md")]
pub mod unknown {}
