//! Tags are compared in constant time.

use pagos_core::SignatureMatch;

fn is_same(left: &[u8], right: &[u8]) -> bool {
    SignatureMatch::of(left, right).is_some()
}

fn main() {
    let _ = is_same;
}
