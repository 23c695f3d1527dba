//! What the engine tells whoever subscribes to `tracing`: every call to a provider and every write.
//!
//! `docs/TELEMETRY.md` is the contract. Nothing here holds a name, an account number, a document, a
//! message of a provider or a secret. Without a subscriber no clock is read.

use std::{sync::Arc, time::Duration};

use pagos_core::{AccountName, Clock, Error, ErrorKind, Lookup, Observation, OrderKey, Timestamp};
use tracing::{Span, field::Empty};

use crate::{
    payment::store::PaymentCommitted,
    point::Point,
    store::{Committed, StoreError, StoreErrorKind},
    witness::{Noted, WitnessError, WitnessErrorKind},
};

/// The call that a span is about.
pub(crate) struct Call<'a> {
    pub(crate) point: Point,
    pub(crate) account: &'a AccountName,
    pub(crate) provider: &'static str,
    pub(crate) key: Option<&'a OrderKey>,
    /// The number of the attempt, for calls that send.
    pub(crate) attempt: Option<u32>,
}

/// A call under way. When it is dropped, the call is over: answered, or given up.
pub(crate) struct Calling<'a> {
    span: Span,
    watch: Option<Stopwatch<'a>>,
    point: Point,
    outcome: &'static str,
    reached: &'static str,
}

impl Call<'_> {
    pub(crate) fn begin(self, clock: &dyn Clock) -> Calling<'_> {
        let span = tracing::info_span!(
            target: TARGET,
            "call",
            account = self.account.as_str(),
            provider = self.provider,
            key = self.key.map(OrderKey::as_str),
            attempt = self.attempt,
            operation = self.point.word(),
            outcome = Empty,
            reached = Empty,
            ms = Empty,
        );
        let watch = (!span.is_disabled()).then(|| Stopwatch::start(clock));
        Calling { span, watch, point: self.point, outcome: UNANSWERED, reached: MAYBE }
    }
}

impl Calling<'_> {
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Notes the answer. A call that is dropped without one stays unanswered.
    pub(crate) fn answered<T: Told>(&mut self, answer: &Result<T, Error>) {
        (self.outcome, self.reached) = match answer {
            Ok(told) => (told.word(), YES),
            Err(error) => (error.kind().word(), reached(self.point, error.kind())),
        };
    }
}

impl Drop for Calling<'_> {
    fn drop(&mut self) {
        let Some(watch) = &self.watch else { return };
        self.span.record("outcome", self.outcome);
        self.span.record("reached", self.reached);
        self.span.record("ms", watch.elapsed_ms());
        self.span.in_scope(|| tracing::info!(target: TARGET, "called"));
    }
}

/// The outcome of a call that was given up before its answer: at its deadline, or with its worker.
const UNANSWERED: &str = "unanswered";

const YES: &str = "yes";
const NO: &str = "no";
const MAYBE: &str = "maybe";

/// Whether the provider read the request. Only the words of a `create` say that it did not: a call
/// that moves no money may be repeated either way, so its errors do not tell.
fn reached(point: Point, kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Invalid => NO,
        ErrorKind::Undelivered if point == Point::Create => NO,
        ErrorKind::Throttled | ErrorKind::Unauthorized | ErrorKind::Rejected => YES,
        ErrorKind::Undelivered | ErrorKind::Unknown => MAYBE,
    }
}

/// An answer, in a word that says nothing about a person.
pub(crate) trait Told {
    fn word(&self) -> &'static str;
}

impl Told for Observation {
    fn word(&self) -> &'static str {
        self.status.word()
    }
}

impl Told for Lookup<Observation> {
    fn word(&self) -> &'static str {
        match self {
            Self::Found(seen) => seen.status.word(),
            Self::Absent => "absent",
            Self::Ambiguous(_) => "ambiguous",
            Self::CannotTell(_) => "cannot_tell",
        }
    }
}

impl Told for Lookup<Vec<Observation>> {
    fn word(&self) -> &'static str {
        match self {
            Self::Found(_) => "found",
            Self::Absent => "absent",
            Self::Ambiguous(_) => "ambiguous",
            Self::CannotTell(_) => "cannot_tell",
        }
    }
}

macro_rules! told {
    ($($answer:ty => $word:literal,)*) => {
        $(impl Told for $answer {
            fn word(&self) -> &'static str {
                $word
            }
        })*
    };
}

told! {
    Option<pagos_core::Handle> => "prepared",
    pagos_core::ListingPage => "page",
    pagos_core::PaymentSession => "opened",
}

/// A write under way.
pub(crate) struct Writing<'a> {
    watch: Option<Option<Stopwatch<'a>>>,
    point: Point,
    key: Option<&'a OrderKey>,
    outcome: &'static str,
}

