//! A secret has no `Display`.

use pagos_core::Secret;

fn main() {
    let key = Secret::new("an invented key");
    let _ = key.to_string();
}
