//! With every case it compiles; a new case would break it.

use pagos_core::Lookup;

fn next_step(it: Lookup) -> &'static str {
    match it {
        Lookup::Found(_) => "fold",
        Lookup::Absent => "count",
        Lookup::Ambiguous(_) => "call a person",
        Lookup::CannotTell(_) => "ask again",
    }
}

fn main() {
    let _ = next_step;
}
