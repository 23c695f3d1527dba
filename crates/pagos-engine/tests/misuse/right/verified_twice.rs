//! One proof, one value.

use pagos_core::SignatureMatch;
use pagos_core::Verified;

fn both(proof: SignatureMatch) -> Verified<(u8, u8)> {
    Verified::new(proof, (1, 2))
}

fn main() {
    let _ = both;
}
