//! What the tests of this crate store, and how they open a store. Not for the crate's users.

#![allow(dead_code)]

use std::sync::Arc;
use std::time::Duration;

use pagos_core::AccountName;
use pagos_core::AccountNumber;
use pagos_core::AccountType;
use pagos_core::Beneficiary;
use pagos_core::Currency;
use pagos_core::Money;
use pagos_core::OrderKey;
use pagos_core::PayoutOrder;
use pagos_core::Status;
use pagos_core::Subject;
use pagos_core::Timestamp;
use pagos_engine::ClaimRequest;
use pagos_engine::Intent;
use pagos_engine::Lease;
use pagos_engine::Notice;
use pagos_engine::NoticeKind;
use pagos_engine::Payout;
use pagos_engine::RunId;
use pagos_engine::Step;
use pagos_engine::Store;
use pagos_store_postgres::PostgresOptions;
use pagos_store_postgres::PostgresStore;
use pagos_store_postgres::ScratchDatabase;
use tokio_postgres::Client;

pub(crate) async fn open(url: &str) -> Arc<PostgresStore> {
    open_with(url, PostgresOptions::default()).await
}

pub(crate) async fn open_with(url: &str, options: PostgresOptions) -> Arc<PostgresStore> {
    Arc::new(PostgresStore::connect(url, options).await.unwrap())
}

/// A connection of the test itself, which sees the tables as they are.
pub(crate) async fn connect(database: &ScratchDatabase) -> Client {
    let (client, connection) =
        tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("SET search_path TO pagos").await.unwrap();
    client
}

pub(crate) async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

pub(crate) fn key(name: &str) -> OrderKey {
    OrderKey::new(name).unwrap()
}

pub(crate) fn run() -> RunId {
    RunId("run".to_owned())
}

/// Submits and releases payouts of these keys.
pub(crate) async fn release(store: &dyn Store, names: &[&str]) {
    store.submit(names.iter().map(|name| intent(name)).collect()).await.unwrap();
    store.release(&run(), at(0)).await.unwrap();
}

pub(crate) fn claim(ms: i64, limit: usize) -> ClaimRequest {
    ClaimRequest { now: at(ms), lease: Duration::from_secs(60), limit, except: Vec::new() }
}

/// A step that ends the claim, and tells the application once.
pub(crate) fn step(payout: &Payout) -> Step {
    let notice = Notice {
        subject: Subject::Payout,
        key: payout.order.key.clone(),
        event: NoticeKind::Advanced,
        status: Status::Pending,
        amount: payout.order.amount,
        returned: None,
        reference: None,
        at: at(1),
    };
    Step {
        key: payout.order.key.clone(),
        version: payout.version,
        fence: Some(payout.epoch),
        lease: Lease::End,
        progress: payout.progress.clone(),
        due_at: None,
        entries: Vec::new(),
        notices: vec![notice],
        applies: None,
    }
}

pub(crate) fn intent(key: &str) -> Intent {
    let order = PayoutOrder {
        key: OrderKey::new(key).unwrap(),
        account: AccountName::new("cashypro").unwrap(),
        amount: Money::new(15_000_000, Currency::Cop),
        beneficiary: Beneficiary {
            name: "María Ñuñez".to_owned(),
            document: None,
            bank: None,
            account_type: AccountType::Savings,
            account_number: AccountNumber::new("00012345678").unwrap(),
            email: None,
            phone: None,
        },
        description: None,
    };
    Intent { order, run: RunId("run".to_owned()), created_at: Timestamp::from_millis(0) }
}
