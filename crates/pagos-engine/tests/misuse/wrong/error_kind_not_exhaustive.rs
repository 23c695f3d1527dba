//! A `match` on `ErrorKind` must say what to do in every case.

use pagos_core::ErrorKind;

fn next_step(it: ErrorKind) -> &'static str {
    match it {
        ErrorKind::Invalid => "fix",
        ErrorKind::Undelivered => "send",
        ErrorKind::Throttled => "wait",
        ErrorKind::Unauthorized => "stop",
        ErrorKind::Rejected => "tell",
    }
}

fn main() {
    let _ = next_step;
}
