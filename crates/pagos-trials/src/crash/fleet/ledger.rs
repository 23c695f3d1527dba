//! Whether money still moves, by the size of the bank's ledger. Reads no entry of it.

use std::time::{Duration, Instant};

use crate::{failure::Failure, trial::twin_server::TwinServer};

/// What the bank's ledger tells of the run: a `pay` that is killed every other second may never
/// come to its own end, since it reads the whole file first.
pub(super) struct Ledger<'a> {
    bank: &'a TwinServer,
    size: usize,
    looked_at: Instant,
    moved_at: Instant,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(bank: &'a TwinServer) -> Self {
        let now = Instant::now();
        Self { bank, size: EMPTY_LEDGER.len(), looked_at: now, moved_at: now }
    }

    /// Has money moved at all?
    pub(super) fn is_moved(&mut self) -> Result<bool, Failure> {
        self.look()?;
        Ok(self.size > EMPTY_LEDGER.len())
    }

    /// Has hardly any money moved for a while? What is left are doubts, which a worker that lives for
    /// a second has no time to ask about.
    pub(super) fn is_quiet(&mut self) -> Result<bool, Failure> {
        if self.looked_at.elapsed() >= LEDGER_EVERY {
            self.look()?;
        }
        Ok(self.moved_at.elapsed() >= QUIET_MAX)
    }

    fn look(&mut self) -> Result<(), Failure> {
        let size = self.bank.read_ledger()?.len();
        self.looked_at = Instant::now();
        if size > self.size + self.size / HARDLY {
            self.size = size;
            self.moved_at = self.looked_at;
        }
        Ok(())
    }
}

const EMPTY_LEDGER: &str = "[]";
const LEDGER_EVERY: Duration = Duration::from_secs(5);
/// One part in so many is hardly any.
const HARDLY: usize = 100;
const QUIET_MAX: Duration = Duration::from_secs(30);
