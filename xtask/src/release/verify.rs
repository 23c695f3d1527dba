//! Lets cargo build every crate from its archive, with the archives of the others as their registry.
//! Then programs of strangers are built from the same archives (`consumers.rs`). Uploads nothing.

use std::{
    fs,
    path::PathBuf,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{
    failure::Failure,
    process,
    release::consumers,
    workspace::{Package, Workspace},
};

/// Builds with all features, and then as `cargo publish` would: with the default ones.
pub(super) fn run(workspace: &Workspace, packages: &[&Package]) -> Result<(), Failure> {
    let folder = make_folder(workspace)?;
    let verify = |words: &[&str]| {
        let mut command = workspace.cargo(words);
        command.arg("--target-dir").arg(&folder).env("CARGO_BUILD_BUILD_DIR", &folder);
        allow_dirty(&mut command);
        command
    };
    let mut all_features = verify(&["package", "--all-features"]);
    all_features.args(packages.iter().flat_map(|package| ["-p", &package.name]));
    process::run(&mut all_features)?;
    process::run(&mut verify(&["publish", "--workspace", "--dry-run"]))?;
    println!("every crate builds from its own archive");
    consumers::run(workspace, packages, &folder.join("package"))?;
    fs::remove_dir_all(&folder).map_err(Failure::while_doing(folder.display()))
}

/// An empty folder of a name that was never used. Cargo unpacks the archives of our crates once for
/// each path of its build folder and version, so in a folder of the same name a second dry run would
/// build every crate against the first one's archives (seen with cargo 1.95).
fn make_folder(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let parent = workspace.target.join("release-check");
    if parent.is_dir() {
        fs::remove_dir_all(&parent).map_err(Failure::while_doing(parent.display()))?;
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let folder = parent.join(since.map_or(0, |since| since.as_millis()).to_string());
    fs::create_dir_all(&folder).map_err(Failure::while_doing(folder.display()))?;
    Ok(folder)
}

/// A person may try a release with changes that are not committed; a workflow may not.
fn allow_dirty(command: &mut Command) {
    if !process::is_ci() {
        command.arg("--allow-dirty");
    }
}
