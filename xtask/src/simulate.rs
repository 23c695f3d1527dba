//! `cargo xtask simulate`: builds the simulation with optimisation and plays seeded schedules on all
//! cores. What a schedule is, and what must hold of it, is in `pagos-tests`.

use std::thread;

use crate::{
    failure::Failure,
    flags::Flags,
    process::{self, build_cargo},
    workspace::Workspace,
};

/// Which schedules to play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Orders {
    /// How many; their seeds follow each other.
    pub(crate) schedules: u64,
    /// The first seed.
    pub(crate) seed: u64,
    /// On how many threads; `None` for as many as there are cores.
    pub(crate) jobs: Option<u64>,
    /// The names of those who may take part; `None` for everybody.
    pub(crate) providers: Option<String>,
    /// Plays the first schedule only, and prints all that happens in it.
    pub(crate) is_traced: bool,
}

impl Orders {
    /// Reads them from flags.
    pub(crate) fn take(flags: &mut Flags) -> Result<Self, Failure> {
        let schedules = flags.take_number("schedules", 10_000)?;
        let seed = flags.take_number("seed", 1)?;
        let jobs = Some(flags.take_number("jobs", 0)?).filter(|jobs| *jobs > 0);
        let providers = Some(flags.take_text("providers", "")?).filter(|names| !names.is_empty());
        let is_traced = flags.take_switch("trace")?;
        Ok(Self { schedules, seed, jobs, providers, is_traced })
    }
}

/// Plays them. Fails if a schedule does, or if some kind of trouble never came up.
pub(crate) fn run(workspace: &Workspace, orders: &Orders) -> Result<(), Failure> {
    let words =
        ["run", "--profile", "checked", "--package", "pagos-tests", "--bin", "simulate", "--"];
    let mut command = build_cargo(workspace, &words);
    let cores = || thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    command.args(["--schedules", &orders.schedules.to_string()]);
    command.args(["--seed", &orders.seed.to_string()]);
    command.args(["--jobs", &orders.jobs.unwrap_or_else(cores).to_string()]);
    if let Some(names) = &orders.providers {
        command.args(["--providers", names]);
    }
    if orders.is_traced {
        command.arg("--trace");
    }
    process::run(&mut command)
}
