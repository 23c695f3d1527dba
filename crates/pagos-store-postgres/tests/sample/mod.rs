//! What the tests of this crate store, and how they open a store. Not for the crate's users.

#![allow(dead_code)]

use std::{sync::Arc, time::Duration};

use pagos_core::{
    AccountName, AccountNumber, AccountType, Beneficiary, Currency, Money, OrderKey, PayoutOrder,
    Status, Timestamp,
};
use pagos_engine::{
    ClaimRequest, Committed, Intent, Lane, Lease, Notice, NoticeAbout, NoticeKind, OrderNews,
    Payout, Released, RunId, Share, Step, Store, Work, suite::permit,
};
use pagos_store_postgres::{PostgresOptions, PostgresStore, ScratchDatabase};
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

/// The version that a step was written with. It is higher than the one that the step was computed from.
pub(crate) fn done(committed: Committed, over: &Payout) -> u64 {
    let version = match committed {
        Committed::Done { version } => version,
        Committed::Conflict => 0,
    };
    assert!(version > over.version, "{version} over {}", over.version);
    version
}

/// Begins a transaction that holds on to what a run's payouts are counted in: whoever counts there waits,
/// with everything else locked that it needs.
pub(crate) async fn hold_tally(client: &Client, run: &str) {
    let lock = "SELECT FROM tallies WHERE run = (SELECT id FROM runs WHERE name = $1) FOR UPDATE";
    client.batch_execute("BEGIN").await.unwrap();
    assert!(client.execute(lock, &[&run]).await.unwrap() > 0);
}

/// Returns when so many sessions of the client's database wait for a lock.
pub(crate) async fn wait_for_waiting(client: &Client, sessions: i64) {
    let waiting = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while count(client, waiting).await < sessions {
        tokio::task::yield_now().await;
    }
}

/// Ends the store's connections as an administrator does, and returns when they are gone.
pub(crate) async fn end_connections(client: &Client) {
    let sql = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()
                 AND backend_type = 'client backend'";
    count(client, sql).await;
}

pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

pub(crate) fn key(name: &str) -> OrderKey {
    OrderKey::new(name).unwrap()
}

pub(crate) fn account() -> AccountName {
    AccountName::new("cashypro").unwrap()
}

pub(crate) fn run() -> RunId {
    run_of("run")
}

pub(crate) fn run_of(name: &str) -> RunId {
    RunId(name.to_owned())
}

pub(crate) fn intents(names: &[&str]) -> Vec<Intent> {
    names.iter().map(|name| intent(name)).collect()
}

/// Submits and releases payouts of these keys.
pub(crate) async fn release(store: &dyn Store, names: &[&str]) {
    store.submit(&run(), intents(names)).await.unwrap();
    let released = store.release(&run(), permit(names.len() as u64), at(0)).await.unwrap();
    assert_eq!(released, Released::Done { made_due: names.len() as u64 });
}

pub(crate) fn lane(work: Work) -> Lane {
    Lane { account: account(), work }
}

/// Claims what is to be sent.
pub(crate) fn claim(ms: i64, limit: usize) -> ClaimRequest {
    claim_of(lane(Work::Send), ms, limit)
}

pub(crate) fn claim_of(lane: Lane, ms: i64, limit: usize) -> ClaimRequest {
    let share = Share { lane, limit, lease: Duration::from_secs(60) };
    ClaimRequest { now: at(ms), shares: vec![share] }
}

/// The sums and the memberships say what the payouts say.
pub(crate) async fn assert_sums_are_right(client: &Client) {
    let summed = "SELECT run, account, currency, status, sum(count), sum(amount_minor),
                         sum(at_rest), sum(attention)
                  FROM tallies GROUP BY 1, 2, 3, 4 HAVING sum(count) <> 0";
    let counted = "SELECT run, account, currency, status, count(*), sum(amount_minor),
                          sum(at_rest::integer), sum(attention::integer)
                   FROM orders JOIN payouts USING (id) CROSS JOIN unnest(runs || 0::bigint) AS run
                   GROUP BY 1, 2, 3, 4";
    let members = "SELECT run, key FROM members";
    let named =
        "SELECT run, key FROM orders JOIN payouts USING (id) CROSS JOIN unnest(runs) AS run";
    let queued = "SELECT due_at, id, account, work, key FROM queue";
    let due = "SELECT due_at, id, account, work, key FROM orders JOIN payouts USING (id)
               WHERE due_at IS NOT NULL AND NOT held";
    let listed = "SELECT status, created_at, key FROM unsettled";
    let unsettled = "SELECT status, created_at, key FROM orders JOIN payouts USING (id)
                     WHERE status <> 'succeeded'";
    let (ordered, stored) = ("SELECT id FROM orders", "SELECT id FROM payouts");
    let times = "SELECT run, key, created_at FROM members";
    let of_payouts = "SELECT run, key, created_at
                      FROM orders JOIN payouts USING (id) CROSS JOIN unnest(runs) AS run";
    let pairs = [
        (summed, counted),
        (members, named),
        (queued, due),
        (listed, unsettled),
        (ordered, stored),
        (times, of_payouts),
    ];
    for (one, other) in pairs {
        for sql in [format!("{one} EXCEPT {other}"), format!("{other} EXCEPT {one}")] {
            let wrong = count(client, &format!("SELECT count(*) FROM ({sql}) AS wrong")).await;
            assert_eq!(wrong, 0, "{sql}");
        }
    }
}

/// A step that ends the claim, and tells the application once.
pub(crate) fn step(payout: &Payout) -> Step {
    let news = OrderNews {
        key: payout.order.key.clone(),
        runs: Vec::new(),
        status: Status::Pending,
        was: None,
        reason: None,
        amount: payout.order.amount,
        returned: None,
        reference: None,
    };
    let notice = Notice {
        account: payout.order.account.clone(),
        event: NoticeKind::Advanced,
        about: NoticeAbout::Payout(news),
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
        account: account(),
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
    Intent { order, created_at: Timestamp::from_millis(0), by: None }
}
