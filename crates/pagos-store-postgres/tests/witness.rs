//! The suite of every witness on PostgreSQL, and what only this one has: several stores in one database,
//! several workers, its own server that goes back, and what it refuses.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stderr)]

mod sample;

use std::{collections::BTreeSet, sync::Arc};

use futures_util::future::{Either, join_all, select};
use pagos_engine::{
    Noted, Reading, SentAttempt, Witness, WitnessErrorKind, WitnessMark, suite::witness::Case,
};
use pagos_store_postgres::{
    Opening, PostgresOptions, PostgresWitness, Scratch, WitnessOptions, is_same_server,
};
use tokio_postgres::{Client, NoTls};

use sample::{account, at, key};

const STORE: &str = "7d793037a0760186574b0282f2f435e7";
const IDENTITY: &str = "5d41402abc4b2a76b9719d911017c592";

fn run(case: &Case) {
    let Some(scratch) = Scratch::from_env() else { return };
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap().block_on(async {
        let database = scratch.database().await;
        let handles = [open(&database.url, STORE).await, open(&database.url, STORE).await];
        (case.run)(handles.map(|it| it as Arc<dyn Witness>)).await;
    });
}

pagos_engine::witness_suite!(run);

async fn open(url: &str, store: &str) -> Arc<PostgresWitness> {
    let opening = Opening::MayCreate { identity: IDENTITY };
    let opened = PostgresWitness::open(url, store, opening, WitnessOptions::default()).await;
    Arc::new(opened.unwrap())
}

async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("SET search_path TO pagos_witness").await.unwrap();
    client
}

fn attempt(name: &str, number: u32) -> SentAttempt {
    SentAttempt {
        account: account(),
        key: key(name),
        number,
        digest: None,
        first_at: at(0),
        at: at(7),
        epoch: 4_711,
    }
}

async fn read_all(witness: &PostgresWitness, mut after: Option<WitnessMark>) -> Vec<SentAttempt> {
    let mut all = Vec::new();
    loop {
        match witness.read(after.as_ref(), 7).await.unwrap() {
            Reading::Unrecognised => panic!("{after:?}"),
            Reading::Attempts { attempts, .. } if attempts.is_empty() => return all,
            Reading::Attempts { attempts, next } => {
                all.extend(attempts);
                after = Some(next);
            }
        }
    }
}

/// An append that has begun is waited for, so no place appears below one that was read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn witness_pg_10_a_commit_never_appears_below_a_mark() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let witness = open(&database.url, STORE).await;
    let slow = client(&database.url).await;
    // As an append does it, and then it is slow.
    slow.batch_execute("BEGIN; SELECT FROM witnesses FOR UPDATE").await.unwrap();
    slow.batch_execute(&format!(
        "INSERT INTO attempts SELECT number, 1, 1, 0, 7, 'cashypro', 'slow', '{IDENTITY}', NULL, 4711
         FROM witnesses"
    ))
    .await
    .unwrap();
    let attempts = [attempt("fast", 1), attempt("slow", 1)];
    let appending = Box::pin(witness.append(&attempts));
    let watching = client(&database.url).await;
    let waiting = Box::pin(sample::wait_for_waiting(&watching, 1));
    let Either::Right(((), appending)) = select(appending, waiting).await else {
        panic!("it did not wait");
    };
    let mark = witness.mark().await.unwrap();
    slow.batch_execute("COMMIT").await.unwrap();
    assert_eq!(appending.await.unwrap(), [Noted::New, Noted::Known(attempt("slow", 1))]);
    let names = read_all(&witness, Some(mark)).await.into_iter().map(|it| it.key);
    assert_eq!(names.collect::<Vec<_>>(), [key("slow"), key("fast")]);
}

