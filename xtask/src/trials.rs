//! Hands commands over to `pagos-trials`, the program that tries `pagos` as a process. It is built when
//! it is wanted, so that everything else here is built without the product.

use std::{ffi::OsString, process::Command};

use crate::{failure::Failure, process, tally::Tally};

/// Starts it with the words of a command line. It has told its failures itself.
pub(crate) fn pass_on(command: &str, words: &[OsString]) -> Result<(), Failure> {
    let mut command = build_command(&[command]);
    let status = command.args(words).status();
    match status.map_err(Failure::while_doing("starting cargo"))?.success() {
        true => Ok(()),
        false => Err(Failure::told()),
    }
}

/// Starts it, passes its words on, and reads the counts of its last line.
pub(crate) fn count(words: &[&str]) -> Result<Tally, Failure> {
    let heard = process::overhear(&mut build_command(words))?;
    Tally::of(&heard, Tally::parse)
}

/// In the folder where we are: names of files are meant from here.
pub(crate) fn build_command(words: &[&str]) -> Command {
    let mut command = Command::new(process::cargo());
    command.args(["run", "--quiet", "--package", "pagos-trials", "--"]).args(words);
    command
}
