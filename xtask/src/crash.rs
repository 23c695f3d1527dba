//! `cargo xtask crash`: kills `pagos pay` at random moments, starts it again and again, and then
//! judges by the bank's ledger. Needs nothing but the `pagos` program: the bank is `pagos twin`.
//!
//! What it does not show: a power cut. SIGKILL loses no page that was written to the kernel.

mod outcome;
mod verdict;

use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use crate::crash::verdict::Verdict;
use crate::failure::Failure;
use crate::flags::Flags;
use crate::random::Random;
use crate::trial;
use crate::trial::BuildProfile;
use crate::trial::bank::Bank;
use crate::trial::bank::Faults;
use crate::trial::payer::Ended;
use crate::trial::payer::Payer;
use crate::trial::payroll;
use crate::trial::payroll::Row;
use crate::workspace::Workspace;

/// How long a run lives before it is killed: long enough to get somewhere, short enough for all
/// kills to come before the last row has ended. A row takes a few milliseconds of a run.
const LIFE_MS_MIN: u64 = 50;
const LIFE_MS_MAX: std::ops::RangeInclusive<u64> = 300..=3_000;
const LIFE_MS_PER_ROW: u64 = 7;

const STARTS_PER_KILL_MAX: u64 = 3;

/// The exit code of a run that left rows in doubt.
const IN_DOUBT: i32 = 3;

/// How long the last run may take.
const LAST_RUN_S_MAX: u64 = 1_800;

/// Runs after the last one, for reversals that the bank decided after it had ended.
const EXTRA_RUNS_MAX: u32 = 5;
const EXTRA_PAUSE: Duration = Duration::from_secs(2);

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Orders {
    /// How many runs are killed.
    pub(crate) kills: u64,
    /// How many payouts the file holds.
    pub(crate) rows: u64,
    /// Determines the file, the moments of the kills and the bank's faults.
    pub(crate) seed: u64,
    /// How bad the bank's day is.
    pub(crate) faults: Faults,
    /// Which build of `pagos` is killed.
    pub(crate) profile: BuildProfile,
    /// Another `pagos` than the one of this workspace.
    pub(crate) program: Option<PathBuf>,
}

impl Orders {
    /// Reads them from flags.
    pub(crate) fn take(flags: &mut Flags) -> Result<Self, Failure> {
        let faults = Faults::take(flags)?;
        let profile = match flags.take_text("profile", "release")?.as_str() {
            "dev" => BuildProfile::Dev,
            "release" => BuildProfile::Release,
            other => {
                return Err(Failure::new(format!("--profile {other:?} is not dev or release")));
            }
        };
        let kills = flags.take_number("kills", 50)?;
        let rows = flags.take_number("rows", 5_000)?;
        let seed = flags.take_number("seed", 1)?;
        let program = Some(flags.take_text("program", "")?).filter(|it| !it.is_empty());
        Ok(Self { kills, rows, seed, faults, profile, program: program.map(PathBuf::from) })
    }
}

/// What happened on the way to the verdict.
#[derive(Debug, Default)]
struct Figures {
    kills: u64,
    starts: u64,
    extra_runs: u32,
}

/// Does it, prints the figures and the seed. Fails on any violation.
pub(crate) fn run(workspace: &Workspace, orders: &Orders) -> Result<(), Failure> {
    let begun = Instant::now();
    let program = match &orders.program {
        Some(program) => program.clone(),
        None => trial::build_program(workspace, orders.profile)?,
    };
    let folder = workspace.target.join("crash");
    trial::empty(&folder)?;
    let rows: Vec<Row> = payroll::rows(orders.rows, orders.seed).collect();
    let file = folder.join("payouts.csv");
    trial::write_payouts(&file, rows.iter().cloned())?;
    let bank = Bank::open(&program, &folder, orders.faults, orders.seed)?;
    let payer = Payer { program, folder: folder.clone(), file, bank_url: bank.url().to_owned() };
    let mut figures = Figures::default();
    kill_often(&payer, orders, &mut figures)?;
    let verdict = settle(&payer, &bank, &rows, &mut figures)?;
    report(orders, &figures, &verdict, begun.elapsed());
    if figures.kills == 0 && orders.kills > 0 {
        return Err(Failure::new("no run lived until its kill; take more --rows"));
    }
    match verdict.violations.len() {
        0 => Ok(()),
        count => Err(Failure::new(format!("{count} violations; seed {}", orders.seed))),
    }
}

