//! `cargo xtask api`: the public items of every published library, compared with `api.txt` beside its
//! manifest, so that a review sees what changes for users.
//!
//! rustdoc's JSON is not stable, so a release of the compiler reads one format: the one of `rust-version`.
//! Prints every item that is new or gone; what that means for a version number is for a person to say.

use std::{collections::BTreeMap, fs, path::Path};

use clap::Args;

use crate::{
    failure::Failure,
    process,
    workspace::{Package, Workspace},
};

/// The file beside each manifest.
pub(crate) const LISTING: &str = "api.txt";

/// The program that reads what rustdoc wrote; no member of the workspace.
const TOOL: &str = "xtask/api/Cargo.toml";

/// Compares the public items of every library with its api.txt.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Writes the files instead.
    #[arg(long)]
    bless: bool,
}

/// Judges, or writes with `--bless`.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    let libraries = workspace.packages.iter().filter(|it| it.is_published && it.is_documented);
    let libraries: Vec<&Package> = libraries.collect();
    let target = workspace.target.join("api");
    describe(workspace, &libraries, &target)?;
    let mut stale = Vec::new();
    for package in &libraries {
        let file = format!("doc/{}.json", package.name.replace('-', "_"));
        let mut tool = workspace.cargo(&["run", "--quiet", "--locked", "--manifest-path", TOOL]);
        tool.arg("--target-dir").arg(&target).arg("--").arg(target.join(file));
        let now = process::read_stdout(&mut tool)?;
        let path = package.folder.join(LISTING);
        let before = fs::read_to_string(&path).unwrap_or_default();
        let changes = compare(&before, &now);
        println!("api: {:<22}{:>6} items", package.name, now.lines().count());
        changes.iter().for_each(|change| println!("  {change}"));
        if before == now {
            continue;
        }
        stale.push(package.name.as_str());
        if options.bless {
            fs::write(&path, now).map_err(Failure::while_doing(path.display()))?;
        }
    }
    if stale.is_empty() || options.bless {
        return Ok(());
    }
    let names = stale.join(", ");
    Err(Failure::new(format!(
        "{names}: other items than in {LISTING}; see `cargo xtask api --bless`"
    )))
}

/// Lets rustdoc write a file for each library, with all features. Unstable options are allowed to these
/// crates only, so that no dependency finds another compiler than it would for a user.
fn describe(workspace: &Workspace, libraries: &[&Package], target: &Path) -> Result<(), Failure> {
    let names: Vec<String> = libraries.iter().map(|it| it.name.replace('-', "_")).collect();
    let mut command = workspace.cargo(&["doc", "--quiet", "--no-deps", "--all-features"]);
    command.args(libraries.iter().flat_map(|package| ["-p", &package.name]));
    command.arg("--target-dir").arg(target);
    command.env("RUSTC_BOOTSTRAP", names.join(","));
    command.env("RUSTDOCFLAGS", "-Z unstable-options --output-format json");
    process::run(&mut command)
}

/// What is gone and what is new. The order of lines says nothing.
fn compare(before: &str, now: &str) -> Vec<String> {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    before.lines().for_each(|line| *counts.entry(line).or_default() -= 1);
    now.lines().for_each(|line| *counts.entry(line).or_default() += 1);
    let signs = counts.into_iter().filter_map(|(line, count)| match count {
        0 => None,
        ..0 => Some(format!("- {line}")),
        1.. => Some(format!("+ {line}")),
    });
    signs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_and_new_is_told_and_order_is_not() {
        let before = "pub fn a::b()\npub fn a::c()\nimpl a::D\nimpl a::D\n";
        assert!(compare(before, before).is_empty());
        assert!(compare(before, "impl a::D\npub fn a::c()\nimpl a::D\npub fn a::b()\n").is_empty());
        let now = "pub fn a::b(u8)\npub fn a::c()\nimpl a::D\n";
        assert_eq!(compare(before, now), ["- impl a::D", "- pub fn a::b()", "+ pub fn a::b(u8)"]);
        assert_eq!(compare("", "impl a::D\n"), ["+ impl a::D"]);
    }
}
