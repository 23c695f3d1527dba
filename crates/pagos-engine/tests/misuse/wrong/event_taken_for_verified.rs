//! What was read is not yet what was verified.

use pagos_core::Decoded;
use pagos_core::Event;

fn decoded(event: Event) -> Decoded {
    Decoded::Verified(event)
}

fn main() {
    let _ = decoded;
}
