//! `cargo xtask model`: explores the model of the engine, optimised, and prints states, depth and
//! time. The same within small bounds is a test of `pagos-model`.

use crate::{
    failure::Failure,
    flags::Flags,
    process::{self, build_cargo},
    workspace::Workspace,
};

/// Explores every world within the bounds `small` or `large`.
pub(crate) fn run(workspace: &Workspace, mut flags: Flags) -> Result<(), Failure> {
    let bounds = flags.take_text("bounds", "small")?;
    flags.end()?;
    let words = ["run", "--profile", "checked", "-p", "pagos-model", "--", "--bounds", &bounds];
    let heard = process::overhear(&mut build_cargo(workspace, &words))?;
    match heard.is_success {
        true => Ok(()),
        false => Err(Failure::new("the model is broken, or was not explored; its words are above")),
    }
}
