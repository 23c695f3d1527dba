//! One stretch of deliveries under one lease, from the stored state until the store fails, another
//! process takes over, or this one stops.
//!
//! **Invariant:** the position of the reader is written after the deliveries that it counts, and before
//! the record that no longer names what was set aside.

use std::{pin::Pin, time::Duration};

use futures_util::{
    StreamExt,
    future::{BoxFuture, Either, FusedFuture, select},
    stream::FuturesUnordered,
};
use pagos_core::{AccountName, Timestamp};
use pagos_engine::{
    Notice, NoticeAbout, NoticeKind, RecordKind, RecordWrite, RecordWritten, StoreError,
};

use crate::{
    event::Event,
    queue::{Queue, Start},
    schedule::Outcome,
    sender::{Deliverer, TRY_TIMEOUT},
    state::{self, Lease, Stored},
};

/// How long a lease holds, and how much of it may be left when it is renewed. A try fits into the rest.
const LEASE: Duration = Duration::from_secs(30);
const RENEW_AT: Duration = Duration::from_secs(20);

/// How often new notices and orders of people are looked for, while the endpoint works and otherwise.
const BEAT: Duration = Duration::from_secs(1);
const SLOW_BEAT: Duration = Duration::from_secs(5);

/// How many deliveries may be unrecorded while others are under way.
const UNRECORDED_MAX: u64 = 32;

/// How often a write is computed again because somebody else wrote, before the session ends.
const CONFLICTS_MAX: usize = 8;

/// Why a session ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Another process has the lease.
    Held,
    /// The store failed. What was written is unknown, so everything is read again.
    Store(StoreError),
}

type Flight<'a> = BoxFuture<'a, (Start, Result<Outcome, StoreError>)>;

/// A session.
pub(crate) struct Session<'a> {
    deliverer: &'a Deliverer,
    identity: String,
    queue: Queue,
    version: Option<u64>,
    lease_until: Timestamp,
    /// The reader's position.
    position: u64,
    read_at: Timestamp,
    look_at: Timestamp,
    /// Nothing is begun any more, and the lease ends with what is under way.
    is_leaving: bool,
}

impl<'a> Session<'a> {
    /// Takes the lease.
    pub(crate) async fn begin(deliverer: &'a Deliverer) -> Result<Self, End> {
        let (store, name) = (deliverer.store.as_ref(), deliverer.endpoint.name());
        let now = deliverer.timer.now();
        let Stored { state, version } = state::load(store, name).await?;
        if state.lease.as_ref().is_some_and(|it| it.holder != deliverer.holder && it.until > now) {
            return Err(End::Held);
        }
        let identity = store.identity().await?;
        let position = match store.reader(&name.reader()).await? {
            Some(position) => position,
            None => {
                let newest = store.newest_notice().await?;
                deliverer.writer.acknowledge(&name.reader(), newest).await?;
                newest
            }
        };
        let orders = state.orders.clone();
        let in_flight_max = deliverer.endpoint.in_flight_max;
        let mut queue = Queue::load(name.as_str(), in_flight_max, state, position);
        orders.iter().for_each(|order| queue.obey(order, now));
        let (lease_until, read_at, look_at) = (now, now, now.plus(BEAT));
        let is_leaving = false;
        let mut session = Self {
            deliverer,
            identity,
            queue,
            version,
            lease_until,
            position,
            read_at,
            look_at,
            is_leaving,
        };
        session.write().await?;
        Ok(session)
    }

    /// Delivers until something ends it, or until `stop`: then it waits for the tries under way, records
    /// them and gives the lease back.
    pub(crate) async fn run(
        mut self,
        mut stop: Pin<&mut (impl FusedFuture<Output = ()> + Send)>,
    ) -> Result<(), End> {
        let deliverer = self.deliverer;
        let identity = self.identity.clone();
        let mut flights: FuturesUnordered<Flight<'_>> = FuturesUnordered::new();
        loop {
            self.look().await?;
            self.read().await?;
            self.record(flights.is_empty()).await?;
            let now = deliverer.timer.now();
            while let Some(start) = self.next(now) {
                let (identity, lease_until) = (&identity, self.lease_until);
                flights.push(Box::pin(async move {
                    let outcome = deliverer.try_once(&start, identity, lease_until).await;
                    (start, outcome)
                }));
            }
            if self.is_leaving && flights.is_empty() {
                return self.write().await;
            }
            let waiting = select(deliverer.timer.sleep(self.wait(now)), stop.as_mut());
            match flights.is_empty() {
                true => drop(waiting.await),
                false => match select(flights.next(), waiting).await {
                    Either::Left((Some((start, outcome)), _)) => {
                        let (now, jitter) = (deliverer.timer.now(), deliverer.draw_jitter());
                        self.queue.settle(start, outcome?, now, jitter);
                    }
                    Either::Left((None, _)) | Either::Right(_) => {}
                },
            }
            self.is_leaving |= stop.is_terminated();
        }
    }

