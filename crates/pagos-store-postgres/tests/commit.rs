//! A connection that is lost during a commit: the store finds out what became of it, and every step
//! happens exactly once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod proxy;
mod sample;

use std::{sync::Arc, time::Duration};

use pagos_core::{Delivery, Hint};
use pagos_engine::{
    Begun, Committed, Filing, InboxStore, NoAttempt, Payout, Released, Store, Submitted, Verdict,
    Work, suite::permit,
};
use pagos_store_postgres::{PostgresOptions, PostgresStore, Scratch, ScratchDatabase};

use proxy::{Fate, Proxy};
use sample::{
    account, claim, connect, count, done, end_connections, intent, key, open_with, release, run_of,
    step,
};

struct Stand {
    database: ScratchDatabase,
    proxy: Proxy,
    store: Arc<PostgresStore>,
    payout: Payout,
}

impl Stand {
    /// A store behind a proxy, with one claimed payout.
    async fn set_up(reconnect_for: Duration) -> Option<Self> {
        let database = Scratch::from_env()?.database().await;
        let proxy = Proxy::start(&proxy::server_of(&database.url)).await;
        let options =
            PostgresOptions { connections_max: 1, reconnect_for, ..PostgresOptions::default() };
        let store = open_with(&proxy.url(&database.url), options).await;
        release(&*store, &["k1"]).await;
        let payout = store.claim(claim(0, 1), &NoAttempt).await.unwrap().remove(0).payout;
        Some(Self { database, proxy, store, payout })
    }

