//! With every case it compiles; a new case would break it.

use pagos_core::Reached;

fn next_step(it: Reached) -> &'static str {
    match it {
        Reached::No => "send again",
        Reached::Maybe => "ask",
    }
}

fn main() {
    let _ = next_step;
}