    fn next(&mut self, now: Timestamp) -> Option<Start> {
        if self.is_leaving { None } else { self.queue.next(now) }
    }

    fn beat(&self) -> Duration {
        if self.queue.is_working() { BEAT } else { SLOW_BEAT }
    }

    /// How long nothing is to be done but to wait for the tries under way.
    fn wait(&self, now: Timestamp) -> Duration {
        let due = self.queue.due_at().filter(|due| *due > now);
        let wake = due.into_iter().chain([self.look_at]).min().unwrap_or(self.look_at);
        wake.since(now).clamp(Duration::from_millis(1), SLOW_BEAT)
    }

    /// Looks for orders of people, and renews the lease.
    async fn look(&mut self) -> Result<(), End> {
        let now = self.deliverer.timer.now();
        if now < self.look_at {
            return Ok(());
        }
        self.look_at = now.plus(self.beat());
        let (store, name) = (self.deliverer.store.as_ref(), self.deliverer.endpoint.name());
        let record = store.record(RecordKind::Endpoint, name.as_str()).await?;
        if record.as_ref().map(|record| record.version) != self.version {
            self.adopt(state::parse(record, name)?)?;
        }
        if self.lease_until.since(now) < RENEW_AT {
            self.write().await?;
        }
        Ok(())
    }

    /// Takes the orders out of a record that somebody else wrote.
    fn adopt(&mut self, stored: Stored) -> Result<(), End> {
        let Stored { state, version } = stored;
        if state.lease.is_some_and(|lease| lease.holder != self.deliverer.holder) {
            return Err(End::Held);
        }
        self.version = version;
        let now = self.deliverer.timer.now();
        state.orders.iter().for_each(|order| self.queue.obey(order, now));
        Ok(())
    }

    async fn read(&mut self) -> Result<(), End> {
        let now = self.deliverer.timer.now();
        if now < self.read_at || !self.queue.wants_events() {
            return Ok(());
        }
        let (after, room) = (self.queue.window().read_to(), self.queue.window().room());
        let notices = self.deliverer.store.outbox(after, room).await?;
        if notices.len() < room {
            self.read_at = now.plus(BEAT);
        }
        for (number, notice) in notices {
            self.queue.push(number, Event::of(&self.identity, number, &notice));
        }
        Ok(())
    }

    /// Makes durable what was learned.
    async fn record(&mut self, is_idle: bool) -> Result<(), End> {
        let floor = self.queue.window().floor();
        let unrecorded = floor.saturating_sub(self.position);
        let is_enough = unrecorded >= UNRECORDED_MAX || (unrecorded > 0 && is_idle);
        if is_enough || (unrecorded > 0 && self.queue.is_changed()) {
            let reader = self.deliverer.endpoint.name().reader();
            self.deliverer.writer.acknowledge(&reader, floor).await?;
            self.position = floor;
        }
        let now = self.deliverer.timer.now();
        if self.queue.is_changed() || self.lease_until.since(now) < TRY_TIMEOUT {
            self.write().await?;
        }
        Ok(())
    }

    /// Writes the record. If a person's order came in between, it is obeyed first.
    async fn write(&mut self) -> Result<(), End> {
        let Deliverer { store, writer, timer, endpoint, holder, .. } = self.deliverer;
        for _ in 0..CONFLICTS_MAX {
            let now = timer.now();
            let until = now.plus(LEASE);
            let (mut state, calls) = self.queue.state(self.position);
            state.lease = (!self.is_leaving).then(|| Lease { holder: holder.clone(), until });
            let notices =
                calls.iter().filter_map(|because| call(endpoint.name().as_str(), because, now));
            let write = RecordWrite {
                kind: RecordKind::Endpoint,
                name: endpoint.name().as_str().to_owned(),
                was: self.version,
                notices: notices.collect(),
                body: Some(state::to_json(&state)?),
            };
            match writer.write_record(write).await? {
                RecordWritten::Done { version } => {
                    (self.version, self.lease_until) = (Some(version), until);
                    self.queue.note_written();
                    return Ok(());
                }
                RecordWritten::Conflict => {
                    let stored = state::load(store.as_ref(), endpoint.name()).await?;
                    self.adopt(stored)?;
                }
            }
        }
        Err(End::Held)
    }
}

/// The notice that calls a person to an endpoint.
fn call(endpoint: &str, because: &str, at: Timestamp) -> Option<Notice> {
    Some(Notice {
        // Names of endpoints have the form of names of accounts.
        account: AccountName::new(endpoint).ok()?,
        event: NoticeKind::Attention { because: because.to_owned() },
        about: NoticeAbout::Endpoint { endpoint: endpoint.to_owned() },
        at,
    })
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
