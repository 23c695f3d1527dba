//! `cargo xtask crash`: kills `pagos pay` at random moments, starts it again and again, judges by
//! the bank's books, lets an operator decide what is left in doubt, and judges again. Needs nothing
//! but the `pagos` program: the bank is `pagos twin`. With PostgreSQL, several processes work at
//! once, and a private server is killed, too.
//!
//! What it does not show: a power cut. SIGKILL loses no page that was written to the kernel.

mod audit;
mod doubt;
mod fleet;
mod operator;
mod outcome;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum, value_parser};
use pagos_kit::{
    KITS, Kit, Random, Repeat,
    people::{self, Row},
};

use crate::{
    crash::{
        audit::{Audit, Sum, Violation},
        doubt::Settler,
        outcome::Books,
    },
    failure::Failure,
    postgres::{self, Server},
    tally::Tally,
    trial::{
        self, BuildProfile,
        payer::{Db, Decision, Ended, IN_DOUBT, Payer},
        twin_server::{Faults, TwinServer},
    },
    workspace::Workspace,
};

/// How long a run lives before it is killed: long enough to get somewhere, short enough for all
/// kills to come before the last row has ended. A row takes a few milliseconds of a run.
const LIFE_MS_MIN: u64 = 50;
const LIFE_MS_MAX: std::ops::RangeInclusive<u64> = 300..=3_000;
const LIFE_MS_PER_ROW: u64 = 7;

const HISTORIES_MAX: usize = 20;

const STARTS_PER_KILL_MAX: u64 = 3;

/// How long the last run may take.
const LAST_RUN_S_MAX: u64 = 1_800;

/// Runs after the last one, for reversals that the bank decided after it had ended.
const EXTRA_RUNS_MAX: u32 = 5;
const EXTRA_PAUSE: Duration = Duration::from_secs(2);

/// Without `--kills`: how many a single payer takes, and several of them, who go on until every row
/// has ended.
const KILLS_OF_ONE: u64 = 50;
const KILLS_OF_SEVERAL: u64 = 5_000;

/// Where payouts are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Database {
    /// A file.
    Sqlite,
    /// A private server.
    Postgres,
}

impl Database {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// Kills `pagos pay` at random moments, judges the bank's ledger, and lets an operator decide what is
/// left in doubt. With `--db postgres`, several processes work on one database: half of them are killed
/// again and again until every row has ended, and the server, too.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Options {
    /// Where payouts are kept: a file, or a private server.
    #[arg(long = "db", value_enum, default_value = "sqlite")]
    database: Database,
    /// With `--db postgres`: passes over everything where PostgreSQL is not installed, unless CI=true.
    #[arg(long)]
    if_installed: bool,
    /// How many processes pay at once.
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u64).range(1..))]
    workers: u64,
    /// With several of them: how often one half is killed.
    #[arg(long, default_value_t = 1_000, value_parser = value_parser!(u64).range(1..))]
    kill_every_ms: u64,
    /// How often the server is killed.
    #[arg(long, default_value_t = 0)]
    server_restarts: u64,
    /// How many processes are killed, at least: 50, or 5000 of several workers.
    #[arg(long)]
    kills: Option<u64>,
    /// How many payouts the file holds.
    #[arg(long, default_value_t = 5_000)]
    rows: u64,
    /// Who pays them, mixed by the seed.
    #[arg(long, value_delimiter = ',', default_values_t = KITS.to_vec())]
    providers: Vec<Kit>,
    /// Determines the file, the moments of the kills and the bank's faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How bad the bank's day is.
    #[arg(long, value_enum, default_value = "hostile")]
    faults: Faults,
    /// Which build of `pagos` is killed.
    #[arg(long, value_enum, default_value = "release")]
    profile: BuildProfile,
    /// Another `pagos` than the one of this workspace.
    #[arg(long)]
    program: Option<PathBuf>,
}

impl Options {
    /// Refuses flags that do not fit together.
    fn judge(&self) -> Result<(), Failure> {
        if self.server_restarts > 0 && self.database != Database::Postgres {
            return Err(Failure::new(
                "--server-restarts needs --db postgres: a file has no server",
            ));
        }
        trial::refuse_repeats("--providers", &self.providers, |it| it.name())
    }