/// Four workers append what each of them would send, in orders that a seed shuffles: each attempt is new
/// to exactly one of them, and a reader that follows meanwhile misses nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn witness_pg_11_of_four_workers_one_may_send() {
    const KEYS: usize = 40;
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    for seed in 1..=3_u64 {
        let store = format!("{seed:032x}");
        let follower = open(&database.url, &store).await;
        let work = |number: u64| {
            let (url, store) = (database.url.clone(), store.clone());
            tokio::spawn(async move {
                let witness = open(&url, &store).await;
                let mut new = Vec::new();
                for chunk in shuffled(KEYS, seed * 31 + number).chunks(5) {
                    let attempts: Vec<_> =
                        chunk.iter().map(|it| attempt(&format!("k{it}"), 1)).collect();
                    let noted = witness.append(&attempts).await.unwrap();
                    new.extend(
                        chunk.iter().zip(noted).filter(|it| it.1 == Noted::New).map(|it| *it.0),
                    );
                }
                new
            })
        };
        let working = join_all((0..4).map(work));
        let following = async {
            let (mut seen, mut after) = (Vec::new(), None);
            while seen.len() < KEYS {
                let page = follower.read(after.as_ref(), 3).await.unwrap();
                let Reading::Attempts { attempts, next } = page else { panic!("seed {seed}") };
                seen.extend(attempts.into_iter().map(|it| it.key));
                after = Some(next);
            }
            seen
        };
        let (worked, seen) = futures_util::future::join(working, following).await;
        let mut new: Vec<usize> = worked.into_iter().flat_map(Result::unwrap).collect();
        new.sort_unstable();
        assert_eq!(new, (0..KEYS).collect::<Vec<_>>(), "seed {seed}");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>().len(), KEYS, "seed {seed}");
        assert_eq!(read_all(&follower, None).await.len(), KEYS, "seed {seed}");
    }
}

/// Numbers in an order of the seed's own.
fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut state = seed;
    let mut numbers: Vec<usize> = (0..count).collect();
    for place in (1..count).rev() {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap() % (place + 1);
        numbers.swap(place, other);
    }
    numbers
}

#[tokio::test]
async fn witness_pg_12_each_store_has_a_witness_of_its_own() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let existing = |store: &'static str| {
        let url = database.url.clone();
        async move {
            let options = WitnessOptions::default();
            PostgresWitness::open(&url, store, Opening::Existing, options).await
        }
    };
    let nothing = existing(STORE).await.unwrap_err();
    assert_eq!(nothing.kind, WitnessErrorKind::Unavailable);
    assert!(nothing.message.contains("has no witness"), "{nothing}");
    let one = open(&database.url, STORE).await;
    let foreign = existing("another").await.unwrap_err();
    assert_eq!(foreign.kind, WitnessErrorKind::OtherStore);
    let other = open(&database.url, "another").await;
    for witness in [&one, &other] {
        assert_eq!(witness.append(&[attempt("a", 1)]).await.unwrap(), [Noted::New]);
        assert_eq!(read_all(witness, None).await, [attempt("a", 1)]);
    }
    // Whoever opens it again finds it, and does not make another.
    let again = PostgresWitness::open(
        &database.url,
        STORE,
        Opening::MayCreate { identity: "00000000000000000000000000000000" },
        WitnessOptions::default(),
    );
    assert_eq!(again.await.unwrap().identity(), IDENTITY);
}

#[tokio::test]
async fn witness_pg_13_a_witness_on_the_server_of_the_store_is_refused() {
    let Some(scratch) = Scratch::from_env() else { return };
    let (one, other) = (scratch.database().await, scratch.database().await);
    let lineage = pagos_engine::Store::lineage(&*sample::open(&one.url).await);
    let options = WitnessOptions { apart_from: lineage, ..WitnessOptions::default() };
    let opening = Opening::MayCreate { identity: IDENTITY };
    let refused = PostgresWitness::open(&other.url, STORE, opening, options).await.unwrap_err();
    assert!(refused.message.contains("the server of the store"), "{refused}");
    let options = PostgresOptions::default();
    assert!(is_same_server(&one.url, &other.url, &options).await.unwrap());
    open(&other.url, STORE).await;
}

