//! `cargo xtask fuzz`: builds `pagos-fuzz` with optimisation and strict arithmetic, and starts it; with
//! `--coverage`, under libFuzzer. Knows no target: those are in `crates/pagos-fuzz`.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use clap::Args;

use crate::{failure::Failure, process, workspace::Workspace};

/// What rustc is told so that libFuzzer sees which edges an input reaches. These work with the stable
/// compiler: they are options of LLVM, not of a sanitizer. Only our crates and their dependencies are
/// watched, not the standard library, which comes compiled.
const COVERAGE: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

/// The longest input, as in `pagos-fuzz`.
const INPUT_MAX: usize = 64 * 1024;

/// What one run adds to the corpus of a target at most.
const KEPT_MAX: usize = 80;
const KEPT_BYTES_MAX: u64 = 20 * 1024;

/// Hands untrusted bytes to every reader; what breaks a rule is kept.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only this target, or with `--coverage` these, with commas between them.
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// How long each target is tried: 10 seconds, or 60 with `--coverage`.
    #[arg(long)]
    seconds: Option<u64>,
    /// How many inputs each target gets at most; without `--seconds`, however long that takes.
    #[arg(long, conflicts_with = "coverage")]
    executions: Option<u64>,
    /// Determines the inputs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One input, once.
    #[arg(long, value_name = "FILE", conflicts_with = "coverage")]
    replay: Option<PathBuf>,
    /// Under libFuzzer; needs a C++ compiler.
    #[arg(long)]
    coverage: bool,
    /// Keeps the few inputs that reach everything.
    #[arg(long, requires = "coverage")]
    minimise: bool,
}

/// Hunts.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    match options.coverage {
        true => guided(workspace, options),
        false => seeded(workspace, options),
    }
}

/// Mutations from a seed: the same on every machine.
fn seeded(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    let build =
        ["run", "--quiet", "-p", "pagos-fuzz", "--profile", "checked", "--all-features", "--"];
    let mut command = workspace.cargo(&build);
    let text = |number: u64| OsString::from(number.to_string());
    for (name, value) in [
        ("--target", options.target.as_ref().map(OsString::from)),
        ("--seconds", options.seconds.map(text)),
        ("--executions", options.executions.map(text)),
        ("--seed", Some(text(options.seed))),
        ("--replay", options.replay.as_ref().map(OsString::from)),
    ] {
        if let Some(value) = value {
            command.arg(name).arg(value);
        }
    }
    process::run(&mut command)
}

/// Guided by coverage, one target after the other. What reaches something new is written to the corpus;
/// `--minimise` then keeps the few inputs that reach all of it.
fn guided(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    let (seconds, seed) = (options.seconds.unwrap_or(60), options.seed);
    let program = build(workspace)?;
    let names = match &options.target {
        None => list(workspace)?,
        Some(names) => names.split(',').map(str::to_owned).collect(),
    };
    for name in names {
        let corpus = workspace.root.join("crates/pagos-fuzz/corpus").join(&name);
        let seeds = workspace.target.join("fuzz/seeds").join(&name);
        let found = workspace.target.join("fuzz/found").join(&name);
        for folder in [&corpus, &seeds, &found] {
            fs::create_dir_all(folder).map_err(Failure::while_doing(folder.display()))?;
        }
        export(workspace, &name, &seeds)?;
        println!("== {name}");
        let mut command = libfuzzer(&program, &name);
        command
            .args([format!("-max_total_time={seconds}"), format!("-seed={seed}")])
            .arg(format!("-artifact_prefix={}/broke-", corpus.display()))
            .args([&found, &corpus, &seeds]);
        process::run(&mut command)?;
        if options.minimise {
            // A merge writes into its first folder what reaches more than that folder does.
            let before = files(&seeds)?;
            let mut merge = libfuzzer(&program, &name);
            process::run(merge.arg("-set_cover_merge=1").args([&seeds, &found]))?;
            keep(&before, &files(&seeds)?, &corpus)?;
        }
    }
    Ok(())
}

/// The files of a folder with their sizes, the smallest first.
fn files(folder: &Path) -> Result<Vec<(u64, PathBuf)>, Failure> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(Failure::while_doing(folder.display()))? {
        let entry = entry.map_err(Failure::while_doing(folder.display()))?;
        let size = entry.metadata().map_err(Failure::while_doing(folder.display()))?.len();
        files.push((size, entry.path()));
    }
    files.sort();
    Ok(files)
}

/// Copies the smallest of the new files to the corpus, which stays small enough to be reviewed.
fn keep(before: &[(u64, PathBuf)], after: &[(u64, PathBuf)], corpus: &Path) -> Result<(), Failure> {
    let mut size_bytes = 0;
    let fresh = after.iter().filter(|file| !before.contains(file)).take(KEPT_MAX);
    for (size, path) in fresh {
        size_bytes += size;
        let Some(name) = path.file_name().filter(|_| size_bytes <= KEPT_BYTES_MAX) else { break };
        let kept = corpus.join(name);
        fs::copy(path, &kept).map_err(Failure::while_doing(kept.display()))?;
    }
    Ok(())
}

fn libfuzzer(program: &Path, name: &str) -> Command {
    let mut command = Command::new(program);
    command.env("PAGOS_FUZZ_TARGET", name);
    command.args([&format!("-max_len={INPUT_MAX}"), "-timeout=10", "-print_final_stats=1"]);
    command
}

fn build(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let triple = process::read_stdout(Command::new("rustc").arg("-vV"))?;
    let triple = triple.lines().find_map(|line| line.strip_prefix("host: "));
    let triple = triple.ok_or_else(|| Failure::new("rustc -vV names no host"))?;
    let folder = workspace.target.join("fuzz");
    let mut command = workspace.cargo(&["build", "--release", "--locked", "--target"]);
    command
        .arg(triple)
        .current_dir(workspace.root.join("crates/pagos-fuzz/coverage"))
        .env("CARGO_TARGET_DIR", &folder)
        .env("RUSTFLAGS", COVERAGE.join(" "));
    process::run(&mut command)?;
    Ok(folder.join(triple).join("release/coverage"))
}

/// The names of the targets, as the program tells them.
fn list(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let build =
        ["run", "--quiet", "-p", "pagos-fuzz", "--profile", "checked", "--", "--list", "all"];
    let said = process::read_stdout(&mut workspace.cargo(&build))?;
    Ok(said.lines().map(str::to_owned).collect())
}

/// Writes the seeds of a target as files.
fn export(workspace: &Workspace, name: &str, folder: &Path) -> Result<(), Failure> {
    let build = ["run", "--quiet", "-p", "pagos-fuzz", "--profile", "checked", "--"];
    process::run(workspace.cargo(&build).args(["--target", name, "--seeds"]).arg(folder))
}
