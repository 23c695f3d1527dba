//! The whole trial: one database after the other, each cut off several times, brought to its end and
//! judged. What a cut is on a file or under a server is in the files below.

mod file;
mod server;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use pagos_kit::{
    KITS, Random,
    people::{self, Row},
};

use crate::{
    crash::{self, Database},
    failure::Failure,
    postgres,
    power::{
        Options,
        disk::Honesty,
        life::Death,
        mount::{self, Places},
        webhooks::{self, Sender},
    },
    tally::Tally,
    trial::{
        self,
        payer::{Db, Payer, Work},
        twin_server::TwinServer,
    },
    workspace::Workspace,
};

/// After so many cuts comes a new database, so that all stages of its life are cut.
const CUTS_PER_DATABASE: (u64, u64) = (5, 15);

/// In which operation after a start the power goes, at most: while it opens, soon, or later.
const OPERATIONS_MAX: [u64; 4] = [40, 150, 600, 1_500];

/// So many databases are under way at once; the end of each takes seconds.
const AT_ONCE: u32 = 6;

const SHOWN_MAX: usize = 20;

/// Does it and prints the figures. Fails on any violation; with a disk that lies, if there is none.
pub(super) fn run(workspace: &Workspace, options: &Options) -> Result<Tally, Failure> {
    let skipped = Tally { skipped: 1, ..Tally::default() };
    let places = Places::new()?;
    if let Some(why) = mount::refusal(&places)? {
        let why = format!("power: no disk can be mounted here: {why}");
        // Nobody can install a permission.
        if !options.if_permitted {
            return Err(Failure::new(why));
        }
        eprintln!("{why}; skipped");
        return Ok(skipped);
    }
    let is_server = options.database == Database::Postgres;
    if is_server && options.if_permitted && !postgres::is_installed()? {
        return Ok(skipped);
    }
    let program = trial::find_program(workspace, options.program.as_deref(), options.profile)?;
    let folder = trial::claim_folder(workspace, "power")?;
    let trial = Trial { options, program, folder, places };
    let begun = Instant::now();
    let figures = match options.database {
        Database::Sqlite => side_by_side(&trial)?,
        Database::Postgres => server::play(&trial, &plan(options))?,
    };
    figures.report(options, begun.elapsed());
    let count = figures.violations.len();
    if options.witness && figures.paid_twice > 0 {
        return Err(Failure::new(format!("somebody was paid twice; seed {}", options.seed)));
    }
    match (count, options.lie) {
        (0, false) => Ok(Tally { passed: 1, ..Tally::default() }),
        (0, true) => Err(Failure::new("the disk lied, and the judge found no fault")),
        (_, true) => Ok(Tally { passed: 1, ..Tally::default() }),
        (_, false) => Err(Failure::new(format!("{count} violations; seed {}", options.seed))),
    }
}

/// Plays databases in files, several at once, since their ends are mostly waiting.
fn side_by_side(trial: &Trial<'_>) -> Result<Figures, Failure> {
    let waiting = Mutex::new(plan(trial.options).into_iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    thread::scope(|scope| {
        let play = || {
            let mut figures = Figures::default();
            while let Some(plan) = next() {
                figures.add(file::play(trial, plan)?);
            }
            Ok::<Figures, Failure>(figures)
        };
        let started: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(play)).collect();
        let mut figures = Figures::default();
        for one in started {
            let joined = one.join().map_err(|_| Failure::new("a database panicked"))?;
            figures.add(joined?);
        }
        Ok(figures)
    })
}

/// What all databases share.
#[derive(Debug)]
struct Trial<'a> {
    options: &'a Options,
    program: PathBuf,
    folder: PathBuf,
    places: Places,
}

/// One database, and how often it is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Plan {
    number: u64,
    seed: u64,
    cuts: u64,
}

/// The databases that take all cuts together.
fn plan(options: &Options) -> Vec<Plan> {
    let base = Random::new(options.seed, 20).draw(1, 1_000_000_000);
    let (mut plans, mut left) = (Vec::new(), options.cuts);
    for number in options.first.. {
        if left == 0 {
            break;
        }
        let seed = base.wrapping_add(number);
        let cuts = Random::new(seed, 22).draw(CUTS_PER_DATABASE.0, CUTS_PER_DATABASE.1).min(left);
        plans.push(Plan { number, seed, cuts });
        left -= cuts;
    }
    plans
}

