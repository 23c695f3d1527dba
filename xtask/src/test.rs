//! `cargo xtask test`: every test that the workspace has, and one line of counts at the end.
//! Runs programs and adds up what they say; `tally.rs` reads their words.

use std::{process::Command, time::Instant};

use clap::Args;

use crate::{
    failure::Failure,
    process,
    server::Choice,
    simulate,
    tally::{self, Tally},
    tidy, trials,
    workspace::Workspace,
};

/// One part of the whole.
struct Step {
    name: &'static str,
    /// What it counted, or why it could not even begin.
    run: fn(&Workspace) -> Result<Tally, Failure>,
}

const STEPS: [Step; 15] = [
    Step { name: "tests", run: run_tests },
    Step { name: "doctests", run: run_doctests },
    Step { name: "conformance", run: run_conformance },
    Step { name: "compat", run: run_compat },
    Step { name: "outside", run: run_outside },
    Step { name: "crash", run: run_small_crash },
    Step { name: "crowd", run: run_small_crowd },
    Step { name: "power", run: run_small_power },
    Step { name: "failover", run: run_few_failovers },
    Step { name: "clients", run: run_small_clients },
    Step { name: "siege", run: run_small_siege },
    Step { name: "surroundings", run: run_surroundings },
    Step { name: "sweep", run: run_quick_sweep },
    Step { name: "simulate", run: run_many_schedules },
    Step { name: "tidy", run: run_tidy },
];

/// What tells most in a few minutes, for everyday work.
const QUICK_STEPS: [Step; 3] = [
    Step { name: "tests", run: run_quick_tests },
    Step { name: "conformance", run: run_conformance },
    Step { name: "tidy", run: run_tidy },
];

/// Runs all tests, doctests, conformance, compat, small crash runs, some power cuts, failovers, killed services, a short siege, surroundings, a quick
/// sweep, 50,000 schedules and tidy; the last line holds the counts.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// What tells most in a few minutes: the tests without a server and without the model, conformance
    /// and tidy.
    #[arg(long)]
    quick: bool,
}

/// Runs everything, or what tells most with `--quick`, whatever fails before; the last line holds the
/// counts, and nothing follows it.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    let steps: &[Step] = if options.quick { &QUICK_STEPS } else { &STEPS };
    let mut total = Tally::default();
    let mut lines = Vec::new();
    for step in steps {
        eprintln!("== {}", step.name);
        let begun = Instant::now();
        let tally = (step.run)(workspace).unwrap_or_else(|failure| {
            println!("{}: {failure}", step.name);
            Tally { failed: 1, ..Tally::default() }
        });
        lines.push(format!("{:<12} {tally}, {:.0?}", step.name, begun.elapsed()));
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
    let (server, missing) = match Choice::make() {
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
    if process::is_available(&mut workspace.cargo(&["nextest", "--version"])) {
        println!("tests run with cargo-nextest");
        let mut command = workspace.cargo(&["nextest", "run"]);
        // Half of the time a test waits: for a disk, a server or a process that it has started.
        command.args(["--test-threads", &(2 * process::cores()).to_string()]);
        server.tell(command.args(&what));
        return count(&mut command, tally::parse_nextest);
    }
    println!("tests run with cargo test; cargo-nextest is not installed");
    let mut command = workspace.cargo(&["test"]);
    server.tell(command.args(&what));
    count(&mut command, tally::parse_libtest)
}

fn run_doctests(workspace: &Workspace) -> Result<Tally, Failure> {
    let words = ["test", "--doc", "--workspace", "--all-features", "--no-fail-fast"];
    count(&mut workspace.cargo(&words), tally::parse_libtest)
}

fn count(command: &mut Command, read: fn(&str) -> Option<Tally>) -> Result<Tally, Failure> {
    if process::is_ci() {
        command.env("INSTA_UPDATE", "no");
    }
    Tally::of(&process::overhear(command)?, read)
}

fn run_conformance(_: &Workspace) -> Result<Tally, Failure> {
    trials::count(&["conformance"])
}

fn run_compat(_: &Workspace) -> Result<Tally, Failure> {
    trials::count(&["compat"])
}

/// A provider in a crate of its own, made of a page of the guide. The first payout takes longer to
/// build, and is made once a week.
fn run_outside(_: &Workspace) -> Result<Tally, Failure> {
    trials::count(&["outside", "third-party-provider"])
}

/// The crash run that everybody's test command can afford.
fn run_small_crash(_: &Workspace) -> Result<Tally, Failure> {
    trials::count(&["crash", "--kills", "5", "--rows", "120", "--profile", "dev"])
}

/// Two processes on one server, which is killed as well.
fn run_small_crowd(_: &Workspace) -> Result<Tally, Failure> {
    let who = ["crash", "--db", "postgres", "--if-installed", "--workers", "2", "--profile", "dev"];
    let what = ["--server-restarts", "1", "--kills", "3", "--rows", "60"];
    trials::count(&[who.as_slice(), &what].concat())
}

/// Some power cuts under a file, and a few under a server.
fn run_small_power(_: &Workspace) -> Result<Tally, Failure> {
    let file = trials::count(&["power", "--cuts", "60", "--if-permitted"])?;
    let server = ["power", "--db", "postgres", "--cuts", "5", "--if-permitted"];
    Ok(file.plus(trials::count(&server)?))
}

/// A cluster under Patroni, whose primary is struck a few times. There is Patroni on Linux only.
fn run_few_failovers(_: &Workspace) -> Result<Tally, Failure> {
    if !cfg!(target_os = "linux") {
        println!("failover is skipped: it needs Linux");
        return Ok(Tally { skipped: 1, ..Tally::default() });
    }
    // On a hostile day the bank's own doubts take minutes to end.
    let how = ["failover", "--if-installed", "--faults", "mild", "--profile", "dev"];
    let kinds = ["--kinds", "kill,stop,cut-etcd,cut-replicas,switchover"];
    trials::count(&[how.as_slice(), &kinds, &["--failovers", "3", "--rows", "400"]].concat())
}

/// Clients of the HTTP API, whose service is killed.
fn run_small_clients(_: &Workspace) -> Result<Tally, Failure> {
    trials::count(&["clients", "--payouts", "1000", "--kills", "3", "--profile", "dev"])
}

/// Half a minute of strangers; each attack that is held counts as a test.
fn run_small_siege(_: &Workspace) -> Result<Tally, Failure> {
    trials::count(&["siege", "--quick", "--profile", "dev"])
}

/// Everything around the program that could make it pay twice; each thing that was tried counts.
fn run_surroundings(_: &Workspace) -> Result<Tally, Failure> {
    trials::count(&["surroundings"])
}

/// Every named point with every provider, once; an abort that was got to counts as a test.
fn run_quick_sweep(_: &Workspace) -> Result<Tally, Failure> {
    trials::count(&["sweep", "--quick"])
}

/// As many schedules as fit into a few minutes; each counts what must happen and must hold.
fn run_many_schedules(workspace: &Workspace) -> Result<Tally, Failure> {
    simulate::run(workspace, &simulate::Options::first(50_000))?;
    Ok(Tally { passed: 1, ..Tally::default() })
}

fn run_tidy(workspace: &Workspace) -> Result<Tally, Failure> {
    Ok(tidy::count(&tidy::inspect(workspace)?))
}
