//! No amount is multiplied by a float.

use pagos_core::Money;

fn with_fee(amount: Money) -> Money {
    amount * 1.19
}

fn main() {
    let _ = with_fee;
}
