//! The code of the `pagos` command. It is no API: `main` starts it, with the feature `untrusted` the
//! fuzz targets call its readers, and a test of the pages asks for the definition of the command line.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod accounts;
mod archive;
mod arguments;
mod audit;
mod command;
mod config;
mod console;
mod exit;
#[cfg(feature = "failpoints")]
mod failpoints;
mod input;
mod language;
mod output;
mod run;
mod sandbox;
mod seams;
mod telemetry;
#[cfg(feature = "untrusted")]
pub mod untrusted;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::{arguments::Arguments, exit::Exit};

/// Every command with its arguments.
pub fn definition() -> clap::Command {
    Arguments::command()
}

/// Parses the arguments of the process, runs the command, and returns how it ended.
pub fn main() -> ExitCode {
    #[cfg(feature = "failpoints")]
    if let Err(failure) = failpoints::arm() {
        console::tell(failure.to_string().trim_end());
        console::close();
        return Exit::Refused.into();
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version end here too; only a real error goes to standard error.
            let exit = if error.use_stderr() { Exit::Refused } else { Exit::Succeeded };
            let _ = error.print();
            return exit.into();
        }
    };
    if command::is_bilingual(&arguments.command) {
        language::speak(arguments.lang);
    }
    let exit = command::run(&arguments).unwrap_or_else(|failure| {
        console::tell(failure.to_string().trim_end());
        Exit::Refused
    });
    console::close();
    exit.into()
}
