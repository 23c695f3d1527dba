//! Whether a reference equals a key is no query.

use pagos_core::OrderKey;
use pagos_core::ProviderRef;

fn is_same(key: &OrderKey, reference: &ProviderRef) -> bool {
    key == reference
}

fn main() {
    let _ = is_same;
}
