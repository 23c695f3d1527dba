//! `cargo xtask bench`: the benches of every crate that has some, one crate after the other, so
//! that they do not disturb each other. Judges nothing; each bench prints its figure and its floor.

use crate::failure::Failure;
use crate::flags::Flags;
use crate::process;
use crate::process::build_cargo;
use crate::workspace::Workspace;

/// Runs all benches, or those of `--package NAME`.
pub(crate) fn run(workspace: &Workspace, mut flags: Flags) -> Result<(), Failure> {
    let wanted = flags.take_text("package", "")?;
    flags.end()?;
    let is_wanted = |name: &str| wanted.is_empty() || wanted == name;
    let mut count = 0_usize;
    for package in workspace.packages.iter().filter(|package| is_wanted(&package.name)) {
        for bench in &package.benches {
            let words = ["bench", "-p", &package.name, "--all-features", "--bench", bench];
            process::run(&mut build_cargo(workspace, &words))?;
            count += 1;
        }
    }
    println!("bench: {count} benches ran");
    Ok(())
}
