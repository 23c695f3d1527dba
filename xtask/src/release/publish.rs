//! Sends packaged crates to the registry, in the release workflow only. Holds no token: cargo
//! reads the short-lived one that trusted publishing put into its environment.

use std::env;
use std::fs;

use crate::failure::Failure;
use crate::process;
use crate::process::build_cargo;
use crate::workspace::Package;
use crate::workspace::Workspace;

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

/// Publishes one crate. A version that the registry has already is passed over, so that a
/// release that stopped half-way can be started again.
pub(super) fn publish(workspace: &Workspace, package: &Package) -> Result<(), Failure> {
    let words = ["publish", "--no-verify", "-p", &package.name];
    let heard = process::overhear(&mut build_cargo(workspace, &words))?;
    if heard.is_success {
        return Ok(());
    }
    if is_already_there(&heard.text) {
        println!("{} {} is published already", package.name, package.version);
        return Ok(());
    }
    Err(Failure::new(format!("{} was not published", package.name)))
}

fn judge_tag(tag: &str, package: &Package, changelog: &str) -> Result<(), Failure> {
    let version = &package.version;
    if tag != format!("v{version}") {
        let message = format!("the tag is {tag:?}, but {} is {version}", package.name);
        return Err(Failure::new(message));
    }
    if !changelog.lines().any(|line| line.starts_with(&format!("## [{version}]"))) {
        return Err(Failure::new(format!("CHANGELOG.md has no section [{version}]")));
    }
    Ok(())
}

fn is_already_there(text: &str) -> bool {
    text.contains("already exists on") || text.contains("is already uploaded")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::package;

    #[test]
    fn tag_version_and_changelog_must_agree() {
        let package = package("pagos-core", &[]);
        assert_eq!(judge_tag("v0.1.0", &package, "# Changes\n\n## [0.1.0] 2026-12-01\n"), Ok(()));
        assert!(judge_tag("v0.2.0", &package, "## [0.1.0]\n").is_err());
        assert!(judge_tag("", &package, "## [0.1.0]\n").is_err());
        assert!(judge_tag("v0.1.0", &package, "## [Unreleased]\n").is_err());
    }

    #[test]
    fn only_a_version_that_is_there_is_passed_over() {
        assert!(is_already_there("error: crate pagos@0.1.0 already exists on crates.io index"));
        assert!(!is_already_there("error: failed to verify token"));
    }
}