/// One database, its bank and its payouts, and what has happened.
#[derive(Debug)]
struct Run<'a> {
    options: &'a Options,
    plan: Plan,
    folder: PathBuf,
    bank: TwinServer,
    sender: Arc<Sender>,
    rows: Vec<Row>,
    payer: Payer,
    random: Random,
    acknowledged: BTreeSet<String>,
    figures: Figures,
}

/// One cut, as the seed has drawn it.
#[derive(Debug, Clone, Copy)]
struct Cut {
    operation: u64,
    work: Work,
    /// What is lost.
    seed: u64,
}

impl<'a> Trial<'a> {
    /// What the disk does from the first cut of a database on. A lie before that would take the whole
    /// database, which is noticed at once and tries nothing else.
    fn honesty(&self) -> Honesty {
        if self.options.lie { Honesty::Lies } else { Honesty::Honest }
    }

    /// A file beside the database that is cut off; elsewhere if the disk lies, or is a server's.
    fn witness_of(&self, folder: &Path, db: &Db) -> Option<PathBuf> {
        let path = match db {
            Db::File(path) if !self.options.lie => path.with_extension("witness"),
            Db::File(_) | Db::Server { .. } => folder.join("pagos.witness"),
        };
        self.options.witness.then_some(path)
    }

    /// Opens a bank and writes the file of payouts. The database is where `db` says.
    fn begin(&self, plan: Plan, db: Db) -> Result<Run<'a>, Failure> {
        let folder = self.folder.join(format!("database-{}", plan.number));
        trial::empty(&folder)?;
        let rows: Vec<Row> = people::rows(self.options.rows, plan.seed, KITS.to_vec()).collect();
        let file = folder.join("payouts.csv");
        trial::write_payouts(&file, rows.iter().cloned())?;
        let bank = TwinServer::start(&self.program, &folder, &[])?;
        let sender = Arc::new(Sender::new(&bank.read_credentials()?)?);
        let (program, bank_url) = (self.program.clone(), bank.url().to_owned());
        let witness = self.witness_of(&folder, &db);
        let payer =
            Payer { program, folder: folder.clone(), file, bank_url, db, config: None, witness };
        Ok(Run {
            options: self.options,
            plan,
            folder,
            bank,
            sender,
            payer,
            random: Random::new(plan.seed, 21),
            acknowledged: BTreeSet::new(),
            figures: Figures { databases: 1, rows: rows.len(), ..Figures::default() },
            rows,
        })
    }
}

impl Run<'_> {
    /// Draws the next cut. Nothing can be served before something was stored.
    fn draw(&mut self, number: u64) -> Cut {
        let highest = self.random.choose(&OPERATIONS_MAX).copied().unwrap_or(1);
        let operation = self.random.draw(1, highest);
        let is_pay = self.random.draw(1, 2) == 1 || number == 1;
        let work = if is_pay { Work::Pay } else { Work::Serve };
        Cut { operation, work, seed: self.random.draw(0, u64::MAX) }
    }

    /// Takes what a process left. Did it end as it may?
    fn bury(&mut self, number: u64, work: Work, death: Death) -> bool {
        self.figures.acknowledged += death.acknowledged.len();
        self.acknowledged.extend(death.acknowledged);
        let Some(status) = death.status else { return true };
        match self.payer.judge_worker(number, work, status) {
            Ok(_) => true,
            Err(failure) => {
                self.figures.does_not_open(self.options, self.plan, &failure);
                false
            }
        }
    }

    /// Brings the database to its end, and judges.
    fn judge(self) -> Result<Figures, Failure> {
        let Self { options, plan, payer, mut figures, acknowledged, .. } = self;
        let judged = match crash::bring_to_end(payer.clone(), self.bank, self.rows) {
            Ok(judged) => judged,
            Err(failure) => {
                figures.does_not_open(options, plan, &failure);
                return Ok(figures);
            }
        };
        figures.movements += judged.movements;
        figures.paid_twice += judged.paid_twice;
        figures.decided += judged.decided;
        for violation in judged.violations {
            figures.blame(options, plan, &violation);
        }
        let inbox = webhooks::parse_inbox(&payer.read_inbox()?)?;
        let lost: Vec<&String> = acknowledged.difference(&inbox).collect();
        figures.lost += lost.len();
        if let Some(first) = lost.first() {
            let words =
                format!("{} acknowledged webhooks are lost, {first} among them", lost.len());
            figures.blame(options, plan, &words);
        }
        // Whoever stops a long run knows what it has shown.
        eprintln!(
            "power: database {}: {} cuts, {} movements, {} paid twice, {} webhooks acknowledged, {} lost",
            plan.number,
            figures.cuts.len(),
            figures.movements,
            figures.paid_twice,
            figures.acknowledged,
            figures.lost
        );
        Ok(figures)
    }
}

