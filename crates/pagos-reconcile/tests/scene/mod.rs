//! A book with payouts and statements, for tests of the service and for the bench.

#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)]

pub(crate) mod planted;

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use pagos_core::{
    AccountName, AccountNumber, AccountType, Beneficiary, BookName, Currency, Day, FailReason,
    Money, Observation, OrderKey, PayoutOrder, ProviderRef, Source, Status, Timestamp,
};
use pagos_engine::{Actor, InstrumentedStore, Intent, Lease, RunId, Step, Store};
use pagos_reconcile::{
    Begun, Book, Booked, Expected, LineDecision, Payee, Reconciler, Report, Rules, Said,
    StatementFile, StatementRecord, digest,
};
use pagos_statement::{Balance, Counterparty, Head, Kind, Line, Side, Tail, Text, Transaction};

pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    format!("{text}T12:00:00Z").parse().unwrap()
}

pub(crate) fn key(text: &str) -> OrderKey {
    OrderKey::new(text).unwrap()
}

pub(crate) fn pesos(minor: i64) -> Money {
    Money::new(minor, Currency::Clp)
}

pub(crate) fn failed() -> Status {
    Status::Failed(FailReason::Declined)
}

pub(crate) fn returned() -> Status {
    Status::Failed(FailReason::Returned)
}

/// A payout that is to be stored: its key, its amount, its status, and when it was sent and settled.
pub(crate) struct Planned {
    pub(crate) key: String,
    pub(crate) amount: i64,
    pub(crate) status: Status,
    pub(crate) sent: Timestamp,
}

pub(crate) fn planned(key: &str, amount: i64, status: Status) -> Planned {
    Planned { key: key.to_owned(), amount, status, sent: at("2026-05-10") }
}

pub(crate) fn account() -> AccountName {
    AccountName::new("etpay").unwrap()
}

/// Stores payouts, as if they had been submitted, sent and settled at one moment. Those that are
/// created were never sent.
pub(crate) async fn plant(store: &Arc<dyn Store>, run: &str, planned: &[Planned]) {
    for batch in planned.chunks(1_000) {
        let intents = batch.iter().map(intent).collect();
        store.submit(&RunId::from(run), intents).await.unwrap();
        let sent = batch.iter().filter(|it| it.status != Status::Created);
        let steps = sent.map(|it| advance(store, it));
        stream::iter(steps).buffer_unordered(256).collect::<Vec<()>>().await;
    }
}

fn intent(it: &Planned) -> Intent {
    let digits: String = it.key.bytes().map(|byte| char::from(b'0' + byte % 10)).collect();
    let number = AccountNumber::new(format!("77{digits}")).unwrap();
    let payee = Beneficiary::new(format!("Person {}", it.key), AccountType::Checking, number);
    let order = PayoutOrder::new(key(&it.key), account(), pesos(it.amount), payee);
    Intent { order, created_at: it.sent, by: None }
}

/// What a planned payout should look like, without a store.
pub(crate) fn expected(it: &Planned) -> Expected {
    let intent = intent(it);
    let day = Day::at(it.sent, 0);
    let number = intent.order.beneficiary.account_number;
    Expected {
        key: intent.order.key,
        account: account(),
        amount: intent.order.amount,
        status: it.status,
        word: it.status.word(),
        submitted: day,
        sent: Some(day),
        settled: Some(day),
        reference: Some(ProviderRef::new(format!("tr_{}", it.key)).unwrap()),
        tracking: None,
        batch: None,
        payee: Payee::new(number.as_str(), &intent.order.beneficiary.name, ""),
        returned: None,
        booked: Booked::default(),
    }
}

async fn advance(store: &Arc<dyn Store>, it: &Planned) {
    let moment = it.sent;
    let payout = store.payout(&key(&it.key)).await.unwrap().unwrap();
    let mut progress = payout.progress;
    let reference = ProviderRef::new(format!("tr_{}", it.key)).unwrap();
    let seen = Observation {
        reference: Some(reference),
        ..Observation::new(it.status, Source::Query, moment)
    };
    progress.standing.apply(&seen);
    progress.first_begun_at = Some(moment);
    progress.attempts = 1;
    progress.settled_at = Some(moment);
    let step = Step {
        key: payout.order.key,
        version: payout.version,
        fence: None,
        lease: Lease::Keep,
        progress,
        due_at: None,
        entries: Vec::new(),
        notices: Vec::new(),
        applies: None,
    };
    store.commit(step).await.unwrap();
}

pub(crate) fn book(store: &Arc<dyn Store>) -> Reconciler {
    let book = Book {
        name: BookName::new("santander").unwrap(),
        accounts: vec![account()],
        currency: Currency::Clp,
        utc_offset_minutes: 0,
        rules: Rules::default(),
    };
    Reconciler::new(store.clone(), InstrumentedStore::from(store.clone()), book)
}

/// A line with nothing but a text.
pub(crate) fn line(booked: &str, change: i64, text: &str) -> Line {
    let transaction = Transaction {
        amount: pesos(change.abs()),
        bank_reference: None,
        references: Vec::new(),
        tracking: None,
        counterparty: Counterparty::default(),
        text: Text::new(text),
        returned_because: None,
        charges: Vec::new(),
    };
    Line {
        place: 1,
        day: day(booked),
        value_day: None,
        side: if change < 0 { Side::Debit } else { Side::Credit },
        amount: pesos(change.abs()),
        kind: Kind::Transfer,
        balance: None,
        transactions: vec![transaction],
    }
}

/// A statement with its days, its opening balance and its lines; the closing balance follows.
pub(crate) struct Statement {
    pub(crate) from: &'static str,
    pub(crate) through: &'static str,
    pub(crate) opening: i64,
    pub(crate) lines: Vec<Line>,
}

pub(crate) async fn import(
    book: &Reconciler,
    name: &str,
    it: &Statement,
) -> Result<StatementRecord, Box<StatementRecord>> {
    import_lines(book, name, (it.from, it.through), it.opening, it.lines.iter().cloned()).await
}

/// Imports lines as they come.
pub(crate) async fn import_lines(
    book: &Reconciler,
    name: &str,
    days: (&str, &str),
    opening: i64,
    lines: impl Iterator<Item = Line>,
) -> Result<StatementRecord, Box<StatementRecord>> {
    let balance = |minor| Some(Balance { day: None, amount: pesos(minor) });
    let file = StatementFile {
        name: format!("/home/ana/{name}"),
        sha256: digest(name.as_bytes()),
        format: "mt940".to_owned(),
        at: at("2026-06-01"),
        by: ana(),
    };
    let mut import = match book.import(file).await.unwrap() {
        Begun::Known(record) => return Err(record),
        Begun::New(import) => import,
    };
    let mut closing = opening;
    for line in lines {
        closing += line.change().minor;
        import.add(line).await.unwrap();
    }
    let (id, account) = (None, None);
    let head = Head { id, account, currency: Currency::Clp, opening: balance(opening) };
    let (from, through) = (Some(day(days.0)), Some(day(days.1)));
    import.end_statement(&head, &Tail { closing: balance(closing), from, through }).unwrap();
    Ok(import.finish().await.unwrap())
}

pub(crate) fn ana() -> Actor {
    Actor::new("ana").unwrap()
}

pub(crate) fn says(said: Said) -> LineDecision {
    LineDecision { said, note: "seen at the bank".to_owned(), by: ana(), at: at("2026-06-02") }
}

pub(crate) async fn report(book: &Reconciler, from: &str, through: &str) -> Report {
    book.report(day(from), day(through), &mut |_| {}).await.unwrap()
}
