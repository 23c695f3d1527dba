//! The names of the metrics, their labels and their help: the one list.

/// Calls that send a payout.
pub(super) const ATTEMPTS: &str = "pagos_attempts_total";
/// How long calls took.
pub(super) const CALL_SECONDS: &str = "pagos_call_seconds";
/// Deliveries.
pub(super) const DELIVERIES: &str = "pagos_deliveries_total";
/// Payouts by status.
pub(super) const PAYOUTS: &str = "pagos_payouts";
/// Payouts that wait for a person.
pub(super) const WAITING: &str = "pagos_waiting";
/// The oldest doubt.
pub(super) const DOUBT_OLDEST: &str = "pagos_doubt_oldest_seconds";
/// How long the earliest due work has been due.
pub(super) const DUE_LAG: &str = "pagos_due_lag_seconds";
/// Notices that a reader has not acknowledged.
pub(super) const OUTBOX_NOTICES: &str = "pagos_outbox_lag_notices";
/// How old the first of them is.
pub(super) const OUTBOX_SECONDS: &str = "pagos_outbox_lag_seconds";
/// Requests to the HTTP API.
pub(super) const API_REQUESTS: &str = "pagos_api_requests_total";
/// How long they took.
pub(super) const API_REQUEST_SECONDS: &str = "pagos_api_request_seconds";
/// Tries of events at endpoints.
pub(super) const EVENT_DELIVERIES: &str = "pagos_event_deliveries_total";
/// Events that an endpoint has not got.
pub(super) const EVENT_WAITING: &str = "pagos_event_waiting";
/// How old the first of them is.
pub(super) const EVENT_LAG: &str = "pagos_event_lag_seconds";
/// Whether an endpoint is put off.
pub(super) const EVENT_OFF: &str = "pagos_event_endpoint_off";
/// Whether an account is out of service.
pub(super) const HALTED: &str = "pagos_account_halted";
/// Whether the store answered.
pub(super) const STORE_UP: &str = "pagos_store_up";
/// The version.
pub(super) const BUILD_INFO: &str = "pagos_build_info";

/// The kind of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Histogram,
    Gauge,
}

struct Metric {
    name: &'static str,
    kind: Kind,
    help: &'static str,
    #[cfg_attr(not(test), allow(dead_code, reason = "the tests compare them with what is used"))]
    labels: &'static [&'static str],
}

const fn metric(
    name: &'static str,
    kind: Kind,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric { name, kind, help, labels }
}

/// No label is ever a key or the name of a person.
const METRICS: [Metric; 18] = [
    metric(ATTEMPTS, Kind::Counter, &["account", "outcome"], "Calls that send a payout."),
    metric(CALL_SECONDS, Kind::Histogram, &["account", "operation"], "How long calls took."),
    metric(DELIVERIES, Kind::Counter, &["account", "verdict"], "Webhooks that arrived."),
    metric(PAYOUTS, Kind::Gauge, &["account", "status"], "Payouts in the database."),
    metric(WAITING, Kind::Gauge, &["account", "status"], "Payouts that wait for a person."),
    metric(DOUBT_OLDEST, Kind::Gauge, &["account"], "How long the oldest doubt has lasted."),
    metric(DUE_LAG, Kind::Gauge, &["account", "work"], "How long the earliest due work was due."),
    metric(OUTBOX_NOTICES, Kind::Gauge, &["reader"], "Notices that were not acknowledged."),
    metric(OUTBOX_SECONDS, Kind::Gauge, &["reader"], "How old the first of them is."),
    metric(API_REQUESTS, Kind::Counter, &["route", "outcome"], "Requests to the HTTP API."),
    metric(API_REQUEST_SECONDS, Kind::Histogram, &["route"], "How long they took."),
    metric(EVENT_DELIVERIES, Kind::Counter, &["endpoint", "outcome"], "Tries of events."),
    metric(EVENT_WAITING, Kind::Gauge, &["endpoint"], "Events that an endpoint has not got."),
    metric(EVENT_LAG, Kind::Gauge, &["endpoint"], "How old the first of them is."),
    metric(EVENT_OFF, Kind::Gauge, &["endpoint"], "1 if the endpoint is put off."),
    metric(HALTED, Kind::Gauge, &["account"], "1 if the account is out of service."),
    metric(STORE_UP, Kind::Gauge, &[], "1 if the database answered in time."),
    metric(BUILD_INFO, Kind::Gauge, &["version"], "1."),
];

/// Tells the recorder what each metric is.
pub(super) fn describe() {
    for metric in &METRICS {
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, metric.help),
            Kind::Histogram => metrics::describe_histogram!(metric.name, metric.help),
            Kind::Gauge => metrics::describe_gauge!(metric.name, metric.help),
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
