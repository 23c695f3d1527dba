//! `cargo xtask scale`: what a large file costs. Runs the release build of `pagos plan`, and with
//! `--pay` of `pagos pay` against a bank without faults, and prints speed and memory beside their
//! budgets. Linux only. What is over budget is no failure: figures move with the machine. What a large
//! store costs is in `scale/dataset.rs`.
//!
//! What it does not show: a bank that takes its time. The twin answers at once.

mod dataset;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use clap::{Args, value_parser};
use pagos_kit::people;

use crate::{
    failure::Failure,
    meter::{self, Cost},
    scale::dataset::Store,
    trial::{
        self, BuildProfile,
        payer::{Db, Payer},
        twin_server::{Faults, TwinServer},
    },
    workspace::Workspace,
};

/// Rows that one core plans in a second of processor time.
const PLANNED_PER_SECOND_MIN: u128 = 200_000;

/// Resident memory of `plan` and of `pay`, whatever the length of the file.
const PEAK_KIB_MAX: u64 = 64 * 1024;

/// The same file each time, and one provider, so that figures can be compared.
const SEED: u64 = 1;

const FILE: &str = "payouts.csv";

const WITNESS_ROUNDS: u32 = 5;

/// A dataset is measured beside one of this size.
const DATASET_MIN: u64 = 10_000;

/// Prints the speed and memory of `pagos plan`, and with `--pay` of `pagos pay`, on a large file.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Options {
    /// How many payouts the file holds.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// Pays the file, too.
    #[arg(long)]
    pay: bool,
    /// Instead of that: pays the file with and without a witness by turns, and prints the ratio. The witness
    /// is a file in this folder.
    #[arg(long, value_name = "FOLDER")]
    witness: Option<PathBuf>,
    /// Another `pagos` than the one of this workspace.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Instead of a file: what lists, claims, tallies and writes cost in a store of so many payouts,
    /// beside one of 10,000.
    #[arg(long, value_parser = value_parser!(u64).range(DATASET_MIN..))]
    dataset: Option<u64>,
    /// The store of `--dataset`.
    #[arg(long, value_enum, default_value = "sqlite")]
    store: Store,
}

/// Does it and prints the figures. Fails only if a command does.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    if let Some(payouts) = options.dataset {
        return dataset::run(workspace, payouts, options.store);
    }
    let (given, profile) = (options.program.as_deref(), BuildProfile::Release);
    let program = trial::find_program(workspace, given, profile)?;
    let folder = trial::claim_folder(workspace, "scale")?;
    let file = folder.join(FILE);
    trial::write_payouts(&file, people::rows(options.rows, SEED, vec![pagos_kit::example()]))?;
    let size = fs::metadata(&file).map_err(Failure::while_doing(file.display()))?.len();
    println!("scale: {} rows, {} MiB", options.rows, size >> 20);
    if let Some(beside) = &options.witness {
        return compare_witness(&program, &folder, beside);
    }
    report_plan(options.rows, &plan(&program, &folder, &file)?);
    if options.pay {
        report_pay(options.rows, &pay(&program, &folder, None)?);
    }
    Ok(())
}

/// Pays the file with a witness and without one, by turns in one run.
fn compare_witness(program: &Path, folder: &Path, beside: &Path) -> Result<(), Failure> {
    let [mut with, mut without] = [Vec::new(), Vec::new()];
    for _ in 0..WITNESS_ROUNDS {
        without.push(pay(program, folder, None)?.elapsed);
        with.push(pay(program, folder, Some(beside))?.elapsed);
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    };
    let (with, without) = (median(&mut with), median(&mut without));
    let hundredths = without.as_millis() * 100 / with.as_millis().max(1);
    println!(
        "scale: pay with a witness {with:.2?}, without {without:.2?}, medians of {WITNESS_ROUNDS}: \
         {}.{:02} of the speed (budget 0.80): {}",
        hundredths / 100,
        hundredths % 100,
        verdict(hundredths >= 80)
    );
    Ok(())
}

