//! Several processes that work on one database at once: half of them are killed again and again,
//! and so is the server, if there is one. Whoever is gone is started again at once. Judges nothing
//! but exit codes.

use std::process::Child;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::crash::Database;
use crate::crash::Figures;
use crate::crash::LAST_RUN_S_MAX;
use crate::crash::Orders;
use crate::crash::Stage;
use crate::failure::Failure;
use crate::postgres::Blow;
use crate::postgres::Server;
use crate::random::Random;
use crate::trial::payer::Ended;
use crate::trial::payer::IN_DOUBT;
use crate::trial::payer::Payer;
use crate::trial::payer::Work;

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long the server is away, and how long it lives between two blows: the latter by what a row
/// takes at least, so that all blows fall before the last row has ended.
const AWAY_MS_MIN: u64 = 200;
const AWAY_MS_MAX: u64 = 2_500;
const UP_MS_MIN: u64 = 1_000;
const UP_MS_PER_ROW: u64 = 2;

/// A run that ends in doubt is started again; after so many for each worker, nothing is left to do.
const DOUBTFUL_ENDS_PER_WORKER_MAX: u64 = 2;

/// Kills workers, and the server, until enough were killed or every row has ended.
pub(super) fn kill_often(
    stage: &Stage,
    orders: &Orders,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let blows = stage.server.as_ref().map(|server| {
            let is_over = &is_over;
            scope.spawn(move || strike_often(server, orders, is_over))
        });
        let are_struck = || blows.as_ref().is_none_or(thread::ScopedJoinHandle::is_finished);
        let killed = kill_workers(stage, orders, figures, are_struck);
        is_over.store(true, Ordering::Relaxed);
        let struck = match blows.map(thread::ScopedJoinHandle::join) {
            None => Ok(0),
            Some(joined) => {
                joined.map_err(|_| Failure::new("the thread that strikes the server panicked"))?
            }
        };
        killed?;
        figures.server_restarts = struck?;
        match figures.server_restarts == orders.server_restarts {
            true => Ok(()),
            false => Err(Failure::new(format!(
                "every row had ended after {} of {} restarts of the server; take more --rows",
                figures.server_restarts, orders.server_restarts
            ))),
        }
    })
}

fn kill_workers(
    stage: &Stage,
    orders: &Orders,
    figures: &mut Figures,
    are_struck: impl Fn() -> bool,
) -> Result<(), Failure> {
    let mut moments = Random::new(orders.seed, 2);
    let mut crowd = Crowd::start(&stage.payer, orders)?;
    let begun = Instant::now();
    let mut due = begun;
    while figures.kills < orders.kills || !are_struck() {
        due += Duration::from_millis(orders.kill_every_ms);
        while Instant::now() < due && !crowd.is_done {
            crowd.look()?;
            thread::sleep(LOOK_EVERY);
        }
        if crowd.is_done {
            let kills = figures.kills;
            println!("crash: every row had ended after {kills} of {} kills", orders.kills);
            break;
        }
        if begun.elapsed() > Duration::from_secs(LAST_RUN_S_MAX) {
            let rows = orders.rows;
            return Err(Failure::new(format!("{rows} rows did not end in {LAST_RUN_S_MAX} s")));
        }
        figures.kills += crowd.kill_half(&mut moments)?;
    }
    figures.starts += crowd.starts;
    Ok(())
}

/// The workers. Dropping them kills them.
struct Crowd<'a> {
    payer: &'a Payer,
    workers: Vec<Worker>,
    starts: u64,
    doubtful_ends: u64,
    /// Did one come to its end with nothing left to do?
    is_done: bool,
}

struct Worker {
    number: u64,
    work: Work,
    child: Child,
}

impl<'a> Crowd<'a> {
    fn start(payer: &'a Payer, orders: &Orders) -> Result<Self, Failure> {
        let workers = Vec::new();
        let mut crowd = Self { payer, workers, starts: 0, doubtful_ends: 0, is_done: false };
        for number in 0..orders.workers {
            let work = work_of(number, orders.database);
            let child = payer.spawn_worker(number, work)?;
            crowd.workers.push(Worker { number, work, child });
            crowd.starts += 1;
        }
        Ok(crowd)
    }

    /// Starts again whoever ended, unless nothing is left to do.
    fn look(&mut self) -> Result<(), Failure> {
        for worker in &mut self.workers {
            let status = worker.child.try_wait().map_err(Failure::while_doing("looking"))?;
            let Some(status) = status else { continue };
            match self.payer.judge_worker(worker.number, worker.work, status)? {
                Ended::ByItself(IN_DOUBT) => self.doubtful_ends += 1,
                Ended::ByItself(_) | Ended::Killed => {
                    self.is_done = true;
                    return Ok(());
                }
            }
            worker.child = self.payer.spawn_worker(worker.number, worker.work)?;
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
            worker.child = self.payer.spawn_worker(worker.number, worker.work)?;
            self.starts += 1;
        }
        Ok(kills)
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

/// Brings the server down as often as was ordered, each time for a while, each time in another way.
/// Returns how often. It is up when this returns.
fn strike_often(server: &Server, orders: &Orders, is_over: &AtomicBool) -> Result<u64, Failure> {
    let mut moments = Random::new(orders.seed, 4);
    let up_ms = orders.rows * UP_MS_PER_ROW / (orders.server_restarts + 1);
    let up_ms = up_ms.max(UP_MS_MIN);
    for number in 0..orders.server_restarts {
        if !sleep_unless(is_over, Duration::from_millis(up_ms)) {
            return Ok(number);
        }
        server.strike(if number % 2 == 0 { Blow::Kill } else { Blow::Immediate })?;
        thread::sleep(Duration::from_millis(moments.draw(AWAY_MS_MIN, AWAY_MS_MAX)));
        server.start_again()?;
    }
    Ok(orders.server_restarts)
}

/// Sleeps for all of `time`, or less if it is over.
fn sleep_unless(is_over: &AtomicBool, time: Duration) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < time {
        if is_over.load(Ordering::Relaxed) {
            return false;
        }
        thread::sleep(LOOK_EVERY);
    }
    true
}
