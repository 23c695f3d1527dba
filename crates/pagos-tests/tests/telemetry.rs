//! I10: what is emitted through `tracing` is what `docs/TELEMETRY.md` says, and nothing that
//! belongs to a person or is secret is in it, at any level.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "telemetry/capture.rs"]
mod capture;
#[path = "telemetry/contract.rs"]
mod contract;
#[path = "telemetry/events.rs"]
mod events;
#[path = "telemetry/payroll.rs"]
mod payroll;
#[path = "telemetry/requests.rs"]
mod requests;

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use pagos_core::{AccountName, Departure, Timestamp, Transport, TransportError};
use pagos_engine::{InstrumentedStore, Lease, Point, Progress, Step, Store};
use pagos_http::{HttpOptions, HttpTransport};
use pagos_kit::KITS;
use pagos_store_postgres::{PostgresOptions, PostgresStore, Scratch};
use pagos_store_sqlite::SqliteStore;
use pagos_tests::{FaultInjector, Harness, VirtualTimer, drive, key, order, policy, start};
use pagos_twin::Profile;
use pagos_webhook::Counters;

use crate::{capture::Record, payroll::Secrets};

/// What of the records belongs to a person or is secret.
fn leaks(records: &[Record], secrets: &Secrets) -> BTreeSet<String> {
    let texts: Vec<&str> = records
        .iter()
        .flat_map(|record| record.fields.values().map(String::as_str).chain([&*record.name]))
        .collect();
    let is_leaked = |secret: &&String| texts.iter().any(|text| text.contains(secret.as_str()));
    secrets.all().iter().filter(is_leaked).cloned().collect()
}

/// Crates of others emit too.
fn is_ours(record: &Record) -> bool {
    record.target.starts_with("pagos")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

/// A write through the store on a file, and one through a server if there is one. Returns whether
/// there was.
fn write_to_the_stores() -> bool {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = SqliteStore::open(folder.path().join("pagos.db")).unwrap();
        InstrumentedStore::from(Arc::new(store)).acknowledge("billing", 1).await.unwrap();
        let Some(scratch) = Scratch::from_env() else { return false };
        let database = scratch.database().await;
        let options = PostgresOptions::default();
        let store = PostgresStore::connect(&database.url, options).await.unwrap();
        store.commit(step()).await.unwrap();
        true
    })
}

/// A step of a payout that does not exist: a conflict.
fn step() -> Step {
    Step {
        key: key("nobody"),
        version: 1,
        fence: None,
        lease: Lease::Keep,
        progress: Progress::new(start()),
        due_at: None::<Timestamp>,
        entries: Vec::new(),
        notices: Vec::new(),
        applies: None,
    }
}

/// A request to a port where nobody listens, whose address is full of secrets.
fn request_nobody(secrets: &mut Secrets) {
    let word = "canary-of-a-path";
    secrets.add(word);
    let address = format!("http://{word}:{word}@127.0.0.1:1/{word}?sign={word}");
    let request = http::Request::post(address).header("sign", word).body(Bytes::from(word));
    let timer = VirtualTimer::starting_at(start());
    let transport = HttpTransport::new(&HttpOptions::default(), timer).unwrap();
    let sending = async { transport.send(request.unwrap(), Departure::Anytime).await };
    assert!(runtime().block_on(sending).is_err());
}

#[test]
fn i10_telemetry_is_what_its_page_says_and_no_canary_is_heard() {
    capture::listen();
    let mut secrets = Secrets::default();
    for kit in KITS {
        let counters = payroll::pay(*kit, Profile::Hostile, &mut secrets);
        tells_every_verdict(&kit.account(), &counters);
    }
    request_nobody(&mut secrets);
    runtime().block_on(events::deliver(&mut secrets));
    runtime().block_on(requests::ask(&mut secrets));
    let has_server = write_to_the_stores();
    let (heard, others): (Vec<_>, Vec<_>) = capture::heard().into_iter().partition(is_ours);
    // The HTTP client writes whole addresses at TRACE. This is why the program subscribes to
    // nothing but its own crates.
    assert!(!leaks(&others, &secrets).is_empty(), "the client of others tells no address any more");
    assert!(secrets.all().len() > 200, "{}", secrets.all().len());
    assert_eq!(leaks(&heard, &secrets), BTreeSet::new());
    let promises = contract::read();
    let mut kept = BTreeSet::new();
    for record in &heard {
        let promise = promises.get(&record.name).unwrap_or_else(|| panic!("no page: {record:?}"));
        assert_eq!((&*promise.kind, &*promise.target), (record.kind, record.target));
        assert_eq!(promise.level, record.level, "{}", record.name);
        let declared: BTreeSet<&str> = record.declared.iter().copied().collect();
        let promised: BTreeSet<&str> = promise.fields.keys().map(String::as_str).collect();
        assert_eq!(declared, promised, "{}", record.name);
        for (name, value) in &record.fields {
            let words = &promise.fields[*name];
            let is_open = words.is_empty() && *name != "point";
            let is_point = Point::ALL.iter().any(|point| point.word() == value);
            assert!(is_open || words.contains(value) || (*name == "point" && is_point), "{value}");
        }
        kept.insert(record.name.clone());
    }
    let mut missing: BTreeSet<String> = promises.into_keys().collect();
    missing.retain(|name| !kept.contains(name) && (has_server || name != "steps"));
    assert_eq!(missing, BTreeSet::new(), "documented, and not emitted");
    tells_of_every_attempt(&heard);
    tells_of_every_post(&heard);
    requests::are_told(&heard);
}

