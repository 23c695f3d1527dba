//! Several stores on one database, as several workers have: claims are shared out, old claims are
//! fenced off, and the outbox loses nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod sample;

use std::{collections::HashMap, sync::Arc};

use futures_util::future::join_all;
use pagos_engine::{Committed, Intent, NoAttempt, Notice, Released, Store, suite::permit};
use pagos_store_postgres::{PostgresStore, Scratch};

use sample::{
    assert_sums_are_right, at, claim, connect, done, intent, key, open, release, run, run_of, step,
};

fn key_of(notice: &Notice) -> String {
    notice.key().unwrap().to_string()
}

async fn open_many(url: &str, count: usize) -> Vec<Arc<PostgresStore>> {
    let mut stores = Vec::new();
    for _ in 0..count {
        stores.push(open(url).await);
    }
    stores
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_workers_claim_a_thousand_payouts_once_each() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let stores = open_many(&database.url, 4).await;
    let intents: Vec<Intent> = (0..1_000).map(|number| intent(&format!("k{number}"))).collect();
    stores[0].submit(&run(), intents).await.unwrap();
    let released = stores[0].release(&run(), permit(1_000), at(0)).await.unwrap();
    assert_eq!(released, Released::Done { made_due: 1_000 });
    let work = |number: usize| {
        let store = Arc::clone(&stores[number % 4]);
        tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claims = store.claim(claim(0, 17), &NoAttempt).await.unwrap();
                if claims.is_empty() {
                    return mine;
                }
                mine.extend(claims.into_iter().map(|claim| claim.payout));
            }
        })
    };
    let claimed = join_all((0..8).map(work)).await;
    let mut owners: HashMap<String, usize> = HashMap::new();
    for payout in claimed.into_iter().flat_map(Result::unwrap) {
        let stored = stores[0].payout(&payout.order.key).await.unwrap().unwrap();
        assert_eq!(payout.epoch, stored.epoch, "claimed once");
        *owners.entry(payout.order.key.as_str().to_owned()).or_default() += 1;
    }
    assert_eq!(owners.len(), 1_000);
    assert!(owners.values().all(|count| *count == 1));
}

#[tokio::test]
async fn a_worker_whose_claim_ended_writes_nothing_after_the_next_claim() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let (one, other) = (open(&database.url).await, open(&database.url).await);
    release(&*one, &["k1"]).await;
    let old = one.claim(claim(0, 1), &NoAttempt).await.unwrap().remove(0).payout;
    assert!(other.claim(claim(1, 1), &NoAttempt).await.unwrap().is_empty(), "it is claimed");
    let new = other.claim(claim(60_001, 1), &NoAttempt).await.unwrap().remove(0).payout;
    assert!(new.epoch > old.epoch);
    assert_eq!(new.version, old.version);
    assert_eq!(one.commit(step(&old)).await.unwrap(), Committed::Conflict);
    done(other.commit(step(&new)).await.unwrap(), &new);
    assert_eq!(one.outbox(0, 10).await.unwrap().len(), 1);
}

/// A claim that waits in the middle of a transaction is passed by, not waited for.
#[tokio::test]
async fn a_claim_skips_what_another_transaction_has_locked() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let store = open(&database.url).await;
    release(&*store, &["k1", "k2"]).await;
    let client = connect(&database).await;
    client.batch_execute("BEGIN; SELECT FROM payouts JOIN orders USING (id) WHERE key = 'k1' FOR UPDATE OF payouts").await.unwrap();
    let claims = store.claim(claim(0, 2), &NoAttempt).await.unwrap();
    let keys: Vec<&str> = claims.iter().map(|claim| claim.payout.order.key.as_str()).collect();
    assert_eq!(keys, ["k2"]);
    client.batch_execute("COMMIT").await.unwrap();
    assert_eq!(store.claim(claim(0, 2), &NoAttempt).await.unwrap().len(), 1);
}

