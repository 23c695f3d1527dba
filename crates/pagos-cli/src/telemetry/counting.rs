//! Counters and histograms, made from what the engine, the receiver, the API and the deliverers of events tell.
//! There is no other place that counts, so logs and metrics cannot disagree.

use std::fmt::Debug;

use metrics_exporter_prometheus::{
    BuildError, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::names;
use crate::exit::Failure;

/// The upper ends of the classes of the histograms. A deadline is some ten seconds or more.
const SECONDS: [f64; 11] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0];

/// A recorder of its own, for the process or for a test.
pub(super) fn recorder() -> Result<PrometheusRecorder, BuildError> {
    Ok(PrometheusBuilder::new().set_buckets(&SECONDS)?.build_recorder())
}

/// Makes the process count.
pub(super) fn install() -> Result<PrometheusHandle, Failure> {
    let refused = |error: &dyn std::error::Error| Failure::new(format!("metrics: {error}"));
    let recorder = recorder().map_err(|error| refused(&error))?;
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|error| refused(&error))?;
    names::describe();
    Ok(handle)
}

/// Whether an event or its span is counted.
pub(super) fn is_counted(metadata: &Metadata<'_>) -> bool {
    match metadata.target() {
        "pagos_engine" | "pagos_events" => *metadata.level() == tracing::Level::INFO,
        "pagos_webhook" | "pagos_api" => true,
        _ => false,
    }
}

/// The layer that counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counter;

/// The fields of a call, a delivery or a post that become labels, and no others: what is not read here
/// cannot be in a metric.
#[derive(Debug, Clone, Default)]
struct Fields {
    account: String,
    endpoint: String,
    operation: String,
    route: String,
    outcome: String,
    verdict: String,
    ms: u64,
}

