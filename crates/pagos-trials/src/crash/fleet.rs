//! Several processes that work on one database at once: half of them are killed again and again,
//! and so is the server, if there is one. Whoever is gone is started again at once. Judges nothing
//! but exit codes.

mod ledger;
mod server_kills;

use std::{
    process::Child,
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use pagos_kit::Random;

use crate::{
    crash::{
        Database, Figures, Harness, LAST_RUN_S_MAX, Options,
        fleet::{
            ledger::Ledger,
            server_kills::{Signals, strike_often},
        },
    },
    failure::Failure,
    trial::payer::{Ended, IN_DOUBT, Payer, REFUSED, Work},
};

/// How long a file may take to be stored.
const FIRST_PAYOUT_MAX: Duration = Duration::from_secs(300);

/// How long a start looks for a server, and a little more.
const START_MAX: Duration = Duration::from_secs(7);

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A run that ends in doubt is started again; after so many for each worker, nothing is left to do.
const DOUBTFUL_ENDS_PER_WORKER_MAX: u64 = 2;

/// Kills workers, and the server, until enough were killed or every row has ended.
pub(super) fn kill_often(
    harness: &Harness,
    options: &Options,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let signals = Signals::default();
    thread::scope(|scope| {
        let server_kills = harness.server.as_ref().map(|server| {
            let signals = &signals;
            scope.spawn(move || strike_often(server, options, signals))
        });
        let are_struck = || server_kills.as_ref().is_none_or(thread::ScopedJoinHandle::is_finished);
        let killed = kill_workers(harness, options, figures, &signals, are_struck);
        signals.is_over.store(true, Ordering::Relaxed);
        let struck = match server_kills.map(thread::ScopedJoinHandle::join) {
            None => Ok(0),
            Some(joined) => {
                joined.map_err(|_| Failure::new("the thread that strikes the server panicked"))?
            }
        };
        killed?;
        figures.server_restarts = struck?;
        match figures.server_restarts == options.server_restarts {
            true => Ok(()),
            false => Err(Failure::new(format!(
                "every row had ended after {} of {} restarts of the server; take more --rows",
                figures.server_restarts, options.server_restarts
            ))),
        }
    })
}

fn kill_workers(
    harness: &Harness,
    options: &Options,
    figures: &mut Figures,
    signals: &Signals,
    are_struck: impl Fn() -> bool,
) -> Result<(), Failure> {
    let mut moments = Random::new(options.seed, 2);
    let mut fleet = Crowd::start(&harness.payer, options, signals)?;
    let begun = Instant::now();
    // A file is stored whole before its first payout goes out.
    let mut ledger = Ledger::new(&harness.bank);
    while !ledger.is_moved()? && !fleet.is_done && begun.elapsed() < FIRST_PAYOUT_MAX {
        fleet.look()?;
        thread::sleep(LOOK_EVERY);
    }
    signals.is_begun.store(true, Ordering::Relaxed);
    let mut due = Instant::now();
    while figures.kills < options.kills() || !are_struck() {
        due += Duration::from_millis(options.kill_every_ms);
        while Instant::now() < due && !fleet.is_done {
            fleet.look()?;
            thread::sleep(LOOK_EVERY);
        }
        if fleet.is_done {
            let kills = figures.kills;
            println!("crash: every row had ended after {kills} of {} kills", options.kills());
            break;
        }
        if ledger.is_quiet()? && are_struck() {
            let kills = figures.kills;
            println!(
                "crash: hardly any money moved any more after {kills} of {} kills",
                options.kills()
            );
            break;
        }
        if begun.elapsed() > Duration::from_secs(LAST_RUN_S_MAX) {
            let rows = options.rows;
            return Err(Failure::new(format!("{rows} rows did not end in {LAST_RUN_S_MAX} s")));
        }
        figures.kills += fleet.kill_half(&mut moments)?;
    }
    figures.starts += fleet.starts;
    figures.starts_in_vain += fleet.starts_in_vain;
    Ok(())
}

/// The workers. Dropping them kills them.
struct Crowd<'a> {
    payer: &'a Payer,
    signals: &'a Signals,
    workers: Vec<Worker>,
    starts: u64,
    /// Starts of workers that gave up because the server was away.
    starts_in_vain: u64,
    doubtful_ends: u64,
    /// Did one come to its end with nothing left to do?
    is_done: bool,
}

