//! Through a pooler that gives every transaction another session: all that a store must do, what other
//! programs leave in the sessions, commits whose answer is lost on either side of it, and the mode in
//! which nothing can work.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stderr)]

mod pgbouncer;
mod proxy;
mod sample;

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use pagos_engine::{
    Committed, Intent, NoAttempt, Payout, Released, Store,
    suite::{Case, permit},
};
use pagos_store_postgres::{PostgresOptions, PostgresStore, Scratch, ScratchDatabase};
use tokio_postgres::{Client, error::SqlState};

use pgbouncer::Pooler;
use proxy::{Fate, Proxy};
use sample::{at, claim, connect, count, done, intent, key, open, release, run, step};

/// The engine's suite.
mod world_6_through_a_pooler {
    use super::*;

    fn run(case: &Case) {
        let Some(scratch) = Scratch::from_env() else { return };
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap().block_on(async {
            let database = scratch.database().await;
            let Some(pooler) = Pooler::start(&database.url, "transaction") else { return };
            (case.run)(open(&pooler.url(&database.url)).await).await;
        });
    }

    pagos_engine::store_suite!(run);
}

/// What another program of the same user may leave in a session, each a trap of its own.
const LITTER: [&str; 8] = [
    "CREATE TEMP TABLE IF NOT EXISTS orders (key text)",
    "PREPARE s0 AS SELECT 1; PREPARE s1 AS SELECT 1; PREPARE s2 AS SELECT 1",
    "SET search_path TO nowhere",
    "SET default_transaction_isolation TO serializable",
    "SET synchronous_commit TO off",
    "SET default_transaction_read_only TO on",
    "SET lock_timeout TO '1ms'",
    "SET statement_timeout TO '1ms'",
];

/// Leaves all of it in both sessions: each is another transaction's at the same time.
async fn litter(url: &str) {
    let mut clients = Vec::new();
    for _ in 0..2 {
        let (client, connection) =
            tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("BEGIN").await.unwrap();
        clients.push(client);
    }
    for client in clients {
        // The last of it can cut off the commit too; then it is all done again, in the same session,
        // since the other one is taken.
        while let Err(error) = leave(&client).await {
            assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED), "{error}");
            while client.batch_execute("ROLLBACK; BEGIN").await.is_err() {}
        }
    }
}

/// Leaves all of it in the session of the transaction, and ends that.
async fn leave(client: &Client) -> Result<(), tokio_postgres::Error> {
    for sql in LITTER {
        client.batch_execute(sql).await?;
    }
    client.batch_execute("COMMIT").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn world_6_what_others_left_in_a_session_changes_nothing() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let Some(pooler) = Pooler::start(&database.url, "transaction") else { return };
    let url = pooler.url(&database.url);
    let store = open(&url).await;
    let client = connect(&database).await;
    client
        .batch_execute(
            "CREATE TABLE pagos.seen (setting text);
             CREATE FUNCTION pagos.see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 INSERT INTO pagos.seen VALUES (current_setting('synchronous_commit'));
                 RETURN NULL;
             END $$;
             CREATE TRIGGER see AFTER INSERT OR UPDATE ON pagos.payouts
             FOR EACH ROW EXECUTE FUNCTION pagos.see()",
        )
        .await
        .unwrap();
    litter(&url).await;
    release(&*store, &["k1", "k2"]).await;
    let other = open(&url).await;
    for store in [&store, &other] {
        let payout = store.claim(claim(0, 1), &NoAttempt).await.unwrap().remove(0).payout;
        let committed = store.commit(step(&payout)).await.unwrap();
        done(committed, &payout);
        assert_eq!(store.tally(None).await.unwrap().total(), 2);
    }
    let weak = "SELECT count(*) FROM seen WHERE setting <> 'on'";
    assert_eq!(count(&client, weak).await, 0, "every commit is durable before it is answered");
    assert!(count(&client, "SELECT count(*) FROM seen").await >= 6);
}

