//! `cargo xtask audit`: advisories, licences and sources of every dependency, by cargo-deny.
//! The rules are in `deny.toml`; nothing is judged here.

use crate::{failure::Failure, process, workspace::Workspace};

const OUT_OF_REACH: &str = "advisories: their database cannot be reached";

/// Runs cargo-deny. Where it is not installed this is skipped, or a failure with `CI=true`. Advisories
/// need the network, the rest does not; without one the same holds for them.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    if !workspace.has_tool("deny", "advisories, licences and sources")? {
        return Ok(());
    }
    let deny = |words: &[&str]| workspace.cargo(&[&["deny", "--workspace"], words].concat());
    process::run(&mut deny(&["check", "--hide-inclusion-graph", "licenses", "bans", "sources"]))?;
    if process::is_available(&mut deny(&["fetch", "db"])) {
        return process::run(&mut deny(&["check", "advisories"]));
    }
    if process::is_ci() {
        return Err(Failure::new(OUT_OF_REACH));
    }
    println!("skipped: {OUT_OF_REACH}");
    Ok(())
}
