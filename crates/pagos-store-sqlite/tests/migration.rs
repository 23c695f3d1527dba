//! A file of an older version: brought up to date when it is opened for writing, and not before.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod scratch;

use pagos_core::{AccountName, Currency, Money, OrderKey, ProviderRef, Status, Timestamp};
use pagos_engine::{
    Digest, Entry, Filed, Filter, InboxId, InboxState, InboxStore, Intent, NoAttempt, NoticeAbout,
    Page, PaymentStore, Released, Store, Submitted, SubmittedPayment, Trust, Work, suite::permit,
};
use pagos_store_sqlite::SqliteStore;
use rusqlite::Connection;

use scratch::{
    Scratch, assert_open, claim_request, intent, open_payment, payment_order, payments_request,
    run, submit,
};

/// What the programs of older schema versions wrote; each file says what is in it.
const VERSION_1: &str = include_str!("version-1.sql");
const VERSION_2: &str = include_str!("version-2.sql");
const OLD: [&str; 2] = [VERSION_1, VERSION_2];

const PRESENT: i64 = 11;

/// A moment at which all is due that is due at all.
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_050);

fn old_file(dump: &str) -> Scratch {
    let scratch = Scratch::new();
    let connection = Connection::open(scratch.path()).unwrap();
    connection.execute_batch(dump).unwrap();
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

fn cashypro() -> AccountName {
    AccountName::new("cashypro").unwrap()
}

/// An order as the program of version 2 stored it.
fn order_2(key: &str, name: &str) -> Intent {
    let mut intent = intent(key);
    intent.order.beneficiary.name = name.to_owned();
    intent
}

#[tokio::test]
async fn a_file_of_version_1_keeps_all_that_it_holds() {
    let scratch = old_file(VERSION_1);
    let store = SqliteStore::open(scratch.path()).unwrap();
    assert_eq!(version(&scratch), PRESENT);
    assert_eq!(store.bind(&cashypro(), "live").await.unwrap(), "sandbox");
    let payouts = store.list(&Filter::default(), &Page::by_key(10)).await.unwrap();
    let found: Vec<_> = payouts
        .iter()
        .map(|payout| (payout.order.key.as_str(), payout.progress.status().word(), payout.version))
        .collect();
    assert_eq!(found, [("k1", "succeeded", 3), ("k2", "created", 2), ("k3", "created", 1)]);
    assert!(payouts[0].order == intent("k1").order);
    let reference = ProviderRef::new("PAYOUT1").unwrap();
    let found = store.payout_of(&cashypro(), &reference).await.unwrap();
    assert_eq!(found.as_ref(), Some(&payouts[0].order.key), "found by the provider's id too");
    let history = store.history(&payouts[0].order.key).await.unwrap();
    assert!(matches!(history[..], [Entry::AttemptBegun { .. }, Entry::Observed { .. }]));
    let tally = store.tally(None).await.unwrap();
    assert_eq!((tally.total(), tally.count("succeeded"), tally.at_rest()), (3, 1, 1));
    let open = store.inbox(Trust::Unverified, &[cashypro()], NOW, 10).await.unwrap();
    assert_eq!(open.iter().map(|item| item.id).collect::<Vec<_>>(), [InboxId(2)]);
    // Notices of that time did not say what they are about: they were all about payouts.
    let told = store.outbox(0, 10).await.unwrap();
    let NoticeAbout::Payout(news) = &told[0].1.about else { panic!("{told:?}") };
    assert_eq!((told.len(), told[0].0, news.runs.as_slice()), (1, 1, [run("run")].as_slice()));
}

#[tokio::test]
async fn a_file_of_version_1_goes_on_with_what_it_holds() {
    let scratch = old_file(VERSION_1);
    let store = SqliteStore::open(scratch.path()).unwrap();
    let known = submit(&store, vec![intent("k1")]).await.unwrap();
    assert_eq!(known, [Submitted::Existing { status: Status::Succeeded }], "the same order");
    let released = store.release(&run("later"), permit(1), NOW).await.unwrap();
    assert_eq!(released, Released::Done { made_due: 1 });
    let claims = store.claim(claim_request(Work::Send, NOW, 10), &NoAttempt).await.unwrap();
    assert_eq!(claims.len(), 2, "k2 and k3");
}

#[tokio::test]
async fn runs_of_version_2_have_their_members() {
    let scratch = old_file(VERSION_2);
    let store = SqliteStore::open(scratch.path()).unwrap();
    assert_eq!(version(&scratch), PRESENT);
    let released_at = Some(Timestamp::from_millis(0));
    let fixed = store.run(&run("marzo.csv")).await.unwrap().expect("a run");
    assert_eq!((fixed.members, fixed.expected), (3, Some(3)));
    assert_eq!((fixed.closed_at, fixed.released_at), (released_at, released_at));
    let open = store.run(&run("abril.csv")).await.unwrap().expect("a run");
    assert_eq!((open.members, open.expected), (2, None));
    assert_eq!((open.closed_at, open.released_at), (None, None));
    // It has nothing that could be fixed, so whoever submits it again begins anew.
    assert_eq!(store.run(&run("febrero.csv")).await.unwrap(), None);
    for (name, wanted) in [("marzo.csv", vec!["m1", "m2", "m3"]), ("abril.csv", vec!["a1", "a2"])] {
        let filter = Filter { run: Some(run(name)), ..Filter::default() };
        let members = store.list(&filter, &Page::by_key(10)).await.unwrap();
        let keys: Vec<&str> = members.iter().map(|payout| payout.order.key.as_str()).collect();
        assert_eq!(keys, wanted, "{name}");
    }
    let late = store.submit(&run("marzo.csv"), vec![intent("m4")]).await.unwrap();
    assert_eq!(late, [Submitted::Closed]);
    assert_eq!(store.withdraw(&run("abril.csv")).await.unwrap(), 2);
    assert_eq!(store.tally(None).await.unwrap().total(), 3);
}

#[tokio::test]
async fn tallies_of_version_2_are_of_each_run_and_of_all() {
    let scratch = old_file(VERSION_2);
    let store = SqliteStore::open(scratch.path()).unwrap();
    let wide = 2 * i128::from(i64::MAX);
    let summary = async |name: Option<&str>| {
        let tally = store.tally(name.map(run).as_ref()).await.unwrap();
        let rows = tally.rows.into_iter();
        rows.map(|row| (row.status, row.count, row.amount_minor, row.at_rest)).collect::<Vec<_>>()
    };
    let row = |word: &str, count, amount, at_rest| (word.to_owned(), count, amount, at_rest);
    let settled = [row("succeeded", 1, 15_000_000, 1), row("unknown", 1, 15_000_000, 0)];
    let march = [&[row("created", 1, 15_000_000, 0)], &settled[..]].concat();
    assert_eq!(summary(Some("marzo.csv")).await, march);
    assert_eq!(summary(Some("abril.csv")).await, [row("created", 2, wide, 0)]);
    let all = [&[row("created", 3, wide + 15_000_000, 0)], &settled[..]].concat();
    assert_eq!(summary(None).await, all);
}

#[tokio::test]
async fn what_is_due_in_version_2_is_sent_or_asked_about() {
    let scratch = old_file(VERSION_2);
    let store = SqliteStore::open(scratch.path()).unwrap();
    for (work, wanted) in [(Work::Send, "m2"), (Work::Ask, "m3")] {
        let claims = store.claim(claim_request(work, NOW, 10), &NoAttempt).await.unwrap();
        let keys: Vec<&str> = claims.iter().map(|claim| claim.payout.order.key.as_str()).collect();
        assert_eq!(keys, [wanted], "{work:?}");
        assert_eq!(claims[0].payout.progress.work(), work);
    }
    let payments = store.claim_payments(payments_request(NOW, 10)).await.unwrap();
    assert_eq!(payments.len(), 1);
    assert!(payments[0].order == payment_order("p1"));
    assert_open(&store, "p1").await;
}

#[tokio::test]
async fn the_inbox_of_version_2_is_where_it_was() {
    let scratch = old_file(VERSION_2);
    let store = SqliteStore::open(scratch.path()).unwrap();
    let deliveries = store.deliveries(None, 0, 10).await.unwrap();
    let found: Vec<_> = deliveries
        .iter()
        .map(|Filed { item, state, because, .. }| (item.id.0, *state, because.as_str()))
        .collect();
    let wanted = [
        (1, InboxState::Open, ""),
        (2, InboxState::Applied, ""),
        (3, InboxState::Orphan, "orphan: names no payout that is known here"),
        (4, InboxState::Unreadable, "not genuine"),
    ];
    assert_eq!(found, wanted);
    assert!(deliveries.iter().all(|filed| filed.item.verdict.is_none()));
    assert_eq!(&deliveries[0].item.delivery.body[..], br#"{"n":1}"#);
    let open = store.inbox(Trust::Unverified, &[cashypro()], NOW, 10).await.unwrap();
    assert_eq!(open.iter().map(|item| item.id).collect::<Vec<_>>(), [InboxId(1)]);
    assert!(store.reopen(InboxId(3), None, NOW).await.unwrap());
    assert_eq!(store.inbox(Trust::Unverified, &[cashypro()], NOW, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn notices_of_version_2_are_given_their_accounts() {
    let scratch = old_file(VERSION_2);
    let store = SqliteStore::open(scratch.path()).unwrap();
    let told = store.outbox(0, 10).await.unwrap();
    let found: Vec<_> = told
        .iter()
        .map(|(number, notice)| {
            let news = notice.order().unwrap();
            (*number, notice.account.as_str(), news.key.as_str(), news.runs.clone())
        })
        .collect();
    let wanted = [
        (1, "cashypro", "m1", vec![run("marzo.csv")]),
        (2, "unknown", "g1", vec![]),
        (3, "etpay", "p1", vec![]),
    ];
    assert_eq!(found, wanted);
    assert!(matches!(told[2].1.about, NoticeAbout::Payment(_)));
    assert_eq!(store.newest_notice().await.unwrap(), 3);
}

#[tokio::test]
async fn truth_19_an_old_digest_still_counts() {
    let scratch = old_file(VERSION_2);
    let store = SqliteStore::open(scratch.path()).unwrap();
    let same = order_2("m1", "Ana Inventada");
    let again = submit(&store, vec![same.clone()]).await.unwrap();
    assert_eq!(again, [Submitted::Existing { status: Status::Succeeded }]);
    let stored = store.payout(&same.order.key).await.unwrap().unwrap();
    assert_eq!(stored.digest, Digest::of(&same.order));
    let changed = order_2("m1", "Otra Inventada");
    assert_eq!(submit(&store, vec![changed]).await.unwrap(), [Submitted::Conflict]);
    let same = payment_order("p1");
    let again = store.submit_payment(same.clone(), NOW).await.unwrap();
    assert!(matches!(again, SubmittedPayment::Existing(_)), "{again:?}");
    let mut changed = same;
    changed.amount = Money::new(1, Currency::Clp);
    assert_eq!(store.submit_payment(changed, NOW).await.unwrap(), SubmittedPayment::Conflict);
}

#[tokio::test]
async fn an_old_file_takes_payments() {
    for dump in OLD {
        let scratch = old_file(dump);
        let store = SqliteStore::open(scratch.path()).unwrap();
        open_payment(&store, "k1").await;
        drop(store);
        let store = SqliteStore::open(scratch.path()).unwrap();
        assert_open(&store, "k1").await;
    }
}

/// A migration is never edited: old and new files come to the same schema, to the letter.
#[test]
fn an_old_file_becomes_what_a_new_one_is() {
    let new = Scratch::new();
    drop(SqliteStore::open(new.path()).unwrap());
    for dump in OLD {
        let old = old_file(dump);
        drop(SqliteStore::open(old.path()).unwrap());
        assert_eq!(version(&old), PRESENT);
        assert_eq!(schema(&old), schema(&new));
    }
}

#[test]
fn looking_at_an_old_file_says_what_to_do_and_changes_nothing() {
    for (dump, number) in OLD.into_iter().zip(1..) {
        let scratch = old_file(dump);
        let before = schema(&scratch);
        let error = SqliteStore::open_read_only(scratch.path()).unwrap_err().to_string();
        let file = scratch.path().display().to_string();
        let wanted = "was written by an older version of pagos; open it for writing once, as \
                      `pagos pay` and `pagos serve` do, to bring it up to date";
        assert_eq!(error, format!("{file}: {wanted}"));
        assert_eq!((version(&scratch), schema(&scratch)), (number, before));
        drop(SqliteStore::open(scratch.path()).unwrap());
        SqliteStore::open_read_only(scratch.path()).unwrap();
    }
}

#[test]
fn many_can_migrate_one_old_file_together() {
    for round in 0..20 {
        let scratch = old_file(OLD[round % 2]);
        let opened: Vec<_> = std::thread::scope(|scope| {
            let open = || SqliteStore::open(scratch.path()).map(drop);
            let opening: Vec<_> = (0..6).map(|_| scope.spawn(open)).collect();
            opening.into_iter().map(|opening| opening.join().unwrap()).collect()
        });
        for outcome in opened {
            outcome.unwrap();
        }
        assert_eq!(version(&scratch), PRESENT);
    }
}

/// A program that only reads goes on. One that sends as version 2 did cannot make an attempt durable
/// any more, and so sends nothing: its first statement of a step names a column that is gone.
#[tokio::test]
async fn a_program_of_the_old_version_writes_no_step_beside_the_new_one() {
    let scratch = old_file(VERSION_2);
    let old = Connection::open(scratch.path()).unwrap();
    let mut count = old.prepare("SELECT count(*) FROM payouts").unwrap();
    let step = "SELECT id, version, epoch, held,
                    run, account, currency, status, amount_minor, at_rest, attention
             FROM payouts WHERE key = ?1";
    let mut step = old.prepare(step).unwrap();
    assert!(step.exists(["m2"]).unwrap());
    let store = SqliteStore::open(scratch.path()).unwrap();
    assert_eq!(count.query_row((), |row| row.get::<_, i64>(0)).unwrap(), 5);
    let error = step.exists(["m2"]).unwrap_err().to_string();
    assert!(error.contains("no such column: run"), "{error}");
    assert!(store.payout(&OrderKey::new("m2").unwrap()).await.unwrap().is_some());
}

/// A program that was begun before the seventh version knows no sealed keys, and would store one anew.
#[test]
fn a_program_of_the_sixth_version_stores_no_payout_beside_the_new_one() {
    let scratch = Scratch::new();
    drop(SqliteStore::open(scratch.path()).unwrap());
    let old = Connection::open(scratch.path()).unwrap();
    let insert = "INSERT INTO payouts
             (key, account, amount_minor, currency, status, work, held, at_rest, attention,
              version, epoch, created_at, progress_json)
             VALUES ('k', 'a', 1, 'COP', 'created', 'send', 1, 0, 0, 1, 0, 0, '{}')";
    let error = old.execute(insert, ()).unwrap_err().to_string();
    assert!(error.contains("restart it in the present version"), "{error}");
}