    /// The step of the payout happened once: its version is higher, and there is one notice.
    async fn assert_once(&self) -> u64 {
        let stored = self.store.payout(&key("k1")).await.unwrap().unwrap();
        assert!(stored.version > self.payout.version);
        let client = connect(&self.database).await;
        assert_eq!(count(&client, "SELECT count(*) FROM outbox").await, 1);
        let taken = self.store.commit(step(&self.payout)).await.unwrap();
        assert_eq!(taken, Committed::Conflict);
        stored.version
    }
}

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_commit_that_never_arrived_is_done_again() {
    let Some(stand) = Stand::set_up(PATIENCE).await else { return };
    stand.proxy.next_commit(Fate::CutBefore);
    let committed = stand.store.commit(step(&stand.payout)).await.unwrap();
    let version = done(committed, &stand.payout);
    assert_eq!(stand.assert_once().await, version);
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_not_done_again() {
    let Some(stand) = Stand::set_up(PATIENCE).await else { return };
    stand.proxy.next_commit(Fate::CutAnswers(0));
    let committed = stand.store.commit(step(&stand.payout)).await.unwrap();
    let version = done(committed, &stand.payout);
    assert_eq!(stand.assert_once().await, version);
}

/// The server has not seen the commit when it is asked. It must not say "no" and then commit.
#[tokio::test]
async fn a_commit_that_is_still_on_its_way_is_waited_for() {
    for (fate, is_done_twice) in [(Fate::Hold, false), (Fate::HoldAndCut, true)] {
        let Some(stand) = Stand::set_up(PATIENCE).await else { return };
        stand.proxy.next_commit(fate);
        let store = Arc::clone(&stand.store);
        let work = step(&stand.payout);
        let call = tokio::spawn(async move { store.commit(work).await });
        stand.proxy.store_asks().await;
        assert!(!call.is_finished(), "{fate:?}");
        stand.proxy.let_go();
        let committed = call.await.unwrap().unwrap();
        let version = done(committed, &stand.payout);
        assert_eq!(stand.assert_once().await, version);
        // Serials are per connection: what is done again is done by another.
        let client = connect(&stand.database).await;
        let sql = "SELECT max(serial) FROM writers WHERE id = (SELECT min(id) FROM writers)";
        let first = count(&client, sql).await;
        assert_eq!(first, if is_done_twice { 3 } else { 4 }, "{fate:?}");
    }
}

/// Wherever the way to the server is cut, in either direction, a flight happens once and is answered
/// as what happened.
#[tokio::test]
async fn a_flight_that_is_cut_anywhere_happens_once() {
    for fate in [Fate::CutRequests as fn(usize) -> Fate, Fate::CutAnswers] {
        let Some(mut stand) = Stand::set_up(PATIENCE).await else { return };
        let mut places = 0;
        loop {
            stand.proxy.next_commit(fate(places));
            let committed = stand.store.commit(step(&stand.payout)).await.unwrap();
            let version = done(committed, &stand.payout);
            if !stand.proxy.has_cut() {
                break;
            }
            // What the same step answers the second time is told as well.
            stand.proxy.next_commit(fate(places));
            let again = stand.store.commit(step(&stand.payout)).await.unwrap();
            assert_eq!(again, Committed::Conflict, "{:?}", fate(places));
            stand.payout.version = version;
            places += 1;
        }
        // BEGIN, Bind, Execute, Sync, COMMIT; the answers are some more.
        assert!(places >= 5, "{places}");
        let stored = stand.store.payout(&key("k1")).await.unwrap().unwrap();
        assert!(stored.version > stand.payout.version);
        let client = connect(&stand.database).await;
        let told = count(&client, "SELECT count(*) FROM outbox").await;
        assert_eq!(usize::try_from(told).unwrap(), places + 1);
    }
}

/// The server has not seen anything of it when it is asked: it says no, and it must be a no for ever.
#[tokio::test]
async fn a_flight_that_arrives_after_it_was_asked_about_does_not_happen() {
    let Some(stand) = Stand::set_up(PATIENCE).await else { return };
    let Stand { proxy, store, .. } = &stand;
    let (delivery, verdict) = (delivery("x"), Verdict::Hint { hint: Hint::default() });
    store.receive(&account(), &delivery, &verdict).await.unwrap();
    proxy.next_commit(Fate::HoldFlight);
    let id = store.receive(&account(), &delivery, &verdict).await.unwrap();
    proxy.let_go();
    proxy.server_ends().await;
    let filed = store.delivery(id).await.unwrap().unwrap();
    assert_eq!(filed.repeats, 1, "the repetition that was done again, and no other");
}

/// It waits for a row when its connection is lost, and gets the row after it was asked about.
#[tokio::test]
async fn a_flight_that_waits_while_it_is_asked_about_does_not_happen() {
    let Some(stand) = Stand::set_up(PATIENCE).await else { return };
    let (delivery, verdict) = (delivery("x"), Verdict::Hint { hint: Hint::default() });
    stand.store.receive(&account(), &delivery, &verdict).await.unwrap();
    let other = connect(&stand.database).await;
    other.batch_execute("BEGIN; SELECT FROM inbox FOR UPDATE").await.unwrap();
    stand.proxy.next_commit(Fate::CutAfter);
    let store = Arc::clone(&stand.store);
    let call = tokio::spawn(async move { store.receive(&account(), &delivery, &verdict).await });
    stand.proxy.store_asks().await;
    let watch = connect(&stand.database).await;
    sample::wait_for_waiting(&watch, 2).await;
    let closed = "SELECT count(*) FROM writers WHERE closed";
    assert_eq!(count(&watch, closed).await, 1, "it was asked about");
    other.batch_execute("COMMIT").await.unwrap();
    // Whoever gets the row first: one of both happens, and it is the one that is answered.
    let id = call.await.unwrap().unwrap();
    let filed = stand.store.delivery(id).await.unwrap().unwrap();
    assert_eq!(filed.repeats, 1, "the repetition that was done again, and no other");
}

#[tokio::test]
async fn a_step_takes_one_round_trip() {
    let Some(mut stand) = Stand::set_up(PATIENCE).await else { return };
    let mut steps = async |count: u64| {
        let before = stand.proxy.round_trips();
        for _ in 0..count {
            stand.store.commit(step(&stand.payout)).await.unwrap();
            stand.payout.version += 1;
        }
        stand.proxy.round_trips() - before
    };
    // The first one gives the statement its name.
    assert_eq!(steps(1).await, 2);
    assert_eq!(steps(10).await, 10);
}

#[tokio::test]
async fn storing_and_releasing_take_one_round_trip_each() {
    let Some(stand) = Stand::set_up(PATIENCE).await else { return };
    let Stand { proxy, store, .. } = &stand;
    for (number, rows) in [(0_u64, 1_u64), (1, 1), (2, 300)] {
        let run = run_of(&format!("run{number}"));
        let batch =
            || -> Vec<_> { (0..rows).map(|row| intent(&format!("k{number}-{row}"))).collect() };
        let before = proxy.round_trips();
        let submitted = store.submit(&run, batch()).await.unwrap();
        let stored = proxy.round_trips();
        assert!(submitted.iter().all(|it| *it == Submitted::New), "{submitted:?}");
        let released = store.release(&run, permit(rows), sample::at(5)).await.unwrap();
        assert_eq!(released, Released::Done { made_due: rows });
        let used = [stored - before, proxy.round_trips() - stored];
        // The statements have their names since the stand was set up.
        assert_eq!(used, [1, 1], "{rows} rows");
        let mut fewest = u32::MAX;
        // A connection that looks up for the first time gives the statement its name.
        for _ in 0..3 {
            let before = proxy.round_trips();
            let again = store.submit(&run, batch()).await.unwrap();
            assert_eq!(again.len(), batch().len());
            assert!(again.iter().all(|it| matches!(it, Submitted::Existing { .. })), "{again:?}");
            fewest = fewest.min(proxy.round_trips() - before);
        }
        assert_eq!(fewest, 2, "asked whether it is new, and looked up");
    }
}

/// Stored, released, claimed with its attempt, replied, claimed to be asked about, answered.
#[tokio::test]
async fn a_payout_of_a_payroll_takes_little_more_than_two_round_trips() {
    let Some(stand) = Stand::set_up(PATIENCE).await else { return };
    // The first one gives the statements their names. One each to store it, to release it, for the reply,
    // the claim to ask and the answer, and 4 to claim it.
    for (payroll, rows, most) in [("first", 1, 15), ("one", 1, 9), ("many", 64, 2 * 64 + 7)] {
        let names: Vec<String> = (0..rows).map(|number| format!("{payroll}{number}")).collect();
        let intents = names.iter().map(|name| intent(name)).collect();
        let before = stand.proxy.round_trips();
        stand.store.submit(&run_of(payroll), intents).await.unwrap();
        stand.store.release(&run_of(payroll), permit(rows), sample::at(5)).await.unwrap();
        let begin = |payout: &Payout| {
            let (progress, due_at) = (payout.progress.clone(), Some(sample::at(9)));
            Some(Begun { progress, due_at, entries: Vec::new() })
        };
        let claims = stand.store.claim(claim(9, 64), &begin).await.unwrap();
        assert_eq!(claims.len(), names.len());
        let mut payouts: Vec<Payout> = claims.into_iter().map(|claim| claim.payout).collect();
        for payout in &mut payouts {
            assert!(matches!(
                stand.store.commit(step(payout)).await.unwrap(),
                Committed::Done { .. }
            ));
            payout.version += 1;
        }
        let ask = sample::claim_of(sample::lane(Work::Ask), 9, 64);
        stand.store.claim(ask, &NoAttempt).await.unwrap();
        for payout in &payouts {
            stand.store.commit(step(payout)).await.unwrap();
        }
        let used = stand.proxy.round_trips() - before;
        assert!(used <= most, "{used} for {rows}");
    }
}

/// What the server refuses is taken back, and the connection goes on.
#[tokio::test]
async fn a_flight_that_the_server_refuses_writes_nothing() {
    let Some(stand) = Stand::set_up(PATIENCE).await else { return };
    let client = connect(&stand.database).await;
    let refuse = "ALTER TABLE outbox ADD CONSTRAINT nothing CHECK (notice_json = '') NOT VALID";
    client.batch_execute(refuse).await.unwrap();
    let error = stand.store.commit(step(&stand.payout)).await.unwrap_err().to_string();
    assert!(error.contains("the database refused"), "{error}");
    client.batch_execute("ALTER TABLE outbox DROP CONSTRAINT nothing").await.unwrap();
    let before = count(&client, "SELECT count(*) FROM writers").await;
    let committed = stand.store.commit(step(&stand.payout)).await.unwrap();
    let version = done(committed, &stand.payout);
    assert_eq!(count(&client, "SELECT count(*) FROM writers").await, before, "one connection");
    assert_eq!(stand.assert_once().await, version);
}

fn delivery(body: &str) -> Delivery {
    let body = bytes::Bytes::copy_from_slice(body.as_bytes());
    Delivery { headers: http::HeaderMap::new(), body, received_at: sample::at(1) }
}

#[tokio::test]
async fn every_kind_of_write_survives_a_lost_answer() {
    for fate in [Fate::CutBefore, Fate::CutAfter] {
        let Some(stand) = Stand::set_up(PATIENCE).await else { return };
        let Stand { proxy, store, .. } = &stand;
        proxy.next_commit(fate);
        let other = run_of("other");
        let submitted = store.submit(&other, vec![intent("k2")]).await.unwrap();
        assert_eq!(submitted, [Submitted::New], "{fate:?}");
        proxy.next_commit(fate);
        let released = store.release(&other, permit(1), sample::at(5)).await.unwrap();
        assert_eq!(released, Released::Done { made_due: 1 }, "{fate:?}");
        proxy.next_commit(fate);
        let claimed = store.claim(claim(5, 10), &NoAttempt).await.unwrap();
        assert_eq!(claimed.len(), 1, "{fate:?}");
        let stored = store.payout(&key("k2")).await.unwrap().unwrap();
        assert_eq!(claimed[0].payout.epoch, stored.epoch, "claimed once, {fate:?}");
        proxy.next_commit(fate);
        store.commit(step(&stand.payout)).await.unwrap();
        let verdict = Verdict::Hint { hint: Hint::default() };
        proxy.next_commit(fate);
        let id = store.receive(&account(), &delivery("x"), &verdict).await.unwrap();
        proxy.next_commit(fate);
        assert_eq!(store.receive(&account(), &delivery("x"), &verdict).await.unwrap(), id);
        proxy.next_commit(fate);
        let (due_at, because) = (sample::at(9), String::new());
        store.file(id, Filing::Defer { due_at, because }).await.unwrap();
        let filed = store.delivery(id).await.unwrap().unwrap();
        assert_eq!((filed.repeats, filed.item.deferrals), (1, 1), "{fate:?}");
        proxy.next_commit(fate);
        assert!(store.reopen(id, None, sample::at(9)).await.unwrap(), "{fate:?}");
        proxy.next_commit(fate);
        store.acknowledge("reader", 7).await.unwrap();
        assert_eq!(store.reader("reader").await.unwrap(), Some(7), "{fate:?}");
        proxy.next_commit(fate);
        let told = store.outbox(0, 10).await.unwrap();
        assert_eq!(told.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1], "{fate:?}");
        let tally = store.tally(None).await.unwrap();
        assert_eq!(tally.total(), 2, "{fate:?}");
    }
}

