//! `cargo xtask audit`: advisories, licences and sources of every dependency, by cargo-deny.
//! The rules are in `deny.toml`; nothing is judged here.

use crate::{failure::Failure, process, workspace::Workspace};

/// Runs cargo-deny. Where it is not installed this is skipped, or a failure with `CI=true`.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    if !workspace.has_tool("deny", "advisories, licences and sources")? {
        return Ok(());
    }
    process::run(&mut workspace.cargo(&["deny", "--workspace", "check"]))
}
