//! Orders, steps and deliveries for the cases of the suite. All of it is invented.

use std::time::Duration;

use bytes::Bytes;
use pagos_core::{
    AccountName, AccountNumber, AccountType, BankCode, Beneficiary, Currency, Delivery, FailReason,
    Hint, Money, Observation, OrderKey, PayoutOrder, ProviderRef, Source, Status, Timestamp,
};

use crate::{
    actor::Actor,
    delivery::{Filing, InboxId, InboxItem, InboxState, Trust, Verdict},
    history::{Entry, Notice, NoticeAbout, NoticeKind, OrderNews},
    intent::{Intent, Permit, Released, RunId, Submitted},
    progress::{Attempt, Attention, Progress},
    store::{
        Begun, Claim, ClaimRequest, Committed, Lane, Lease, NoAttempt, Payout, Share, Step, Store,
        Work,
    },
};

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

pub(super) fn actor(name: &str) -> Actor {
    Actor::new(name).unwrap()
}

pub(super) fn run(name: &str) -> RunId {
    RunId(name.to_owned())
}

pub(super) fn order(name: &str) -> PayoutOrder {
    let number = AccountNumber::new("00012345678").unwrap();
    let beneficiary = Beneficiary::new("María Ñuñez \"Ñ\" O'Higgins", AccountType::Savings, number)
        .with_bank(BankCode::new("BANCO AV VILLAS").unwrap())
        .with_phone("+57 300 000 0000");
    PayoutOrder::new(
        key(name),
        account("alpha"),
        Money::new(15_000_000, Currency::Cop),
        beneficiary,
    )
}

pub(super) fn intent(name: &str) -> Intent {
    Intent { order: order(name), created_at: at(0), by: None }
}

/// Submits payouts to a run.
pub(super) async fn submit(store: &dyn Store, run_name: &str, names: &[&str]) -> Vec<Submitted> {
    submit_all(store, run_name, names.iter().map(|name| intent(name)).collect()).await
}

pub(super) async fn submit_all(
    store: &dyn Store,
    run_name: &str,
    intents: Vec<Intent>,
) -> Vec<Submitted> {
    store.submit(&run(run_name), intents).await.unwrap()
}

/// Releases a run with as many members as it has; returns how many became due.
pub(super) async fn release(store: &dyn Store, run_name: &str, ms: i64) -> u64 {
    let known = store.run(&run(run_name)).await.unwrap().expect("a run");
    let permit = Permit::for_members(known.members);
    match store.release(&run(run_name), permit, at(ms)).await.unwrap() {
        Released::Done { made_due } => made_due,
        refused @ (Released::Incomplete { .. } | Released::AnotherRun) => {
            panic!("{refused:?}, and it has {} members", known.members)
        }
    }
}

/// Submits and releases payouts of the run `a`, all due at the beginning.
pub(super) async fn released(store: &dyn Store, names: &[&str]) {
    submit(store, "a", names).await;
    release(store, "a", 0).await;
}

pub(super) async fn stored(store: &dyn Store, name: &str) -> Payout {
    store.payout(&key(name)).await.unwrap().expect("a stored payout")
}

/// The accounts of the suite.
pub(super) const ACCOUNTS: [&str; 4] = ["alpha", "alpha-mx", "beta", "gamma"];

pub(super) fn lanes(accounts: &[&str], works: &[Work]) -> Vec<Lane> {
    let of = |name: &&str| {
        let account = account(name);
        let lane = move |work: &Work| Lane { account: account.clone(), work: *work };
        works.iter().map(lane).collect::<Vec<Lane>>()
    };
    accounts.iter().flat_map(of).collect()
}

pub(super) fn shares(accounts: &[&str], works: &[Work], limit: usize) -> Vec<Share> {
    let share = |lane| Share { lane, limit, lease: LEASE };
    lanes(accounts, works).into_iter().map(share).collect()
}

