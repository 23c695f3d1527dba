//! The names of everything that can go wrong in a schedule, and what of it a large run must have
//! seen. Not how often, and not what it does.

use pagos_twin::Fault;

use crate::bank::Mishap;

/// What a run of a few thousand schedules among all participants must have met, each at least once.
///
/// A kind that never happens is a test that tests nothing.
pub fn expected() -> Vec<(&'static str, &'static str)> {
    let of = |what: &'static str, places: &[&'static str]| {
        places.iter().map(|place| (what, *place)).collect::<Vec<_>>()
    };
    let twin: Vec<&'static str> = FAULTS.iter().map(|fault| name(*fault)).collect();
    let bank: Vec<&'static str> = MISHAPS.iter().map(|mishap| name_of_mishap(*mishap)).collect();
    [
        of("twin", &twin),
        of("bank", &bank),
        of("bank", &["partial return"]),
        NETWORK.iter().map(|what| (*what, "")).collect(),
        of("crash", &STEPS),
        of("crash", &CALLS),
        of("stall", &STEPS),
        of("stall", &CALLS),
        of("line broken", &CALLS),
        of("store failed", &STEPS),
        of("store failed", &RECEIVER),
        of("store out of reach", &STEPS),
        of("crash", &WITNESS),
        of("stall", &WITNESS),
        of("witness failed", &WITNESS),
        of("crash", &["write_record, before", "write_record, after"]),
        of("store went back", &["a server", "a file"]),
        of("witness lost", &[""]),
        of("witness set back", &[""]),
    ]
    .concat()
}

/// The points of a worker's way through the store.
const STEPS: [&str; 8] = [
    "claim, before",
    "claim, after",
    "commit, before",
    "commit, after",
    "payout, before",
    "inbox, before",
    "payout_of, before",
    "session, before",
];

/// The points of its calls to providers. Behind `request, before` and `create, before` nothing is
/// looked at any more: what stalls there is sent when it wakes, or never.
const CALLS: [&str; 6] = [
    "request, before",
    "request, after",
    "create, before",
    "create, after",
    "query, before",
    "query, after",
];

/// The points of its calls to the witness.
const WITNESS: [&str; 2] = ["witness append, before", "witness append, after"];

/// The points of the receiver and of the merchant.
const RECEIVER: [&str; 6] = [
    "receive, before",
    "receive, after",
    "submit, before",
    "submit, after",
    "release, before",
    "release, after",
];

const NETWORK: [&str; 20] = [
    "host unreachable",
    "request lost, line broken",
    "request lost, silence",
    "reply lost, line broken",
    "reply lost, silence",
    "request held up on the way",
    "reply slow, within the deadline",
    "reply slow beyond the deadline",
    "reply slow beyond the lease",
    "webhook not heard",
    "webhook heard, answer lost",
    "webhook heard twice",
    "webhook forged",
    "webhooks reordered",
    "orders handed in twice",
    "clock jumped",
    "clock stepped back",
    "clock stepped on",
    "clock set right",
    "claims ended at start",
];

macro_rules! named {
    ($kind:ident, $function:ident, $list:ident, $count:expr, { $($variant:ident => $name:literal,)+ }) => {
        /// Its name in a report.
        pub(super) const fn $function(it: $kind) -> &'static str {
            match it { $($kind::$variant => $name,)+ }
        }

        const $list: [$kind; $count] = [$($kind::$variant,)+];
    };
}

named!(Fault, name, FAULTS, 28, {
    LoseRequest => "request lost",
    LoseReply => "applied, reply lost",
    ErrorAfter => "500 after applying",
    ErrorBefore => "500 before applying",
    Busy => "busy",
    LateApply => "applied late",
    Torn => "applied, torn body",
    HtmlBefore => "HTML 502 before applying",
    HtmlAfter => "HTML 502 after applying",
    Throttle => "429",
    Refuse => "refused for good, by a twin",
    SlowReply => "slow reply",
    BalanceExhausted => "balance exhausted",
    QueryLost => "query lost",
    QueryError => "query 500",
    QueryTorn => "query torn body",
    QueryHtml => "query HTML 502",
    QueryThrottle => "query 429",
    OddWord => "odd status word",
    WebhookLost => "webhook lost",
    WebhookDuplicated => "webhook duplicated",
    WebhookDelayed => "webhook delayed",
    WebhookBadSign => "webhook wrongly signed",
    Decline => "declined",
    Cancel => "cancelled",
    SuccessThenFail => "paid, later taken back",
    FailThenSuccess => "failed, later paid",
    ListingLags => "listing lags",
});

named!(Mishap, name_of_mishap, MISHAPS, 7, {
    NoConnection => "no connection",
    Busy => "refused unread",
    Rejected => "refused for good",
    LostRequest => "request lost",
    LostReply => "applied, reply lost",
    LateApply => "applied late",
    LostQuery => "query without an answer",
});
