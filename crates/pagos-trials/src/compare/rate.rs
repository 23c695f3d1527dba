//! How fast `pagos pay` pays a file, beside the loop by hand, each against a bank of its own that is
//! new: the HTTP server of the twins on loopback, which shares the processors with whoever pays.

use std::{
    fs::File,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use pagos_kit::{Kit, people};

use super::Options;
use crate::{
    failure::Failure,
    meter, process,
    trial::{
        self,
        twin_server::{Faults, TwinServer},
    },
};

/// Payouts under way at a time, of both. The loop has the same number in its source.
const UNDER_WAY: &str = "64";

const SEED: u64 = 1;

/// The best round of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rates {
    rows: u64,
    by_hand: Duration,
    pay: Duration,
}

impl Rates {
    /// One line for people.
    pub(super) fn describe(&self) -> String {
        let rate = |time: Duration| u128::from(self.rows) * 1_000 / time.as_millis().max(1);
        let hundredths = self.by_hand.as_millis() * 100 / self.pay.as_millis().max(1);
        format!(
            "compare: {} payouts, {UNDER_WAY} under way: by hand {}/s, `pagos pay` {}/s, {}.{:02}x",
            self.rows,
            rate(self.by_hand),
            rate(self.pay),
            hundredths / 100,
            hundredths % 100
        )
    }
}

/// Lets both pay the same rows, taking turns.
pub(super) fn measure(
    folder: &Path,
    pagos: &Path,
    by_hand: &Path,
    options: &Options,
) -> Result<Rates, Failure> {
    // Whom the loop by hand speaks to.
    let kit: Vec<Kit> = vec![pagos_kit::example()];
    let mut best = Rates { rows: options.rows, by_hand: Duration::MAX, pay: Duration::MAX };
    for _ in 0..options.rounds {
        let scripted = folder.join("rate");
        trial::empty(&scripted)?;
        let file = scripted.join("payouts.csv");
        trial::write_payouts(&file, people::rows(options.rows, SEED, kit.clone()))?;
        let bank = TwinServer::open(pagos, &scripted, Faults::None, SEED)?;
        best.by_hand = best.by_hand.min(pay_by_hand(by_hand, &bank, &file, options.rows)?);
        drop(bank);
        let bank = TwinServer::open(pagos, &scripted, Faults::None, SEED)?;
        best.pay = best.pay.min(pay_with_pagos(pagos, &bank, &scripted, &file)?);
        let paid = bank.count_payments()?.len() as u64;
        if paid != options.rows {
            return Err(Failure::new(format!("{paid} of {} payouts were paid", options.rows)));
        }
    }
    Ok(best)
}

fn pay_by_hand(
    program: &Path,
    bank: &TwinServer,
    file: &Path,
    rows: u64,
) -> Result<Duration, Failure> {
    let credentials: Value = serde_json::from_str(&bank.read_credentials()?)
        .map_err(Failure::while_doing("the twin's credentials"))?;
    let credential = |name: &str| {
        let value = credentials
            .pointer(&format!("/{}/{name}", pagos_kit::example().name()))
            .and_then(Value::as_str);
        value.ok_or_else(|| Failure::new(format!("the twin has no credential {name} ")))
    };
    let mut command = Command::new(program);
    command.arg(credential("base_url")?).arg(file);
    command.args([credential("merchant_id")?, credential("api_key")?]);
    let begun = Instant::now();
    let accepted = process::read_stdout(&mut command)?;
    let elapsed = begun.elapsed();
    if accepted.trim() != rows.to_string() {
        return Err(Failure::new(format!("the loop got {} of {rows} accepted", accepted.trim())));
    }
    Ok(elapsed)
}

fn pay_with_pagos(
    program: &Path,
    bank: &TwinServer,
    scripted: &Path,
    file: &Path,
) -> Result<Duration, Failure> {
    let log = File::create(scripted.join("pay.log")).map_err(Failure::while_doing("pay.log"))?;
    let mut child = Command::new(program)
        .args(["pay", "--yes", "--json", "--concurrency", UNDER_WAY, "--db"])
        .arg(scripted.join("pagos.db"))
        .args(["--sandbox-url", bank.url()])
        .arg(file)
        .current_dir(scripted)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .map_err(Failure::while_doing("starting `pagos pay`"))?;
    let (status, cost) = meter::watch(&mut child)?;
    match status.success() {
        true => Ok(cost.elapsed),
        false => Err(Failure::new(format!("`pagos pay` ended with {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_of_rates() {
        let (by_hand, pay) = (Duration::from_secs(2), Duration::from_secs(8));
        let told = Rates { rows: 1_000, by_hand, pay }.describe();
        let expected =
            "compare: 1000 payouts, 64 under way: by hand 500/s, `pagos pay` 125/s, 0.25x";
        assert_eq!(told, expected);
    }
}
