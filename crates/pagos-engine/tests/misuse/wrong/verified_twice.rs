//! A proof is used up by what it proves.

use pagos_core::SignatureMatch;
use pagos_core::Verified;

fn both(proof: SignatureMatch) -> (Verified<u8>, Verified<u8>) {
    (Verified::new(proof, 1), Verified::new(proof, 2))
}

fn main() {
    let _ = both;
}