/// The words are those of the receiver's own counters.
fn tells_every_verdict(account: &AccountName, counters: &Counters) {
    let heard = capture::heard();
    let count = |verdict: &str| {
        let has = |record: &Record, field: &str, value: &str| {
            record.fields.get(field).is_some_and(|told| told == value)
        };
        let is_it = |record: &&Record| {
            has(record, "account", account.as_str()) && has(record, "verdict", verdict)
        };
        heard.iter().filter(is_it).count() as u64
    };
    assert!(counters.received > 0, "{account}: {counters:?}");
    for (verdict, counted) in [
        ("genuine", counters.stored - counters.unreadable),
        ("unreadable", counters.unreadable),
        ("forged", counters.refused),
        ("hint", counters.hints),
        ("foreign", counters.foreign),
        ("over_budget", counters.over_budget),
        ("not_stored", counters.failed),
        ("dropped", 0),
    ] {
        assert_eq!(count(verdict), counted, "{account}: {verdict}");
    }
}

/// An attempt is told with everything that a person needs to find it.
fn tells_of_every_attempt(heard: &[Record]) {
    let is_create = |record: &&Record| {
        record.fields.get("operation").is_some_and(|operation| operation == "create")
    };
    let creates: Vec<&Record> = heard.iter().filter(is_create).collect();
    assert!(creates.len() > 100, "{}", creates.len());
    for create in &creates {
        for field in ["account", "provider", "key", "attempt", "outcome", "reached", "ms"] {
            assert!(create.fields.contains_key(field), "{field}: {create:?}");
        }
    }
    let outcomes: BTreeSet<&str> =
        creates.iter().map(|create| create.fields["outcome"].as_str()).collect();
    assert!(outcomes.contains("pending") && outcomes.contains("unknown"), "{outcomes:?}");
}

fn tells_of_every_post(heard: &[Record]) {
    let posts = heard.iter().filter(|record| record.name == "post");
    let told: Vec<[&str; 4]> = posts
        .map(|post| ["endpoint", "event_type", "attempt", "outcome"].map(|it| &*post.fields[it]))
        .collect();
    let pending = |attempt, outcome| ["erp", "payout.pending", attempt, outcome];
    assert_eq!(
        told,
        [
            pending("1", "failed"),
            pending("2", "unreachable"),
            pending("3", "refused"),
            pending("4", "delivered"),
            pending("1", "gone"),
        ]
    );
}

/// A provider that never answers.
#[derive(Debug)]
struct Mute;

#[async_trait]
impl Transport for Mute {
    async fn send(
        &self,
        _request: http::Request<Bytes>,
        _departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        std::future::pending().await
    }
}

#[test]
fn a_call_that_is_given_up_at_its_deadline_is_told_as_unanswered() {
    capture::listen();
    let harness = Harness::new(1);
    let provider = harness.provider_over(Arc::new(Mute));
    let engine = harness.engine_with(provider, &Arc::new(FaultInjector::new()));
    harness.submit(vec![order("late")]);
    let mut work = Box::pin(engine.work(1));
    assert!(drive(&mut work).is_none(), "it waits for the answer");
    harness.timer.advance_to(start().plus(policy().deadline));
    drive(&mut work).unwrap().unwrap();
    let heard = capture::heard();
    let is_it = |record: &&Record| record.fields.get("key").is_some_and(|key| key == "late");
    let call = heard.iter().filter(is_it).find(|record| record.name == "call").unwrap();
    let expected = [
        ("account", "cashypro"),
        ("attempt", "1"),
        ("key", "late"),
        ("ms", &policy().deadline.as_millis().to_string()),
        ("operation", "create"),
        ("outcome", "unanswered"),
        ("provider", "cashypro"),
        ("reached", "maybe"),
    ];
    assert_eq!(call.fields, expected.map(|(name, value)| (name, value.to_owned())).into());
}

#[test]
fn i10_the_scanner_of_telemetry_finds_a_planted_leak() {
    let mut secrets = Secrets::default();
    secrets.add("82649173501264");
    let planted = |name: &str, value: &str| {
        let fields = [("account", value.to_owned())].into();
        [Record { name: name.to_owned(), fields, ..Record::default() }]
    };
    assert_eq!(leaks(&planted("call", "cashypro"), &secrets).len(), 0);
    assert_eq!(leaks(&planted("call", "to 82649173501264"), &secrets).len(), 1);
    assert_eq!(leaks(&planted("paid 82649173501264", "cashypro"), &secrets).len(), 1);
}
