//! Orders, keys and moments that tests begin with. No canaries: `i10` has its own.

use pagos_core::{AccountName, FailReason, PayoutOrder, Status};
use pagos_engine::RunId;

/// The provider of the tests that need just one.
pub use pagos_kit::{example as kit, key, start};

/// The one account of the tests.
pub fn account() -> AccountName {
    kit().account()
}

/// The one run of the tests.
pub fn run() -> RunId {
    RunId("run".to_owned())
}

/// What a bank's no looks like.
pub fn declined() -> Status {
    Status::Failed(FailReason::Declined)
}

/// A payout that this provider accepts.
pub fn order(name: &str) -> PayoutOrder {
    kit().order(name)
}
