//! An event has an observation, behind its verification.

use pagos_core::Event;
use pagos_core::Observation;
use pagos_core::Verified;

fn told(event: Verified<Event>) -> Option<Observation> {
    event.into_value().observation
}

fn main() {
    let _ = told;
}