#[tokio::test]
async fn witness_pg_14_what_is_wrong_with_it_is_told() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let options = WitnessOptions::default;
    let opening = Opening::MayCreate { identity: IDENTITY };
    let url = "postgres://u:s3cret@127.0.0.1:1/w";
    let mut brief = options();
    brief.server.connect_timeout = std::time::Duration::from_millis(50);
    let away = PostgresWitness::open(url, STORE, opening, brief).await.unwrap_err();
    assert_eq!(away.kind, WitnessErrorKind::Unavailable);
    assert!(away.message.starts_with("127.0.0.1:1/w: "), "{away}");
    assert!(!format!("{away:?}").contains("s3cret"), "{away:?}");

    let witness = open(&database.url, STORE).await;
    let attempts: Vec<_> = (0..5).map(|number| attempt(&format!("k{number}"), 1)).collect();
    witness.append(&attempts).await.unwrap();
    let client = client(&database.url).await;
    client.batch_execute("DELETE FROM attempts WHERE place = 3").await.unwrap();
    assert_eq!(witness.read(None, 9).await.unwrap_err().kind, WitnessErrorKind::Damaged);
    client.batch_execute("DELETE FROM witnesses").await.unwrap();
    for failed in
        [witness.append(&[attempt("b", 1)]).await.map(drop), witness.mark().await.map(drop)]
    {
        assert_eq!(failed.unwrap_err().kind, WitnessErrorKind::Damaged);
    }
    // A schema that holds something else.
    sample::open(&database.url).await;
    let mut of_store = options();
    of_store.server.schema = "pagos".to_owned();
    let refused = PostgresWitness::open(&database.url, STORE, opening, of_store).await.unwrap_err();
    assert!(refused.message.contains("another program"), "{refused}");
}

/// Whoever only looks leaves the database as it was, and the server of the store is refused all the same.
#[tokio::test]
async fn witness_pg_17_looking_makes_no_tables() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let options = WitnessOptions::default;
    assert!(!PostgresWitness::is_there(&database.url, STORE, options()).await.unwrap());
    let existing = Opening::Existing;
    let missing = PostgresWitness::open(&database.url, STORE, existing, options()).await;
    assert!(missing.unwrap_err().message.contains("has no witness"));
    let sql = "SELECT count(*) FROM pg_namespace WHERE nspname = 'pagos_witness'";
    let (client, connection) = tokio_postgres::connect(&database.url, NoTls).await.unwrap();
    tokio::spawn(connection);
    assert_eq!(client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 0);
    let other = scratch.database().await;
    let lineage = pagos_engine::Store::lineage(&*sample::open(&other.url).await);
    let beside = || WitnessOptions { apart_from: lineage.clone(), ..options() };
    assert!(PostgresWitness::is_there(&database.url, STORE, beside()).await.is_err());
    let refused = PostgresWitness::open(&database.url, STORE, existing, beside()).await;
    assert!(refused.unwrap_err().message.contains("the server of the store"));
    open(&database.url, STORE).await;
    assert!(PostgresWitness::is_there(&database.url, STORE, options()).await.unwrap());
    assert!(PostgresWitness::open(&database.url, STORE, existing, options()).await.is_ok());
}

/// The witness went back, and other attempts took the places of those that it lost.
#[tokio::test]
async fn witness_pg_15_a_mark_of_another_history_is_not_recognised() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let witness = open(&database.url, STORE).await;
    witness.append(&[attempt("a", 1)]).await.unwrap();
    let common = witness.mark().await.unwrap();
    witness.append(&[attempt("b", 1), attempt("c", 1)]).await.unwrap();
    let lost = witness.mark().await.unwrap();
    let Reading::Attempts { next: within, .. } = witness.read(Some(&common), 1).await.unwrap()
    else {
        panic!("unrecognised")
    };
    let client = client(&database.url).await;
    client.batch_execute("DELETE FROM attempts WHERE place > 1").await.unwrap();
    for _ in 0..2 {
        for mark in [&lost, &within] {
            assert_eq!(witness.read(Some(mark), 9).await.unwrap(), Reading::Unrecognised);
        }
        assert!(matches!(witness.read(Some(&common), 9).await.unwrap(), Reading::Attempts { .. }));
        witness.append(&[attempt("d", 1), attempt("e", 1)]).await.unwrap();
    }
}

/// A witness whose server lost what it had acknowledged says so, and whoever opens it again goes on.
#[tokio::test]
async fn witness_pg_16_a_witness_that_lost_appends_says_so() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let witness = open(&database.url, STORE).await;
    witness.append(&[attempt("a", 1)]).await.unwrap();
    let client = client(&database.url).await;
    client
        .batch_execute(
            "DELETE FROM attempts; UPDATE writers SET serial = serial - 1;
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await
        .unwrap();
    for _ in 0..2 {
        let lost = witness.append(&[attempt("a", 2)]).await.unwrap_err();
        assert_eq!(lost.kind, WitnessErrorKind::Damaged, "{lost}");
    }
    let again = open(&database.url, STORE).await;
    assert_eq!(again.append(&[attempt("a", 1)]).await.unwrap(), [Noted::New]);
}
