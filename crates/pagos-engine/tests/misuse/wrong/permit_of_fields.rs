//! The permission to release a run cannot be written down.

use pagos_engine::Permit;

fn main() {
    let _ = Permit { expected: 1, id: Some(1) };
}
