//! A secret cannot be written as JSON.

use pagos_core::Secret;
use serde_json::Value;

fn written(key: Secret) -> Value {
    Value::from(key)
}

fn main() {
    let _ = written;
}
