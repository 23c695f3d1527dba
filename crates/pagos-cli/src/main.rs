//! The `pagos` command, which only starts the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    pagos_cli::main()
}