/// The notice that was inserted first commits last, after the other one was read.
#[tokio::test]
async fn a_notice_that_commits_late_is_read_after_those_that_were_read_before() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let store = open(&database.url).await;
    release(&*store, &["k1", "k2"]).await;
    for claimed in store.claim(claim(0, 2), &NoAttempt).await.unwrap() {
        store.commit(step(&claimed.payout)).await.unwrap();
    }
    let late = connect(&database).await;
    let insert = "INSERT INTO outbox (notice_json)
                  SELECT notice_json FROM outbox WHERE notice_json LIKE $1";
    late.batch_execute("BEGIN").await.unwrap();
    late.execute(insert, &[&"%\"k1\"%"]).await.unwrap();
    let early = connect(&database).await;
    early.execute(insert, &[&"%\"k2\"%"]).await.unwrap();
    let read = async |after| -> Vec<(u64, String)> {
        let told = store.outbox(after, 10).await.unwrap();
        told.into_iter().map(|(number, notice)| (number, key_of(&notice))).collect()
    };
    let named = |number, key: &str| (number, key.to_owned());
    assert_eq!(read(2).await, [named(3, "k2")]);
    late.batch_execute("COMMIT").await.unwrap();
    assert_eq!(read(3).await, [named(4, "k1")], "not below what was read");
    assert_eq!(read(2).await, [named(3, "k2"), named(4, "k1")], "and what was read stays");
}

/// Another reader is in the middle of numbering the later one of two notices.
#[tokio::test]
async fn a_reader_waits_for_one_that_numbers() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let store = open(&database.url).await;
    release(&*store, &["k1", "k2"]).await;
    for claimed in store.claim(claim(0, 2), &NoAttempt).await.unwrap() {
        store.commit(step(&claimed.payout)).await.unwrap();
    }
    let other = connect(&database).await;
    let number = "BEGIN; SELECT pg_advisory_xact_lock(1348560752, hashtext('pagos'));
                  UPDATE outbox SET number = 1 WHERE notice_json LIKE '%\"k2\"%'";
    other.batch_execute(number).await.unwrap();
    let reader = Arc::clone(&store);
    let mut read = tokio::spawn(async move { reader.outbox(0, 10).await });
    let watch = connect(&database).await;
    tokio::select! {
        told = &mut read => panic!("read beside another reader: {told:?}"),
        () = sample::wait_for_waiting(&watch, 1) => {}
    }
    other.batch_execute("COMMIT").await.unwrap();
    let told = read.await.unwrap().unwrap();
    let told: Vec<_> = told.iter().map(|(number, notice)| (*number, key_of(notice))).collect();
    assert_eq!(told, [(1, "k2".to_owned()), (2, "k1".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_the_outbox_agree_while_others_write() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let stores = open_many(&database.url, 2).await;
    let names: Vec<String> = (0..200).map(|number| format!("k{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    release(&*stores[0], &names).await;
    let claims = stores[0].claim(claim(0, 200), &NoAttempt).await.unwrap();
    let writers = claims.chunks(50).map(|part| {
        let (part, store) = (part.to_vec(), Arc::clone(&stores[0]));
        tokio::spawn(async move {
            for claimed in part {
                store.commit(step(&claimed.payout)).await.unwrap();
            }
            Vec::new()
        })
    });
    let readers = (0..2).map(|_| {
        let store = Arc::clone(&stores[1]);
        tokio::spawn(async move {
            let mut read: Vec<(u64, String)> = Vec::new();
            while read.len() < 200 {
                let after = read.last().map_or(0, |(number, _)| *number);
                for (number, notice) in store.outbox(after, 7).await.unwrap() {
                    read.push((number, key_of(&notice)));
                }
            }
            read
        })
    });
    let all: Vec<_> = writers.chain(readers).collect();
    let mut read = join_all(all).await.into_iter().map(Result::unwrap);
    let (one, other) = (read.by_ref().nth(4).unwrap(), read.next().unwrap());
    assert_eq!(one, other);
    assert_eq!(one.iter().map(|(number, _)| *number).collect::<Vec<_>>(), Vec::from_iter(1..=200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_with_the_same_keys_at_once_store_each_once() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let stores = open_many(&database.url, 2).await;
    let submit = |number: usize| {
        let store = Arc::clone(&stores[number % 2]);
        let mut intents: Vec<Intent> = (0..50).map(|it| intent(&format!("k{it}"))).collect();
        if number.is_multiple_of(2) {
            intents.reverse();
        }
        let run = run_of(&format!("run{number}"));
        tokio::spawn(async move { store.submit(&run, intents).await.unwrap() })
    };
    join_all((0..8).map(submit)).await.into_iter().for_each(|answer| drop(answer.unwrap()));
    let tally = stores[0].tally(None).await.unwrap();
    assert_eq!((tally.total(), tally.rows.len()), (50, 1));
    assert!(stores[0].payout(&key("k49")).await.unwrap().is_some());
    for number in 0..8 {
        let run = run_of(&format!("run{number}"));
        assert_eq!(stores[0].run(&run).await.unwrap().unwrap().members, 50);
    }
    assert_sums_are_right(&connect(&database).await).await;
}
