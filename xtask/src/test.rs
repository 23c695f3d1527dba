//! `cargo xtask test`: every test that the workspace has, and one line of counts at the end.
//! Runs programs and adds up what they say; `tally.rs` reads their words.

mod tally;

use std::process::Command;

use crate::{
    compat, conformance, crash,
    failure::Failure,
    flags::Flags,
    postgres::{self, Choice},
    process::{self, build_cargo},
    siege, simulate, surroundings, sweep, tidy,
    trial::{BuildProfile, bank::Faults, payroll::Provider},
    workspace::Workspace,
};

pub(crate) use self::tally::Tally;

/// One part of the whole.
struct Step {
    name: &'static str,
    /// What it counted, or why it could not even begin.
    run: fn(&Workspace) -> Result<Tally, Failure>,
}

const STEPS: [Step; 11] = [
    Step { name: "tests", run: run_tests },
    Step { name: "doctests", run: run_doctests },
    Step { name: "conformance", run: conformance::replay },
    Step { name: "compat", run: run_compat },
    Step { name: "crash", run: run_small_crash },
    Step { name: "crowd", run: run_small_crowd },
    Step { name: "siege", run: run_small_siege },
    Step { name: "surroundings", run: run_surroundings },
    Step { name: "sweep", run: run_quick_sweep },
    Step { name: "simulate", run: run_many_schedules },
    Step { name: "tidy", run: run_tidy },
];

/// What tells most in a few minutes, for everyday work.
const QUICK_STEPS: [Step; 3] = [
    Step { name: "tests", run: run_quick_tests },
    Step { name: "conformance", run: conformance::replay },
    Step { name: "tidy", run: run_tidy },
];

/// Runs everything, or what tells most with `--quick`, whatever fails before; the last line holds the
/// counts, and nothing follows it.
pub(crate) fn run(workspace: &Workspace, mut flags: Flags) -> Result<(), Failure> {
    let is_quick = flags.take_switch("quick")?;
    flags.end()?;
    let steps: &[Step] = if is_quick { &QUICK_STEPS } else { &STEPS };
    let mut total = Tally::default();
    let mut lines = Vec::new();
    for step in steps {
        eprintln!("== {}", step.name);
        let tally = (step.run)(workspace).unwrap_or_else(|failure| {
            println!("{}: {failure}", step.name);
            Tally { failed: 1, ..Tally::default() }
        });
        lines.push(format!("{:<12} {tally}", step.name));
        total = total.plus(tally);
    }
    lines.iter().for_each(|line| println!("{line}"));
    println!("{total}");
    match total.failed {
        0 => Ok(()),
        _ => Err(Failure::told()),
    }
}

/// A server that is wanted and not there fails the step; the other tests run all the same.
fn run_tests(workspace: &Workspace) -> Result<Tally, Failure> {
    let (server, missing) = match Choice::make(workspace) {
        Ok(server) => (server, Tally::default()),
        Err(failure) => {
            println!("{failure}");
            (Choice::Nothing, Tally { failed: 1, ..Tally::default() })
        }
    };
    Ok(run_tests_with(workspace, &server, &[])?.plus(missing))
}

/// Without a server and without the model's complete exploration.
fn run_quick_tests(workspace: &Workspace) -> Result<Tally, Failure> {
    let without = ["--exclude", "pagos-model", "--exclude", "pagos-store-postgres"];
    run_tests_with(workspace, &Choice::Nothing, &without)
}

fn run_tests_with(
    workspace: &Workspace,
    server: &Choice,
    without: &[&str],
) -> Result<Tally, Failure> {
    let all = ["--workspace", "--all-features", "--no-fail-fast", "--tests"];
    let what: Vec<&str> = all.iter().chain(without).copied().collect();
    if process::is_available(&mut build_cargo(workspace, &["nextest", "--version"])) {
        println!("tests run with cargo-nextest");
        let mut command = build_cargo(workspace, &["nextest", "run"]);
        server.tell(command.args(&what));
        return count(&mut command, tally::parse_nextest);
    }
    println!("tests run with cargo test; cargo-nextest is not installed");
    let mut command = build_cargo(workspace, &["test"]);
    server.tell(command.args(&what));
    count(&mut command, tally::parse_libtest)
}

