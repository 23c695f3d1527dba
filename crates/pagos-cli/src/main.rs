//! The `pagos` command. This file starts it, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    pagos_cli::main()
}
