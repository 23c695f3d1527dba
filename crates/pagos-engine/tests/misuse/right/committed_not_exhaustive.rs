//! With every case it compiles; a new case would break it.

use pagos_engine::Committed;

fn next_step(it: Committed) -> &'static str {
    match it {
        Committed::Done { .. } => "go on",
        Committed::Conflict => "read again",
    }
}

fn main() {
    let _ = next_step;
}
