//! `cargo xtask mutants`: plants safety bugs in a copy of the sources, one at a time, and demands
//! that the tests notice each. The bugs are data, in `xtask/mutants/`; nothing here knows one.
//!
//! Not a mutation tool that invents its bugs: these were chosen, each because it could pay somebody
//! twice, lose a reversal, tell a false end or show a secret.

mod copy;
mod judge;
pub(crate) mod list;
mod report;

use std::{
    fs::{self, File},
    path::Path,
    str::FromStr,
    sync::{Mutex, PoisonError},
    thread,
    time::Instant,
};

use clap::{Args, value_parser};

use crate::{
    failure::Failure,
    mutants::{
        copy::Copy,
        judge::{Green, Judge},
        list::Mutant,
        report::Row,
    },
    process,
    server::Choice,
    workspace::Workspace,
};

/// Plants safety bugs in a copy of the sources, one at a time; the tests must catch every one.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only those whose name holds this text. A star at its end says nothing more.
    #[arg(long, value_name = "NAME", default_value = "")]
    only: String,
    /// Only those behind this one in the list: to go on where an earlier run stopped.
    #[arg(long, value_name = "NAME")]
    after: Option<String>,
    /// Only every fourth of them for 1/4 to 4/4, so that parts take equally long.
    #[arg(long, value_name = "PART/PARTS")]
    part: Option<Part>,
    /// Shows the list and runs nothing.
    #[arg(long)]
    list: bool,
    /// How many are tried side by side, each in a copy and a build of its own.
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u64).range(1..=JOBS_MAX))]
    jobs: u64,
}

/// One of several equal parts of the list. Neighbours fall into different parts: they are slow alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    /// From 1 to `count`.
    number: usize,
    count: usize,
}

impl Part {
    fn of(self, mutants: Vec<Mutant>) -> Vec<Mutant> {
        mutants.into_iter().skip(self.number - 1).step_by(self.count).collect()
    }
}

impl FromStr for Part {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.split_once('/').map(|(number, count)| (number.parse(), count.parse()));
        match numbers {
            Some((Ok(number), Ok(count))) if (1..=count).contains(&number) => {
                Ok(Self { number, count })
            }
            _ => Err("a part is written 2/4, from 1/4 to 4/4"),
        }
    }
}

fn behind(mutants: Vec<Mutant>, name: &str) -> Result<Vec<Mutant>, Failure> {
    match mutants.iter().position(|mutant| mutant.name == name) {
        Some(place) => Ok(mutants.into_iter().skip(place + 1).collect()),
        None => Err(Failure::new(format!("--after: no mutant is called {name:?}"))),
    }
}

/// `truth-*` is what one types who thinks of files: no name has a star.
fn part_of_a_name(only: &str) -> &str {
    only.trim_end_matches('*')
}

/// Each job builds everything once: gigabytes and minutes.
const JOBS_MAX: u64 = 64;

/// Plants every wanted mutant and prints who caught it. Fails unless all were caught.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    let mut mutants = list::read(&workspace.root)?;
    if let Some(after) = &options.after {
        mutants = behind(mutants, after)?;
    }
    let name = part_of_a_name(&options.only);
    mutants.retain(|mutant| mutant.name.contains(name));
    if mutants.is_empty() {
        return Err(Failure::new(format!("no mutant is called {:?}", options.only)));
    }
    if let Some(part) = options.part {
        mutants = part.of(mutants);
    }
    if mutants.is_empty() {
        println!("this part of the list is empty");
        return Ok(());
    }
    if options.list {
        report::print_list(&mutants);
        return Ok(());
    }
    let findings = list::judge(&workspace.root, &mutants)?;
    if !findings.is_empty() {
        findings.iter().for_each(|finding| println!("{finding}"));
        return Err(Failure::new("the list does not fit the sources"));
    }
    if !process::is_available(&mut workspace.cargo(&["nextest", "--version"])) {
        return Err(Failure::new(
            "cargo-nextest is not installed; this command tells tests that fail from tests that \
             hang or do not build by it",
        ));
    }
    let server = choose_server(&mut mutants)?;
    let folder = workspace.target.join("mutants");
    let _lock = lock(&folder)?;
    let rows = try_all(workspace, &folder, &server, &mutants, options.jobs)?;
    report::print(&rows);
    match rows.iter().all(|row| row.outcome.is_caught()) {
        true => Ok(()),
        false => Err(Failure::told()),
    }
}

