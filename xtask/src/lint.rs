//! `cargo xtask lint`: formatting, clippy, documentation, dependencies, tidiness. Runs no test.

use crate::{
    dependencies,
    failure::Failure,
    process, tidy,
    workspace::{PROVIDERS, Workspace},
};

/// Stops at the first thing that is wrong.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    tidy::run(workspace)?;
    if workspace.has_tool("fmt", "formatting")? {
        process::run(&mut workspace.cargo(&["fmt", "--all", "--check"]))?;
    }
    if workspace.has_tool("clippy", "clippy")? {
        clippy(workspace, &["--workspace", "--all-targets", "--all-features"])?;
        for provider in PROVIDERS.iter() {
            clippy(workspace, &["-p", "pagos", "--no-default-features", "--features", provider])?;
        }
    }
    let words = ["doc", "--quiet", "--workspace", "--no-deps", "--all-features"];
    process::run(workspace.cargo(&words).env("RUSTDOCFLAGS", "-D warnings"))?;
    dependencies::run(workspace)?;
    println!("lint: nothing to complain about");
    Ok(())
}

fn clippy(workspace: &Workspace, selection: &[&str]) -> Result<(), Failure> {
    let mut command = workspace.cargo(&["clippy", "--quiet"]);
    process::run(command.args(selection).args(["--", "-D", "warnings"]))
}
