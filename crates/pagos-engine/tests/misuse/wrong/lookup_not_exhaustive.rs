//! A `match` on `Lookup` must say what to do in every case.

use pagos_core::Lookup;

fn next_step(it: Lookup) -> &'static str {
    match it {
        Lookup::Found(_) => "fold",
        Lookup::Absent => "count",
        Lookup::Ambiguous(_) => "call a person",
    }
}

fn main() {
    let _ = next_step;
}
