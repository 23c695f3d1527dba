//! A `match` on `Status` must say what to do in every case.

use pagos_core::Status;

fn next_step(it: Status) -> &'static str {
    match it {
        Status::Created => "send",
        Status::Pending => "wait",
        Status::Succeeded => "watch",
        Status::Failed(_) => "tell",
    }
}

fn main() {
    let _ = next_step;
}