/// The server for the tests of those that need one. Where there is none, they are left out, which
/// is said, and a failure where `CI=true`.
fn choose_server(mutants: &mut Vec<Mutant>) -> Result<Choice, Failure> {
    if !mutants.iter().any(Mutant::needs_a_server) {
        return Ok(Choice::Nothing);
    }
    let server = Choice::make()?;
    if matches!(server, Choice::Nothing) {
        mutants.retain(|mutant| !mutant.needs_a_server());
    }
    if mutants.is_empty() {
        return Err(Failure::new("every one of these needs a PostgreSQL server; none was tried"));
    }
    Ok(server)
}

/// Two runs would overwrite each other's copy. The lock ends with the process, however that ends.
fn lock(folder: &Path) -> Result<File, Failure> {
    fs::create_dir_all(folder).map_err(Failure::while_doing(folder.display()))?;
    let path = folder.join("lock");
    let file = File::create(&path).map_err(Failure::while_doing(path.display()))?;
    file.try_lock().map_err(|_| Failure::new("another run uses target/mutants; wait for it"))?;
    Ok(file)
}

/// Every job takes the next mutant until none is left. They share nothing but the list.
fn try_all(
    workspace: &Workspace,
    folder: &Path,
    server: &Choice,
    mutants: &[Mutant],
    jobs: u64,
) -> Result<Vec<Row>, Failure> {
    let (waiting, green) = (Mutex::new(mutants.iter()), Green::default());
    let rows = Mutex::new(Vec::new());
    let work = |job: u64| -> Result<(), Failure> {
        let copy = Copy::of(workspace, &folder.join(job.to_string()))?;
        let judge = Judge::new(&copy, server, &green)?;
        while let Some(mutant) = locked(&waiting).next() {
            let row = try_one(&judge, mutant)?;
            eprintln!("{}", row.line());
            locked(&rows).push(row);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let running: Vec<_> = (1..=jobs).map(|job| scope.spawn(move || work(job))).collect();
        running
            .into_iter()
            .try_for_each(|job| job.join().map_err(|_| Failure::new("a job ended early"))?)
    })?;
    let mut rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    rows.sort_by_key(|row| mutants.iter().position(|mutant| mutant.name == row.name));
    Ok(rows)
}

fn try_one(judge: &Judge<'_>, mutant: &Mutant) -> Result<Row, Failure> {
    let begun = Instant::now();
    let outcome = judge.try_mutant(mutant)?;
    Ok(Row {
        name: mutant.name.clone(),
        invariant: mutant.invariant.clone(),
        outcome,
        seconds: begun.elapsed().as_secs(),
    })
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_at_the_end_of_a_name_says_nothing_more() {
        let cases =
            [("truth-*", "truth-"), ("truth-", "truth-"), ("*", ""), ("", ""), ("a*b", "a*b")];
        for (given, part) in cases {
            assert_eq!(part_of_a_name(given), part, "{given}");
        }
    }

    #[test]
    fn parts_are_equal_and_together_the_whole_list() {
        let mutant = |number: usize| Mutant { name: number.to_string(), ..Mutant::default() };
        let mutants: Vec<Mutant> = (0..10).map(mutant).collect();
        let part = |text: &str| {
            let part = text.parse::<Part>().unwrap().of(mutants.clone());
            part.into_iter().map(|mutant| mutant.name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(["1/4", "2/4", "3/4", "4/4"].map(part), ["0 4 8", "1 5 9", "2 6", "3 7"]);
        assert_eq!(part("1/1"), "0 1 2 3 4 5 6 7 8 9");
        assert_eq!(part("12/12"), "");
        for bad in ["", "2", "0/4", "5/4", "1/0", "-1/4", "1/4/4", "a/b"] {
            assert!(bad.parse::<Part>().is_err(), "{bad}");
        }
    }
}
