//! Our key is not the provider's reference.

use pagos_core::OrderKey;
use pagos_core::PayoutOrder;
use pagos_core::PayoutRef;

fn payout<'a>(order: &'a PayoutOrder, key: &'a OrderKey) -> PayoutRef<'a> {
    PayoutRef { order, reference: Some(key), handle: None, begun_at: None }
}

fn main() {
    let _ = payout;
}