impl Visit for Fields {
    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        let kept = match field.name() {
            "account" => &mut self.account,
            "endpoint" => &mut self.endpoint,
            "operation" => &mut self.operation,
            "route" => &mut self.route,
            "outcome" => &mut self.outcome,
            "verdict" => &mut self.verdict,
            _ => return,
        };
        value.clone_into(kept);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "ms" {
            self.ms = value;
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Counter {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, all: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = all.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, all: Context<'_, S>) {
        if let Some(span) = all.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    /// A call or a post has ended inside its span; a delivery and a request say everything themselves.
    fn on_event(&self, event: &Event<'_>, all: Context<'_, S>) {
        let its_own = || {
            let mut fields = Fields::default();
            event.record(&mut fields);
            fields
        };
        match event.metadata().target() {
            "pagos_webhook" => return count_delivery(its_own()),
            "pagos_api" => return count_request(its_own()),
            _ => {}
        }
        let ended = all.event_span(event).and_then(|span| {
            let extensions = span.extensions();
            extensions.get::<Fields>().cloned()
        });
        match (ended, event.metadata().target()) {
            (Some(fields), "pagos_events") => count_post(fields),
            (Some(fields), _) => count_call(fields),
            (None, _) => {}
        }
    }
}

fn count_delivery(fields: Fields) {
    let Fields { account, verdict, .. } = fields;
    metrics::counter!(names::DELIVERIES, "account" => account, "verdict" => verdict).increment(1);
}

fn count_request(fields: Fields) {
    let Fields { route, outcome, ms, .. } = fields;
    let seconds = std::time::Duration::from_millis(ms).as_secs_f64();
    metrics::histogram!(names::API_REQUEST_SECONDS, "route" => route.clone()).record(seconds);
    metrics::counter!(names::API_REQUESTS, "route" => route, "outcome" => outcome).increment(1);
}

fn count_post(fields: Fields) {
    let Fields { endpoint, outcome, .. } = fields;
    metrics::counter!(names::EVENT_DELIVERIES, "endpoint" => endpoint, "outcome" => outcome)
        .increment(1);
}

fn count_call(fields: Fields) {
    let Fields { account, operation, outcome, ms, .. } = fields;
    let seconds = std::time::Duration::from_millis(ms).as_secs_f64();
    if operation == "create" {
        let account = account.clone();
        metrics::counter!(names::ATTEMPTS, "account" => account, "outcome" => outcome).increment(1);
    }
    metrics::histogram!(names::CALL_SECONDS, "account" => account, "operation" => operation)
        .record(seconds);
}

#[cfg(test)]
mod tests {
    use tracing::field::Empty;
    use tracing_subscriber::{filter::filter_fn, layer::SubscriberExt};

    use super::*;

    /// What is counted while `told` runs.
    pub(in crate::telemetry) fn counted<T>(told: impl FnOnce() -> T) -> String {
        let recorder = recorder().unwrap();
        let layer = Counter.with_filter(filter_fn(is_counted));
        let subscriber = tracing_subscriber::registry().with(layer);
        metrics::with_local_recorder(&recorder, || {
            tracing::subscriber::with_default(subscriber, told)
        });
        recorder.handle().render()
    }

    fn call(operation: &'static str, outcome: &'static str) {
        let span = tracing::info_span!(
            target: "pagos_engine", "call", account = "acme", provider = "cashypro",
            key = "nomina-0001", operation, outcome = Empty, ms = Empty,
        );
        span.record("outcome", outcome);
        span.record("ms", 300_u64);
        span.in_scope(|| tracing::info!(target: "pagos_engine", "called"));
    }

    #[test]
    fn i10_posts_are_counted_by_endpoint_and_outcome_and_by_nothing_of_their_url() {
        let post = |outcome: &'static str| {
            let span = tracing::info_span!(
                target: "pagos_events", "post", endpoint = "erp", event_type = "payout.failed",
                attempt = 2_u32, url = "https://erp.example.com/canary", outcome = Empty, ms = Empty,
            );
            span.record("outcome", outcome);
            span.in_scope(|| tracing::info!(target: "pagos_events", "posted"));
        };
        let page = counted(|| ["delivered", "delivered", "refused"].map(post));
        for line in [
            "pagos_event_deliveries_total{endpoint=\"erp\",outcome=\"delivered\"} 2",
            "pagos_event_deliveries_total{endpoint=\"erp\",outcome=\"refused\"} 1",
        ] {
            assert!(page.lines().any(|it| it == line), "{line} is not in\n{page}");
        }
        assert!(!page.contains("canary") && !page.contains("pagos_call_seconds_count"), "{page}");
        names::tests::assert_known(&page);
    }

    #[test]
    fn i10_calls_and_deliveries_are_counted_by_account_and_word_and_never_by_key() {
        let page = counted(|| {
            call("create", "pending");
            call("create", "unanswered");
            call("query", "succeeded");
            tracing::info!(target: "pagos_webhook", account = "acme", verdict = "forged", ms = 1_u64, "delivery");
            tracing::info!(
                target: "pagos_api", route = "GET /v1/payouts/{key}", outcome = "no-token",
                peer = "192.0.2.1", ms = 70_u64, "request",
            );
        });
        for line in [
            "pagos_attempts_total{account=\"acme\",outcome=\"pending\"} 1",
            "pagos_attempts_total{account=\"acme\",outcome=\"unanswered\"} 1",
            "pagos_deliveries_total{account=\"acme\",verdict=\"forged\"} 1",
            "pagos_api_requests_total{route=\"GET /v1/payouts/{key}\",outcome=\"no-token\"} 1",
            "pagos_api_request_seconds_bucket{route=\"GET /v1/payouts/{key}\",le=\"0.1\"} 1",
            "pagos_call_seconds_bucket{account=\"acme\",operation=\"query\",le=\"0.25\"} 0",
            "pagos_call_seconds_bucket{account=\"acme\",operation=\"query\",le=\"0.5\"} 1",
            "pagos_call_seconds_count{account=\"acme\",operation=\"create\"} 2",
        ] {
            assert!(page.lines().any(|it| it == line), "{line} is not in\n{page}");
        }
        assert!(!page.contains("nomina-0001") && !page.contains("192.0.2.1"), "{page}");
        assert!(!page.contains("operation=\"query\",outcome"), "a query is no attempt: {page}");
        names::tests::assert_known(&page);
    }
}
