//! A `Verified` cannot be written down: only a comparison makes one.

use pagos_core::Verified;

fn main() {
    let _ = Verified { value: "paid" };
}