/// Plans the file. No configuration is read: the folder has none.
fn plan(program: &Path, folder: &Path, file: &Path) -> Result<Cost, Failure> {
    let said = folder.join("plan.txt");
    let said = File::create(&said).map_err(Failure::while_doing(said.display()))?;
    let mut child = Command::new(program)
        .arg("plan")
        .arg(file)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(said)
        .stderr(Stdio::null())
        .spawn()
        .map_err(Failure::while_doing("starting `pagos plan`"))?;
    let (status, cost) = meter::watch(&mut child)?;
    match status.success() {
        true => Ok(cost),
        false => Err(Failure::new(format!("`pagos plan` ended with {status}"))),
    }
}

/// Pays the file to the end, into a new database and with a new witness, if there is to be one.
fn pay(program: &Path, folder: &Path, beside: Option<&Path>) -> Result<Cost, Failure> {
    let store = folder.join("store");
    let witness = beside.map(|beside| beside.join("pagos-scale"));
    for place in witness.iter().chain([&store]) {
        trial::empty(place)?;
    }
    let bank = TwinServer::open(program, folder, Faults::None, SEED)?;
    let outcomes = folder.join("outcomes.json");
    let outcomes = File::create(&outcomes).map_err(Failure::while_doing(outcomes.display()))?;
    let payer = Payer {
        program: program.to_owned(),
        folder: folder.to_owned(),
        file: folder.join(FILE),
        bank_url: bank.url().to_owned(),
        db: Db::File(store.join("pagos.db")),
        config: None,
        witness: witness.map(|place| place.join("pagos.witness")),
    };
    let mut child = payer.spawn(Stdio::from(outcomes))?;
    let (status, cost) = meter::watch(&mut child)?;
    payer.judge_end(status)?;
    Ok(cost)
}

fn report_plan(rows: u64, cost: &Cost) {
    let rate = per_second(rows, cost.user);
    let verdict = verdict(rate >= PLANNED_PER_SECOND_MIN);
    println!(
        "scale: plan  {}, {rate} rows/s per core (budget {PLANNED_PER_SECOND_MIN}): {verdict}",
        describe(cost)
    );
    report_peak("plan", cost);
}

fn report_pay(rows: u64, cost: &Cost) {
    println!("scale: pay   {}, {} rows/s", describe(cost), per_second(rows, cost.elapsed));
    report_peak("pay ", cost);
}

fn report_peak(what: &str, cost: &Cost) {
    let (peak_kib, verdict) = (cost.peak_kib, verdict(cost.peak_kib <= PEAK_KIB_MAX));
    println!("scale: {what}  {peak_kib} KiB resident at most (budget {PEAK_KIB_MAX}): {verdict}");
}

fn describe(cost: &Cost) -> String {
    format!("{:.2?} ({:.2?} user, {:.2?} system)", cost.elapsed, cost.user, cost.system)
}

fn verdict(is_within: bool) -> &'static str {
    if is_within { "within" } else { "over" }
}

fn per_second(rows: u64, time: Duration) -> u128 {
    u128::from(rows) * 1_000 / time.as_millis().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::parse;

    #[test]
    fn a_million_rows_are_planned_unless_told_otherwise() {
        let usual = Options {
            rows: 1_000_000,
            pay: false,
            witness: None,
            program: None,
            dataset: None,
            store: Store::Sqlite,
        };
        assert_eq!(parse::<Options>("").unwrap(), usual);
        assert_eq!(
            parse::<Options>("--pay --rows 5").unwrap(),
            Options { rows: 5, pay: true, ..usual }
        );
        assert!(parse::<Options>("--rows many").is_err());
    }

    #[test]
    fn a_store_of_many_payouts_is_of_sqlite_unless_told_otherwise() {
        let large = parse::<Options>("--dataset 10000000").unwrap();
        assert_eq!((large.dataset, large.store), (Some(10_000_000), Store::Sqlite));
        let large = parse::<Options>("--dataset 20000 --store postgres").unwrap();
        assert_eq!((large.dataset, large.store), (Some(20_000), Store::Postgres));
        assert!(parse::<Options>("--dataset 20000 --store memory").is_err());
        assert!(parse::<Options>("--dataset 500").is_err());
    }

    #[test]
    fn a_rate_needs_no_time() {
        assert_eq!(per_second(1_000, Duration::from_millis(2_500)), 400);
        assert_eq!(per_second(1, Duration::ZERO), 1_000);
    }
}
