//! A proof is used up by what it proves.

use pagos_core::TagMatch;
use pagos_core::Verified;

fn both(proof: TagMatch) -> (Verified<u8>, Verified<u8>) {
    (Verified::new(proof, 1), Verified::new(proof, 2))
}

fn main() {
    let _ = both;
}