struct Worker {
    number: u64,
    work: Work,
    child: Child,
    /// The server's turns when it was started.
    turns: u64,
    begun: Instant,
}

impl<'a> Crowd<'a> {
    fn start(payer: &'a Payer, options: &Options, signals: &'a Signals) -> Result<Self, Failure> {
        let mut fleet = Self {
            payer,
            signals,
            workers: Vec::new(),
            starts: 0,
            starts_in_vain: 0,
            doubtful_ends: 0,
            is_done: false,
        };
        for number in 0..options.workers {
            let work = work_of(number, options.database);
            let (turns, child) = (signals.turns(), payer.spawn_worker(number, work)?);
            fleet.workers.push(Worker { number, work, child, turns, begun: Instant::now() });
            fleet.starts += 1;
        }
        Ok(fleet)
    }

    /// Starts again whoever ended, unless nothing is left to do.
    fn look(&mut self) -> Result<(), Failure> {
        for worker in &mut self.workers {
            let status = worker.child.try_wait().map_err(Failure::while_doing("looking"))?;
            let Some(status) = status else { continue };
            if status.code() == Some(REFUSED) && worker.met_no_server(self.signals) {
                worker.start_again(self.payer, self.signals)?;
                self.starts += 1;
                self.starts_in_vain += 1;
                continue;
            }
            match self.payer.judge_worker(worker.number, worker.work, status)? {
                Ended::ByItself(IN_DOUBT) => self.doubtful_ends += 1,
                Ended::ByItself(_) | Ended::Killed => {
                    self.is_done = true;
                    return Ok(());
                }
            }
            worker.start_again(self.payer, self.signals)?;
            self.starts += 1;
        }
        let workers = u64::try_from(self.workers.len()).unwrap_or(u64::MAX);
        self.is_done = self.doubtful_ends >= workers.saturating_mul(DOUBTFUL_ENDS_PER_WORKER_MAX);
        Ok(())
    }

    /// Kills one half by chance, the larger one, and starts it again. Returns how many were killed
    /// and had not just ended.
    fn kill_half(&mut self, moments: &mut Random) -> Result<u64, Failure> {
        let mut chosen: Vec<u64> = self.workers.iter().map(|worker| worker.number).collect();
        while chosen.len() > self.workers.len().div_ceil(2) {
            let Some(spared) = moments.choose(&chosen).copied() else { break };
            chosen.retain(|number| *number != spared);
        }
        let mut kills = 0;
        for worker in self.workers.iter_mut().filter(|worker| chosen.contains(&worker.number)) {
            worker.child.kill().map_err(Failure::while_doing("killing a worker"))?;
            let status = worker.child.wait().map_err(Failure::while_doing("killing a worker"))?;
            if status.code().is_none() {
                kills += 1;
            }
            worker.start_again(self.payer, self.signals)?;
            self.starts += 1;
        }
        Ok(kills)
    }
}

impl Worker {
    fn start_again(&mut self, payer: &Payer, signals: &Signals) -> Result<(), Failure> {
        self.turns = signals.turns();
        self.begun = Instant::now();
        self.child = payer.spawn_worker(self.number, self.work)?;
        Ok(())
    }

    /// Did it find no server when it was started? Then it ends soon, and says so; a worker that has
    /// a server outlives a short absence.
    fn met_no_server(&self, signals: &Signals) -> bool {
        let is_young = self.begun.elapsed() < START_MAX;
        self.turns % 2 == 1 || (is_young && self.turns != signals.turns())
    }
}

impl Drop for Crowd<'_> {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            // It may be gone already; then there is nothing to stop.
            let _ = worker.child.kill();
            let _ = worker.child.wait();
        }
    }
}

/// On a server, `pay` and `serve` work side by side; a file has one dispatcher, and who pays waits
/// for its turn.
fn work_of(number: u64, database: Database) -> Work {
    match database {
        Database::Postgres if number % 2 == 1 => Work::Serve,
        Database::Postgres | Database::Sqlite => Work::Pay,
    }
}
