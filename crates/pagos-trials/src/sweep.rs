//! `cargo xtask sweep`: ends `pagos` at every named point of the engine, in every phase, with every
//! provider and every fault of the twins; starts it again, brings everything to its end, and judges
//! by the bank's books. Needs nothing but the `pagos` program: the bank is `pagos twin`.
//!
//! What it does not show: a power cut. A process that aborts loses no page that was written to the
//! kernel.

mod fault;
mod reach;
mod report;
mod stage;
mod start;

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
    time::Instant,
};

use pagos_engine::Point;

use crate::{
    crash::Database,
    failure::Failure,
    flags::Flags,
    postgres::Server,
    sweep::{
        fault::Befalls,
        reach::{Place, Reach},
        report::Report,
        stage::{Outcome, Plan},
    },
    trial::{self, BuildProfile, payer::Db, payroll::Provider},
    workspace::Workspace,
};

/// What to do.
#[derive(Debug, Clone)]
pub(crate) struct Orders {
    /// Who pays.
    pub(crate) providers: Vec<Provider>,
    /// Where processes end.
    points: Vec<Point>,
    /// What befalls the rows.
    faults: Vec<Befalls>,
    /// Each place once a provider, with the first fault that gets there?
    pub(crate) depth: Depth,
    /// Determines the rows.
    pub(crate) seed: u64,
    /// Which build of `pagos` is swept.
    pub(crate) profile: BuildProfile,
    /// How many stages at a time.
    pub(crate) side_by_side: usize,
    /// Where payouts are kept.
    pub(crate) databases: Vec<Database>,
}

/// How much of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Every place with every fault.
    Full,
    /// Every place with one fault that gets there.
    Quick,
}

impl Orders {
    /// Reads them from flags.
    pub(crate) fn take(flags: &mut Flags) -> Result<Self, Failure> {
        let points: Vec<&str> = Point::ALL.iter().map(|point| point.word()).collect();
        let points = take_list(flags, "points", &points)?;
        let words: Vec<String> = fault::ALL.into_iter().map(fault::word).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let faults = take_list(flags, "faults", &words)?;
        let profile = match flags.take_text("profile", "dev")?.as_str() {
            "dev" => BuildProfile::Dev,
            "release" => BuildProfile::Release,
            other => {
                return Err(Failure::new(format!("--profile {other:?} is not dev or release")));
            }
        };
        let depth = if flags.take_switch("quick")? { Depth::Quick } else { Depth::Full };
        let side_by_side = flags.take_number("side-by-side", 4)?;
        let side_by_side = usize::try_from(side_by_side).unwrap_or(1).max(1);
        let seed = flags.take_number("seed", 1)?;
        let providers = Provider::take_list(flags)?;
        let databases = match flags.take_text("db", "sqlite")?.as_str() {
            "sqlite" => vec![Database::Sqlite],
            "postgres" => vec![Database::Postgres],
            "all" => vec![Database::Sqlite, Database::Postgres],
            other => {
                let message = format!("--db {other:?} is not sqlite, postgres or all");
                return Err(Failure::new(message));
            }
        };
        let is_chosen = |word: &str, chosen: &[String]| chosen.iter().any(|it| it == word);
        let points = Point::ALL.iter().copied().filter(|it| is_chosen(it.word(), &points));
        let points = points.collect();
        let faults = fault::ALL.into_iter().filter(|it| is_chosen(&fault::word(*it), &faults));
        let faults = faults.collect();
        Ok(Self { providers, points, faults, depth, seed, profile, side_by_side, databases })
    }
}

