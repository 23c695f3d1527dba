//! Tables that are made by whoever comes first, that older ones become, and that a program which does
//! not know them leaves alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod sample;

use futures_util::future::join_all;
use pagos_core::{AccountName, Delivery, Hint, ProviderRef, Status};
use pagos_engine::{
    Digest, Filing, InboxId, InboxState, InboxStore, Lane, NoAttempt, Notice, NoticeAbout,
    PaymentStore, Released, Store, Submitted, SubmittedPayment, Trust, Verdict, Work,
    suite::permit,
};
use pagos_store_postgres::{PostgresOptions, PostgresStore, Scratch, ScratchDatabase};

use sample::{
    account, assert_sums_are_right, at, claim, claim_of, connect, count, intent, intents, lane,
    open, open_with, release, run, run_of, step,
};

async fn refusal(url: &str) -> String {
    PostgresStore::connect(url, PostgresOptions::default()).await.unwrap_err().to_string()
}

async fn refusal_to_read(url: &str) -> String {
    let options = PostgresOptions::default();
    PostgresStore::connect_read_only(url, options).await.unwrap_err().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_can_make_the_tables_together() {
    let Some(scratch) = Scratch::from_env() else { return };
    for _ in 0..3 {
        let database = scratch.database().await;
        let open_one = || {
            let url = database.url.clone();
            tokio::spawn(async move {
                PostgresStore::connect(&url, PostgresOptions::default()).await.map(drop)
            })
        };
        for opened in join_all((0..6).map(|_| open_one())).await {
            opened.unwrap().unwrap();
        }
        let client = connect(&database).await;
        assert_eq!(count(&client, "SELECT count(*) FROM schema_version").await, 1);
    }
}

#[tokio::test]
async fn a_newer_schema_and_foreign_tables_are_refused_and_left_alone() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    drop(open(&database.url).await);
    let client = connect(&database).await;
    client.batch_execute("UPDATE schema_version SET version = 99").await.unwrap();
    for error in [refusal(&database.url).await, refusal_to_read(&database.url).await] {
        assert!(error.contains("newer version of pagos (schema 99"), "{error}");
    }
    assert_eq!(count(&client, "SELECT max(version)::bigint FROM schema_version").await, 99);
    let foreign = "DROP SCHEMA pagos CASCADE; CREATE SCHEMA pagos; CREATE TABLE pagos.payments ()";
    client.batch_execute(foreign).await.unwrap();
    for error in [refusal(&database.url).await, refusal_to_read(&database.url).await] {
        assert!(error.contains("tables of another program; name another schema"), "{error}");
    }
    let options = PostgresOptions { schema: "other".to_owned(), ..PostgresOptions::default() };
    assert_eq!(open_with(&database.url, options).await.tally(None).await.unwrap().total(), 0);
    let named =
        |schema: &str| PostgresOptions { schema: schema.to_owned(), ..PostgresOptions::default() };
    for name in ["", "Pagos", "a\"b", "1a", "pg_a", "a-b"] {
        assert!(PostgresStore::connect(&database.url, named(name)).await.is_err(), "{name}");
    }
}

#[tokio::test]
async fn who_only_reads_makes_nothing_and_writes_nothing() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let error = refusal_to_read(&database.url).await;
    assert!(error.contains("open it for writing once"), "{error}");
    let client = connect(&database).await;
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'pagos'";
    assert_eq!(count(&client, schemas).await, 0);
    let writer = open(&database.url).await;
    release(&*writer, &["k1"]).await;
    let payout = writer.claim(claim(0, 1), &NoAttempt).await.unwrap().remove(0).payout;
    writer.commit(step(&payout)).await.unwrap();
    let options = PostgresOptions::default();
    let reader = PostgresStore::connect_read_only(&database.url, options).await.unwrap();
    assert_eq!(reader.tally(None).await.unwrap().total(), 1);
    assert!(reader.outbox(0, 10).await.unwrap().is_empty(), "nobody numbered it yet");
    assert_eq!(writer.outbox(0, 10).await.unwrap().len(), 1);
    assert_eq!(reader.outbox(0, 10).await.unwrap().len(), 1);
    let error = reader.submit(&run(), vec![intent("k2")]).await.unwrap_err().to_string();
    assert_eq!(error, "the store was opened for reading only");
    assert!(reader.release(&run(), permit(1), at(0)).await.is_err());
}

