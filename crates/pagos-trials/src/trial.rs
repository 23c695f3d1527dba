//! What `crash` and `scale` are made of: a file of invented payouts, a bank and a payer on this
//! machine. Needs nothing but the `pagos` program: the bank is `pagos twin`. Judges nothing.

pub(crate) mod http;
pub(crate) mod payer;
pub(crate) mod twin_server;
pub(crate) mod wire;

use std::{
    fs::{self, File},
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
