//! The workers: `pagos pay` processes on one database. Each new file goes to one of them in turn;
//! whoever gives up is started again, and what it said is kept.

use std::{collections::BTreeMap, fs, process::Child};

use crate::{
    failure::Failure,
    trial::payer::{ENDS, Payer, REFUSED, Work, log_of},
};

/// The workers. Dropping them kills them.
pub(super) struct Crew<'a> {
    /// One for each file.
    payers: &'a [Payer],
    workers: Vec<Worker>,
    /// The next file.
    next: usize,
    /// Files that were begun; their orders are on their way to the database.
    pub(super) starts: u64,
    /// What workers said that ended because of the database, and how often.
    pub(super) gave_up: BTreeMap<String, u64>,
}

struct Worker {
    number: u64,
    file: usize,
    child: Option<Child>,
    /// It gave up and has to be started again.
    is_due: bool,
    /// How long its log was when it was started.
    log_length: usize,
}

impl<'a> Crew<'a> {
    /// Starts all of them on the first file.
    pub(super) fn start(payers: &'a [Payer], workers: u64) -> Result<Self, Failure> {
        let worker = |number| Worker { number, file: 0, child: None, is_due: false, log_length: 0 };
        let workers = (0..workers).map(worker).collect();
        let mut crew = Self { payers, workers, next: 1, starts: 0, gave_up: BTreeMap::new() };
        for worker in &mut crew.workers {
            crew.starts += worker.start(payers)?;
        }
        Ok(crew)
    }

    /// Gives the next file to the worker whose turn it is; what it had not finished, the others do.
    pub(super) fn take_next_file(&mut self) -> Result<(), Failure> {
        let workers = self.workers.len().max(1);
        let Some(worker) = self.workers.get_mut(self.next % workers) else { return Ok(()) };
        if self.next < self.payers.len() {
            worker.end();
            worker.file = self.next;
            self.starts += worker.start(self.payers)?;
            self.next += 1;
        }
        Ok(())
    }

    /// Notes who ended, and why.
    pub(super) fn look(&mut self) -> Result<(), Failure> {
        for worker in &mut self.workers {
            let Some(child) = &mut worker.child else { continue };
            let status = child.try_wait().map_err(Failure::while_doing("looking at a worker"))?;
            let Some(status) = status else { continue };
            worker.child = None;
            let said = worker.read_log(self.payers)?;
            let is_known = status.code().is_some_and(|it| it == REFUSED || ENDS.contains(&it));
            match (is_known, find_error(&said)) {
                (false, _) => {
                    return Err(Failure::new(format!("pagos ended with {status}:\n{said}")));
                }
                (true, None) => {}
                (true, Some(error)) => {
                    worker.is_due = true;
                    *self.gave_up.entry(error).or_default() += 1;
                }
            }
        }
        Ok(())
    }

    /// Starts again whoever gave up.
    pub(super) fn start_again(&mut self) -> Result<(), Failure> {
        for worker in self.workers.iter_mut().filter(|worker| worker.is_due) {
            self.starts += worker.start(self.payers)?;
        }
        Ok(())
    }

    /// Has everybody come to an end?
    pub(super) fn is_at_rest(&self) -> bool {
        self.workers.iter().all(|worker| worker.child.is_none() && !worker.is_due)
    }

    /// Is there no further file either?
    pub(super) fn is_done(&self) -> bool {
        self.next >= self.payers.len() && self.is_at_rest()
    }
}

impl Worker {
    fn start(&mut self, payers: &[Payer]) -> Result<u64, Failure> {
        let Some(payer) = payers.get(self.file) else { return Ok(0) };
        self.log_length = self.read_whole_log(payers).len();
        self.child = Some(payer.spawn_worker(self.number, Work::Pay)?);
        self.is_due = false;
        Ok(1)
    }

    fn end(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may be gone already; then there is nothing to stop.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// What it said since its last start.
    fn read_log(&self, payers: &[Payer]) -> Result<String, Failure> {
        let log = self.read_whole_log(payers);
        let said = log.get(self.log_length..).unwrap_or_default();
        Ok(String::from_utf8_lossy(said).into_owned())
    }

    /// There is none before the first start.
    fn read_whole_log(&self, payers: &[Payer]) -> Vec<u8> {
        let payer = payers.get(self.file);
        let path = payer.map(|payer| payer.folder.join(log_of(self.number)));
        path.and_then(|path| fs::read(path).ok()).unwrap_or_default()
    }
}

impl Drop for Crew<'_> {
    fn drop(&mut self) {
        self.workers.iter_mut().for_each(Worker::end);
    }
}

/// Why a run did not come to its end. Rows in doubt are no reason.
fn find_error(said: &str) -> Option<String> {
    let mut lines = said.lines().map(str::trim);
    lines.find_map(|line| {
        let is_meant = line.starts_with("error: ") || line.starts_with("the report is missing");
        is_meant.then(|| line.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_broke_off_is_an_error() {
        let doubt = "some payouts are not settled: do not pay them in another way\n";
        assert_eq!(find_error(doubt), None);
        let error = "error: the server closed the connection";
        assert_eq!(find_error(&format!("{doubt}{error}\n")).as_deref(), Some(error));
        assert!(find_error("the report is missing: the outcomes could not be read").is_some());
    }
}
