//! Sends crates to the registry, in the release workflow only. Holds no token: cargo reads the
//! short-lived one that trusted publishing put into its environment.

use std::{env, fs};

use crate::{
    failure::Failure,
    process,
    workspace::{Package, Workspace},
};

/// Refuses to publish from anywhere but the workflow, and from a tag that is not this version's.
pub(super) fn require_workflow(workspace: &Workspace) -> Result<(), Failure> {
    if !env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") {
        return Err(Failure::new(
            "publishing is the release workflow's work; here only `release --dry-run` works",
        ));
    }
    let tag = env::var("GITHUB_REF_NAME").unwrap_or_default();
    let path = workspace.root.join("CHANGELOG.md");
    let changelog = fs::read_to_string(&path).map_err(Failure::while_doing(path.display()))?;
    let published = workspace.packages.iter().filter(|package| package.is_published);
    published.into_iter().try_for_each(|package| judge_tag(&tag, package, &changelog))
}

/// Publishes what the registry does not have yet, so that a release that stopped half-way can be
/// started again. Builds nothing: the dry run did, and the token is short-lived.
pub(super) fn run(workspace: &Workspace, packages: &[&Package]) -> Result<(), Failure> {
    let words = ["publish", "--workspace", "--no-verify", "--dry-run", "--color", "never"];
    let heard = process::overhear(&mut workspace.cargo(&words))?;
    if !heard.is_success {
        return Err(Failure::new("cargo would not publish these crates; nothing was published"));
    }
    let missing = list_missing(packages, &heard.text);
    if missing.is_empty() {
        println!("the registry has every version already");
        return Ok(());
    }
    let mut command = workspace.cargo(&["publish", "--no-verify"]);
    command.args(missing.iter().flat_map(|package| ["-p", &package.name]));
    process::run(&mut command)
}

/// The crates that a dry run did not call published. If cargo should ever say it in other words,
/// the upload of what is there fails, and nothing else happens.
fn list_missing<'a>(packages: &[&'a Package], dry_run: &str) -> Vec<&'a Package> {
    let is_missing = |package: &&&Package| {
        let said = format!("crate {}@{} already exists on ", package.name, package.version);
        !dry_run.contains(&said)
    };
    packages.iter().filter(is_missing).copied().collect()
}

fn judge_tag(tag: &str, package: &Package, changelog: &str) -> Result<(), Failure> {
    let version = &package.version;
    if tag != format!("v{version}") {
        let message = format!("the tag is {tag:?}, but {} is {version}", package.name);
        return Err(Failure::new(message));
    }
    let title = format!("## [{version}] - ");
    if !changelog.lines().filter_map(|line| line.strip_prefix(&title)).any(is_day) {
        let wanted = format!("CHANGELOG.md has no section \"{title}YEAR-MONTH-DAY\"");
        return Err(Failure::new(wanted));
    }
    Ok(())
}

fn is_day(text: &str) -> bool {
    let is_right =
        |(at, c): (usize, char)| if [4, 7].contains(&at) { c == '-' } else { c.is_ascii_digit() };
    text.len() == 10 && text.char_indices().all(is_right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::package;

    #[test]
    fn tag_version_and_changelog_must_agree() {
        let package = package("pagos-core", &[]);
        assert_eq!(judge_tag("v0.1.0", &package, "# Changes\n\n## [0.1.0] - 2026-12-01\n"), Ok(()));
        assert!(judge_tag("v0.2.0", &package, "## [0.1.0] - 2026-12-01\n").is_err());
        assert!(judge_tag("", &package, "## [0.1.0] - 2026-12-01\n").is_err());
        for without_day in ["## [Unreleased]\n", "## [0.1.0]\n", "## [0.1.0] - unreleased\n"] {
            assert!(judge_tag("v0.1.0", &package, without_day).is_err(), "{without_day}");
        }
    }

    #[test]
    fn only_a_version_that_is_there_is_passed_over() {
        let (core, facade) = (package("pagos-core", &[]), package("pagos", &[]));
        let missing = |dry_run: &str| {
            let missing = list_missing(&[&core, &facade], dry_run);
            missing.iter().map(|package| package.name.clone()).collect::<Vec<_>>()
        };
        let said =
            |name: &str| format!("warning: crate {name} already exists on crates.io index\n");
        assert_eq!(missing("   Packaging pagos-core v0.1.0\n"), ["pagos-core", "pagos"]);
        assert_eq!(missing(&said("pagos-core@0.1.0")), ["pagos"]);
        assert_eq!(missing(&said("pagos@0.1.0")), ["pagos-core"]);
        assert_eq!(missing(&said("pagos@0.1.0-beta")), ["pagos-core", "pagos"]);
        assert!(missing(&(said("pagos-core@0.1.0") + &said("pagos@0.1.0"))).is_empty());
    }
}
