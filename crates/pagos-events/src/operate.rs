//! What a person sees and orders: the state of endpoints, enable, disable, replay. An order is durable,
//! and the process that delivers carries it out. Only an endpoint that nobody delivers to is forgotten.

use std::sync::Arc;

use pagos_core::Timestamp;
use pagos_engine::{InstrumentedStore, RecordKind, RecordWrite, RecordWritten, Store, StoreError};

use crate::{
    endpoint::EndpointName,
    state::{self, PersonsOrder, Stored},
};

/// How an endpoint stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointState {
    /// How it stands, in a word.
    pub standing: Standing,
    /// Since when it fails, or is put off without having failed.
    pub since: Option<Timestamp>,
    /// The failures in a row.
    pub tries: u32,
    /// When the next try is due.
    pub next_try: Option<Timestamp>,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// The number of the last event that needs nothing more, nor does any before it.
    pub position: u64,
    /// About how many events wait.
    pub waiting: u64,
    /// When the first of them happened.
    pub waiting_since: Option<Timestamp>,
    /// How many events are set aside, because they or an earlier one of their payout are refused.
    pub set_aside: u64,
    /// How many orders of people wait for the process that delivers.
    pub orders: usize,
}

/// How an endpoint stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was delivered yet.
    New,
    /// It accepts events.
    Working,
    /// It is tried at growing intervals.
    Failing,
    /// Nothing is delivered until a person enables it.
    Off,
}

impl Standing {
    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Working => "working",
            Self::Failing => "failing",
            Self::Off => "off",
        }
    }
}

/// Why an order was not taken.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The events from there on are not all kept any more.
    #[error("event {from} was pruned; the oldest that is kept is number {oldest}")]
    Pruned {
        /// The number that was wanted.
        from: u64,
        /// The oldest that there is.
        oldest: u64,
    },
    /// There is no such event yet.
    #[error("there is no event {from}; the newest is number {newest}")]
    NotYet {
        /// The number that was wanted.
        from: u64,
        /// The newest that there is.
        newest: u64,
    },
    /// A process delivers to the endpoint.
    #[error(
        "`pagos serve` delivers to it (until {until} at least); take it out of pagos.toml and start that \
         again, or stop it"
    )]
    InUse {
        /// When the lease of the process ends, unless it goes on.
        until: Timestamp,
    },
    /// Many orders wait for the process that delivers.
    #[error(
        "{ORDERS_MAX} orders wait for `pagos serve`, which does not run or does not deliver; start it"
    )]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How an endpoint stands.
///
/// ```
/// use std::sync::Arc;
///
/// use pagos_engine::MemoryStore;
/// use pagos_events::{EndpointName, Standing, endpoint_state};
///
/// # futures_util::future::FutureExt::now_or_never(async {
/// let store = MemoryStore::new();
/// let state = endpoint_state(&store, &EndpointName::new("erp").unwrap()).await.unwrap();
/// assert_eq!(state.standing, Standing::New);
/// # }).unwrap();
/// ```
///
/// # Errors
/// The error of the store.
pub async fn endpoint_state(
    store: &dyn Store,
    name: &EndpointName,
) -> Result<EndpointState, StoreError> {
    let Stored { state, version } = state::load(store, name).await?;
    let newest = store.newest_notice().await?;
    let position = store.reader(&name.reader()).await?.unwrap_or(newest);
    let set_aside: usize = state.asides.iter().map(|aside| aside.numbers.len()).sum();
    let set_aside = u64::try_from(set_aside).unwrap_or(u64::MAX);
    let head = state.head.unwrap_or(position);
    // During a replay the deliveries are behind the position.
    let first = store.outbox(head.min(position), 1).await?.into_iter().next();
    let health = state.health;
    let standing = match (health.off_since, health.failing_since) {
        _ if version.is_none() => Standing::New,
        (Some(_), _) => Standing::Off,
        (None, Some(_)) => Standing::Failing,
        (None, None) => Standing::Working,
    };
    Ok(EndpointState {
        standing,
        since: health.failing_since.or(health.off_since),
        tries: health.tries,
        next_try: health.next_try,
        last_error: health.last_error,
        position,
        waiting: newest.saturating_sub(head).saturating_add(set_aside),
        waiting_since: first.map(|(_, notice)| notice.at),
        set_aside,
        orders: state.orders.len(),
    })
}

/// The endpoints that the store knows, because a process delivers or delivered to them.
///
/// ```
/// use pagos_engine::MemoryStore;
/// use pagos_events::endpoint_names;
///
/// # futures_util::future::FutureExt::now_or_never(async {
/// assert!(endpoint_names(&MemoryStore::new()).await.unwrap().is_empty());
/// # }).unwrap();
/// ```
///
/// # Errors
/// The error of the store.
pub async fn endpoint_names(store: &dyn Store) -> Result<Vec<EndpointName>, StoreError> {
    let mut names: Vec<EndpointName> = Vec::new();
    loop {
        let after = names.last().map_or("", EndpointName::as_str).to_owned();
        let page = store.records(RecordKind::Endpoint, &after, NAMES_PAGE).await?;
        let before = names.len();
        // Only names of this form are written.
        names.extend(page.iter().filter_map(|record| EndpointName::new(&record.name).ok()));
        if page.len() < NAMES_PAGE || names.len() == before {
            return Ok(names);
        }
    }
}

