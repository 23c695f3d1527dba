//! A pool with a few places for connections.

use std::{
    fmt,
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

use crate::{
    connection::Connection,
    failure::{Failure, Kind},
    target::{Mode, Target},
    writer::Writer,
};

/// The connections of one store.
pub(crate) struct Pool {
    pub(crate) target: Target,
    pub(crate) reconnect_for: Duration,
    pub(crate) slots_max: usize,
    places: Semaphore,
    /// The connection used last is used next, so that few connections do most of the work.
    free: Mutex<Vec<Slot>>,
    /// Why nothing may be written any more, if so.
    ruin: OnceLock<String>,
}

/// Room for one connection, which may be missing.
#[derive(Default)]
pub(crate) struct Slot {
    number: u32,
    pub(crate) connection: Option<Connection>,
    /// The row that says which of this slot's transactions happened.
    pub(crate) writer: Option<Writer>,
}

/// A slot that nobody else has. If it is dropped while a connection is taken out of it, that
/// connection is closed, and the server rolls back what was not committed.
pub(crate) struct Taken<'pool> {
    pool: &'pool Pool,
    pub(crate) slot: Slot,
    _place: SemaphorePermit<'pool>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({}, {} connections)", self.target.server.place, self.slots_max)
    }
}

impl Pool {
    pub(crate) fn new(target: Target, reconnect_for: Duration, slots_max: usize) -> Self {
        let slots_max = slots_max.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            target,
            reconnect_for,
            slots_max,
            places: Semaphore::new(slots_max),
            free: Mutex::default(),
            ruin: OnceLock::new(),
        }
    }

    /// Waits for a free slot. Calls are served in the order in which they came; each has its
    /// limits.
    pub(crate) async fn take(&self) -> Result<Taken<'_>, Failure> {
        let place = self.places.acquire().await.map_err(|_| Failure::new("the store is closed"))?;
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let number = u32::try_from(self.places.available_permits()).unwrap_or(u32::MAX);
        let slot = free.pop().unwrap_or(Slot { number, ..Slot::default() });
        Ok(Taken { pool: self, slot, _place: place })
    }

    /// Makes every further write fail with this error.
    pub(crate) fn close_for_writing(&self, why: &str) -> Failure {
        Failure::new(self.ruin.get_or_init(|| why.to_owned()))
    }

    /// # Errors
    /// If the store was opened for reading, or must not write any more.
    pub(crate) fn may_write(&self) -> Result<(), Failure> {
        if self.target.mode == Mode::Read {
            return Err(Failure::new("the store was opened for reading only"));
        }
        match self.ruin.get() {
            Some(why) => Err(Failure::new(why)),
            None => Ok(()),
        }
    }
}

impl Taken<'_> {
    /// The slot's connection, taken out of the slot; opened if there is none.
    pub(crate) async fn connection(&mut self) -> Result<Connection, Failure> {
        match self.slot.connection.take() {
            Some(connection) if !connection.is_closed() => Ok(connection),
            _ => Connection::open(&self.pool.target).await,
        }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let slot = std::mem::take(&mut self.slot);
        self.pool.free.lock().unwrap_or_else(PoisonError::into_inner).push(slot);
    }
}

/// How long a call goes on trying, and how long it waits in between.
pub(crate) struct Patience {
    ends_at: Instant,
    beats: u32,
    collisions: u32,
}

/// The waits are 2, 4, 8 ... milliseconds plus a part of the slot's own: about half a second in
/// all.
const COLLISIONS_MAX: u32 = 8;

const BEAT_FIRST_MS: u64 = 20;

const BEAT_MAX_MS: u64 = 1_000;

impl Patience {
    /// Counts from now on, because waiting for a slot while the server is away is waiting for the
    /// server.
    pub(crate) fn begin(limit: Duration) -> Self {
        Self { ends_at: Instant::now() + limit, beats: 0, collisions: 0 }
    }

    /// Waits before the same work is done again, where that can help.
    ///
    /// # Errors
    /// `failure`, if the work would fail again or its outcome is not known, or after too much
    /// patience.
    pub(crate) async fn wait(&mut self, failure: Failure, slot: &Slot) -> Result<(), Failure> {
        match failure.kind {
            Kind::Refused | Kind::Unsettled => Err(failure),
            Kind::Collision => self.wait_for_others(failure, slot).await,
            Kind::Lost => self.wait_for_server(failure, slot).await,
        }
    }

    /// Waits before the next attempt on a server that went away.
    ///
    /// # Errors
    /// `failure` when it was away for too long.
    pub(crate) async fn wait_for_server(
        &mut self,
        failure: Failure,
        slot: &Slot,
    ) -> Result<(), Failure> {
        let beat = (BEAT_FIRST_MS << self.beats.min(6)).min(BEAT_MAX_MS) + slot.spread_ms();
        self.beats += 1;
        let next = Instant::now() + Duration::from_millis(beat);
        if next > self.ends_at {
            return Err(failure);
        }
        tokio::time::sleep_until(next).await;
        Ok(())
    }

    /// Waits before the same work is repeated because others were in the way.
    ///
    /// # Errors
    /// `failure` when it happened too often.
    async fn wait_for_others(&mut self, failure: Failure, slot: &Slot) -> Result<(), Failure> {
        if self.collisions >= COLLISIONS_MAX {
            return Err(failure);
        }
        self.collisions += 1;
        let beat = (1_u64 << self.collisions) + slot.spread_ms();
        tokio::time::sleep(Duration::from_millis(beat)).await;
        Ok(())
    }
}

impl Slot {
    /// A part that differs between callers, so that those that wait for the same thing do not
    /// return together.
    fn spread_ms(&self) -> u64 {
        u64::from(self.number % 16)
    }
}
