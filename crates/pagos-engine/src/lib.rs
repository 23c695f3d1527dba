//! Durable payouts: stored before they are sent, and never sent twice.
//!
//! This crate knows no provider and no database; it is given both.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod history;
mod intent;
mod progress;
mod store;
mod tally;

pub use history::Entry;
pub use history::Notice;
pub use history::NoticeKind;
pub use history::Proof;
pub use intent::Digest;
pub use intent::Intent;
pub use intent::RunId;
pub use intent::Submitted;
pub use progress::Asking;
pub use progress::Attempt;
pub use progress::Attention;
pub use progress::Progress;
pub use store::Claim;
pub use store::ClaimRequest;
pub use store::Committed;
pub use store::Filter;
pub use store::InboxId;
pub use store::InboxItem;
pub use store::Lease;
pub use store::Payout;
pub use store::Step;
pub use store::Store;
pub use store::StoreError;
pub use tally::Tally;
pub use tally::TallyRow;
