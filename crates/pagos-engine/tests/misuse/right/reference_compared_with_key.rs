//! Keys are compared with keys.

use pagos_core::OrderKey;

fn is_same(key: &OrderKey, other: &OrderKey) -> bool {
    key == other
}

fn main() {
    let _ = is_same;
}