    fn kills(&self) -> u64 {
        let usual = if self.workers == 1 { KILLS_OF_ONE } else { KILLS_OF_SEVERAL };
        self.kills.unwrap_or(usual)
    }
}

/// Who pays what through whom.
#[derive(Debug)]
struct Harness {
    payer: Payer,
    bank: TwinServer,
    rows: Vec<Row>,
    /// Of `--db postgres`.
    server: Option<Server>,
}

impl Harness {
    fn read_books(&self) -> Result<Books, Failure> {
        outcome::parse_books(&self.bank.read_ledger()?, &self.bank.read_orders()?)
    }
}

/// What happened on the way to the audit.
#[derive(Debug, Default)]
struct Figures {
    kills: u64,
    starts: u64,
    extra_runs: u32,
    server_restarts: u64,
    /// Starts of workers that gave up because the server was away.
    starts_in_vain: u64,
    /// Rounds of the operator.
    rounds: u32,
    /// Payouts that the operator had sent again.
    resent: u64,
    /// Payouts that the operator had asked about again.
    asked: u64,
}

/// Does it, prints the figures and the seed. Fails on any violation.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<Tally, Failure> {
    options.judge()?;
    if options.if_installed && options.database == Database::Postgres && !postgres::is_installed()?
    {
        return Ok(Tally { skipped: 1, ..Tally::default() });
    }
    let begun = Instant::now();
    let program = trial::find_program(workspace, options.program.as_deref(), options.profile)?;
    let harness = set_up(workspace, options, program)?;
    let mut figures = Figures::default();
    match (options.database, options.workers) {
        (Database::Sqlite, 1) => kill_often(&harness.payer, options, &mut figures)?,
        _ => fleet::kill_often(&harness, options, &mut figures)?,
    }
    let audit = settle(&harness, &mut figures)?;
    let in_doubt = audit.in_doubt.len();
    let audit = operator::decide(&harness, audit, &mut figures)?;
    report(options, &harness.rows, &figures, &audit, begun.elapsed());
    report_doubts(&harness, &figures, in_doubt)?;
    keep_histories(&harness, &audit)?;
    if figures.kills == 0 && options.kills() > 0 {
        return Err(Failure::new("no run lived until its kill; take more --rows"));
    }
    match audit.violations.len() {
        0 => Ok(Tally { passed: 1, ..Tally::default() }),
        count => Err(Failure::new(format!("{count} violations; seed {}", options.seed))),
    }
}

/// How a trial ended that others began.
#[derive(Debug)]
pub(crate) struct Judged {
    /// Movements in the bank's ledger.
    pub(crate) movements: usize,
    /// Keys that were paid twice at some moment.
    pub(crate) paid_twice: usize,
    /// Decisions of the operator.
    pub(crate) decided: u64,
    /// What is wrong, in words.
    pub(crate) violations: Vec<String>,
}

/// Runs to the end what crashes have left behind, lets the operator decide, and judges.
pub(crate) fn bring_to_end(
    payer: Payer,
    bank: TwinServer,
    rows: Vec<Row>,
) -> Result<Judged, Failure> {
    let harness = Harness { payer, bank, rows, server: None };
    let mut figures = Figures::default();
    let mut audit = settle(&harness, &mut figures)?;
    // Where every row is lost or declined, nothing is paid, and that shows something.
    audit.violations.retain(|violation| *violation != Violation::NothingPaid);
    let mut audit = operator::decide(&harness, audit, &mut figures)?;
    audit.violations.retain(|violation| *violation != Violation::NothingPaid);
    Ok(Judged {
        movements: audit.movements,
        paid_twice: audit.paid_twice(),
        decided: figures.resent + figures.asked,
        violations: audit.violations.iter().map(Violation::to_string).collect(),
    })
}

