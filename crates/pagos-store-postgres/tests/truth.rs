//! What several workers, versions and runs may not do to each other: memberships, withdrawals,
//! queries that are sent twice, rows of a newer version, digests of an older one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod sample;

use std::{collections::BTreeSet, sync::Arc};

use pagos_core::{AccountName, Currency, Money, Observation, PaymentOrder, Source, Status};
use pagos_engine::{
    ClaimRequest, Committed, Filter, Lane, Lease, NoAttempt, NoticeKind, Page, Payment,
    PaymentCommitted, PaymentStep, PaymentStore, Released, Step, Store, StoreErrorKind, Submitted,
    SubmittedPayment, Work, suite::permit,
};
use pagos_store_postgres::{PostgresStore, Scratch};

use sample::{
    account, assert_sums_are_right, at, claim, claim_of, connect, done, hold_tally, intent,
    intents, key, lane, open, release, run, run_of, step, wait_for_waiting,
};

async fn members(store: &PostgresStore, run: &str) -> Vec<String> {
    let filter = Filter { run: Some(run_of(run)), ..Filter::default() };
    let payouts = store.list(&filter, &Page::by_key(1_000)).await.unwrap();
    payouts.iter().map(|payout| payout.order.key.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn truth_01_a_run_keeps_its_members() {
    const PAYOUTS: usize = 300;
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let (one, other) = (open(&database.url).await, open(&database.url).await);
    let names: Vec<String> = (0..PAYOUTS).map(|number| format!("k{number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    release(&*one, &names).await;
    for claimed in other.claim(claim(0, PAYOUTS), &NoAttempt).await.unwrap() {
        let payout = claimed.payout;
        let (joined, joining) = (vec![intent(payout.order.key.as_str())], run_of("second"));
        let mut progress = payout.progress.clone();
        progress.standing.apply(&Observation::new(Status::Pending, Source::Reply, at(1)));
        let written = Step { progress, due_at: Some(at(9)), ..step(&payout) };
        let (submitted, committed) =
            tokio::join!(one.submit(&joining, joined), other.commit(written));
        assert!(matches!(submitted.unwrap()[..], [Submitted::Existing { .. }]));
        // A new run changes no version.
        done(committed.unwrap(), &payout);
    }
    let client = connect(&database).await;
    assert_sums_are_right(&client).await;
    for run in ["run", "second"] {
        assert_eq!(members(&one, run).await, names, "{run}");
        assert_eq!(one.tally(Some(&run_of(run))).await.unwrap().count("pending"), 300, "{run}");
    }
    assert_eq!(one.tally(None).await.unwrap().total(), 300);
    let told = one.outbox(0, 1_000).await.unwrap();
    let runs = |place: usize| told[place].1.order().unwrap().runs.clone();
    assert_eq!((told.len(), runs(0)), (PAYOUTS, vec![run(), run_of("second")]));
    // Its members are fixed, and what was one stays one.
    let late = one.submit(&run(), intents(&["k000", "new"])).await.unwrap();
    assert!(matches!(late[..], [Submitted::Existing { .. }, Submitted::Closed]), "{late:?}");
}

/// The step waits for the row that the other transaction adds a run to: it counts in both.
#[tokio::test]
async fn truth_01_a_step_that_waited_counts_in_the_new_run_too() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let (one, other) = (open(&database.url).await, open(&database.url).await);
    release(&*one, &["k1"]).await;
    one.submit(&run_of("b"), intents(&["k0"])).await.unwrap();
    let payout = other.claim(claim(0, 1), &NoAttempt).await.unwrap().remove(0).payout;
    let client = connect(&database).await;
    hold_tally(&client, "b").await;
    let submit = tokio::spawn(async move { one.submit(&run_of("b"), intents(&["k1"])).await });
    let watch = connect(&database).await;
    wait_for_waiting(&watch, 1).await;
    let mut progress = payout.progress.clone();
    progress.standing.apply(&Observation::new(Status::Pending, Source::Reply, at(1)));
    let written = Step { progress, ..step(&payout) };
    let writer = Arc::clone(&other);
    let commit = tokio::spawn(async move { writer.commit(written).await });
    wait_for_waiting(&watch, 2).await;
    client.batch_execute("COMMIT").await.unwrap();
    submit.await.unwrap().unwrap();
    assert!(matches!(commit.await.unwrap().unwrap(), Committed::Done { .. }));
    assert_eq!(other.tally(Some(&run_of("b"))).await.unwrap().count("pending"), 1);
    assert_sums_are_right(&watch).await;
}

/// The other run's submission is committed while the withdrawal waits for the payout.
#[tokio::test]
async fn truth_02_withdrawing_leaves_what_another_run_has() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let (one, other) = (open(&database.url).await, open(&database.url).await);
    one.submit(&run_of("a"), intents(&["k1", "k2"])).await.unwrap();
    one.submit(&run_of("b"), intents(&["k0"])).await.unwrap();
    let client = connect(&database).await;
    hold_tally(&client, "b").await;
    let submitter = Arc::clone(&one);
    let submit =
        tokio::spawn(async move { submitter.submit(&run_of("b"), intents(&["k1", "k3"])).await });
    let watch = connect(&database).await;
    wait_for_waiting(&watch, 1).await;
    let withdraw = tokio::spawn(async move { other.withdraw(&run_of("a")).await });
    wait_for_waiting(&watch, 2).await;
    client.batch_execute("COMMIT").await.unwrap();
    submit.await.unwrap().unwrap();
    assert_eq!(withdraw.await.unwrap().unwrap(), 1, "k2 was nobody else's");
    assert_eq!(one.run(&run_of("a")).await.unwrap(), None);
    assert_eq!(members(&one, "b").await, ["k0", "k1", "k3"]);
    assert_eq!(one.tally(None).await.unwrap().total(), 3);
    assert_sums_are_right(&watch).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn truth_02_whoever_comes_first_the_other_run_has_all_of_its_payouts() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let (one, other) = (open(&database.url).await, open(&database.url).await);
    for number in 0..100 {
        let names = ["x", "y", "z"].map(|name| format!("{name}{number}"));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        one.submit(&run_of("a"), intents(&names)).await.unwrap();
        let (a, b) = (run_of("a"), run_of(&format!("b{number}")));
        let (withdrawn, submitted) =
            tokio::join!(one.withdraw(&a), other.submit(&b, intents(&names[..2])));
        assert!(withdrawn.unwrap() >= 1);
        submitted.unwrap();
        assert_eq!(members(&one, &b.0).await, names[..2], "{number}");
        assert_eq!(one.payout(&key(names[2])).await.unwrap(), None);
    }
    assert_sums_are_right(&connect(&database).await).await;
}

fn payment_order(name: &str) -> PaymentOrder {
    PaymentOrder::new(
        key(name),
        AccountName::new("gamma").unwrap(),
        Money::new(15_000, Currency::Clp),
    )
}

fn payment_step(payment: &Payment, due_ms: Option<i64>) -> PaymentStep {
    PaymentStep {
        key: payment.order.key.clone(),
        version: payment.version,
        lease: Lease::End,
        progress: payment.progress.clone(),
        opens: None,
        due_at: due_ms.map(at),
        entries: Vec::new(),
        notices: Vec::new(),
        applies: None,
    }
}

/// Payments of these keys, due at the beginning.
async fn submit_payment(store: &PostgresStore, names: &[&str]) {
    for name in names {
        let asked = store.submit_payment(payment_order(name), at(0)).await.unwrap();
        let SubmittedPayment::New(payment) = asked else { panic!("{asked:?}") };
        store.commit_payment(payment_step(&payment, Some(0))).await.unwrap();
    }
}

fn payments_lane() -> Lane {
    Lane { account: AccountName::new("gamma").unwrap(), work: Work::Follow }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn truth_14_two_workers_ask_about_a_payment_once() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let (one, other) = (open(&database.url).await, open(&database.url).await);
    let names: Vec<String> = (0..40).map(|number| format!("p{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    submit_payment(&one, &names).await;
    let request = |ms| claim_of(payments_lane(), ms, 7);
    let claim_all = async |store: Arc<PostgresStore>| {
        let mut mine: Vec<Payment> = Vec::new();
        loop {
            let claimed = store.claim_payments(request(1)).await.unwrap();
            if claimed.is_empty() {
                return mine;
            }
            mine.extend(claimed);
        }
    };
    let (mut claimed, theirs) =
        tokio::join!(claim_all(Arc::clone(&one)), claim_all(Arc::clone(&other)));
    claimed.extend(theirs);
    let keys: BTreeSet<&str> = claimed.iter().map(|payment| payment.order.key.as_str()).collect();
    assert_eq!((claimed.len(), keys.len()), (40, 40), "each once");
    let lanes = [payments_lane()];
    assert_eq!(one.next_due(&lanes).await.unwrap(), Some(at(60_001)), "when the claims end");
    let payment = claimed.iter().find(|payment| payment.order.key == key("p05")).unwrap();
    let done = one.commit_payment(payment_step(payment, Some(5))).await.unwrap();
    assert_eq!(done, PaymentCommitted::Done { version: payment.version + 1 });
    let again = other.claim_payments(request(5)).await.unwrap();
    assert_eq!(again.len(), 1, "the step ended the claim");
    assert_eq!(again[0].order.key, key("p05"));
    assert_eq!(
        other.claim_payments(request(60_001)).await.unwrap().len(),
        7,
        "dead workers' claims"
    );
}

/// As a newer version writes it.
const FROM_THE_FUTURE: &str = r#"{"standing":"opensesame"}"#;

#[tokio::test]
async fn truth_16_a_row_of_a_newer_version_ends_nobody_elses_claim() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let store = open(&database.url).await;
    release(&*store, &["k1", "k2", "k3"]).await;
    let client = connect(&database).await;
    let damage = "UPDATE payouts SET progress_json = $1 FROM orders WHERE orders.id = payouts.id AND key = 'k1'";
    client.execute(damage, &[&FROM_THE_FUTURE]).await.unwrap();
    let damage = "UPDATE orders SET order_json = 'opensesame' WHERE key = 'k3'";
    client.batch_execute(damage).await.unwrap();
    let claimed = store.claim(claim(7, 10), &NoAttempt).await.unwrap();
    let keys: Vec<&str> = claimed.iter().map(|claim| claim.payout.order.key.as_str()).collect();
    assert_eq!(keys, ["k2"]);
    let lanes = [lane(Work::Send), lane(Work::Ask)];
    assert_eq!(store.next_due(&lanes).await.unwrap(), Some(at(60_007)), "only k2 comes back");
    assert!(store.claim(claim(8, 10), &NoAttempt).await.unwrap().is_empty());

    let told = store.outbox(0, 10).await.unwrap();
    assert_eq!(told.len(), 2, "a person is called for each, once");
    for ((_, notice), name) in told.iter().zip(["k1", "k3"]) {
        let news = notice.order().unwrap();
        assert_eq!((&news.key, news.status), (&key(name), Status::Unknown));
        assert_eq!((news.amount, &news.runs), (intent(name).order.amount, &vec![run()]));
        assert!(matches!(notice.event, NoticeKind::Attention { .. }));
        assert!(!format!("{notice:?}").contains("opensesame"), "{notice:?}");
    }
    let error = store.payout(&key("k1")).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::UnreadableRow);
    assert!(!format!("{error} {error:?}").contains("opensesame"), "{error:?}");
    assert_eq!(members(&store, "run").await, ["k2"]);
    for page in [Page::by_key(1), Page::newest_first(1)] {
        let found = store.list(&Filter::default(), &page).await.unwrap();
        assert_eq!(found[0].order.key, key("k2"), "not cut short");
    }
    let tally = store.tally(None).await.unwrap();
    assert_eq!((tally.count("quarantined"), tally.total(), tally.at_rest()), (2, 3, 2));
    assert_sums_are_right(&client).await;
    let again = store.submit(&run(), intents(&["k1", "k2"])).await.unwrap();
    assert_eq!(again[0], Submitted::Existing { status: Status::Unknown });
}

#[tokio::test]
async fn truth_16_a_payment_of_a_newer_version_ends_nobody_elses_claim() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let store = open(&database.url).await;
    submit_payment(&store, &["p1", "p2"]).await;
    let client = connect(&database).await;
    let damage = "UPDATE payments SET progress_json = $1, currency = 'ZZZ' WHERE key = 'p1'";
    client.execute(damage, &[&FROM_THE_FUTURE]).await.unwrap();
    let request: ClaimRequest = claim_of(payments_lane(), 7, 10);
    let claimed = store.claim_payments(request).await.unwrap();
    let keys: Vec<&str> = claimed.iter().map(|payment| payment.order.key.as_str()).collect();
    assert_eq!(keys, ["p2"]);
    let told = store.outbox(0, 10).await.unwrap();
    assert_eq!(told.len(), 1);
    let NoticeKind::Attention { because } = &told[0].1.event else { panic!("{told:?}") };
    assert!(because.starts_with("p1: ") && !because.contains("opensesame"), "{because}");
    let error = store.payment(&key("p1")).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::UnreadableRow);
    assert_eq!(store.payments(None, None, 1).await.unwrap()[0].order.key, key("p2"));
    assert_eq!(store.next_due(&[payments_lane()]).await.unwrap(), Some(at(60_007)));
}

