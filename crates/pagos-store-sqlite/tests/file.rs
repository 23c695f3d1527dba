//! The file: whose it is, who may open it, who may read it, and what is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod scratch;

use std::error::Error;

use pagos_core::{OrderKey, Timestamp};
use pagos_engine::{
    Attempt, Begun, Committed, Entry, Filter, Lease, NoAttempt, Notice, NoticeAbout, NoticeKind,
    Page, PaymentStore, Payout, Released, Step, Store, SubmittedPayment, Turn, Work, suite::permit,
};
use pagos_store_sqlite::SqliteStore;
use rusqlite::Connection;

use scratch::{
    Scratch, assert_open, beside, claim_request, intent, open_payment, opening_step, payment_order,
    payments_request, run, submit,
};

#[tokio::test]
async fn what_was_stored_is_there_after_reopening() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    submit(&store, vec![intent("k1"), intent("k2")]).await.unwrap();
    let before = store.list(&Filter::default(), &Page::by_key(10)).await.unwrap();
    drop(store);
    assert!(!beside(&scratch.path(), "-wal").exists(), "closing tidies the log up");
    let store = SqliteStore::open(scratch.path()).unwrap();
    assert_eq!(store.list(&Filter::default(), &Page::by_key(10)).await.unwrap(), before);
    assert_eq!(store.tally(None).await.unwrap().total(), 2);
    let released = store.release(&run("run"), permit(2), intent("k").created_at).await.unwrap();
    assert_eq!(released, Released::Done { made_due: 2 });
}

#[tokio::test]
async fn a_session_and_its_secret_are_there_after_reopening() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    open_payment(&store, "k1").await;
    let before = store.payments(None, None, 10).await.unwrap();
    drop(store);
    let store = SqliteStore::open(scratch.path()).unwrap();
    assert_eq!(store.payments(None, None, 10).await.unwrap(), before);
    let request = payments_request(Timestamp::from_millis(9), 10);
    let lane = request.shares[0].lane.clone();
    assert_eq!(store.next_due(&[lane]).await.unwrap(), Some(Timestamp::from_millis(9)));
    assert_eq!(store.claim_payments(request).await.unwrap(), before);
    assert_open(&store, "k1").await;
    let again =
        store.submit_payment(payment_order("k1"), Timestamp::from_millis(50)).await.unwrap();
    assert_eq!(again, SubmittedPayment::Existing(before[0].clone()));
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_their_owners_only() {
    use std::os::unix::fs::PermissionsExt;

    let scratch = Scratch::new();
    // Even if somebody made a blank file beforehand, for all to read.
    std::fs::write(scratch.path(), b"").unwrap();
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(scratch.path(), open).unwrap();
    let store = SqliteStore::open(scratch.path()).unwrap();
    let _turn = store.take_turn().await.unwrap();
    submit(&store, vec![intent("k1")]).await.unwrap();
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let path = beside(&scratch.path(), suffix);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{suffix}");
    }
}

#[test]
fn a_newer_schema_is_refused() {
    let scratch = Scratch::new();
    drop(SqliteStore::open(scratch.path()).unwrap());
    let connection = Connection::open(scratch.path()).unwrap();
    connection.pragma_update(None, "user_version", 999).unwrap();
    drop(connection);
    for error in [
        SqliteStore::open(scratch.path()).unwrap_err(),
        SqliteStore::open_read_only(scratch.path()).unwrap_err(),
    ] {
        let message = error.to_string();
        assert!(message.contains("newer version of pagos (schema 999"), "{message}");
    }
}

#[test]
fn a_file_of_another_program_is_refused_and_not_touched() {
    let scratch = Scratch::new();
    let connection = Connection::open(scratch.path()).unwrap();
    connection.execute_batch("CREATE TABLE payouts (key TEXT)").unwrap();
    drop(connection);
    let before = std::fs::read(scratch.path()).unwrap();
    let message = SqliteStore::open(scratch.path()).unwrap_err().to_string();
    assert!(message.contains("database of another program"), "{message}");
    assert_eq!(std::fs::read(scratch.path()).unwrap(), before);

    let text = "key,amount\nk1,5\n".repeat(100);
    std::fs::write(scratch.path(), &text).unwrap();
    let error = SqliteStore::open(scratch.path()).unwrap_err();
    assert!(error.to_string().contains("not a SQLite database"), "{error}");
    assert!(error.source().is_some());
    assert_eq!(std::fs::read(scratch.path()).unwrap(), text.as_bytes());
}

#[test]
fn a_path_that_cannot_be_is_refused() {
    let scratch = Scratch::new();
    let error = SqliteStore::open(scratch.beside("none/pagos.db")).unwrap_err();
    assert!(error.to_string().contains("cannot be opened"), "{error}");
    let error = SqliteStore::open_read_only(scratch.path()).unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
    assert!(!scratch.path().exists(), "looking creates nothing");
}

#[tokio::test]
async fn looking_sees_what_another_handle_writes_and_writes_nothing() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    let looking = SqliteStore::open_read_only(scratch.path()).unwrap();
    assert_eq!(looking.tally(None).await.unwrap().total(), 0);
    submit(&store, vec![intent("k1")]).await.unwrap();
    assert_eq!(looking.tally(None).await.unwrap().total(), 1);
    let error = submit(&looking, vec![intent("k2")]).await.unwrap_err();
    assert!(error.to_string().contains("reading only"), "{error}");
    open_payment(&store, "k3").await;
    assert_open(&looking, "k3").await;
    let now = Timestamp::from_millis(0);
    let error = looking.submit_payment(payment_order("k4"), now).await.unwrap_err();
    assert!(error.to_string().contains("reading only"), "{error}");
    let payment = looking.payments(None, None, 1).await.unwrap().remove(0);
    let error = looking.commit_payment(opening_step(&payment)).await.unwrap_err();
    assert!(error.to_string().contains("reading only"), "{error}");
    // And without anybody else, too.
    drop(store);
    assert!(looking.payout(&OrderKey::new("k1").unwrap()).await.unwrap().is_some());
    drop(looking);
    let looking = SqliteStore::open_read_only(scratch.path()).unwrap();
    assert_eq!(looking.tally(None).await.unwrap().total(), 1);
}

