//! A key is chosen before anything is sent.

use pagos_core::AccountName;
use pagos_core::Beneficiary;
use pagos_core::Money;
use pagos_core::OrderKey;
use pagos_core::PayoutOrder;

fn order(
    key: OrderKey,
    account: AccountName,
    amount: Money,
    beneficiary: Beneficiary,
) -> PayoutOrder {
    PayoutOrder { key, account, amount, beneficiary, description: None }
}

fn main() {
    let _ = order;
}
