//! A comparison in constant time is one.

use pagos_core::TagMatch;
use pagos_core::Verified;

fn main() {
    let proof = TagMatch::of(b"tag", b"tag");
    let _ = proof.map(|proof| Verified::new(proof, "paid"));
}