/// Each open finds the file new, half made or made by the others.
#[test]
fn many_can_make_one_new_file_together() {
    for _ in 0..20 {
        let scratch = Scratch::new();
        let opened: Vec<_> = std::thread::scope(|scope| {
            let open = || SqliteStore::open(scratch.path()).map(drop);
            let opening: Vec<_> = (0..6).map(|_| scope.spawn(open)).collect();
            opening.into_iter().map(|opening| opening.join().unwrap()).collect()
        });
        for outcome in opened {
            outcome.unwrap();
        }
    }
}

#[tokio::test]
async fn one_worker_at_a_time() {
    let scratch = Scratch::new();
    let one = SqliteStore::open(scratch.path()).unwrap();
    let other = SqliteStore::open(scratch.path()).unwrap();
    let turn = one.take_turn().await.unwrap();
    assert!(matches!(turn, Turn::Alone(_)));
    assert!(matches!(other.take_turn().await.unwrap(), Turn::Taken));
    assert!(matches!(one.take_turn().await.unwrap(), Turn::Taken), "twice in one process");
    drop(turn);
    assert!(matches!(other.take_turn().await.unwrap(), Turn::Alone(_)));
    let looking = SqliteStore::open_read_only(scratch.path()).unwrap();
    let error = looking.take_turn().await.unwrap_err();
    assert!(error.to_string().contains("reading only"), "{error}");
}

#[tokio::test]
async fn an_account_that_was_out_of_service_before_it_was_bound_can_be_bound() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    let account = intent("k").order.account;
    let because = "the provider refuses the key".to_owned();
    let halted = Notice {
        account: account.clone(),
        event: NoticeKind::Attention { because },
        about: NoticeAbout::Account,
        at: Timestamp::from_millis(1),
    };
    assert!(store.halt(halted.clone()).await.unwrap());
    assert_eq!(store.bind(&account, "sandbox").await.unwrap(), "sandbox");
    assert_eq!(store.bind(&account, "live").await.unwrap(), "sandbox");
    assert!(!store.halt(halted).await.unwrap(), "it still is");
    assert_eq!(store.newest_notice().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_handles_claim_no_payout_twice() {
    let scratch = Scratch::new();
    let one = SqliteStore::open(scratch.path()).unwrap();
    let two = SqliteStore::open(scratch.path()).unwrap();
    let intents = (0..200).map(|number| intent(&format!("k{number:03}"))).collect();
    submit(&one, intents).await.unwrap();
    let now = intent("k").created_at;
    let released = two.release(&run("run"), permit(200), now).await.unwrap();
    assert_eq!(released, Released::Done { made_due: 200 });
    let claims = async |store: SqliteStore| {
        let mut keys = Vec::new();
        for _ in 0..70 {
            let claims = store.claim(claim_request(Work::Send, now, 3), &NoAttempt).await.unwrap();
            keys.extend(claims.into_iter().map(|claim| claim.payout.order.key));
        }
        keys
    };
    let (one, two) = futures_util::join!(claims(one), claims(two));
    let mut all = [one, two].concat();
    assert_eq!(all.len(), 200);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 200);
}

/// Waits for a future in a thread of its own.
fn apart<T: Send>(future: impl Future<Output = T> + Send) -> T {
    let wait = || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(future)
    };
    std::thread::scope(|scope| scope.spawn(wait).join().unwrap())
}

/// Between reading what is due and writing the claim, somebody else writes.
#[tokio::test]
async fn a_claim_of_a_payout_that_changed_meanwhile_does_not_hold() {
    let scratch = Scratch::new();
    let one = SqliteStore::open(scratch.path()).unwrap();
    let two = SqliteStore::open(scratch.path()).unwrap();
    let now = intent("k").created_at;
    submit(&one, vec![intent("k1"), intent("k2")]).await.unwrap();
    one.release(&run("run"), permit(2), now).await.unwrap();
    let attempt = |payout: &Payout| {
        if payout.order.key.as_str() == "k1" {
            assert_ne!(apart(two.commit(step_of(payout))).unwrap(), Committed::Conflict);
        }
        let mut progress = payout.progress.clone();
        progress.attempts = 1;
        progress.open = Some(Attempt { number: 1, begun_at: now, epoch: 0 });
        let entries = vec![Entry::AttemptBegun { number: 1, at: now, epoch: 0 }];
        Some(Begun { progress, due_at: Some(now), entries })
    };
    let claims = one.claim(claim_request(Work::Send, now, 9), &attempt).await.unwrap();
    let keys: Vec<_> = claims.iter().map(|claim| claim.payout.order.key.as_str()).collect();
    assert_eq!(keys, ["k2"]);
    for (key, attempts) in [("k1", 0), ("k2", 1)] {
        let key = OrderKey::new(key).unwrap();
        let payout = one.payout(&key).await.unwrap().unwrap();
        assert_eq!(payout.progress.attempts, attempts, "{key}");
        assert_eq!(one.history(&key).await.unwrap().len(), usize::from(attempts > 0));
    }
}

/// A step that changes nothing but the version.
fn step_of(payout: &Payout) -> Step {
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