fn set_up(workspace: &Workspace, options: &Options, program: PathBuf) -> Result<Harness, Failure> {
    let folder = trial::claim_folder(workspace, "crash")?;
    let rows: Vec<Row> =
        people::rows(options.rows, options.seed, options.providers.clone()).collect();
    let file = folder.join("payouts.csv");
    trial::write_payouts(&file, rows.iter().cloned())?;
    let bank = TwinServer::open(&program, &folder, options.faults, options.seed)?;
    let (db, server) = match options.database {
        Database::Sqlite => (Db::File(folder.join("pagos.db")), None),
        Database::Postgres => {
            let Some(server) = Server::start(workspace)? else {
                return Err(Failure::new(
                    "--db postgres needs PostgreSQL's programs: install Debian's postgresql",
                ));
            };
            let (url, password) = (server.address(), server.password().to_owned());
            (Db::Server { url, password }, Some(server))
        }
    };
    let payer = Payer {
        program,
        folder,
        file,
        bank_url: bank.url().to_owned(),
        db,
        config: None,
        witness: None,
    };
    Ok(Harness { payer, bank, rows, server })
}

/// Kills runs until enough were killed, or until a run ended because nothing was left to do. A run
/// that ended with rows in doubt is started again: they are asked about once more.
fn kill_often(payer: &Payer, options: &Options, figures: &mut Figures) -> Result<(), Failure> {
    let mut moments = Random::new(options.seed, 2);
    let rows_per_kill = options.rows / options.kills().max(1);
    let life_ms_max =
        (rows_per_kill * LIFE_MS_PER_ROW).clamp(*LIFE_MS_MAX.start(), *LIFE_MS_MAX.end());
    while figures.kills < options.kills() && figures.starts < options.kills() * STARTS_PER_KILL_MAX
    {
        let life = Duration::from_millis(moments.draw(LIFE_MS_MIN, life_ms_max));
        figures.starts += 1;
        match payer.run_for(life)? {
            Ended::Killed => figures.kills += 1,
            Ended::ByItself(IN_DOUBT) => {}
            Ended::ByItself(_) => {
                let kills = figures.kills;
                println!("crash: every row had ended after {kills} of {} kills", options.kills());
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Lets a run come to its end and judges. What the bank did after that end makes a row look wrong
/// until the next run asks; what is still wrong after a few of them is wrong.
fn settle(harness: &Harness, figures: &mut Figures) -> Result<Audit, Failure> {
    let mut extra_runs = 0;
    loop {
        figures.starts += 1;
        let said = harness.payer.run_to_end(Duration::from_secs(LAST_RUN_S_MAX))?;
        let report = outcome::parse_report(&said)?;
        let audit = audit::judge(&harness.rows, &report, &harness.read_books()?);
        let may_be_late = audit.violations.iter().all(Violation::may_be_late);
        if audit.violations.is_empty() || !may_be_late || extra_runs == EXTRA_RUNS_MAX {
            return Ok(audit);
        }
        extra_runs += 1;
        figures.extra_runs += 1;
        std::thread::sleep(EXTRA_PAUSE);
        ask_again(harness, &audit, figures)?;
    }
}

/// A payout that waits for a person is not asked about again by itself.
fn ask_again(harness: &Harness, audit: &Audit, figures: &mut Figures) -> Result<(), Failure> {
    for violation in &audit.violations {
        if let Violation::DoubtSettledByBank(key) = violation {
            harness.payer.decide(key, Decision::Ask, "crash: the bank has it by now")?;
            figures.asked += 1;
        }
    }
    Ok(())
}

fn report(options: &Options, rows: &[Row], figures: &Figures, audit: &Audit, took: Duration) {
    let count = |provider: &Kit| {
        let count = rows.iter().filter(|row| row.provider == *provider).count();
        format!("{} {count}", provider.name())
    };
    println!(
        "crash: seed {}, {} rows ({}), faults {}, {}, {} workers, {} kills, {} starts \
         ({} in vain), {} restarts of the server, {} extra runs, {took:.1?}",
        options.seed,
        options.rows,
        options.providers.iter().map(count).collect::<Vec<_>>().join(", "),
        options.faults.word(),
        options.database.word(),
        options.workers,
        figures.kills,
        figures.starts,
        figures.starts_in_vain,
        figures.server_restarts,
        figures.extra_runs,
    );
    for ((currency, status), sum) in &audit.sums {
        let Sum { rows, amount_minor } = sum;
        println!("crash: {currency} {status:<12} {rows:>6} rows {amount_minor:>16} minor units");
    }
    for doubt in &audit.in_doubt {
        println!("crash: in doubt, neither paid nor failed: {} ({})", doubt.key, doubt.status);
    }
    println!(
        "crash: {} movements in the ledger, {} paid twice, {} violations",
        audit.movements,
        audit.paid_twice(),
        audit.violations.len()
    );
    for violation in audit.violations.iter().take(20) {
        println!("crash: VIOLATION: {violation}");
    }
}

/// Keeps what was learned about payouts that went wrong, since the store may be gone afterwards.
fn keep_histories(harness: &Harness, audit: &Audit) -> Result<(), Failure> {
    let folder = &harness.payer.folder;
    for violation in audit.violations.iter().take(HISTORIES_MAX) {
        let text = violation.to_string();
        let key = text.split(':').next().unwrap_or_default();
        // What is not about one payout has no history.
        let Ok(history) = harness.payer.read_history(key) else { continue };
        let path = folder.join(format!("history-{key}.json"));
        fs::write(&path, history).map_err(Failure::while_doing(path.display()))?;
        println!("crash: what was learned about {key} is in {}", path.display());
    }
    if !audit.violations.is_empty() {
        let path = folder.join("ledger.json");
        let ledger = harness.bank.read_ledger()?;
        fs::write(&path, ledger).map_err(Failure::while_doing(path.display()))?;
    }
    Ok(())
}

/// How the doubts of those providers ended that would pay a repeated key again, and what of all was
/// left to the operator.
fn report_doubts(harness: &Harness, figures: &Figures, in_doubt: usize) -> Result<(), Failure> {
    let mut settlers: BTreeMap<(Kit, Settler), usize> = BTreeMap::new();
    let repeats = |row: &&Row| row.provider.repeat() == Repeat::PaidAgain;
    for row in harness.rows.iter().filter(repeats) {
        for settler in doubt::parse_history(&harness.payer.read_history(&row.key)?)? {
            *settlers.entry((row.provider, settler)).or_default() += 1;
        }
    }
    let providers: BTreeSet<Kit> =
        harness.rows.iter().filter(repeats).map(|row| row.provider).collect();
    for provider in providers {
        let count = |settler| settlers.get(&(provider, settler)).copied().unwrap_or(0);
        println!(
            "crash: doubts of {}, where a repeat is paid again: {} settled by asking, \
             {} by the provider unasked, {} by the operator",
            provider.name(),
            count(Settler::Query),
            count(Settler::Provider),
            count(Settler::Operator)
        );
    }
    println!(
        "crash: {in_doubt} rows left to the operator; {} rounds, {} sent again, {} asked again",
        figures.rounds, figures.resent, figures.asked
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::parse;

    #[test]
    fn the_bar_is_the_default() {
        let expected = Options {
            database: Database::Sqlite,
            if_installed: false,
            workers: 1,
            kill_every_ms: 1_000,
            server_restarts: 0,
            kills: None,
            rows: 5_000,
            providers: KITS.to_vec(),
            seed: 1,
            faults: Faults::Hostile,
            profile: BuildProfile::Release,
            program: None,
        };
        assert_eq!(parse::<Options>("").unwrap(), expected);
        assert_eq!(expected.kills(), KILLS_OF_ONE);
        assert_eq!(parse::<Options>("--profile dev --seed 4").unwrap().seed, 4);
        let several = "--db postgres --workers 4 --server-restarts 3";
        let several = parse::<Options>(several).unwrap();
        assert_eq!((several.kills(), several.server_restarts), (KILLS_OF_SEVERAL, 3));
        for bad in ["--db mysql", "--faults cruel", "--profile fast", "--kills many", "--kills"] {
            assert!(parse::<Options>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        assert_eq!(parse::<Options>("--providers etpay,conekta").unwrap().judge(), Ok(()));
        for bad in ["--server-restarts 3", "--providers etpay,etpay"] {
            assert!(parse::<Options>(bad).unwrap().judge().is_err(), "{bad}");
        }
        for bad in ["nobody", "etpay,", ""] {
            assert!(parse::<Options>(&format!("--providers={bad}")).is_err(), "{bad}");
        }
    }
}