#[tokio::test]
async fn an_outcome_that_nobody_can_tell_is_an_error_and_no_guess() {
    let Some(stand) = Stand::set_up(Duration::from_millis(200)).await else { return };
    stand.proxy.next_commit(Fate::CutAnswers(0));
    stand.proxy.refuse(u32::MAX);
    let error = stand.store.commit(step(&stand.payout)).await.unwrap_err();
    assert!(error.to_string().contains("whether the step was written is not known"), "{error}");
    stand.proxy.refuse(0);
    stand.assert_once().await;
}

#[tokio::test]
async fn a_server_that_comes_back_in_time_is_waited_for() {
    let Some(stand) = Stand::set_up(PATIENCE).await else { return };
    let client = connect(&stand.database).await;
    end_connections(&client).await;
    stand.proxy.refuse(3);
    stand.store.commit(step(&stand.payout)).await.unwrap();
    assert_eq!(stand.proxy.refused(), 3);
    stand.assert_once().await;
}

#[tokio::test]
async fn a_server_that_stays_away_is_an_error_that_says_so() {
    let Some(stand) = Stand::set_up(Duration::from_millis(200)).await else { return };
    let client = connect(&stand.database).await;
    end_connections(&client).await;
    stand.proxy.refuse(u32::MAX);
    let error = stand.store.commit(step(&stand.payout)).await.unwrap_err().to_string();
    assert!(error.contains("closed the connection") || error.contains("no PostgreSQL"), "{error}");
    assert!(stand.store.payout(&key("k1")).await.is_err());
    stand.proxy.refuse(0);
    stand.store.commit(step(&stand.payout)).await.unwrap();
    stand.assert_once().await;
}

