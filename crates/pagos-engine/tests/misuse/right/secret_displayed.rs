//! Its `Debug` shows nothing of it.

use pagos_core::Secret;

fn main() {
    let key = Secret::new("an invented key");
    assert_eq!(format!("{key:?}"), "Secret(..)");
}