/// A database as version 1 left it: two runs, one of them released in part only, one that was
/// withdrawn, deliveries in every state, notices of several ages, a payment.
async fn version_1(scratch: &Scratch) -> ScratchDatabase {
    let database = scratch.database().await;
    let sql = include_str!("migration/version_1.sql");
    connect(&database).await.batch_execute(sql).await.unwrap();
    database
}

#[tokio::test]
async fn runs_and_payouts_of_version_1_come_to_the_present_one() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = version_1(&scratch).await;
    let store = open(&database.url).await;
    let client = connect(&database).await;
    assert_sums_are_right(&client).await;
    let expected = |members, released_ms: Option<i64>| {
        Some((members, released_ms.map(|_| members), released_ms.map(at), released_ms.map(at)))
    };
    let found_run = async |name| {
        let found = store.run(&run_of(name)).await.unwrap();
        found.map(|run| (run.members, run.expected, run.closed_at, run.released_at))
    };
    for (name, found) in
        [("released", expected(5, Some(0))), ("half", expected(2, None)), ("unknown", None)]
    {
        assert_eq!(found_run(name).await, found, "{name}");
    }
    // A run that was withdrawn may come again.
    assert_eq!(found_run("withdrawn").await, expected(0, None));
    let again = store.submit(&run_of("withdrawn"), intents(&["k8"])).await.unwrap();
    assert_eq!(again, [Submitted::New]);
    assert_eq!(store.withdraw(&run_of("withdrawn")).await.unwrap(), 1);
    let late = store.submit(&run_of("released"), intents(&["k1", "k9"])).await.unwrap();
    assert_eq!(late, [Submitted::Existing { status: Status::Pending }, Submitted::Closed]);

    let tally = store.tally(None).await.unwrap();
    let counts = ["created", "unknown", "pending", "quarantined"].map(|word| tally.count(word));
    assert_eq!(counts, [3, 2, 1, 1]);
    let claimed = async |work| {
        let claims = store.claim(claim_of(lane(work), 10, 10), &NoAttempt).await.unwrap();
        let keys = claims.iter().map(|claim| claim.payout.order.key.to_string());
        keys.collect::<Vec<_>>()
    };
    assert_eq!(store.next_due(&[lane(Work::Ask)]).await.unwrap(), Some(at(9)));
    // k2 has an attempt that may be alive; k3 is unknown without one.
    assert_eq!(claimed(Work::Ask).await, ["k1", "k2"]);
    assert_eq!(claimed(Work::Send).await, ["k5", "k6", "k3"]);
    let released = store.release(&run_of("half"), permit(2), at(10)).await.unwrap();
    assert_eq!(released, Released::Done { made_due: 1 });
    assert_eq!(claimed(Work::Send).await, ["k7"]);

    let reference = ProviderRef::new("R1").unwrap();
    let found = store.payout_of(&account(), &reference).await.unwrap();
    assert_eq!(found, Some(sample::key("k1")));
    let named = "SELECT count(*) FROM orders JOIN payouts USING (id) WHERE (reference = 'R1') = (key = 'k1')";
    assert_eq!(count(&client, named).await, 1);
    let payout = store.payout(&sample::key("k1")).await.unwrap().unwrap();
    assert_eq!(payout.digest, Digest::of(&payout.order));
    let held = payout.progress.standing.held();
    assert_eq!(held.message.as_deref(), Some("a\0b"), "what jsonb would refuse");
    assert_eq!(store.history(&sample::key("k1")).await.unwrap().len(), 1);
    assert_sums_are_right(&client).await;
}