/// As after a failover to a standby that lagged: the last transaction is not there any more.
#[tokio::test]
async fn a_server_that_lost_what_it_acknowledged_is_not_written_any_more() {
    let Some(stand) = Stand::set_up(PATIENCE).await else { return };
    let client = connect(&stand.database).await;
    end_connections(&client).await;
    client.batch_execute("UPDATE writers SET serial = serial - 1").await.unwrap();
    for _ in 0..2 {
        let error = stand.store.commit(step(&stand.payout)).await.unwrap_err().to_string();
        assert!(error.contains("no longer has transactions that it had acknowledged"), "{error}");
    }
    let stored = stand.store.payout(&key("k1")).await.unwrap().unwrap();
    assert_eq!(stored.version, stand.payout.version, "it can still be read");
}

/// After a failover to a standby that had everything, the former primary can come back for a moment: it
/// misses what was acknowledged since, and its commits wait for a standby for ever. The store waits for the
/// real primary and goes on.
#[tokio::test]
async fn a_former_primary_that_comes_back_is_no_proof_of_a_loss() {
    let Some(stand) = Stand::set_up(PATIENCE).await else { return };
    let client = connect(&stand.database).await;
    end_connections(&client).await;
    stand.proxy.is_zombie(true);
    client.batch_execute("UPDATE writers SET serial = serial - 1").await.unwrap();
    let (store, work) = (Arc::clone(&stand.store), step(&stand.payout));
    let mut call = tokio::spawn(async move { store.commit(work).await });
    tokio::select! {
        ended = &mut call => panic!("it did not wait: {ended:?}"),
        () = stand.proxy.zombie_is_tried() => {}
    }
    client.batch_execute("UPDATE writers SET serial = serial + 1").await.unwrap();
    stand.proxy.is_zombie(false);
    let committed = call.await.unwrap().unwrap();
    let version = done(committed, &stand.payout);
    assert_eq!(stand.assert_once().await, version);
}