/// Version 1 was the SHA-256 of serde's JSON.
#[tokio::test]
async fn truth_19_an_old_digest_still_counts() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let store = open(&database.url).await;
    release(&*store, &["k1"]).await;
    submit_payment(&store, &["p1"]).await;
    let client = connect(&database).await;
    for table in ["orders", "payments"] {
        let age = "digest_version = 1, digest = sha256(convert_to(order_json, 'UTF8'))";
        client.batch_execute(&format!("UPDATE {table} SET {age}")).await.unwrap();
    }
    let mut other = intent("k1");
    other.order.amount = Money::new(1, Currency::Cop);
    let run = run_of("second");
    let conflict = store.submit(&run, vec![other]).await.unwrap();
    assert_eq!(conflict, [Submitted::Conflict]);
    let same = store.submit(&run, vec![intent("k1")]).await.unwrap();
    assert_eq!(same, [Submitted::Existing { status: Status::Created }]);
    let stored = store.payout(&key("k1")).await.unwrap().unwrap();
    assert_eq!(stored.digest, pagos_engine::Digest::of(&stored.order), "as if it were new");

    let other = PaymentOrder { amount: Money::new(1, Currency::Clp), ..payment_order("p1") };
    assert_eq!(store.submit_payment(other, at(1)).await.unwrap(), SubmittedPayment::Conflict);
    let same = store.submit_payment(payment_order("p1"), at(1)).await.unwrap();
    assert!(matches!(same, SubmittedPayment::Existing(_)), "{same:?}");
    assert_eq!(store.next_due(&[lane(Work::Send)]).await.unwrap(), Some(at(0)));
    assert_eq!(stored.order.account, account());
}

