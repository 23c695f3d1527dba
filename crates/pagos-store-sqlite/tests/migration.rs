//! A file of an older version: brought up to date when it is opened for writing, and not before.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod scratch;

use std::time::Duration;

use pagos_core::AccountName;
use pagos_core::OrderKey;
use pagos_core::ProviderRef;
use pagos_core::Status;
use pagos_core::Subject;
use pagos_core::Timestamp;
use pagos_engine::ClaimRequest;
use pagos_engine::Entry;
use pagos_engine::Filter;
use pagos_engine::InboxId;
use pagos_engine::PaymentStore;
use pagos_engine::RunId;
use pagos_engine::Store;
use pagos_engine::Submitted;
use pagos_store_sqlite::SqliteStore;
use rusqlite::Connection;

use scratch::Scratch;
use scratch::assert_open;
use scratch::intent;
use scratch::open_payment;

/// What the program of schema version 1 wrote; the file says what is in it.
const VERSION_1: &str = include_str!("version-1.sql");

fn old_file() -> Scratch {
    let scratch = Scratch::new();
    let connection = Connection::open(scratch.path()).unwrap();
    connection.execute_batch(VERSION_1).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL").unwrap();
    scratch
}

fn version(scratch: &Scratch) -> i64 {
    let connection = Connection::open(scratch.path()).unwrap();
    connection.query_row("PRAGMA user_version", (), |row| row.get(0)).unwrap()
}

fn schema(scratch: &Scratch) -> Vec<(String, Option<String>)> {
    let connection = Connection::open(scratch.path()).unwrap();
    let sql = "SELECT name, sql FROM sqlite_schema ORDER BY name";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test]
async fn an_old_file_keeps_all_that_it_holds() {
    let scratch = old_file();
    let store = SqliteStore::open(scratch.path()).unwrap();
    assert_eq!(version(&scratch), 2);
    let account = AccountName::new("cashypro").unwrap();
    assert_eq!(store.bind(&account, "live").await.unwrap(), "sandbox");
    let payouts = store.list(&Filter::default(), None, 10).await.unwrap();
    let found: Vec<_> = payouts
        .iter()
        .map(|payout| (payout.order.key.as_str(), payout.progress.status().word(), payout.version))
        .collect();
    assert_eq!(found, [("k1", "succeeded", 3), ("k2", "created", 2), ("k3", "created", 1)]);
    assert!(payouts[0].order == intent("k1").order);
    let reference = ProviderRef::new("PAYOUT1").unwrap();
    let found = store.payout_of(&account, &reference).await.unwrap();
    assert_eq!(found.as_ref(), Some(&payouts[0].order.key), "found by the provider's id too");
    let history = store.history(&payouts[0].order.key).await.unwrap();
    assert!(matches!(history[..], [Entry::AttemptBegun { .. }, Entry::Observed { .. }]));
    let tally = store.tally(None).await.unwrap();
    assert_eq!((tally.total(), tally.count("succeeded"), tally.at_rest()), (3, 1, 1));
    let now = Timestamp::from_millis(1_700_000_000_005);
    let open = store.inbox(now, 10).await.unwrap();
    assert_eq!(open.iter().map(|item| item.id).collect::<Vec<_>>(), [InboxId(2)]);
    // Notices of that time did not say what they are about: they were all about payouts.
    let told = store.outbox(0, 10).await.unwrap();
    assert_eq!((told.len(), told[0].0, told[0].1.subject), (1, 1, Subject::Payout));
}

#[tokio::test]
async fn an_old_file_goes_on_with_what_it_holds() {
    let scratch = old_file();
    let store = SqliteStore::open(scratch.path()).unwrap();
    let known = store.submit(vec![intent("k1")]).await.unwrap();
    assert_eq!(known, [Submitted::Existing { status: Status::Succeeded }], "the same digest");
    let now = Timestamp::from_millis(1_700_000_000_005);
    assert_eq!(store.release(&RunId("later".to_owned()), now).await.unwrap(), 1);
    let lease = Duration::from_secs(60);
    let request = ClaimRequest { now, lease, limit: 10, except: Vec::new() };
    assert_eq!(store.claim(request).await.unwrap().len(), 2, "k2 and k3");
}

#[tokio::test]
async fn an_old_file_takes_payments() {
    let scratch = old_file();
    let store = SqliteStore::open(scratch.path()).unwrap();
    assert!(store.payments(None, None, 10).await.unwrap().is_empty());
    open_payment(&store, "k1").await;
    drop(store);
    let store = SqliteStore::open(scratch.path()).unwrap();
    assert_open(&store, "k1").await;
    assert!(store.payout(&OrderKey::new("k1").unwrap()).await.unwrap().is_some());
}

/// A migration is never edited: old and new files come to the same schema, to the letter.
#[test]
fn an_old_file_becomes_what_a_new_one_is() {
    let (old, new) = (old_file(), Scratch::new());
    for scratch in [&old, &new] {
        drop(SqliteStore::open(scratch.path()).unwrap());
        assert_eq!(version(scratch), 2);
    }
    assert_eq!(schema(&old), schema(&new));
}

#[test]
fn looking_at_an_old_file_says_what_to_do_and_changes_nothing() {
    let scratch = old_file();
    let before = schema(&scratch);
    let error = SqliteStore::open_read_only(scratch.path()).unwrap_err().to_string();
    let file = scratch.path().display().to_string();
    let wanted = "was written by an older version of pagos; open it for writing once, as \
                  `pagos pay` and `pagos serve` do, to bring it up to date";
    assert_eq!(error, format!("{file}: {wanted}"));
    assert_eq!((version(&scratch), schema(&scratch)), (1, before));
    drop(SqliteStore::open(scratch.path()).unwrap());
    SqliteStore::open_read_only(scratch.path()).unwrap();
}

#[test]
fn many_can_migrate_one_old_file_together() {
    for _ in 0..20 {
        let scratch = old_file();
        let opened: Vec<_> = std::thread::scope(|scope| {
            let open = || SqliteStore::open(scratch.path()).map(drop);
            let opening: Vec<_> = (0..6).map(|_| scope.spawn(open)).collect();
            opening.into_iter().map(|opening| opening.join().unwrap()).collect()
        });
        for outcome in opened {
            outcome.unwrap();
        }
        assert_eq!(version(&scratch), 2);
    }
}

/// A program that only reads, and one that writes as version 1 did, have the file open meanwhile.
#[tokio::test]
async fn a_program_of_the_old_version_goes_on_beside_the_new_one() {
    let scratch = old_file();
    let old = Connection::open(scratch.path()).unwrap();
    let mut count = old.prepare("SELECT count(*) FROM payouts").unwrap();
    assert_eq!(count.query_row((), |row| row.get::<_, i64>(0)).unwrap(), 3);
    let store = SqliteStore::open(scratch.path()).unwrap();
    old.execute("UPDATE payouts SET version = version + 1 WHERE key = 'k2'", ()).unwrap();
    assert_eq!(count.query_row((), |row| row.get::<_, i64>(0)).unwrap(), 3);
    let payout = store.payout(&OrderKey::new("k2").unwrap()).await.unwrap().unwrap();
    assert_eq!(payout.version, 3);
}
