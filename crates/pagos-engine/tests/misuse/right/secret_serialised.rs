//! What is exposed is text, and `expose` can be searched for.

use pagos_core::Secret;
use serde_json::Value;

fn written(key: Secret) -> Value {
    Value::from(key.expose())
}

fn main() {
    let _ = written;
}
