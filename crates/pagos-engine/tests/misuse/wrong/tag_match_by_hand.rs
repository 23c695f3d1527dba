//! The proof of a comparison cannot be written down.

use pagos_core::TagMatch;

fn main() {
    let _ = TagMatch { _private: () };
}
