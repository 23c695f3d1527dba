//! The provider's reference is.

use pagos_core::PayoutOrder;
use pagos_core::PayoutRef;
use pagos_core::ProviderRef;

fn payout<'a>(order: &'a PayoutOrder, reference: &'a ProviderRef) -> PayoutRef<'a> {
    PayoutRef { order, reference: Some(reference), handle: None, begun_at: None }
}

fn main() {
    let _ = payout;
}
