//! There is no order without a key.

use pagos_core::AccountName;
use pagos_core::Beneficiary;
use pagos_core::Money;
use pagos_core::PayoutOrder;

fn order(account: AccountName, amount: Money, beneficiary: Beneficiary) -> PayoutOrder {
    PayoutOrder { account, amount, beneficiary, description: None }
}

fn main() {
    let _ = order;
}
