//! It holds what may be seen.

use pagos_core::OrderKey;

fn body(_: &impl serde::Serialize) {}

fn written(key: &OrderKey) {
    body(&("key", key));
}

fn main() {
    let _ = written;
}