const NAMES_PAGE: usize = 100;

/// Orders that the endpoint gets events again, beginning with `endpoint.recovered`. It changes nothing if
/// the endpoint works.
///
/// # Errors
/// The error of the store, or [`OrderError::TooMany`].
pub async fn enable(writer: &Writer, name: &EndpointName) -> Result<(), OrderError> {
    writer.order(name, PersonsOrder::Enable).await
}

/// Orders that the endpoint gets nothing until it is enabled. Its events wait, and are not pruned.
///
/// # Errors
/// The error of the store, or [`OrderError::TooMany`].
pub async fn disable(writer: &Writer, name: &EndpointName) -> Result<(), OrderError> {
    writer.order(name, PersonsOrder::Disable).await
}

/// Orders that the endpoint gets the events from number `from` on again, under their old ids.
///
/// # Errors
/// [`OrderError::Pruned`], [`OrderError::NotYet`], [`OrderError::TooMany`], or the error of the store.
pub async fn replay(writer: &Writer, name: &EndpointName, from: u64) -> Result<(), OrderError> {
    let newest = writer.store.newest_notice().await?;
    if from > newest {
        return Err(OrderError::NotYet { from, newest });
    }
    let oldest = writer.store.outbox(0, 1).await?.first().map_or(newest, |(number, _)| *number);
    if from < oldest {
        return Err(OrderError::Pruned { from, oldest });
    }
    writer.order(name, PersonsOrder::Replay { from }).await
}

/// Forgets an endpoint that nobody delivers to at `now`: how it stands, what was set aside, and its
/// position, so that it holds no notice any more. Events that it has not got are never delivered. If it
/// gets events again later, it is a new endpoint.
///
/// ```
/// use std::sync::Arc;
///
/// use pagos_core::Timestamp;
/// use pagos_engine::{InstrumentedStore, MemoryStore, Store};
/// use pagos_events::{EndpointName, Writer, forget};
///
/// # futures_util::future::FutureExt::now_or_never(async {
/// let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
/// let writer = Writer { store: Arc::clone(&store), writer: InstrumentedStore::from(store) };
/// let now = Timestamp::from_millis(1_700_000_000_000);
/// forget(&writer, &EndpointName::new("erp").unwrap(), now).await.unwrap();
/// # }).unwrap();
/// ```
///
/// # Errors
/// [`OrderError::InUse`] or the error of the store. After an error of the store it may be repeated.
pub async fn forget(
    writer: &Writer,
    name: &EndpointName,
    now: Timestamp,
) -> Result<(), OrderError> {
    // Each round that is lost was won by another writer.
    loop {
        let Stored { state, version } = state::load(writer.store.as_ref(), name).await?;
        if let Some(lease) = state.lease.filter(|lease| lease.until > now) {
            return Err(OrderError::InUse { until: lease.until });
        }
        if version.is_none() {
            break;
        }
        let write = RecordWrite {
            kind: RecordKind::Endpoint,
            name: name.as_str().to_owned(),
            was: version,
            body: None,
            notices: Vec::new(),
        };
        match writer.writer.write_record(write).await? {
            RecordWritten::Done { .. } => break,
            RecordWritten::Conflict => {}
        }
    }
    // Last, because it is the write of the record that finds out whether a process delivers.
    writer.writer.forget_reader(&name.reader()).await?;
    Ok(())
}

/// A store to read from and the same one to write to.
#[derive(Debug, Clone)]
pub struct Writer {
    /// For reads.
    pub store: Arc<dyn Store>,
    /// For writes.
    pub writer: InstrumentedStore,
}

impl Writer {
    async fn order(&self, name: &EndpointName, order: PersonsOrder) -> Result<(), OrderError> {
        // Each round that is lost was won by another writer.
        loop {
            let Stored { mut state, version } = state::load(self.store.as_ref(), name).await?;
            if state.orders.len() >= ORDERS_MAX {
                return Err(OrderError::TooMany);
            }
            state.orders.push(order.clone());
            let write = RecordWrite {
                kind: RecordKind::Endpoint,
                name: name.as_str().to_owned(),
                was: version,
                body: Some(state::to_json(&state)?),
                notices: Vec::new(),
            };
            match self.writer.write_record(write).await? {
                RecordWritten::Done { .. } => return Ok(()),
                RecordWritten::Conflict => {}
            }
        }
    }
}

const ORDERS_MAX: usize = 16;
