//! `pagos-fuzz`: runs targets for a while, or one input once. `cargo xtask fuzz` builds it with
//! optimisation, overflow checks and debug assertions, and starts it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool of tests that talks to its user"
)]

use std::{
    env, fs, panic,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use pagos_fuzz::{
    Target, corpus,
    hunt::{self, Hunt},
    targets,
};

const USAGE: &str = "\
usage: pagos-fuzz [--target NAME] [--seconds N | --executions N] [--seed S]
       pagos-fuzz --target NAME --replay FILE
       pagos-fuzz --target NAME --seeds FOLDER
       pagos-fuzz --list all";

/// What was asked for.
struct Options {
    target: Option<String>,
    seconds: Option<u64>,
    executions: Option<u64>,
    seed: u64,
    replay: Option<String>,
    seeds: Option<String>,
    is_list: bool,
}

fn main() -> ExitCode {
    let Some(options) = Options::read(env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let is_chosen =
        |target: &&Target| options.target.as_ref().is_none_or(|name| *name == target.name);
    let chosen: Vec<&'static Target> = targets().iter().filter(is_chosen).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = targets().iter().map(|target| target.name.as_str()).collect();
        eprintln!("no such target; there are {}", names.join(", "));
        return ExitCode::from(2);
    }
    if options.is_list {
        chosen.iter().for_each(|target| println!("{}", target.name));
        return ExitCode::SUCCESS;
    }
    if let Some(folder) = &options.seeds {
        chosen.iter().for_each(|target| export(target, folder));
        return ExitCode::SUCCESS;
    }
    // A broken rule is told once, at the end, and not for each try to make its input smaller.
    panic::set_hook(Box::new(|_| ()));
    let is_good = match (&options.replay, chosen.as_slice()) {
        (Some(path), [target]) => replay(target, path),
        (Some(_), _) => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
        (None, _) => chosen.iter().filter(|target| !run(target, &options)).count() == 0,
    };
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One line with the figures of a target. Is it unbroken?
fn run(target: &'static Target, options: &Options) -> bool {
    let mut hunt = Hunt::new(target, options.seed).expect("the corpus cannot be read");
    let begun = Instant::now();
    let mut executions: u64 = 0;
    let mut finding = None;
    while finding.is_none() && options.wants_more(executions, begun.elapsed()) {
        finding = hunt.step().err();
        executions += 1;
    }
    let took = begun.elapsed();
    let rate = u128::from(executions) * 1_000 / took.as_millis().max(1);
    let (name, inputs, ms) = (&target.name, hunt.inputs(), took.as_millis());
    println!(
        "{name:<20} {inputs:>5} inputs {executions:>9} executions {:>5}.{:01} s {rate:>7} /s",
        ms / 1_000,
        ms % 1_000 / 100
    );
    let Some(finding) = finding else { return true };
    let path = corpus::keep(name, &finding.input).expect("the finding cannot be kept");
    println!("  broken: {}", finding.because);
    println!("  kept:   {}", path.display());
    println!("  again:  cargo xtask fuzz --target {name} --replay {}", path.display());
    false
}

/// Writes the seeds as files, for a fuzzer that reads a folder.
fn export(target: &Target, folder: &str) {
    for seed in target.seeds() {
        let path = Path::new(folder).join(format!("{:016x}", corpus::digest(&seed)));
        fs::write(path, seed).expect("the seeds cannot be written");
    }
}

/// Runs one file once and says what is wrong with it.
fn replay(target: &Target, path: &str) -> bool {
    let input = match fs::read(path) {
        Ok(input) => input,
        Err(error) => {
            println!("{path}: {error}");
            return false;
        }
    };
    match hunt::broken(target, &input) {
        None => println!("{path}: nothing is broken"),
        Some(because) => {
            println!("{path}: {because}");
            return false;
        }
    }
    true
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let mut options = Self {
            target: None,
            seconds: None,
            executions: None,
            seed: 1,
            replay: None,
            seeds: None,
            is_list: false,
        };
        while let Some(name) = words.next() {
            let value = words.next()?;
            match name.as_str() {
                "--target" => options.target = Some(value),
                "--seconds" => options.seconds = Some(value.parse().ok()?),
                "--executions" => options.executions = Some(value.parse().ok()?),
                "--seed" => options.seed = value.parse().ok()?,
                "--replay" => options.replay = Some(value),
                "--seeds" => options.seeds = Some(value),
                "--list" => options.is_list = true,
                _ => return None,
            }
        }
        Some(options)
    }

    /// Without any limit: ten seconds for each target.
    fn wants_more(&self, executions: u64, took: Duration) -> bool {
        let limit = self.seconds.or(self.executions.is_none().then_some(10));
        let has_time = limit.is_none_or(|limit| took < Duration::from_secs(limit));
        has_time && self.executions.is_none_or(|limit| executions < limit)
    }
}
