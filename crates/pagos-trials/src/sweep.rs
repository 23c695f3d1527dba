//! `cargo xtask sweep`: ends `pagos` at every named point of the engine, in every phase, with every
//! provider and every fault of the twins; starts it again, brings everything to its end, and judges
//! by the bank's books. Needs nothing but the `pagos` program: the bank is `pagos twin`.
//!
//! What it does not show: a power cut. A process that aborts loses no page that was written to the
//! kernel.

mod fault;
mod harness;
mod reach;
mod report;
mod start;

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
    time::Instant,
};

use clap::{Args, ValueEnum};
use pagos_engine::Point;
use pagos_kit::{KITS, Kit};

use crate::{
    crash::Database,
    failure::Failure,
    postgres::Server,
    sweep::{
        fault::InjectedFault,
        harness::{Outcome, Plan},
        reach::{Place, Reach},
        report::Report,
    },
    tally::Tally,
    trial::{self, BuildProfile, payer::Db},
    workspace::Workspace,
};

/// Ends `pagos` at every named point of the engine, with every fault, and judges the bank's ledger; the
/// table of points is printed.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Who pays.
    #[arg(long, value_delimiter = ',', default_values_t = KITS.to_vec())]
    providers: Vec<Kit>,
    /// Only these points, where processes end.
    #[arg(long, value_delimiter = ',', value_parser = parse_point)]
    points: Vec<Point>,
    /// Only these faults, which befall the rows.
    #[arg(long, value_delimiter = ',', value_parser = parse_fault)]
    faults: Vec<InjectedFault>,
    /// Each place once a provider, with the first fault that gets there; not with every fault.
    #[arg(long)]
    quick: bool,
    /// Determines the rows.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Which build of `pagos` is swept.
    #[arg(long, value_enum, default_value = "dev")]
    profile: BuildProfile,
    /// How many cases at a time.
    #[arg(long, default_value_t = 4)]
    side_by_side: usize,
    /// Where payouts are kept.
    #[arg(long, value_enum, default_value = "sqlite")]
    db: Databases,
}

/// One kind of database, or one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Databases {
    Sqlite,
    Postgres,
    All,
}

fn parse_point(word: &str) -> Result<Point, String> {
    let words = || Point::ALL.iter().map(|point| point.word()).collect::<Vec<_>>().join(", ");
    let named = Point::ALL.iter().copied().find(|point| point.word() == word);
    named.ok_or_else(|| format!("it is not one of {}", words()))
}

fn parse_fault(word: &str) -> Result<InjectedFault, String> {
    let words = || fault::ALL.map(fault::word).join(", ");
    let named = fault::ALL.into_iter().find(|injected| fault::word(*injected) == word);
    named.ok_or_else(|| format!("it is not one of {}", words()))
}

impl Options {
    /// Those that are wanted, in the order of the engine.
    fn points(&self) -> Vec<Point> {
        Point::ALL.iter().copied().filter(|point| is_chosen(point, &self.points)).collect()
    }

    /// Those that are wanted, a good day first.
    fn faults(&self) -> Vec<InjectedFault> {
        fault::ALL.into_iter().filter(|injected| is_chosen(injected, &self.faults)).collect()
    }

    fn databases(&self) -> Vec<Database> {
        match self.db {
            Databases::Sqlite => vec![Database::Sqlite],
            Databases::Postgres => vec![Database::Postgres],
            Databases::All => vec![Database::Sqlite, Database::Postgres],
        }
    }
}

/// Nothing chosen is everything.
fn is_chosen<T: PartialEq>(one: &T, chosen: &[T]) -> bool {
    chosen.is_empty() || chosen.contains(one)
}

/// Sweeps, and prints a table for each kind of database; each abort counts. Fails where a place was not got to, and on
/// any violation.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<Tally, Failure> {
    trial::refuse_repeats("--providers", &options.providers, |it| it.name())?;
    let databases = options.databases();
    let words: Vec<&str> = databases.iter().map(|database| database.word()).collect();
    let folder = trial::claim_folder(workspace, &format!("sweep-{}", words.join("-")))?;
    let built = trial::build_program_with(workspace, options.profile, &["failpoints"])?;
    // Another build of the program, without the feature, may take its place while we sweep.
    let program = folder.join(format!("pagos-with-failpoints{}", std::env::consts::EXE_SUFFIX));
    fs::copy(&built, &program).map_err(Failure::while_doing(program.display()))?;
    let (mut aborts, mut violations) = (0, 0);
    for database in &databases {
        let server = match database {
            Database::Sqlite => None,
            Database::Postgres => Some(Server::start(workspace)?.ok_or_else(|| {
                Failure::new(
                    "--db postgres needs PostgreSQL's programs: install Debian's postgresql",
                )
            })?),
        };
        let ground = Ground { program: &program, folder: &folder, server: server.as_ref() };
        let begun = Instant::now();
        let report = Report::new(play_all(&plan(options), &ground, options)?);
        report.print(options, *database, begun.elapsed());
        aborts += report.aborts();
        violations += report.violations();
    }
    if let Some(core) = list_cores(&folder)?.first() {
        return Err(Failure::new(format!("an abort left a core file: {}", core.display())));
    }
    match violations {
        0 => Ok(Tally { passed: aborts, ..Tally::default() }),
        count => Err(Failure::new(format!("{count} violations; seed {}", options.seed))),
    }
}

