//! With every case it compiles; a new case would break it.

use pagos_core::Status;

fn next_step(it: Status) -> &'static str {
    match it {
        Status::Created => "send",
        Status::Unknown => "ask",
        Status::Pending => "wait",
        Status::Succeeded => "watch",
        Status::Failed(_) => "tell",
    }
}

fn main() {
    let _ = next_step;
}
