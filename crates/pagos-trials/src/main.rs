//! Starts the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    pagos_trials::main()
}
