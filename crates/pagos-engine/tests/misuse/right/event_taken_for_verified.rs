//! Only a verified event is told as one.

use pagos_core::Decoded;
use pagos_core::Event;
use pagos_core::Verified;

fn decoded(event: Verified<Event>) -> Decoded {
    Decoded::Verified(event)
}

fn main() {
    let _ = decoded;
}