/// What happened.
#[derive(Debug, Default)]
struct Figures {
    /// How long each cut took, with the life before it.
    cuts: Vec<Duration>,
    databases: u64,
    rows: usize,
    movements: usize,
    paid_twice: usize,
    decided: u64,
    acknowledged: usize,
    lost: usize,
    unopened: u64,
    violations: Vec<String>,
}

impl Figures {
    fn add(&mut self, other: Self) {
        self.cuts.extend(other.cuts);
        self.databases += other.databases;
        self.rows += other.rows;
        self.movements += other.movements;
        self.paid_twice += other.paid_twice;
        self.decided += other.decided;
        self.acknowledged += other.acknowledged;
        self.lost += other.lost;
        self.unopened += other.unopened;
        self.violations.extend(other.violations);
    }

    fn does_not_open(&mut self, options: &Options, plan: Plan, failure: &Failure) {
        self.unopened += 1;
        self.blame(options, plan, &failure.to_string());
    }

    /// Notes a violation, with the way to see it again.
    fn blame(&mut self, options: &Options, plan: Plan, what: &str) {
        let words = format!(
            "database {}, after {} cuts: {what} (again: cargo xtask power --db {} --seed {} --first {} \
             --cuts {} --rows {})",
            plan.number,
            self.cuts.len(),
            options.database.word(),
            options.seed,
            plan.number,
            plan.cuts,
            options.rows,
        );
        if !options.lie {
            println!("power: VIOLATION: {words}");
        }
        self.violations.push(words);
    }

    fn report(&self, options: &Options, took: Duration) {
        let mut cuts = self.cuts.clone();
        cuts.sort_unstable();
        let median = cuts.get(cuts.len() / 2).copied().unwrap_or_default();
        println!(
            "power: seed {}, {}{}{}, {} cuts, {} databases, {} payouts, {} movements in the ledger, {} \
             decisions of the operator, {took:.1?}, median cut {median:.0?}",
            options.seed,
            options.database.word(),
            if options.lie { ", a disk that lies" } else { "" },
            if options.witness { ", with a witness" } else { "" },
            cuts.len(),
            self.databases,
            self.rows,
            self.movements,
            self.decided,
        );
        println!(
            "power: {} paid twice, {} webhooks acknowledged, {} lost, {} databases did not open, {} \
             violations",
            self.paid_twice,
            self.acknowledged,
            self.lost,
            self.unopened,
            self.violations.len()
        );
        if options.lie {
            for words in self.violations.iter().take(SHOWN_MAX) {
                println!("power: found, as it must be: {words}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::parse;

    #[test]
    fn a_database_can_be_repeated_alone() {
        let plan = |line: &str| plan(&parse::<Options>(line).unwrap());
        let all = plan("--seed 7 --cuts 100");
        assert_eq!(all.iter().map(|plan| plan.cuts).sum::<u64>(), 100);
        let third = all[2];
        assert_eq!(plan(&format!("--seed 7 --first 3 --cuts {}", third.cuts)), [third]);
        assert_ne!(plan("--seed 8 --first 3 --cuts 1")[0].seed, third.seed);
    }
}