/// What all cases stand on.
struct Ground<'a> {
    program: &'a Path,
    folder: &'a Path,
    server: Option<&'a Server>,
}

/// A case for each provider and fault, the slow ones first.
fn plan(options: &Options) -> Vec<Plan> {
    let (points, faults) = (options.points(), options.faults());
    let places = points.iter().flat_map(|point| {
        point.phases().iter().map(|phase| Place { point: *point, phase: *phase })
    });
    let places: Vec<Place> = places.collect();
    let mut plans = Vec::new();
    for (day, injected) in faults.iter().enumerate() {
        for provider in &options.providers {
            let is_wanted = |place: &&Place| {
                !options.quick || first_fault(**place, *provider, &faults) == Some(*injected)
            };
            let places: Vec<Place> = places.iter().filter(is_wanted).copied().collect();
            if places.is_empty() {
                continue;
            }
            let seed = options.seed * 1_000 + u64::try_from(day).unwrap_or_default();
            plans.push(Plan { provider: *provider, injected: *injected, places, seed });
        }
    }
    plans
}

/// The first fault with which a process gets there; if none does, the first of all, so that the
/// reason is told.
fn first_fault(place: Place, provider: Kit, faults: &[InjectedFault]) -> Option<InjectedFault> {
    let is_reached =
        |it: &&InjectedFault| !matches!(reach::reach(place, provider, **it), Reach::Never(_));
    faults.iter().find(is_reached).or(faults.first()).copied()
}

/// Plays cases side by side: most of their time they wait.
fn play_all(
    plans: &[Plan],
    ground: &Ground<'_>,
    options: &Options,
) -> Result<Vec<(Plan, Outcome)>, Failure> {
    let waiting: Mutex<VecDeque<&Plan>> = Mutex::new(plans.iter().collect());
    let played = Mutex::new(Vec::new());
    let work = || {
        loop {
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(plan) = next else { return };
            let outcome = play(plan, ground);
            played.lock().unwrap_or_else(PoisonError::into_inner).push((plan.clone(), outcome));
        }
    };
    thread::scope(|scope| {
        for _ in 0..options.side_by_side.max(1).min(plans.len()) {
            scope.spawn(work);
        }
    });
    let played = played.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut outcomes = Vec::new();
    for (plan, outcome) in played {
        let about = format!("{}, {}", plan.provider.name(), fault::word(plan.injected));
        outcomes.push((plan, outcome.map_err(Failure::while_doing(about))?));
    }
    Ok(outcomes)
}

fn play(plan: &Plan, ground: &Ground<'_>) -> Result<Outcome, Failure> {
    let name = format!("{}_{}", plan.provider.name(), fault::word(plan.injected));
    let folder = ground.folder.join(&name);
    // Each case has a database of its own, because an engine pays whatever is due.
    let db = match ground.server {
        None => Db::File(folder.join("pagos.db")),
        Some(server) => {
            let (url, password) = (server.make_database(&name)?, server.password().to_owned());
            Db::Server { url, password }
        }
    };
    let outcome = harness::play(plan, ground.program, &folder, db)
        .inspect_err(|failure| eprintln!("sweep: {name}: {failure}"))?;
    eprintln!(
        "sweep: {name}: {} aborts, {} starts, {} violations, {:.1?}",
        outcome.aborts.values().sum::<u32>(),
        outcome.starts,
        outcome.violations.len(),
        outcome.took
    );
    outcome.violations.iter().for_each(|violation| eprintln!("  {violation}"));
    Ok(outcome)
}

fn list_cores(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut cores = Vec::new();
    for entry in fs::read_dir(folder).map_err(Failure::while_doing(folder.display()))? {
        let path = entry.map_err(Failure::while_doing(folder.display()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            cores.extend(list_cores(&path)?);
        } else if name == "core" || name.starts_with("core.") {
            cores.push(path);
        }
    }
    Ok(cores)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::parse;

    #[test]
    fn everything_is_swept_unless_told_otherwise() {
        let whole = parse::<Options>("").unwrap();
        assert_eq!((whole.points(), whole.faults()), (Point::ALL.to_vec(), fault::ALL.to_vec()));
        assert_eq!((whole.quick, whole.profile), (false, BuildProfile::Dev));
        assert_eq!(parse::<Options>("--db all").unwrap().databases().len(), 2);
        for point in Point::ALL {
            let one = parse::<Options>(&format!("--points {}", point.word())).unwrap();
            assert_eq!(one.points(), [*point]);
        }
        let two = format!("--faults {},none", fault::word(fault::ALL[3]));
        assert_eq!(parse::<Options>(&two).unwrap().faults(), [None, fault::ALL[3]]);
        for bad in ["--points nowhere", "--faults none,", "--db mysql", "--providers nobody"] {
            assert!(parse::<Options>(bad).is_err(), "{bad}");
        }
    }
}
