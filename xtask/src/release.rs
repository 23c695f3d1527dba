//! `cargo xtask release`: packages every publishable crate, builds each from its own archive,
//! checks what the registry shows, and only then publishes in the order of the dependencies.
//!
//! Publishing happens in the release workflow alone, with a token that lives for minutes; see
//! CONTRIBUTING.md, "Releasing". A dry run needs neither.

mod archive;
mod metadata;
mod order;
mod publish;

use crate::failure::Failure;
use crate::flags::Flags;
use crate::release::archive::Archive;
use crate::workspace::Package;
use crate::workspace::Workspace;

/// Checks everything; publishes without `--dry-run`.
pub(crate) fn run(workspace: &Workspace, mut flags: Flags) -> Result<(), Failure> {
    let is_dry = flags.take_switch("dry-run")?;
    flags.end()?;
    if !is_dry {
        publish::require_workflow(workspace)?;
    }
    let packages = order::sort(&workspace.packages)?;
    let archives = archive::package(workspace, &packages)?;
    let findings = inspect(&packages, &archives)?;
    if !findings.is_empty() {
        findings.iter().for_each(|finding| println!("  {finding}"));
        return Err(Failure::new(format!("{} findings, nothing was published", findings.len())));
    }
    archive::build_each(workspace, &archives)?;
    println!("every crate builds from its own archive");
    if is_dry {
        return Ok(());
    }
    packages.iter().try_for_each(|package| publish::publish(workspace, package))
}

/// Prints one line for each crate, in the order of publishing.
fn inspect(packages: &[&Package], archives: &[Archive]) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    println!("{:<4}{:<22}{:<9}{:>6}{:>9}  metadata", "", "crate", "version", "files", "KiB");
    for ((number, package), archive) in (1..).zip(packages).zip(archives) {
        let files = archive.list_files()?;
        let mut own = metadata::judge(package);
        own.extend(metadata::judge_files(&files));
        let verdict = if own.is_empty() { "ok".to_owned() } else { format!("{}", own.len()) };
        let kib = archive.size_bytes()?.div_ceil(1024);
        println!(
            "{number:<4}{:<22}{:<9}{:>6}{kib:>9}  {verdict}",
            package.name,
            package.version,
            files.len()
        );
        findings.extend(own.iter().map(|finding| format!("{}: {finding}", package.name)));
    }
    Ok(findings)
}
