//! The proof of a comparison cannot be written down.

use pagos_core::SignatureMatch;

fn main() {
    let _ = SignatureMatch { _private: () };
}