/// Two whole portions of each, so that the last one is empty.
#[tokio::test]
async fn runs_of_many_portions_are_released_and_withdrawn() {
    const PAYOUTS: usize = 20_000;
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let store = open(&database.url).await;
    let names: Vec<String> = (0..PAYOUTS).map(|number| format!("k{number:05}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for name in ["a", "b"] {
        // The second run has every second payout of the first, and as many of its own.
        let keys = names.iter().enumerate().map(|(number, key)| match (name, number % 2) {
            ("b", 1) => format!("own-{key}"),
            _ => (*key).to_owned(),
        });
        let all: Vec<_> = keys.map(|key| intent(&key)).collect();
        for part in all.chunks(5_000) {
            store.submit(&run_of(name), part.to_vec()).await.unwrap();
        }
    }
    let client = connect(&database).await;
    // As if a withdrawal had been interrupted after its first portion.
    client
        .batch_execute(
            "WITH portion AS (SELECT run, key FROM members WHERE run = 1 ORDER BY key LIMIT 10000),
                  old AS (SELECT id, key, cardinality(runs) AS runs
                          FROM portion JOIN orders USING (key) JOIN payouts USING (id)),
                  gone AS (DELETE FROM payouts USING old WHERE payouts.id = old.id AND old.runs = 1),
                  too AS (DELETE FROM orders USING old WHERE orders.id = old.id AND old.runs = 1),
                  unlisted AS (DELETE FROM unsettled USING old
                               WHERE unsettled.key = old.key AND old.runs = 1),
                  stay AS (UPDATE payouts SET runs = array_remove(payouts.runs, 1) FROM old
                           WHERE payouts.id = old.id AND old.runs = 2)
             DELETE FROM members USING portion
             WHERE members.run = portion.run AND members.key = portion.key;
             DELETE FROM tallies;
             INSERT INTO tallies
             SELECT run, 0, count(*), 0, 0, sum(amount_minor), account, currency, status
             FROM orders JOIN payouts USING (id) CROSS JOIN unnest(runs || 0::bigint) AS run GROUP BY 1, 7, 8, 9",
        )
        .await
        .unwrap();
    assert_eq!(store.withdraw(&run_of("a")).await.unwrap(), 5_000);
    assert_eq!(store.withdraw(&run_of("a")).await.unwrap(), 0);
    assert_sums_are_right(&client).await;
    let wrong = store.release(&run_of("b"), permit(19_999), at(1)).await.unwrap();
    assert_eq!(wrong, Released::Incomplete { members: 20_000 });
    let released = store.release(&run_of("b"), permit(20_000), at(1)).await.unwrap();
    assert_eq!(released, Released::Done { made_due: 20_000 });
    // As if a release had been interrupted: what it fixed stays, and the rest follows.
    let undo = "WITH undone AS (DELETE FROM queue WHERE key LIKE '%9' RETURNING id)
                UPDATE payouts SET held = true, due_at = NULL FROM undone
                WHERE payouts.id = undone.id";
    client.batch_execute(undo).await.unwrap();
    assert_eq!(store.withdraw(&run_of("b")).await.unwrap(), 0, "it is released");
    let again = store.release(&run_of("b"), permit(20_000), at(2)).await.unwrap();
    assert_eq!(again, Released::Done { made_due: 2_000 });
    let known = store.run(&run_of("b")).await.unwrap().unwrap();
    assert_eq!((known.expected, known.released_at), (Some(20_000), Some(at(1))));
    assert_sums_are_right(&client).await;
}
