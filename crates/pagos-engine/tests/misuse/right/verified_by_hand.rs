//! A `Verified` comes of a tag that matches.

use pagos_core::SignatureMatch;
use pagos_core::Verified;

fn main() {
    if let Some(proof) = SignatureMatch::of(b"tag", b"tag") {
        let _ = Verified::new(proof, "paid");
    }
}
