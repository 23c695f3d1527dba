//! What serde writes as a body cannot hold a secret.

use pagos_core::Secret;

fn body(_: &impl serde::Serialize) {}

fn written(key: &Secret) {
    body(&("api_key", key));
}

fn main() {
    let _ = written;
}