/// 24 connections of three workers on two sessions; whoever vanishes takes nothing along.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn world_6_workers_behind_a_pooler_claim_each_payout_once() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let Some(pooler) = Pooler::start(&database.url, "transaction") else { return };
    let url = pooler.url(&database.url);
    let stores = [open(&url).await, open(&url).await, open(&url).await];
    let intents: Vec<Intent> = (0..300).map(|number| intent(&format!("k{number}"))).collect();
    stores[0].submit(&run(), intents).await.unwrap();
    let released = stores[0].release(&run(), permit(300), at(0)).await.unwrap();
    assert_eq!(released, Released::Done { made_due: 300 });
    let work = |number: usize| {
        let store = Arc::clone(&stores[number % 3]);
        async move {
            let mut written = 0;
            loop {
                let claims = store.claim(claim(0, 7), &NoAttempt).await.unwrap();
                if claims.is_empty() {
                    return written;
                }
                for claim in claims {
                    let committed = store.commit(step(&claim.payout)).await.unwrap();
                    assert!(matches!(committed, Committed::Done { .. }));
                    written += 1;
                }
            }
        }
    };
    let written: usize = join_all((0..12).map(work)).await.into_iter().sum();
    assert_eq!(written, 300);
    let client = connect(&database).await;
    assert_eq!(count(&client, "SELECT count(*) FROM outbox").await, 300);
    let sessions = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert!(count(&client, sessions).await <= 2);
    let told = stores[1].outbox(0, 1_000).await.unwrap();
    assert_eq!(told.len(), 300);
    sample::assert_sums_are_right(&client).await;
}

#[tokio::test]
async fn world_6_statement_mode_is_refused_in_words() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let Some(pooler) = Pooler::start(&database.url, "statement") else { return };
    let url = pooler.url(&database.url);
    let refusals = [
        PostgresStore::connect(&url, PostgresOptions::default()).await.err(),
        PostgresStore::connect_read_only(&url, PostgresOptions::default()).await.err(),
        PostgresStore::settings_at(&url, PostgresOptions::default()).await.err(),
        PostgresStore::is_new(&url, PostgresOptions::default()).await.err(),
    ];
    for refusal in refusals {
        let told = refusal.expect("it cannot work").to_string();
        assert!(told.contains("set pool_mode = transaction or session"), "{told}");
    }
}

/// In every mode that works, `doctor` knows whether a pooler is there.
#[tokio::test]
async fn world_6_a_pooler_is_seen() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let direct = PostgresStore::settings_at(&database.url, PostgresOptions::default()).await;
    assert!(!direct.unwrap().is_pooled);
    let ignored = "ignore_startup_parameters = options";
    for (mode, further) in [("transaction", ""), ("session", ""), ("transaction", ignored)] {
        let Some(pooler) = Pooler::start_with(&database.url, mode, further) else { return };
        let url = pooler.url(&database.url);
        let settings = PostgresStore::settings_at(&url, PostgresOptions::default()).await.unwrap();
        assert!(settings.is_pooled, "{mode} {further}");
        let findings = settings.findings(settings.clock);
        let finding = findings.iter().find(|finding| finding.setting == "pooler").unwrap();
        assert!(finding.message.contains("stands before the server"), "{finding:?}");
    }
}

/// On which side of the pooler a connection is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Store,
    Server,
}

struct Stand {
    database: ScratchDatabase,
    _pooler: Pooler,
    proxy: Proxy,
    store: Arc<PostgresStore>,
    payout: Payout,
}

