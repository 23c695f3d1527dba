//! `cargo xtask release`: judges what a registry shows of every crate, lets cargo build each of them
//! from its own archive, and publishes what the registry does not have yet.
//!
//! Cargo orders the crates, and builds each against the archives of the others. Publishing happens in
//! the release workflow alone, with a token that lives for minutes and is asked for last, so it builds
//! nothing; see CONTRIBUTING.md, "Releasing". A dry run needs neither workflow nor token.

pub(crate) mod consumers;
pub(crate) mod metadata;
mod publish;
mod verify;

use clap::Args;

use crate::{
    failure::Failure,
    process,
    workspace::{Package, Workspace},
};

/// Checks metadata, and publishes what the registry does not have; in the workflow only.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Builds each crate from its archive instead, and a program for each provider from all of them.
    #[arg(long)]
    dry_run: bool,
}

/// Judges and builds with `--dry-run`; judges and publishes without.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    if !options.dry_run {
        publish::require_workflow(workspace)?;
    }
    let packages: Vec<&Package> = workspace.packages.iter().filter(|it| it.is_published).collect();
    let findings = inspect(workspace, &packages)?;
    if !findings.is_empty() {
        findings.iter().for_each(|finding| println!("  {finding}"));
        return Err(Failure::new(format!("{} findings, nothing was published", findings.len())));
    }
    if options.dry_run {
        return verify::run(workspace, &packages);
    }
    publish::run(workspace, &packages)
}

/// Prints one line for each crate.
fn inspect(workspace: &Workspace, packages: &[&Package]) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    println!("{:<22}{:<9}{:>6}  metadata", "crate", "version", "files");
    for package in packages {
        let files = list_files(workspace, package)?;
        let mut own = metadata::judge(package);
        own.extend(metadata::judge_files(&files));
        let verdict = if own.is_empty() { "ok".to_owned() } else { format!("{}", own.len()) };
        println!("{:<22}{:<9}{:>6}  {verdict}", package.name, package.version, files.len());
        findings.extend(own.iter().map(|finding| format!("{}: {finding}", package.name)));
    }
    Ok(findings)
}

/// The files that the crate's archive will hold.
fn list_files(workspace: &Workspace, package: &Package) -> Result<Vec<String>, Failure> {
    let words = ["package", "--list", "--allow-dirty", "-p", &package.name];
    let list = process::read_stdout(&mut workspace.cargo(&words))?;
    Ok(list.lines().map(|line| line.replace('\\', "/")).collect())
}
