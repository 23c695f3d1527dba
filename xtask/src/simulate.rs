//! `cargo xtask simulate`: builds the simulation with optimisation and plays seeded schedules on all
//! cores. What a schedule is, and what must hold of it, is in `pagos-tests`.

use clap::{Args, value_parser};

use crate::{failure::Failure, process, workspace::Workspace};

/// Plays seeded schedules of everything that can go wrong.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many; their seeds follow each other.
    #[arg(long, default_value_t = 10_000)]
    schedules: u64,
    /// The first seed; the same seed makes the same schedule.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// On how many threads; without it, on as many as there are cores.
    #[arg(long, value_parser = value_parser!(u64).range(1..))]
    jobs: Option<u64>,
    /// The names of those who may take part, with commas between them; without it, everybody.
    #[arg(long)]
    providers: Option<String>,
    /// Lets the store go back to an earlier state in every schedule; without it, in one of five.
    #[arg(long, conflicts_with = "without_witness")]
    go_back: bool,
    /// The same without a witness: what is paid twice then is counted.
    #[arg(long)]
    without_witness: bool,
    /// Plays the first schedule only, and prints all that happens in it.
    #[arg(long)]
    trace: bool,
}

impl Options {
    /// The first so many schedules, with everybody.
    pub(crate) fn first(schedules: u64) -> Self {
        Self {
            schedules,
            seed: 1,
            jobs: None,
            providers: None,
            go_back: false,
            without_witness: false,
            trace: false,
        }
    }
}

/// Plays them. Fails if a schedule does, or if some kind of trouble never came up.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    let words =
        ["run", "--profile", "checked", "--package", "pagos-tests", "--bin", "simulate", "--"];
    let mut command = workspace.cargo(&words);
    command.args(["--schedules", &options.schedules.to_string()]);
    command.args(["--seed", &options.seed.to_string()]);
    command.args(["--jobs", &options.jobs.unwrap_or_else(process::cores).to_string()]);
    if let Some(names) = &options.providers {
        command.args(["--providers", names]);
    }
    for (flag, is_set) in
        [("--go-back", options.go_back), ("--without-witness", options.without_witness)]
    {
        if is_set {
            command.arg(flag);
        }
    }
    if options.trace {
        command.arg("--trace");
    }
    process::run(&mut command)
}