impl Stand {
    /// A store, a pooler and a proxy on one side of it, with one claimed payout.
    async fn set_up(side: Side) -> Option<Self> {
        let database = Scratch::from_env()?.database().await;
        let (pooler, proxy, url) = match side {
            Side::Store => {
                let pooler = Pooler::start(&database.url, "transaction")?;
                let url = pooler.url(&database.url);
                let proxy = Proxy::start(&proxy::server_of(&url)).await;
                let url = proxy.url(&url);
                (pooler, proxy, url)
            }
            Side::Server => {
                let proxy = Proxy::start(&proxy::server_of(&database.url)).await;
                let behind = proxy.url(&database.url);
                let pooler = Pooler::start(&behind, "transaction")?;
                let url = pooler.url(&behind);
                (pooler, proxy, url)
            }
        };
        let reconnect_for = Duration::from_secs(60);
        let options =
            PostgresOptions { connections_max: 1, reconnect_for, ..PostgresOptions::default() };
        let store = sample::open_with(&url, options).await;
        release(&*store, &["k1"]).await;
        let payout = store.claim(claim(0, 1), &NoAttempt).await.unwrap().remove(0).payout;
        Some(Self { database, _pooler: pooler, proxy, store, payout })
    }

    /// The step of the payout happened once: its version is higher, and there is one notice.
    async fn assert_once(&self, what: &str) -> u64 {
        let stored = self.store.payout(&key("k1")).await.unwrap().unwrap();
        assert!(stored.version > self.payout.version, "{what}");
        let client = connect(&self.database).await;
        assert_eq!(count(&client, "SELECT count(*) FROM outbox").await, 1, "{what}");
        let again = self.store.commit(step(&self.payout)).await.unwrap();
        assert_eq!(again, Committed::Conflict, "{what}");
        stored.version
    }
}

#[tokio::test]
async fn world_6_a_lost_commit_is_settled_through_a_pooler() {
    for side in [Side::Store, Side::Server] {
        for fate in [Fate::CutBefore, Fate::CutAfter] {
            let Some(stand) = Stand::set_up(side).await else { return };
            stand.proxy.next_commit(fate);
            let committed = stand.store.commit(step(&stand.payout)).await.unwrap();
            let version = done(committed, &stand.payout);
            assert_eq!(stand.assert_once(&format!("{side:?} {fate:?}")).await, version);
        }
    }
}

/// Wherever it is cut, on either side of the pooler: statements have no names here, so more messages
/// make a flight, and it is the pooler that ends the other side.
#[tokio::test]
async fn world_6_a_flight_that_is_cut_anywhere_happens_once_through_a_pooler() {
    for side in [Side::Store, Side::Server] {
        for fate in [Fate::CutRequests as fn(usize) -> Fate, Fate::CutAnswers] {
            let Some(mut stand) = Stand::set_up(side).await else { return };
            let mut places = 0;
            loop {
                stand.proxy.next_commit(fate(places));
                let committed = stand.store.commit(step(&stand.payout)).await.unwrap();
                stand.payout.version = done(committed, &stand.payout);
                if !stand.proxy.has_cut() {
                    break;
                }
                places += 1;
            }
            // BEGIN, Parse, Bind, Describe, Execute, Sync, COMMIT; the answers are some more.
            assert!(places >= 7, "{side:?} {places}");
            let client = connect(&stand.database).await;
            let told = count(&client, "SELECT count(*) FROM outbox").await;
            assert_eq!(usize::try_from(told).unwrap(), places + 1);
        }
    }
}

/// The commit is under way in one session while another is asked: the answer waits for it.
#[tokio::test]
async fn world_6_a_commit_on_its_way_is_waited_for_through_a_pooler() {
    for fate in [Fate::Hold, Fate::HoldAndCut] {
        let Some(stand) = Stand::set_up(Side::Server).await else { return };
        stand.proxy.next_commit(fate);
        let store = Arc::clone(&stand.store);
        let work = step(&stand.payout);
        let call = tokio::spawn(async move { store.commit(work).await });
        stand.proxy.store_asks().await;
        assert!(!call.is_finished(), "{fate:?}");
        stand.proxy.let_go();
        let committed = call.await.unwrap().unwrap();
        let version = done(committed, &stand.payout);
        assert_eq!(stand.assert_once(&format!("{fate:?}")).await, version);
    }
}
