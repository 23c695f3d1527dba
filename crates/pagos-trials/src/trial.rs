//! What `crash` and `scale` are made of: a file of invented payouts, a bank and a payer on this
//! machine. Needs nothing but the `pagos` program: the bank is `pagos twin`. Judges nothing.

pub(crate) mod http;
pub(crate) mod payer;
pub(crate) mod twin_server;
pub(crate) mod wire;

use std::{
    fs::{self, File, TryLockError},
    io::BufWriter,
    path::{Path, PathBuf},
};

use clap::ValueEnum;
use xtask::binary::has_failpoints;

use pagos_kit::people::{self, Row};

use crate::{failure::Failure, process, workspace::Workspace};

/// Which build of `pagos` is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BuildProfile {
    Dev,
    Release,
}

/// The program that was given, by a name that holds in every folder, or else one that is built.
pub(crate) fn find_program(
    workspace: &Workspace,
    given: Option<&Path>,
    profile: BuildProfile,
) -> Result<PathBuf, Failure> {
    match given {
        Some(program) => program.canonicalize().map_err(Failure::while_doing(program.display())),
        None => build_program(workspace, profile),
    }
}

/// A list that names something twice is a slip.
pub(crate) fn refuse_repeats<T: PartialEq>(
    flag: &str,
    list: &[T],
    name: impl Fn(&T) -> &'static str,
) -> Result<(), Failure> {
    let repeated =
        list.iter().enumerate().find(|(at, it)| list.iter().take(*at).any(|one| one == *it));
    match repeated {
        None => Ok(()),
        Some((_, it)) => Err(Failure::new(format!("{flag} has {} twice", name(it)))),
    }
}

/// Builds `pagos` and returns where it lies.
pub(crate) fn build_program(
    workspace: &Workspace,
    profile: BuildProfile,
) -> Result<PathBuf, Failure> {
    build_program_with(workspace, profile, &[])
}

/// The same with these features of its crate.
pub(crate) fn build_program_with(
    workspace: &Workspace,
    profile: BuildProfile,
    features: &[&str],
) -> Result<PathBuf, Failure> {
    let (words, folder): (&[&str], &str) = match profile {
        BuildProfile::Dev => (&[], "debug"),
        BuildProfile::Release => (&["--release"], "release"),
    };
    let mut command = workspace.cargo(&["build", "--quiet", "-p", "pagos-cli"]);
    command.args(features.iter().flat_map(|feature| ["--features", feature]));
    process::run(command.args(words))?;
    let name = format!("pagos{}", std::env::consts::EXE_SUFFIX);
    let program = workspace.target.join(folder).join(name);
    match (has_failpoints(&program)?, features.contains(&"failpoints")) {
        (true, false) => Err(Failure::new("the program has failpoints without their feature")),
        (false, true) => Err(Failure::new("the program has no failpoints in spite of the feature")),
        (true, true) | (false, false) => Ok(program),
    }
}

/// Gives an empty folder for what a trial needs, below the target folder. Until this process ends it
/// is its own: another run of the same trial would empty it beneath this one.
pub(crate) fn claim_folder(workspace: &Workspace, name: &str) -> Result<PathBuf, Failure> {
    let folder = workspace.target.join(name);
    let lock = workspace.target.join(format!("{name}.lock"));
    let failed = || Failure::while_doing(lock.display().to_string());
    fs::create_dir_all(&workspace.target).map_err(failed())?;
    let file = File::options().create(true).truncate(false).write(true).open(&lock);
    let file = file.map_err(failed())?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(Failure::new(format!(
                "another run works in {}: wait for its end, or set CARGO_TARGET_DIR to another folder",
                folder.display()
            )));
        }
        Err(TryLockError::Error(cause)) => return Err(failed()(cause)),
    }
    // Closing the file would give the lock back.
    std::mem::forget(file);
    empty(&folder)?;
    Ok(folder)
}

/// Makes a folder that holds nothing.
pub(crate) fn empty(folder: &Path) -> Result<(), Failure> {
    let failed = || Failure::while_doing(folder.display().to_string());
    if folder.is_dir() {
        fs::remove_dir_all(folder).map_err(failed())?;
    }
    fs::create_dir_all(folder).map_err(failed())
}

/// Writes the file that is planned and paid.
pub(crate) fn write_payouts(
    path: &Path,
    rows: impl IntoIterator<Item = Row>,
) -> Result<(), Failure> {
    let failed = || Failure::while_doing(path.display().to_string());
    let file = File::create(path).map_err(failed())?;
    people::write_csv(BufWriter::new(file), rows).map_err(failed())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::claim_folder;
    use crate::workspace::Workspace;

    #[test]
    fn a_folder_that_another_run_works_in_is_not_emptied() {
        let target = tempfile::tempdir().unwrap();
        let workspace = Workspace {
            root: target.path().to_owned(),
            target: target.path().to_owned(),
            packages: Vec::new(),
        };
        let folder = claim_folder(&workspace, "crash").unwrap();
        fs::write(folder.join("payouts.csv"), "key").unwrap();
        let refused = claim_folder(&workspace, "crash").unwrap_err().to_string();
        assert!(refused.contains("another run works in"), "{refused}");
        assert!(folder.join("payouts.csv").is_file());
        claim_folder(&workspace, "failover").unwrap();
    }
}