/// Of payouts, from every account.
pub(super) fn claim_at(ms: i64, limit: usize) -> ClaimRequest {
    ClaimRequest { now: at(ms), shares: shares(&ACCOUNTS, &Work::OF_PAYOUTS, limit) }
}

/// The earliest moment at which anything is due.
pub(super) async fn next_due(store: &dyn Store) -> Option<Timestamp> {
    store.next_due(&lanes(&ACCOUNTS, &Work::ALL)).await.unwrap()
}

/// Receives what is genuine, names nothing and cannot be read.
pub(super) async fn receive(store: &dyn Store, name: &str, delivery: &Delivery) -> InboxId {
    let verdict = Verdict::Unreadable { hint: Hint::default(), because: "torn".to_owned() };
    store.receive(&account(name), delivery, &verdict).await.unwrap()
}

pub(super) async fn inbox(store: &dyn Store, ms: i64, limit: usize) -> Vec<InboxItem> {
    store.inbox(Trust::Verified, &ACCOUNTS.map(account), at(ms), limit).await.unwrap()
}

pub(super) fn defer_until(ms: i64) -> Filing {
    Filing::Defer { due_at: at(ms), because: "no such payout yet".to_owned() }
}

pub(super) fn close_as(state: InboxState) -> Filing {
    Filing::Close { state, because: "in words".to_owned(), notice: None }
}

pub(super) async fn claimed(store: &dyn Store, ms: i64, limit: usize) -> Vec<Claim> {
    store.claim(claim_at(ms, limit), &NoAttempt).await.unwrap()
}

/// Begins an attempt with a claim, as the engine does.
pub(super) fn attempt(payout: &Payout) -> Option<Begun> {
    let mut progress = payout.progress.clone();
    progress.attempts += 1;
    let (number, begun_at) = (progress.attempts, at(0));
    progress.open = Some(Attempt { number, begun_at, epoch: 0 });
    let entries = vec![Entry::AttemptBegun { number, at: begun_at, epoch: 0 }];
    Some(Begun { progress, due_at: Some(begun_at), entries })
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

/// Learns a status, and perhaps why a person must look.
pub(super) async fn reach(
    store: &dyn Store,
    name: &str,
    status: Status,
    attention: Option<Attention>,
) {
    let payout = stored(store, name).await;
    let (mut progress, entry) = observed(&payout.progress, status, 5);
    progress.attention = attention;
    done(store, Step { progress, entries: vec![entry], ..step(&payout) }).await;
}

pub(super) fn asked(ms: i64, answer: &str) -> Entry {
    Entry::Asked { at: at(ms), answer: answer.to_owned() }
}

pub(super) fn notice(name: &str, ms: i64) -> Notice {
    Notice {
        account: account("alpha"),
        event: NoticeKind::Reversed { from: Status::Succeeded },
        about: NoticeAbout::Payout(news(name)),
        at: at(ms),
    }
}

pub(super) fn news(name: &str) -> OrderNews {
    OrderNews {
        key: key(name),
        runs: Vec::new(),
        status: Status::Failed(FailReason::Returned),
        was: Some(Status::Succeeded),
        reason: Some("línea 1\nlínea 2".to_owned()),
        amount: Money::new(15_000_000, Currency::Cop),
        returned: Some(Money::new(1, Currency::Cop)),
        reference: None,
    }
}

/// The same notice as it is read: with the runs of its payout.
pub(super) fn with_runs(mut notice: Notice, names: &[&str]) -> Notice {
    notice.set_runs(names.iter().map(|name| run(name)).collect());
    notice
}

/// A delivery whose body is `body`, with a signature, received at `ms`.
pub(super) fn delivery(body: &str, signature: &str, ms: i64) -> Delivery {
    let mut headers = http::HeaderMap::new();
    headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    headers.insert("sign", http::HeaderValue::from_str(signature).unwrap());
    Delivery { headers, body: Bytes::copy_from_slice(body.as_bytes()), received_at: at(ms) }
}