/// The same during a commit. Finding no row writes nothing, so that commit ends on a former primary, too.
#[tokio::test]
async fn a_former_primary_does_not_tell_what_became_of_a_commit() {
    let Some(stand) = Stand::set_up(PATIENCE).await else { return };
    let client = connect(&stand.database).await;
    stand.proxy.is_zombie(true);
    stand.proxy.next_commit(Fate::CutRequests(0));
    client
        .batch_execute("CREATE TABLE hidden AS TABLE writers; DELETE FROM writers")
        .await
        .unwrap();
    let (store, work) = (Arc::clone(&stand.store), step(&stand.payout));
    let mut call = tokio::spawn(async move { store.commit(work).await });
    tokio::select! {
        ended = &mut call => panic!("it did not wait: {ended:?}"),
        () = stand.proxy.zombie_is_tried() => {}
    }
    let back =
        "INSERT INTO writers OVERRIDING SYSTEM VALUE SELECT * FROM hidden; DROP TABLE hidden";
    client.batch_execute(back).await.unwrap();
    stand.proxy.is_zombie(false);
    let committed = call.await.unwrap().unwrap();
    let version = done(committed, &stand.payout);
    assert_eq!(stand.assert_once().await, version);
}

/// A future that is dropped in a transaction leaves nothing behind that disturbs the next call.
#[tokio::test]
async fn a_call_that_is_dropped_harms_no_other() {
    let Some(stand) = Stand::set_up(PATIENCE).await else { return };
    stand.proxy.next_commit(Fate::Hold);
    {
        let call = stand.store.commit(step(&stand.payout));
        let asked = stand.proxy.store_asks();
        tokio::select! {
            _ = call => panic!("the commit is held back"),
            () = asked => {}
        }
    }
    stand.proxy.let_go();
    let committed = stand.store.commit(step(&stand.payout)).await.unwrap();
    assert!(matches!(committed, Committed::Conflict | Committed::Done { .. }));
    stand.assert_once().await;
}