/// Sweeps, and prints a table for each kind of database. Fails where a place was not got to, and on
/// any violation.
pub(crate) fn run(workspace: &Workspace, orders: &Orders) -> Result<usize, Failure> {
    let words: Vec<&str> = orders.databases.iter().map(|database| database.word()).collect();
    let folder = workspace.target.join(format!("sweep-{}", words.join("-")));
    trial::empty(&folder)?;
    let built = trial::build_program_with(workspace, orders.profile, &["failpoints"])?;
    // Another build of the program, without the feature, may take its place while we sweep.
    let program = folder.join(format!("pagos-with-failpoints{}", std::env::consts::EXE_SUFFIX));
    fs::copy(&built, &program).map_err(Failure::while_doing(program.display()))?;
    let (mut aborts, mut violations) = (0, 0);
    for database in &orders.databases {
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
        let report = Report::new(play_all(&plan(orders), &ground, orders)?);
        report.print(orders, *database, begun.elapsed());
        aborts += report.aborts();
        violations += report.violations();
    }
    if let Some(core) = list_cores(&folder)?.first() {
        return Err(Failure::new(format!("an abort left a core file: {}", core.display())));
    }
    match violations {
        0 => Ok(aborts),
        count => Err(Failure::new(format!("{count} violations; seed {}", orders.seed))),
    }
}

/// What all stages stand on.
struct Ground<'a> {
    program: &'a Path,
    folder: &'a Path,
    server: Option<&'a Server>,
}

/// A stage for each provider and fault, the slow ones first.
fn plan(orders: &Orders) -> Vec<Plan> {
    let places = orders.points.iter().flat_map(|point| {
        point.phases().iter().map(|phase| Place { point: *point, phase: *phase })
    });
    let places: Vec<Place> = places.collect();
    let mut plans = Vec::new();
    for (day, befalls) in orders.faults.iter().enumerate() {
        for provider in &orders.providers {
            let is_wanted = |place: &&Place| {
                orders.depth == Depth::Full
                    || first_fault(**place, *provider, &orders.faults) == Some(*befalls)
            };
            let places: Vec<Place> = places.iter().filter(is_wanted).copied().collect();
            if places.is_empty() {
                continue;
            }
            let seed = orders.seed * 1_000 + u64::try_from(day).unwrap_or_default();
            plans.push(Plan { provider: *provider, befalls: *befalls, places, seed });
        }
    }
    plans
}

/// The first fault with which a process gets there; if none does, the first of all, so that the
/// reason is told.
fn first_fault(place: Place, provider: Provider, faults: &[Befalls]) -> Option<Befalls> {
    let is_reached =
        |it: &&Befalls| !matches!(reach::reach(place, provider, **it), Reach::Never(_));
    faults.iter().find(is_reached).or(faults.first()).copied()
}

/// Plays stages side by side: most of their time they wait.
fn play_all(
    plans: &[Plan],
    ground: &Ground<'_>,
    orders: &Orders,
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
        for _ in 0..orders.side_by_side.min(plans.len()) {
            scope.spawn(work);
        }
    });
    let played = played.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut outcomes = Vec::new();
    for (plan, outcome) in played {
        let about = format!("{}, {}", plan.provider.name(), fault::word(plan.befalls));
        outcomes.push((plan, outcome.map_err(Failure::while_doing(about))?));
    }
    Ok(outcomes)
}

fn play(plan: &Plan, ground: &Ground<'_>) -> Result<Outcome, Failure> {
    let name = format!("{}_{}", plan.provider.name(), fault::word(plan.befalls));
    let folder = ground.folder.join(&name);
    // Each stage has a database of its own, because an engine pays whatever is due.
    let db = match ground.server {
        None => Db::File(folder.join("pagos.db")),
        Some(server) => {
            let (url, password) = (server.make_database(&name)?, server.password().to_owned());
            Db::Server { url, password }
        }
    };
    let outcome = stage::play(plan, ground.program, &folder, db)
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

fn take_list(flags: &mut Flags, name: &str, known: &[&str]) -> Result<Vec<String>, Failure> {
    let text = flags.take_text(name, &known.join(","))?;
    let list: Vec<String> = text.split(',').map(str::to_owned).collect();
    match list.iter().find(|word| !known.contains(&word.as_str())) {
        Some(word) => Err(Failure::new(format!("--{name} {word:?} is not one of {known:?}"))),
        None => Ok(list),
    }
}