/// Kills runs until enough were killed, or until a run ended because nothing was left to do. A run
/// that ended with rows in doubt is started again: they are asked about once more.
fn kill_often(payer: &Payer, orders: &Orders, figures: &mut Figures) -> Result<(), Failure> {
    let mut moments = Random::new(orders.seed, 2);
    let rows_per_kill = orders.rows / orders.kills.max(1);
    let life_ms_max =
        (rows_per_kill * LIFE_MS_PER_ROW).clamp(*LIFE_MS_MAX.start(), *LIFE_MS_MAX.end());
    while figures.kills < orders.kills && figures.starts < orders.kills * STARTS_PER_KILL_MAX {
        let life = Duration::from_millis(moments.draw(LIFE_MS_MIN, life_ms_max));
        figures.starts += 1;
        match payer.run_for(life)? {
            Ended::Killed => figures.kills += 1,
            Ended::ByItself(IN_DOUBT) => {}
            Ended::ByItself(_) => {
                let kills = figures.kills;
                println!("crash: every row had ended after {kills} of {} kills", orders.kills);
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Lets a run come to its end and judges. A reversal that the bank decided after that end makes a
/// row look wrong until the next run asks; what is still wrong after a few of them is wrong.
fn settle(
    payer: &Payer,
    bank: &Bank,
    rows: &[Row],
    figures: &mut Figures,
) -> Result<Verdict, Failure> {
    loop {
        figures.starts += 1;
        let said = payer.run_to_end(Duration::from_secs(LAST_RUN_S_MAX))?;
        let outcomes = outcome::parse_outcomes(&said)?;
        let ledger = outcome::parse_ledger(&bank.read_ledger()?)?;
        let verdict = verdict::judge(rows, &outcomes, &ledger);
        let may_be_late = verdict.violations.iter().all(|it| it.may_be_late());
        if verdict.violations.is_empty() || !may_be_late || figures.extra_runs == EXTRA_RUNS_MAX {
            return Ok(verdict);
        }
        figures.extra_runs += 1;
        std::thread::sleep(EXTRA_PAUSE);
    }
}

fn report(orders: &Orders, figures: &Figures, verdict: &Verdict, took: Duration) {
    println!(
        "crash: seed {}, {} rows, faults {}, {} kills, {} starts, {} extra runs, {:.1?}",
        orders.seed,
        orders.rows,
        orders.faults.word(),
        figures.kills,
        figures.starts,
        figures.extra_runs,
        took
    );
    for (status, sum) in &verdict.sums {
        println!("crash: {status:<12} {:>6} rows {:>16} minor units", sum.rows, sum.amount_minor);
    }
    for key in &verdict.in_doubt {
        println!("crash: in doubt, neither paid nor failed: {key}");
    }
    println!(
        "crash: {} movements in the ledger, {} paid twice, {} violations",
        verdict.movements,
        verdict.paid_twice(),
        verdict.violations.len()
    );
    for violation in verdict.violations.iter().take(20) {
        println!("crash: VIOLATION: {violation}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(line: &str) -> Result<Orders, Failure> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Orders::take(&mut Flags::parse(&words)?)
    }

    #[test]
    fn the_bar_is_the_default() {
        let expected = Orders {
            kills: 50,
            rows: 5_000,
            seed: 1,
            faults: Faults::Hostile,
            profile: BuildProfile::Release,
            program: None,
        };
        assert_eq!(orders(""), Ok(expected));
        assert_eq!(orders("--profile dev --seed 4").map(|it| it.seed), Ok(4));
        assert!(orders("--faults cruel").is_err());
        assert!(orders("--profile fast").is_err());
    }
}
