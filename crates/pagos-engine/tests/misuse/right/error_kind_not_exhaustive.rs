//! With every case it compiles; a new case would break it.

use pagos_core::ErrorKind;

fn next_step(it: ErrorKind) -> &'static str {
    match it {
        ErrorKind::Invalid => "fix",
        ErrorKind::Undelivered => "send",
        ErrorKind::Throttled => "wait",
        ErrorKind::Unauthorized => "stop",
        ErrorKind::Rejected => "tell",
        ErrorKind::Unknown => "ask",
    }
}

fn main() {
    let _ = next_step;
}
