//! Whether a reference equals a key cannot even be asked.

use pagos_core::OrderKey;
use pagos_core::ProviderRef;

fn is_same(key: &OrderKey, reference: &ProviderRef) -> bool {
    key == reference
}

fn main() {
    let _ = is_same;
}
