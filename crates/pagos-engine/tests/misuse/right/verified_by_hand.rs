//! A `Verified` comes of a tag that matches.

use pagos_core::TagMatch;
use pagos_core::Verified;

fn main() {
    if let Some(proof) = TagMatch::of(b"tag", b"tag") {
        let _ = Verified::new(proof, "paid");
    }
}
