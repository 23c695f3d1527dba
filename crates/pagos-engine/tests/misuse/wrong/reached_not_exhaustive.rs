//! A `match` on `Reached` must say what to do in every case.

use pagos_core::Reached;

fn next_step(it: Reached) -> &'static str {
    match it {
        Reached::No => "send again",
    }
}

fn main() {
    let _ = next_step;
}
