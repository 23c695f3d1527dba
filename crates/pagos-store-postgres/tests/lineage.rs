//! On which line of history the server is: told by every transaction that writes, after a promotion, a
//! recovery to an earlier moment, and a backup that was loaded elsewhere.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stderr)]

mod pgbouncer;
mod proxy;
mod sample;

use std::sync::Arc;

use pagos_engine::{NoAttempt, Store, Turn};
use pagos_store_postgres::{PostgresOptions, PostgresStore, ScratchCluster};
use tokio_postgres::{Client, NoTls};

use pgbouncer::Pooler;
use sample::{claim, done, open, release, step};

const STANDBY: &[&str] = &["--write-recovery-conf"];

async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn text(client: &Client, sql: &str) -> String {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Returns when the standby has everything that the primary had when this was called.
async fn wait_for(primary: &ScratchCluster, standby: &ScratchCluster) {
    let end =
        text(&client(&primary.url("postgres")).await, "SELECT pg_current_wal_lsn()::text").await;
    let replayed = format!("SELECT (pg_last_wal_replay_lsn() >= '{end}')::text");
    let standby = client(&standby.url("postgres")).await;
    while text(&standby, &replayed).await != "true" {
        tokio::task::yield_now().await;
    }
}

fn timeline(store: &PostgresStore) -> String {
    store.lineage().unwrap().split_once('/').unwrap().1.to_owned()
}

async fn claim_one(store: &Arc<PostgresStore>) -> pagos_engine::Payout {
    store.claim(claim(0, 1), &NoAttempt).await.unwrap().remove(0).payout
}

/// The connections to the pooler stay; what is behind them is another server. The first transaction
/// tells it, whether that claims or commits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn witness_pg_1_a_promotion_behind_a_pooler_is_seen_by_the_next_transaction() {
    let Some(mut primary) = ScratchCluster::start() else { return };
    let Some(pooler) = Pooler::start(&primary.url("postgres"), "transaction") else { return };
    let mut standby = primary.copy(STANDBY);
    standby.run();
    let url = pooler.url(&primary.url("postgres"));
    let (one, other) = (open(&url).await, open(&url).await);
    release(&*one, &["k1", "k2", "k3"]).await;
    let (held, _) = (claim_one(&one).await, claim_one(&other).await);
    let before = one.lineage().unwrap();
    assert_eq!((timeline(&one), timeline(&other)), ("00000001".into(), "00000001".into()));
    wait_for(&primary, &standby).await;
    primary.stop();
    standby.stop();
    standby.run_in_place_of(&primary);
    standby.promote();
    let committed = one.commit(step(&held)).await.unwrap();
    done(committed, &held);
    claim_one(&other).await;
    assert_eq!((timeline(&one), timeline(&other)), ("00000002".into(), "00000002".into()));
    let system = |lineage: &str| lineage.split_once('/').unwrap().0.to_owned();
    assert_eq!(system(&one.lineage().unwrap()), system(&before));
    assert!(one.settings().await.unwrap().is_pooled);
}

/// What the engine asks before its first claim.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn witness_pg_2_the_turn_is_taken_on_the_present_line() {
    let Some(mut primary) = ScratchCluster::start() else { return };
    let Some(pooler) = Pooler::start(&primary.url("postgres"), "transaction") else { return };
    let mut standby = primary.copy(STANDBY);
    standby.run();
    let url = pooler.url(&primary.url("postgres"));
    let (one, other) = (open(&url).await, open(&url).await);
    wait_for(&primary, &standby).await;
    primary.stop();
    standby.stop();
    standby.run_in_place_of(&primary);
    // Writing to a standby is refused in words, and reading there names no line.
    let told = one.claim(claim(0, 1), &NoAttempt).await.unwrap_err().to_string();
    assert!(told.contains("standby"), "{told}");
    other.identity().await.unwrap();
    assert_eq!(timeline(&other), "00000001");
    standby.promote();
    assert!(matches!(one.take_turn().await.unwrap(), Turn::Shared));
    other.identity().await.unwrap();
    assert_eq!((timeline(&one), timeline(&other)), ("00000002".into(), "00000002".into()));
}

/// A user without rights is enough; one from whom they were taken still learns the timeline, and a
/// server that tells nothing is used all the same.
#[tokio::test]
async fn witness_pg_3_every_user_may_ask() {
    let Some(cluster) = ScratchCluster::start() else { return };
    let admin = client(&cluster.url("postgres")).await;
    admin
        .batch_execute(
            "CREATE ROLE plain LOGIN PASSWORD 'x'; CREATE SCHEMA pagos AUTHORIZATION plain",
        )
        .await
        .unwrap();
    let own = cluster.url("postgres");
    let url = own.replacen(own.split('@').next().unwrap(), "postgres://plain:x", 1);
    let system = text(&admin, "SELECT system_identifier::text FROM pg_control_system()").await;
    assert_eq!(open(&url).await.lineage().unwrap(), format!("{system}/00000001"));
    let revoke = "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM public";
    admin.batch_execute(revoke).await.unwrap();
    assert_eq!(open(&url).await.lineage().unwrap(), "-/00000001");
    let revoke = "REVOKE EXECUTE ON FUNCTION pg_walfile_name(pg_lsn) FROM public";
    admin.batch_execute(revoke).await.unwrap();
    let store = open(&url).await;
    assert_eq!(store.lineage(), None);
    release(&*store, &["k1"]).await;
    claim_one(&store).await;
}

/// A base backup that is started as it is continues on the same timeline: it cannot be told from the
/// server that it was taken from. A recovery that is promoted has a timeline of its own, and a database
/// that was loaded elsewhere another system.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn witness_pg_4_what_a_restored_backup_tells() {
    let Some(primary) = ScratchCluster::start() else { return };
    let store = open(&primary.url("postgres")).await;
    release(&*store, &["k1"]).await;
    let (was, identity) = (store.lineage().unwrap(), store.identity().await.unwrap());
    let mut plain = primary.copy(&[]);
    plain.run();
    let restored = open(&plain.url("postgres")).await;
    assert_eq!(restored.lineage().unwrap(), was);

    let mut recovered = primary.copy(&[]);
    recovered.signal("recovery.signal");
    recovered.set("restore_command = 'false'\nrecovery_target_action = 'promote'");
    recovered.run();
    let promoted = client(&recovered.url("postgres")).await;
    while text(&promoted, "SELECT pg_is_in_recovery()::text").await == "true" {
        tokio::task::yield_now().await;
    }
    let store = open(&recovered.url("postgres")).await;
    assert_eq!(store.lineage().unwrap(), was.replace("/00000001", "/00000002"));

    let Some(other) = ScratchCluster::start() else { return };
    let dump = primary.folder().join("dump");
    let url = primary.url("postgres");
    let dumped = primary.command("pg_dump").arg("-f").arg(&dump).arg(&url).status().unwrap();
    assert!(dumped.success());
    let mut loading = primary.command("psql");
    loading.args(["-qX", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f"]).arg(&dump);
    assert!(loading.arg(other.url("postgres")).status().unwrap().success());
    let loaded = open(&other.url("postgres")).await;
    assert_ne!(loaded.lineage().unwrap(), was);
    assert_eq!(loaded.identity().await.unwrap(), identity);
    let url = other.url("postgres");
    let reader = PostgresStore::connect_read_only(&url, PostgresOptions::default());
    assert_eq!(reader.await.unwrap().lineage(), loaded.lineage());
}
