//! pgbouncer before a PostgreSQL server. By transactions: several `pay` at once, one of them killed and
//! the pooler itself started again in the middle. By statements: `doctor` and `pay` say that it cannot
//! work.

use std::{
    collections::BTreeSet,
    process::Child,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    failure::Failure,
    postgres::{Pooler, Server},
    surroundings::{
        site::{Harness, Paid, Site},
        table::{CheckResult, Told},
        without,
    },
};

const NAME: &str = "poolers";

const ROWS: u64 = 45;

/// How long the payouts may take to flow, and then to end.
const FLOW_MAX: Duration = Duration::from_secs(60);

const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What pgbouncer says to its clients to be told of a pooler that tears transactions apart.
const REFUSAL: &str = "pool_mode = transaction or session";

pub(super) fn play(harness: &Harness) -> Result<Vec<Told>, Failure> {
    let Some(server) = harness.start_server()? else {
        return Ok(vec![without(NAME, "a server", "PostgreSQL is missing (Debian's postgresql)")]);
    };
    if !Pooler::is_installed() {
        return Ok(vec![without(NAME, "a pooler", "pgbouncer is missing (Debian's pgbouncer)")]);
    }
    let mut told = vec![by_transactions(harness, &server)?];
    told.extend(by_statements(harness, &server)?);
    Ok(told)
}

fn by_transactions(harness: &Harness, server: &Server) -> Result<Told, Failure> {
    let site = harness.site(NAME, ROWS)?;
    server.make_database("pooled")?;
    let mut pooler = Pooler::start(server, "transaction")?;
    let db = pooler.address("pooled");
    let mut workers = Vec::new();
    for _ in 0..3 {
        workers.push(Worker::start(&site, &db)?);
    }
    let third = usize::try_from(ROWS / 3).unwrap_or(usize::MAX);
    await_paid(&site, third)?;
    let killed = workers.pop();
    drop(killed);
    await_paid(&site, 2 * third)?;
    pooler.start_again()?;
    for worker in workers {
        worker.wait()?;
    }
    // Whatever ended early is done now.
    let ended = site.run(&mut site.pay(&db))?;
    let (unpaid, in_doubt) = (site.unpaid()?, in_doubt(&site, &db)?);
    let expected = if unpaid.is_empty() { 0 } else { 3 };
    // Nobody can prove that what the killed one was sending will never arrive, and a bank that pays a
    // repeat again is not told a second time: a person looks.
    let is_told = ended.code == Some(expected) && unpaid == in_doubt;
    let Paid { once: paid, twice } = site.count()?;
    let result = match is_told && twice == 0 {
        true => CheckResult::Holds,
        false => CheckResult::Broken,
    };
    let happened = match (result, unpaid.len()) {
        (CheckResult::Holds, in_doubt @ 1..) => format!("exit 3, {in_doubt} in doubt"),
        _ => ended.in_short(),
    };
    let what = "3 at once, one killed, pgbouncer killed".to_owned();
    Ok(Told { scenario: NAME, what, happened, paid, twice, result })
}

/// The payouts that wait for a person, as `pagos list` tells them.
fn in_doubt(site: &Site<'_>, db: &str) -> Result<BTreeSet<String>, Failure> {
    let listed =
        site.run(site.command().args(["list", "--db", db, "--status", "unknown", "--json"]))?;
    let listed: Value =
        serde_json::from_str(&listed.output).map_err(Failure::while_doing("a list of payouts"))?;
    let payouts = listed.get("payouts").and_then(Value::as_array).into_iter().flatten();
    let keys = payouts.filter_map(|payout| payout.get("key").and_then(Value::as_str));
    Ok(keys.map(str::to_owned).collect())
}

fn by_statements(harness: &Harness, server: &Server) -> Result<Vec<Told>, Failure> {
    let site = harness.site(NAME, 2)?;
    server.make_database("torn")?;
    let pooler = Pooler::start(server, "statement")?;
    let db = pooler.address("torn");
    let mut told = Vec::new();
    let mut doctor = site.command();
    doctor.args(["doctor", "--db", &db]);
    for (what, command) in [("doctor", &mut doctor), ("pay", &mut site.pay(&db))] {
        let ended = site.run(command)?;
        let text = format!("{}{}", ended.output, ended.told);
        let is_said = ended.code == Some(1) && without_breaks(&text).contains(REFUSAL);
        let result = if is_said { CheckResult::Holds } else { CheckResult::Broken };
        let happened = ended.in_short();
        told.push(Told::of(NAME, &format!("by statements: {what}"), happened, result));
    }
    Ok(told)
}

/// What a terminal's width did to a text.
fn without_breaks(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn await_paid(site: &Site<'_>, count: usize) -> Result<(), Failure> {
    let begun = Instant::now();
    while site.count()?.once < count {
        if begun.elapsed() > FLOW_MAX {
            return Err(Failure::new("payouts do not flow through pgbouncer"));
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

/// One `pay` of several. Dropping it kills it.
struct Worker(Child);

impl Worker {
    fn start(site: &Site<'_>, db: &str) -> Result<Self, Failure> {
        let mut command = site.pay(db);
        // So slow that few are on their way when it is killed.
        command.args(["--rate", "10"]);
        let quiet = std::process::Stdio::null;
        command.stdin(quiet()).stdout(quiet()).stderr(quiet());
        command.spawn().map(Self).map_err(Failure::while_doing("starting a worker"))
    }

    /// Its end, whatever its code: the ledger judges.
    fn wait(mut self) -> Result<(), Failure> {
        let begun = Instant::now();
        while begun.elapsed() < FLOW_MAX {
            if self.0.try_wait().map_err(Failure::while_doing("waiting for a worker"))?.is_some() {
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        Err(Failure::new("a worker behind pgbouncer does not end"))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may be gone already; then there is nothing to stop.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