impl<'a> Writing<'a> {
    /// Without a clock the event has no duration.
    pub(crate) fn begin(
        point: Point,
        key: Option<&'a OrderKey>,
        clock: Option<&'a Arc<dyn Clock>>,
    ) -> Self {
        let is_heard = tracing::enabled!(target: TARGET, tracing::Level::DEBUG);
        let watch = is_heard.then(|| clock.map(|clock| Stopwatch::start(clock.as_ref())));
        Self { watch, point, key, outcome: "dropped" }
    }

    pub(crate) fn ended<T>(
        &mut self,
        written: &Result<T, StoreError>,
        word: impl FnOnce(&T) -> &'static str,
    ) {
        self.outcome = match written {
            Ok(written) => word(written),
            Err(error) => failure(error.kind()),
        };
    }

    /// The same of an append to the witness.
    pub(crate) fn noted(&mut self, noted: &Result<Vec<Noted>, WitnessError>) {
        self.outcome = match noted {
            Ok(noted) if noted.iter().all(|it| *it == Noted::New) => "done",
            Ok(_) => "known",
            Err(error) => match error.kind {
                WitnessErrorKind::Unavailable => "unreachable",
                WitnessErrorKind::Full => "full",
                WitnessErrorKind::Damaged => "damaged",
                WitnessErrorKind::OtherStore => "other_store",
            },
        };
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        let Some(watch) = &self.watch else { return };
        tracing::debug!(
            target: TARGET,
            point = self.point.word(),
            key = self.key.map(OrderKey::as_str),
            outcome = self.outcome,
            ms = watch.as_ref().map(Stopwatch::elapsed_ms),
            "commit"
        );
    }
}

/// The outcome of a write that succeeded.
pub(crate) fn done<T>(_: &T) -> &'static str {
    "done"
}

/// The outcome of a step.
pub(crate) fn committed(committed: &Committed) -> &'static str {
    match committed {
        Committed::Done { .. } => "done",
        Committed::Conflict => "conflict",
    }
}

/// The outcome of a step of a payment.
pub(crate) fn committed_payment(committed: &PaymentCommitted) -> &'static str {
    match committed {
        PaymentCommitted::Done { .. } => "done",
        PaymentCommitted::Conflict => "conflict",
        PaymentCommitted::SessionTaken => "session_taken",
    }
}

fn failure(kind: StoreErrorKind) -> &'static str {
    match kind {
        StoreErrorKind::Failed => "failed",
        StoreErrorKind::Busy => "busy",
        StoreErrorKind::Unreachable => "unreachable",
        StoreErrorKind::Full => "full",
        StoreErrorKind::UnknownOutcome => "unknown_outcome",
        StoreErrorKind::Damaged => "damaged",
        StoreErrorKind::UnreadableRow => "unreadable_row",
    }
}

/// Measures by the clock that the engine was given: in a simulation, virtual time.
struct Stopwatch<'a> {
    clock: &'a dyn Clock,
    began_at: Timestamp,
}

impl<'a> Stopwatch<'a> {
    fn start(clock: &'a dyn Clock) -> Self {
        Self { clock, began_at: clock.now() }
    }

    fn elapsed_ms(&self) -> u64 {
        millis(self.clock.now().since(self.began_at))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The target of everything here.
const TARGET: &str = "pagos_engine";

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Counts how often it is read.
    #[derive(Debug, Default)]
    struct Counting(AtomicU32);

    impl Clock for Counting {
        fn now(&self) -> Timestamp {
            self.0.fetch_add(1, Ordering::Relaxed);
            Timestamp::from_millis(0)
        }
    }

    #[test]
    fn without_a_subscriber_no_clock_is_read() {
        let clock = Arc::new(Counting::default());
        let account = AccountName::new("acme").unwrap();
        let (point, provider, key, attempt) = (Point::Create, "acme", None, Some(1));
        let mut calling =
            Call { point, account: &account, provider, key, attempt }.begin(clock.as_ref());
        calling.answered::<Lookup<Observation>>(&Ok(Lookup::Absent));
        drop(calling);
        let shared = Arc::clone(&clock) as Arc<dyn Clock>;
        drop(Writing::begin(Point::Claim, None, Some(&shared)));
        assert_eq!(clock.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn only_an_undelivered_payout_certainly_did_not_reach_the_provider() {
        assert_eq!(reached(Point::Create, ErrorKind::Undelivered), NO);
        assert_eq!(reached(Point::Query, ErrorKind::Undelivered), MAYBE);
        assert_eq!(reached(Point::Create, ErrorKind::Unknown), MAYBE);
        assert_eq!(reached(Point::Create, ErrorKind::Rejected), YES);
        assert_eq!(reached(Point::Create, ErrorKind::Invalid), NO);
    }
}
