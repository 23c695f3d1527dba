//! A comparison in constant time is one.

use pagos_core::SignatureMatch;
use pagos_core::Verified;

fn main() {
    let proof = SignatureMatch::of(b"tag", b"tag");
    let _ = proof.map(|proof| Verified::new(proof, "paid"));
}
