//! `cargo xtask model`: explores the model of the engine, optimised, and prints states, depth and
//! time. The same within small bounds is a test of `pagos-model`.

use clap::Args;

use crate::{failure::Failure, process, workspace::Workspace};

/// Explores the model of the engine completely.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many worlds: `small`, or `large`, which takes minutes.
    #[arg(long, default_value = "small")]
    bounds: String,
}

/// Explores every world within the bounds.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    let bounds = options.bounds.as_str();
    let words = ["run", "--profile", "checked", "-p", "pagos-model", "--", "--bounds", bounds];
    let heard = process::overhear(&mut workspace.cargo(&words))?;
    match heard.is_success {
        true => Ok(()),
        false => Err(Failure::new("the model is broken, or was not explored; its words are above")),
    }
}
