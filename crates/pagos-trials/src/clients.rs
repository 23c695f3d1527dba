//! `cargo xtask clients`: many clients submit payouts by the HTTP API of a `pagos serve` that is
//! killed again and again. Judges by the store and by the bank's books: what was acknowledged is
//! stored and gets sent, a repeat answers the same payout, and nobody is paid twice.
//!
//! What it does not show: a power cut. SIGKILL loses no page that was written to the kernel.

mod client;
pub(crate) mod order;
mod service;
mod verdict;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use clap::{Args, value_parser};
use pagos_kit::{KITS, Kit, people};

use crate::{
    clients::{
        client::{Answer, Crowd},
        service::{Listed, Service},
        verdict::Seen,
    },
    failure::Failure,
    tally::Tally,
    trial::{
        self, BuildProfile,
        twin_server::{Faults, TwinServer},
    },
    workspace::Workspace,
};

const LOOK_EVERY: Duration = Duration::from_millis(2);

/// How long nothing may change before payouts count as stuck.
const STILL_MAX: Duration = Duration::from_secs(60);
const SETTLE_EVERY: Duration = Duration::from_millis(500);

const VIOLATIONS_SHOWN_MAX: usize = 20;

/// Kills `pagos serve` while many clients submit payouts by its HTTP API, and judges by the store and
/// the twin's ledger.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Options {
    /// How many clients submit at once.
    #[arg(long, default_value_t = 64, value_parser = value_parser!(u64).range(1..=1_000))]
    clients: u64,
    /// How many payouts they submit.
    #[arg(long, default_value_t = 20_000, value_parser = value_parser!(u64).range(1..))]
    payouts: u64,
    /// How often the service is killed, in equal parts of the payouts.
    #[arg(long, default_value_t = 20)]
    kills: u64,
    /// Who pays them, mixed by the seed.
    #[arg(long, value_delimiter = ',', default_values_t = KITS.to_vec())]
    providers: Vec<Kit>,
    /// Determines the payouts and the bank's faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How bad the bank's day is.
    #[arg(long, value_enum, default_value = "mild")]
    faults: Faults,
    /// Which build of `pagos` is killed.
    #[arg(long, value_enum, default_value = "release")]
    profile: BuildProfile,
    /// Another `pagos` than the one of this workspace.
    #[arg(long)]
    program: Option<PathBuf>,
}

/// Does it, prints the figures and the seed. Fails on any violation.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<Tally, Failure> {
    trial::refuse_repeats("--providers", &options.providers, |it| it.name())?;
    let program = trial::find_program(workspace, options.program.as_deref(), options.profile)?;
    let folder = trial::claim_folder(workspace, "clients")?;
    let rows = people::rows(options.payouts, options.seed, options.providers.clone());
    let orders = order::read(rows)?;
    let bank = TwinServer::open(&program, &folder, options.faults, options.seed)?;
    let service = Service::new(program, folder, bank.url());
    let begun = Instant::now();
    let crowd = Crowd::new(service.make_token()?, &orders, options.clients);
    let acknowledged = storm(&service, &crowd, options)?;
    let submitted_in = begun.elapsed();
    let stored = service.list()?;
    let serve = service.start()?;
    let settled = settle(&service)?;
    let repeated = crowd.all_at(serve.api(), options.clients)?;
    let paid = bank.count_payments()?;
    drop(serve);
    let seen = Seen { acknowledged, stored, settled, repeated, paid };
    report(options, &crowd, &seen, submitted_in, begun.elapsed());
    let violations = verdict::judge(&orders, &seen);
    for violation in violations.iter().take(VIOLATIONS_SHOWN_MAX) {
        println!("clients: {violation}");
    }
    match violations.len() {
        0 => Ok(Tally { passed: 1, ..Tally::default() }),
        count => Err(Failure::new(format!("{count} violations; seed {}", options.seed))),
    }
}

/// All clients submit while the service is killed and started again. It is also killed right after
/// the last answer, so that nothing was made durable by an orderly end.
fn storm(
    service: &Service,
    crowd: &Crowd<'_>,
    options: &Options,
) -> Result<BTreeMap<String, Answer>, Failure> {
    thread::scope(|scope| {
        let clients: Vec<_> =
            (0..options.clients).map(|number| scope.spawn(move || crowd.submit(number))).collect();
        let killed = kill_often(service, crowd, options);
        crowd.leave();
        let mut answers = BTreeMap::new();
        for client in clients {
            let answered = client.join().map_err(|_| Failure::new("a client panicked"))?;
            answers.extend(answered?);
        }
        killed.map(|()| answers)
    })
}

fn kill_often(service: &Service, crowd: &Crowd<'_>, options: &Options) -> Result<(), Failure> {
    for kill in 1..=options.kills + 1 {
        let mut serve = service.start()?;
        crowd.meet_at(serve.api());
        let goal = options.payouts * kill / (options.kills + 1);
        while crowd.answered() < goal && crowd.is_at_work() {
            serve.check()?;
            thread::sleep(LOOK_EVERY);
        }
        serve.kill()?;
    }
    Ok(())
}

/// Waits until every payout has ended or waits for a person, without repeating any request.
fn settle(service: &Service) -> Result<BTreeMap<String, Listed>, Failure> {
    let (mut changed_at, mut last) = (Instant::now(), BTreeMap::new());
    loop {
        let listed = service.list()?;
        if listed.values().all(Listed::is_at_rest) || changed_at.elapsed() > STILL_MAX {
            return Ok(listed);
        }
        if listed != last {
            (changed_at, last) = (Instant::now(), listed);
        }
        thread::sleep(SETTLE_EVERY);
    }
}

fn report(
    options: &Options,
    crowd: &Crowd<'_>,
    seen: &Seen,
    submitted_in: Duration,
    all_in: Duration,
) {
    let Options { clients, payouts, kills, seed, .. } = options;
    let found = seen.acknowledged.values().filter(|answer| !answer.is_new()).count();
    let (paid, waiting) = (seen.paid.len(), seen.waiting_for_person());
    println!(
        "clients: {clients} clients, {payouts} payouts, {kills} kills, seed {seed}, {} faults",
        options.faults.word()
    );
    println!(
        "clients: submitted in {submitted_in:.1?}, all in {all_in:.1?}; {} requests without an answer, \
         {} told to come again; {found} repeats found what a request without an answer had stored",
        crowd.unanswered(),
        crowd.told_to_come_again()
    );
    println!("clients: {paid} paid, {waiting} wait for a person, {} repeats", seen.repeated.len());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::parse;

    #[test]
    fn the_flags_fit_together() {
        let usual = parse::<Options>("").unwrap();
        assert_eq!((usual.clients, usual.payouts, usual.kills), (64, 20_000, 20));
        assert_eq!(usual.profile, BuildProfile::Release);
        for bad in ["--clients 0", "--payouts 0", "--kills many", "--faults some"] {
            assert!(parse::<Options>(bad).is_err(), "{bad}");
        }
    }
}
