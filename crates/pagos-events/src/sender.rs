//! One try: what a deliverer is made of, and how it signs and sends one event.

use std::{fmt, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{
    Request,
    header::{CONTENT_TYPE, HeaderValue},
};
use pagos_core::{Departure, NonceSource, Timestamp, Transport};
use pagos_engine::{InstrumentedStore, Store, StoreError, Timer};
use tracing::Instrument;

use crate::{
    endpoint::Endpoint,
    event::{Event, Recovery},
    queue::{Start, Task},
    schedule::{self, Blame, Failure, Jitter, Outcome},
    sign,
    telemetry::Posting,
};

/// The limit of one try, from its beginning to the end of the answer.
pub const TRY_TIMEOUT: Duration = Duration::from_secs(10);

/// Delivers the events of one endpoint, at least once and in order within a payout.
///
/// Several processes may run one for the same endpoint: a lease in the store lets one of them deliver.
pub struct Deliverer {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) writer: InstrumentedStore,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) timer: Arc<dyn Timer>,
    pub(crate) nonces: Arc<dyn NonceSource>,
    pub(crate) endpoint: Endpoint,
    pub(crate) holder: String,
}

/// What a [`Deliverer`] works with.
#[derive(Debug, Clone)]
pub struct Equipment {
    /// The store, for reads.
    pub store: Arc<dyn Store>,
    /// The same store, for writes.
    pub writer: InstrumentedStore,
    /// The network. It decides to which addresses connections are made, follows no redirect and caps the
    /// body of an answer.
    pub transport: Arc<dyn Transport>,
    /// The time.
    pub timer: Arc<dyn Timer>,
    /// The randomness by which waits are longer than planned.
    pub nonces: Arc<dyn NonceSource>,
    /// A name of this process that no other one has, or one that stays if only one process can work on
    /// the store: then a restart does not wait for the lease of the process before it.
    pub holder: String,
}

impl Deliverer {
    /// A deliverer for `endpoint`.
    pub fn new(equipment: Equipment, endpoint: Endpoint) -> Self {
        let Equipment { store, writer, transport, timer, nonces, holder } = equipment;
        Self { store, writer, transport, timer, nonces, endpoint, holder }
    }

    pub(crate) fn draw_jitter(&self) -> Jitter {
        Jitter::of(self.nonces.draw())
    }

    /// Tries one delivery.
    pub(crate) async fn try_once(
        &self,
        start: &Start,
        identity: &str,
        lease_until: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let name = self.endpoint.name().as_str();
        let mut posting = Posting::begin(name, start.attempt, self.timer.as_ref());
        let trying = self.post(&start.task, identity, lease_until, &posting);
        let outcome = trying.instrument(posting.span()).await;
        posting.ended(&outcome);
        outcome
    }

    async fn post(
        &self,
        task: &Task,
        identity: &str,
        lease_until: Timestamp,
        posting: &Posting<'_>,
    ) -> Result<Outcome, StoreError> {
        let now = self.timer.now();
        let event = match task {
            Task::Event { event, .. } => Arc::clone(event),
            Task::Aside { number, .. } => match self.read_again(identity, *number).await? {
                Some(event) => Arc::new(event),
                None => return Ok(Outcome::Forgotten),
            },
            Task::Greeting { since, settled } => {
                let waiting = self.store.newest_notice().await?.saturating_sub(*settled);
                let endpoint = self.endpoint.name().as_str();
                let recovery = Recovery { endpoint, since: *since, now, waiting };
                Arc::new(Event::recovered(identity, &recovery))
            }
        };
        posting.sends(event.kind);
        let Some(request) = self.build_request(&event, self.timer.now()) else {
            return Ok(unanswered("the request cannot be built".to_owned()));
        };
        // Whoever takes over after the lease is not overtaken.
        let departure = Departure::NotAfter(lease_until);
        let sending = pin!(self.transport.send(request, departure));
        let limit = pin!(self.timer.sleep(TRY_TIMEOUT));
        Ok(match select(sending, limit).await {
            Either::Left((Ok(answer), _)) => {
                schedule::judge(answer.status(), answer.headers(), self.timer.now())
            }
            Either::Left((Err(error), _)) => unanswered(error.message),
            Either::Right(((), _)) => {
                unanswered(format!("no answer within {} seconds", TRY_TIMEOUT.as_secs()))
            }
        })
    }

    async fn read_again(&self, identity: &str, number: u64) -> Result<Option<Event>, StoreError> {
        let read = self.store.outbox(number.saturating_sub(1), 1).await?;
        let found = read.into_iter().find(|(found, _)| *found == number);
        Ok(found.map(|(_, notice)| Event::of(identity, number, &notice)))
    }

    /// The request, signed at `now`. The body that is signed is the body that is sent.
    fn build_request(&self, event: &Event, now: Timestamp) -> Option<Request<Bytes>> {
        let at_s = now.as_millis().div_euclid(1000);
        let signatures = sign::signatures(&self.endpoint.secrets, &event.id, at_s, &event.body);
        let mut signatures = HeaderValue::try_from(signatures).ok()?;
        signatures.set_sensitive(true);
        Request::post(self.endpoint.url.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(sign::ID_HEADER, event.id.as_str())
            .header(sign::TIMESTAMP_HEADER, at_s)
            .header(sign::SIGNATURE_HEADER, signatures)
            .body(Bytes::copy_from_slice(event.body.as_bytes()))
            .ok()
    }
}

fn unanswered(because: String) -> Outcome {
    Outcome::Failed(Failure { because, retry_after: None, blames: Blame::Network })
}

impl fmt::Debug for Deliverer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliverer").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
