//! What anybody could have sent holds nothing that could be believed.

use pagos_core::Hint;
use pagos_core::Observation;

fn told(hint: Hint) -> Option<Observation> {
    hint.observation
}

fn main() {
    let _ = told;
}
