//! The `pagos` command. This file starts it and turns its end into an exit code, nothing else.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod accounts;
mod arguments;
mod clock;
mod command;
mod config;
mod console;
mod exit;
#[cfg(feature = "failpoints")]
mod failpoints;
mod input;
mod near;
mod offline;
mod output;
mod run;
mod sandbox;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::exit::Exit;

fn main() -> ExitCode {
    #[cfg(feature = "failpoints")]
    if let Err(failure) = failpoints::arm() {
        console::tell(&failure.to_string());
        return Exit::Refused.into();
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come here too; only a real error goes to standard error.
            let exit = if error.use_stderr() { Exit::Refused } else { Exit::Succeeded };
            let _ = error.print();
            return exit.into();
        }
    };
    match command::run(&arguments) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            console::tell(failure.to_string().trim_end());
            Exit::Refused.into()
        }
    }
}