fn run_doctests(workspace: &Workspace) -> Result<Tally, Failure> {
    let words = ["test", "--doc", "--workspace", "--all-features", "--no-fail-fast"];
    count(&mut build_cargo(workspace, &words), tally::parse_libtest)
}

/// A run that failed without a failed test (it did not build, say) counts as one failure.
fn count(command: &mut Command, read: fn(&str) -> Option<Tally>) -> Result<Tally, Failure> {
    if process::is_ci() {
        command.env("INSTA_UPDATE", "no");
    }
    let heard = process::overhear(command)?;
    let Some(mut tally) = read(&heard.text) else {
        return Err(Failure::new("no counts: the tests did not build or did not start"));
    };
    if !heard.is_success && tally.failed == 0 {
        tally.failed = 1;
    }
    Ok(tally)
}

fn run_compat(workspace: &Workspace) -> Result<Tally, Failure> {
    compat::check(workspace, &[])
}

/// The crash run that everybody's test command can afford.
fn run_small_crash(workspace: &Workspace) -> Result<Tally, Failure> {
    let orders = crash::Orders {
        database: crash::Database::Sqlite,
        workers: 1,
        kill_every_ms: 1_000,
        server_restarts: 0,
        kills: 5,
        rows: 120,
        providers: Provider::ALL.to_vec(),
        seed: 1,
        faults: Faults::Hostile,
        profile: BuildProfile::Dev,
        program: None,
    };
    crash::run(workspace, &orders)?;
    Ok(Tally { passed: 1, ..Tally::default() })
}

/// Two processes on one server, which is killed as well.
fn run_small_crowd(workspace: &Workspace) -> Result<Tally, Failure> {
    if !postgres::is_installed()? {
        return Ok(Tally { skipped: 1, ..Tally::default() });
    }
    let orders = crash::Orders {
        database: crash::Database::Postgres,
        workers: 2,
        kill_every_ms: 1_000,
        server_restarts: 1,
        kills: 3,
        rows: 60,
        providers: Provider::ALL.to_vec(),
        seed: 1,
        faults: Faults::Hostile,
        profile: BuildProfile::Dev,
        program: None,
    };
    crash::run(workspace, &orders)?;
    Ok(Tally { passed: 1, ..Tally::default() })
}

/// Half a minute of strangers; each attack that is held counts as a test.
fn run_small_siege(workspace: &Workspace) -> Result<Tally, Failure> {
    let passed = siege::run(workspace, &siege::Orders::quick(BuildProfile::Dev))?;
    Ok(Tally { passed, ..Tally::default() })
}

/// Everything around the program that could make it pay twice; each thing that was tried counts.
fn run_surroundings(workspace: &Workspace) -> Result<Tally, Failure> {
    surroundings::run(workspace, &surroundings::Orders::all(BuildProfile::Dev))
}

/// Every named point with every provider, once; an abort that was got to counts as a test.
fn run_quick_sweep(workspace: &Workspace) -> Result<Tally, Failure> {
    let passed = sweep::run(workspace, &sweep::Orders::quick())?;
    Ok(Tally { passed, ..Tally::default() })
}

/// As many schedules as fit into a few minutes; each counts what must happen and must hold.
fn run_many_schedules(workspace: &Workspace) -> Result<Tally, Failure> {
    let (schedules, seed) = (50_000, 1);
    let orders =
        simulate::Orders { schedules, seed, jobs: None, providers: None, is_traced: false };
    simulate::run(workspace, &orders)?;
    Ok(Tally { passed: 1, ..Tally::default() })
}

fn run_tidy(workspace: &Workspace) -> Result<Tally, Failure> {
    let checks = tidy::inspect(workspace)?;
    let (good, bad): (Vec<_>, Vec<_>) = checks.iter().partition(|check| check.findings.is_empty());
    Ok(Tally { passed: good.len(), failed: bad.len(), skipped: 0 })
}
