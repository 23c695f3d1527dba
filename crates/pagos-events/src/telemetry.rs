//! What is told to whoever subscribes to `tracing`: a span for each try of an event at an endpoint.
//!
//! `docs/TELEMETRY.md` is the contract. It names the endpoint as the configuration does, and nothing of
//! its URL; no key, body, header or text of an answer is in it. Without a subscriber no clock is read.

use pagos_core::{Clock, Timestamp};
use pagos_engine::StoreError;
use tracing::{Span, field::Empty};

use crate::{
    kind::EventType,
    schedule::{Blame, Failure, Outcome},
};

/// A try under way. When it is dropped, it is over: answered, or given up.
pub(crate) struct Posting<'a> {
    span: Span,
    heard: Option<(&'a dyn Clock, Timestamp)>,
    outcome: &'static str,
}

impl<'a> Posting<'a> {
    pub(crate) fn begin(endpoint: &str, attempt: u32, clock: &'a dyn Clock) -> Self {
        let span = tracing::info_span!(
            target: TARGET,
            "post",
            endpoint,
            event_type = Empty,
            attempt,
            outcome = Empty,
            ms = Empty,
        );
        let heard = (!span.is_disabled()).then(|| (clock, clock.now()));
        Self { span, heard, outcome: "dropped" }
    }

    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Notes what is sent, once it was read.
    pub(crate) fn sends(&self, kind: EventType) {
        self.span.record("event_type", kind.word());
    }

    /// Notes how it ended. A try that is dropped without an end is told as dropped.
    pub(crate) fn ended(&mut self, outcome: &Result<Outcome, StoreError>) {
        self.outcome = outcome.as_ref().map_or("unread", word);
    }
}

impl Drop for Posting<'_> {
    fn drop(&mut self) {
        let Some((clock, began_at)) = self.heard else { return };
        let taken = clock.now().since(began_at);
        self.span.record("outcome", self.outcome);
        self.span.record("ms", u64::try_from(taken.as_millis()).unwrap_or(u64::MAX));
        self.span.in_scope(|| tracing::info!(target: TARGET, "posted"));
    }
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered => "delivered",
        Outcome::Forgotten => "pruned",
        Outcome::Gone => "gone",
        Outcome::Failed(Failure { blames: Blame::Event, .. }) => "refused",
        Outcome::Failed(Failure { blames: Blame::Endpoint, .. }) => "failed",
        Outcome::Failed(Failure { blames: Blame::Network, .. }) => "unreachable",
    }
}

/// The target of everything here.
const TARGET: &str = "pagos_events";
