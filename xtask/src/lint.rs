//! `cargo xtask lint`: formatting, clippy, documentation, dependencies, tidiness, workflows. Runs no test.

use std::{fs, process::Command};

use crate::{
    dependencies,
    failure::Failure,
    files::list_files,
    process,
    release::consumers,
    tidy,
    workspace::{PROVIDERS, Workspace},
};

/// Stops at the first thing that is wrong.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    tidy::run(workspace)?;
    if workspace.has_tool("fmt", "formatting")? {
        process::run(&mut workspace.cargo(&["fmt", "--all", "--check"]))?;
        // They belong to no crate of the workspace.
        let mut rustfmt = Command::new("rustfmt");
        let mut files = list_files(&workspace.root.join(consumers::SOURCES))?;
        files.extend(list_files(&workspace.root.join("xtask/api/src"))?);
        files.retain(|file| file.extension().is_some_and(|it| it == "rs"));
        process::run(rustfmt.args(["--check", "--edition", "2024"]).args(files))?;
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
    if is_here("cargo-shear", "unused dependencies") {
        process::run(&mut workspace.cargo(&["shear", "--deny-warnings"]))?;
    }
    workflows(workspace)?;
    println!("lint: nothing to complain about");
    Ok(())
}

fn clippy(workspace: &Workspace, selection: &[&str]) -> Result<(), Failure> {
    let mut command = workspace.cargo(&["clippy", "--quiet"]);
    process::run(command.args(selection).args(["--", "-D", "warnings"]))
}

/// What continuous integration runs. Without a network.
fn workflows(workspace: &Workspace) -> Result<(), Failure> {
    let folder = workspace.root.join(".github/workflows");
    if is_here("zizmor", "safety of the workflows") {
        process::run(Command::new("zizmor").args(["--quiet", "--offline"]).arg(&folder))?;
    }
    if is_here("actionlint", "correctness of the workflows") {
        let mut command = Command::new("actionlint");
        for entry in fs::read_dir(&folder).map_err(Failure::while_doing(folder.display()))? {
            command.arg(entry.map_err(Failure::while_doing(folder.display()))?.path());
        }
        process::run(&mut command)?;
    }
    Ok(())
}

/// Is this program installed? If not, says so in one line and is no failure, not even where `CI=true`:
/// a compiler's lints are judged without it.
fn is_here(program: &str, what: &str) -> bool {
    let is_here = process::is_available(Command::new(program).arg("--version"));
    if !is_here {
        println!("skipped: {what}: {program} is not installed");
    }
    is_here
}
