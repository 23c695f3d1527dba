//! A `match` on `Committed` must say what to do in every case.

use pagos_engine::Committed;

fn next_step(it: Committed) -> &'static str {
    match it {
        Committed::Done { .. } => "go on",
    }
}

fn main() {
    let _ = next_step;
}
