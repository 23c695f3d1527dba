//! It is what a comparison returns.

use pagos_core::SignatureMatch;

fn main() {
    let _ = SignatureMatch::of(b"tag", b"other");
}
