//! Orders, steps and deliveries for the cases of the suite. All of it is invented.

use std::time::Duration;

use bytes::Bytes;
use pagos_core::AccountName;
use pagos_core::AccountNumber;
use pagos_core::AccountType;
use pagos_core::BankCode;
use pagos_core::Beneficiary;
use pagos_core::Currency;
use pagos_core::Delivery;
use pagos_core::FailReason;
use pagos_core::Money;
use pagos_core::Observation;
use pagos_core::OrderKey;
use pagos_core::PayoutOrder;
use pagos_core::ProviderRef;
use pagos_core::Source;
use pagos_core::Status;
use pagos_core::Timestamp;

use crate::history::Entry;
use crate::history::Notice;
use crate::history::NoticeKind;
use crate::intent::Intent;
use crate::intent::RunId;
use crate::progress::Progress;
use crate::store::Claim;
use crate::store::ClaimRequest;
use crate::store::Committed;
use crate::store::Lease;
use crate::store::Payout;
use crate::store::Step;
use crate::store::Store;

pub(super) const LEASE: Duration = Duration::from_millis(30);

/// The moment `ms` milliseconds after the suite's beginning of time.
pub(super) fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + ms)
}

pub(super) fn key(text: &str) -> OrderKey {
    OrderKey::new(text).unwrap()
}

pub(super) fn account(name: &str) -> AccountName {
    AccountName::new(name).unwrap()
}

pub(super) fn run(name: &str) -> RunId {
    RunId(name.to_owned())
}

pub(super) fn order(name: &str) -> PayoutOrder {
    PayoutOrder {
        key: key(name),
        account: account("cashypro"),
        amount: Money::new(15_000_000, Currency::Cop),
        beneficiary: Beneficiary {
            name: "María Ñuñez \"Ñ\" O'Higgins".to_owned(),
            document: None,
            bank: Some(BankCode::new("BANCO AV VILLAS").unwrap()),
            account_type: AccountType::Savings,
            account_number: AccountNumber::new("00012345678").unwrap(),
            email: None,
            phone: Some("+57 300 000 0000".to_owned()),
        },
        description: None,
    }
}

pub(super) fn intent(name: &str, run_name: &str) -> Intent {
    Intent { order: order(name), run: run(run_name), created_at: at(0) }
}

/// Submits and releases payouts of the run `a`, all due at the beginning.
pub(super) async fn released(store: &dyn Store, names: &[&str]) {
    let intents = names.iter().map(|name| intent(name, "a")).collect();
    store.submit(intents).await.unwrap();
    store.release(&run("a"), at(0)).await.unwrap();
}

pub(super) async fn stored(store: &dyn Store, name: &str) -> Payout {
    store.payout(&key(name)).await.unwrap().expect("a stored payout")
}

pub(super) fn claim_at(ms: i64, limit: usize) -> ClaimRequest {
    ClaimRequest { now: at(ms), lease: LEASE, limit, except: Vec::new() }
}

pub(super) async fn claimed(store: &dyn Store, ms: i64, limit: usize) -> Vec<Claim> {
    store.claim(claim_at(ms, limit)).await.unwrap()
}

pub(super) fn names(claims: &[Claim]) -> Vec<&str> {
    claims.iter().map(|claim| claim.payout.order.key.as_str()).collect()
}

/// A step that changes nothing but the version.
pub(super) fn step(payout: &Payout) -> Step {
    Step {
        key: payout.order.key.clone(),
        version: payout.version,
        fence: None,
        lease: Lease::Keep,
        progress: payout.progress.clone(),
        due_at: payout.due_at,
        entries: Vec::new(),
        notices: Vec::new(),
        applies: None,
    }
}

/// Reads a payout, writes it with another due time, and expects no conflict.
pub(super) async fn set_due(store: &dyn Store, name: &str, due_at: Option<Timestamp>) {
    let payout = stored(store, name).await;
    done(store, Step { due_at, ..step(&payout) }).await;
}

pub(super) async fn done(store: &dyn Store, step: Step) -> u64 {
    match store.commit(step).await.unwrap() {
        Committed::Done { version } => version,
        Committed::Conflict => panic!("a step in order was refused"),
    }
}

pub(super) async fn conflicts(store: &dyn Store, step: Step) {
    assert_eq!(store.commit(step).await.unwrap(), Committed::Conflict);
}

pub(super) fn observation(status: Status, ms: i64) -> Observation {
    let mut seen = Observation::new(status, Source::Query, at(ms));
    seen.asked_at = Some(at(ms - 1));
    seen.reference = Some(ProviderRef::new("PAYOUT8506865414587559936").unwrap());
    seen.message = Some("línea 1\nlínea 2".to_owned());
    seen
}

pub(super) fn observed(progress: &Progress, status: Status, ms: i64) -> (Progress, Entry) {
    let mut progress = progress.clone();
    let observation = observation(status, ms);
    let change = progress.standing.apply(&observation);
    (progress, Entry::Observed { observation, change })
}

pub(super) fn asked(ms: i64, answer: &str) -> Entry {
    Entry::Asked { at: at(ms), answer: answer.to_owned() }
}

pub(super) fn notice(name: &str, ms: i64) -> Notice {
    Notice {
        subject: pagos_core::Subject::Payout,
        key: key(name),
        event: NoticeKind::Reversed { from: Status::Succeeded },
        status: Status::Failed(FailReason::Returned),
        amount: Money::new(15_000_000, Currency::Cop),
        returned: Some(Money::new(1, Currency::Cop)),
        reference: None,
        at: at(ms),
    }
}

/// A delivery whose body is `body`, with a signature, received at `ms`.
pub(super) fn delivery(body: &str, signature: &str, ms: i64) -> Delivery {
    let mut headers = http::HeaderMap::new();
    headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    headers.insert("sign", http::HeaderValue::from_str(signature).unwrap());
    Delivery { headers, body: Bytes::copy_from_slice(body.as_bytes()), received_at: at(ms) }
}
