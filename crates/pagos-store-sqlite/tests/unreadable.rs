//! Rows that this version cannot read, among others that it can: what becomes of them, and what is
//! said about them. The rows are changed behind the store's back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod scratch;

use std::error::Error;

use pagos_core::{OrderKey, Timestamp};
use pagos_engine::{
    Filter, NoAttempt, Notice, NoticeAbout, NoticeKind, Page, PaymentStore, Store, StoreError,
    StoreErrorKind, Submitted, SubmittedPayment, Work, suite::permit,
};
use pagos_store_sqlite::SqliteStore;
use rusqlite::Connection;

use scratch::{
    Scratch, claim_request, intent, open_payment, opening_step, payment_order, payments_request,
    run, submit,
};

const NOW: Timestamp = Timestamp::from_millis(1_000);

/// What no message may say. serde quotes the word that it does not know.
const SECRET: &str = "cuenta-de-Rosa";

fn execute(scratch: &Scratch, sql: &str) {
    Connection::open(scratch.path()).unwrap().execute_batch(sql).unwrap();
}

/// As a newer version would write it: a kind of account that this one does not know.
fn of_a_newer_version(scratch: &Scratch, key: &str) {
    let path = "$.beneficiary.account_type";
    execute(
        scratch,
        &format!(
            "UPDATE orders SET order_json = json_set(order_json, '{path}', '{SECRET}')
             WHERE id = (SELECT id FROM payouts WHERE key = '{key}')"
        ),
    );
}

fn assert_is_about_a_row(error: &StoreError, row: &str) {
    assert_eq!(error.kind, StoreErrorKind::UnreadableRow, "{error}");
    let message = error.to_string();
    let wanted = format!("{row} cannot be read by this version of pagos (");
    assert!(message.starts_with(&wanted), "{message}");
    assert!(message.ends_with("): was it written by a newer one?"), "{message}");
    assert_says_nothing(&message);
    assert!(error.source().is_none(), "a source may quote the row");
}

fn assert_says_nothing(text: &str) {
    assert!(!text.contains(SECRET) && !text.contains("Ñuñez"), "{text}");
}

fn because(notice: &Notice) -> &str {
    let NoticeKind::Attention { because } = &notice.event else { panic!("{notice:?}") };
    because
}

#[tokio::test]
async fn truth_16_a_row_of_a_newer_version_ends_nobody_elses_claim() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    submit(&store, ["k1", "k2", "k3"].map(intent).into()).await.unwrap();
    store.submit(&run("other"), vec![intent("k1")]).await.unwrap();
    store.release(&run("run"), permit(3), NOW).await.unwrap();
    of_a_newer_version(&scratch, "k1");

    let claims = store.claim(claim_request(Work::Send, NOW, 2), &NoAttempt).await.unwrap();
    let keys: Vec<&str> = claims.iter().map(|claim| claim.payout.order.key.as_str()).collect();
    assert_eq!(keys, ["k2", "k3"], "k1 was first, and takes nobody's place");

    for name in [Some(run("run")), Some(run("other")), None] {
        let tally = store.tally(name.as_ref()).await.unwrap();
        let row = tally.rows.iter().find(|row| row.status == "quarantined").unwrap();
        assert_eq!((row.count, row.at_rest, row.attention), (1, 1, 1), "{name:?}");
        assert_eq!(tally.total(), if name == Some(run("other")) { 1 } else { 3 });
    }
    let told = store.outbox(0, 10).await.unwrap();
    assert_eq!(told.len(), 1);
    let notice = &told[0].1;
    let NoticeAbout::Payout(news) = &notice.about else { panic!("{notice:?}") };
    assert_eq!((news.key.as_str(), news.amount), ("k1", intent("k1").order.amount));
    assert_eq!((notice.account.as_str(), notice.at), ("cashypro", NOW));
    assert!(because(notice).starts_with("payout k1 cannot be read by this version of pagos ("));
    assert_says_nothing(because(notice));
    // Once: it is not due any more.
    let later = Timestamp::from_millis(100_000);
    assert_eq!(
        store.claim(claim_request(Work::Send, later, 10), &NoAttempt).await.unwrap().len(),
        2
    );
    assert_eq!(store.newest_notice().await.unwrap(), 1);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_an_error_by_itself_and_left_out_of_lists() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    submit(&store, ["k1", "k2", "k3"].map(intent).into()).await.unwrap();
    of_a_newer_version(&scratch, "k1");
    execute(&scratch, "UPDATE payouts SET progress_json = '{\"standing' WHERE key = 'k2'");
    for key in ["k1", "k2"] {
        let error = store.payout(&OrderKey::new(key).unwrap()).await.unwrap_err();
        assert_is_about_a_row(&error, &format!("payout {key}"));
    }
    // Where it stands cannot be told.
    let error = submit(&store, vec![intent("k2")]).await.unwrap_err();
    assert_is_about_a_row(&error, "payout k2");
    // The digest alone tells that this is another order.
    let mut other = intent("k1");
    other.order.description = Some("other".to_owned());
    assert_eq!(submit(&store, vec![other]).await.unwrap(), [Submitted::Conflict]);
    let of_run = Filter { run: Some(run("run")), ..Filter::default() };
    let of_status = Filter { status: Some("created".to_owned()), ..Filter::default() };
    let account = Some(intent("k1").order.account);
    for filter in [Filter::default(), of_run, of_status, Filter { account, ..Filter::default() }] {
        let found = store.list(&filter, &Page::by_key(1)).await.unwrap();
        assert_eq!(found[0].order.key.as_str(), "k3", "a page is not short before the end");
        let newest = store.list(&filter, &Page::newest_first(3)).await.unwrap();
        assert_eq!(newest, found, "{filter:?}");
    }
    assert_eq!(store.tally(None).await.unwrap().total(), 3);
}