#[tokio::test]
async fn deliveries_and_notices_of_version_1_come_to_the_present_one() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = version_1(&scratch).await;
    let store = open(&database.url).await;
    let filed = store.deliveries(None, 0, 10).await.unwrap();
    let found: Vec<_> = filed.iter().map(|one| (one.state, one.because.as_str())).collect();
    let expected = [
        (InboxState::Open, "no such payout"),
        (InboxState::Applied, ""),
        (InboxState::Orphan, "no such payout"),
        (InboxState::Unreadable, "not genuine"),
    ];
    assert_eq!(found, expected);
    assert!(filed.iter().all(|one| one.item.verdict.is_none() && one.repeats == 0));
    let open = store.inbox(Trust::Unverified, &[account()], at(20), 10).await.unwrap();
    assert_eq!(open.iter().map(|item| (item.id.0, item.deferrals)).collect::<Vec<_>>(), [(1, 1)]);
    // The last due time of what is closed stays, so that a repetition keeps its distance.
    let orphan = &filed[2].item;
    let again = Delivery { received_at: at(8), ..orphan.delivery.clone() };
    let verdict = Verdict::Hint { hint: Hint::default() };
    assert_eq!(store.receive(&account(), &again, &verdict).await.unwrap(), orphan.id);
    let lanes = [lane(Work::Hint)];
    store.file(InboxId(1), unreadable()).await.unwrap();
    assert_eq!(store.next_due(&lanes).await.unwrap(), Some(at(10_007)));

    let told = store.outbox(0, 10).await.unwrap();
    let about = |notice: &Notice| {
        let (kind, news) = match &notice.about {
            NoticeAbout::Payout(news) => ("payout", news),
            NoticeAbout::Payment(news) => ("payment", news),
            NoticeAbout::Delivery { .. }
            | NoticeAbout::Run(_)
            | NoticeAbout::Account
            | NoticeAbout::Endpoint { .. } => panic!("{notice:?}"),
        };
        let runs: Vec<&str> = news.runs.iter().map(|run| run.0.as_str()).collect();
        format!("{} {kind} {} {}", notice.account, news.key, runs.join(","))
    };
    let expected = [
        "cashypro payout k1 released",
        "cashypro payout k2 released",
        "cashypro payout k3 released",
        "cashypro payout k4 released",
        "etpay payment k1 ",
        "cashypro payout k3 released",
        "unknown payout k8 ",
    ];
    assert_eq!(told.iter().map(|(_, notice)| about(notice)).collect::<Vec<_>>(), expected);
    assert_eq!(told.iter().map(|(number, _)| *number).collect::<Vec<_>>(), Vec::from_iter(1..=7));
    assert_eq!(store.newest_notice().await.unwrap(), 7);
}

#[tokio::test]
async fn accounts_and_payments_of_version_1_come_to_the_present_one() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = version_1(&scratch).await;
    let store = open(&database.url).await;
    assert_eq!(store.bind(&account(), "sandbox").await.unwrap(), "live");
    let etpay = AccountName::new("etpay").unwrap();
    let lane = Lane { account: etpay.clone(), work: Work::Follow };
    assert_eq!(store.next_due(std::slice::from_ref(&lane)).await.unwrap(), Some(at(8)));
    let claimed = store.claim_payments(claim_of(lane, 8, 10)).await.unwrap();
    assert_eq!(claimed.len(), 1);
    let payment = &claimed[0];
    assert_eq!(payment.digest, Digest::of(&payment.order));
    let same = store.submit_payment(payment.order.clone(), at(9)).await.unwrap();
    assert!(matches!(same, SubmittedPayment::Existing(_)), "{same:?}");
    let session = store.session(&etpay, &ProviderRef::new("s1").unwrap()).await.unwrap().unwrap();
    assert_eq!(session.secret.unwrap().expose(), "whisper");
}

fn unreadable() -> Filing {
    Filing::Close { state: InboxState::Unreadable, because: String::new(), notice: None }
}
