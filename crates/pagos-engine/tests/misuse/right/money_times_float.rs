//! A sum is checked, in one currency.

use pagos_core::Money;

fn with_fee(amount: Money, fee: Money) -> Option<Money> {
    amount.checked_add(fee)
}

fn main() {
    let _ = with_fee;
}