#[tokio::test]
async fn a_row_that_was_set_aside_goes_on_where_it_can_be_read() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    submit(&store, vec![intent("k1")]).await.unwrap();
    store.release(&run("run"), permit(1), NOW).await.unwrap();
    let key = intent("k1").order.key;
    let before = store.payout(&key).await.unwrap().unwrap();
    of_a_newer_version(&scratch, "k1");
    assert!(store.claim(claim_request(Work::Send, NOW, 1), &NoAttempt).await.unwrap().is_empty());
    // The newer program comes back.
    execute(
        &scratch,
        "UPDATE orders SET order_json = json_set(order_json, '$.beneficiary.account_type', 'savings')",
    );
    let payout = store.payout(&key).await.unwrap().unwrap();
    assert!(payout.order == before.order && payout.progress == before.progress);
    assert!(payout.version > before.version && payout.epoch > before.epoch);
    let step = pagos_engine::Step {
        key: key.clone(),
        version: payout.version,
        fence: None,
        lease: pagos_engine::Lease::Keep,
        progress: payout.progress,
        due_at: Some(NOW),
        entries: Vec::new(),
        notices: Vec::new(),
        applies: None,
    };
    store.commit(step).await.unwrap();
    let tally = store.tally(None).await.unwrap();
    assert_eq!((tally.count("created"), tally.count("quarantined"), tally.at_rest()), (1, 0, 0));
    assert_eq!(store.claim(claim_request(Work::Send, NOW, 1), &NoAttempt).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_payment_that_cannot_be_read_is_set_aside_too() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    for key in ["p1", "p2"] {
        open_payment(&store, key).await;
    }
    let step = opening_step(&store.payment(&payment_order("p1").key).await.unwrap().unwrap());
    execute(
        &scratch,
        &format!(
            "UPDATE payments SET progress_json =
             json_set(progress_json, '$.attention', json('{{\"kind\":\"{SECRET}\"}}'))
             WHERE key = 'p1'"
        ),
    );
    let error = store.payment(&step.key).await.unwrap_err();
    assert_is_about_a_row(&error, "payment p1");
    let error = store.submit_payment(payment_order("p1"), NOW).await.unwrap_err();
    assert_is_about_a_row(&error, "payment p1");
    let claimed = store.claim_payments(payments_request(NOW, 1)).await.unwrap();
    assert!(claimed.len() == 1 && claimed[0].order == payment_order("p2"));
    assert_eq!(store.payments(None, None, 1).await.unwrap(), claimed);
    let told = store.outbox(0, 10).await.unwrap();
    assert!(matches!(&told[0].1.about, NoticeAbout::Payment(news) if news.key == step.key));
    assert_says_nothing(because(&told[0].1));
    assert_eq!(told.len(), 1);
    assert!(matches!(
        store.submit_payment(payment_order("p2"), NOW).await.unwrap(),
        SubmittedPayment::Existing(_)
    ));
}
