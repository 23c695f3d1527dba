//! A store on PostgreSQL goes back to an earlier state: its standby lagged and was promoted, it was
//! recovered to an earlier moment, or a backup was loaded. Nothing is sent twice.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use futures_util::future::{join, join_all};
use pagos_core::{Observation, OrderKey, Source, Status};
use pagos_engine::{
    Accounts, Comparison, Engine, EngineError, InstrumentedStore, MemoryStore, MemoryWitness,
    NoticeKind, Payout, Store, Witness, WitnessRules,
};
use pagos_store_postgres::{
    Opening, PostgresOptions, PostgresStore, PostgresWitness, Scratch, ScratchCluster,
    WitnessOptions,
};
use pagos_tests::{
    Act, Answer, CAREFUL, Reply, ScriptedProvider, VirtualTimer, account, key, order, policy, run,
    simulated, start,
};
use tokio_postgres::{Client, NoTls};

const IDENTITY: &str = "5d41402abc4b2a76b9719d911017c592";

/// A bank that pays whatever it is asked to pay, as often as it is asked.
struct Bank {
    timer: Arc<VirtualTimer>,
    record: Arc<Mutex<Vec<Act>>>,
    provider: Arc<ScriptedProvider>,
}

impl Bank {
    fn new() -> Self {
        let (timer, record) = (VirtualTimer::starting_at(start()), Arc::default());
        let pending = Observation::new(Status::Pending, Source::Reply, start());
        let replies = [Reply::Tells(Box::new(pending.clone()))];
        let answers = [Answer::Tells(Box::new(pending))];
        let provider = ScriptedProvider::new(
            &CAREFUL,
            Arc::clone(&timer),
            Arc::clone(&record),
            replies,
            answers,
        );
        Self { timer, record, provider }
    }

    async fn try_open(
        &self,
        store: Arc<dyn Store>,
        witness: &Arc<dyn Witness>,
    ) -> Result<Engine, EngineError> {
        let store =
            InstrumentedStore::from(store).witnessed_by(Arc::clone(witness), WitnessRules::STRICT);
        let accounts = Accounts::new().with(account(), Arc::clone(&self.provider) as _);
        let timer = Arc::clone(&self.timer) as _;
        Engine::open(store, &simulated(), accounts, timer, policy()).await
    }

    /// An engine on a database of its own connections.
    async fn engine(&self, url: &str, witness: &Arc<dyn Witness>) -> Engine {
        let store = PostgresStore::connect(url, PostgresOptions::default()).await.unwrap();
        self.try_open(Arc::new(store), witness).await.unwrap()
    }

    /// How often the bank was asked to pay each payout.
    fn paid(&self) -> BTreeMap<OrderKey, usize> {
        let mut paid = BTreeMap::new();
        for act in self.record.lock().unwrap().iter() {
            if let Act::Sent(key) = act {
                *paid.entry(key.clone()).or_default() += 1;
            }
        }
        paid
    }

    /// Each of these was paid once, and nothing else.
    fn assert_paid_once(&self, names: &[&str]) {
        let expected: BTreeMap<_, _> = names.iter().map(|name| (key(name), 1)).collect();
        assert_eq!(self.paid(), expected);
    }
}

async fn work(engine: &Engine) {
    while !engine.work(16).await.unwrap().is_idle() {}
}

async fn pay(engine: &Engine, names: &[&str]) {
    for name in names {
        engine.pay(order(name)).await.unwrap();
    }
    work(engine).await;
}

async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn text(client: &Client, sql: &str) -> String {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Returns when the statement answers `true`.
async fn wait_until(url: &str, sql: &str) {
    let client = client(url).await;
    while text(&client, &format!("SELECT ({sql})::text")).await != "true" {
        tokio::task::yield_now().await;
    }
}

/// The payout as stored.
async fn payout(url: &str, name: &str) -> Payout {
    let store = PostgresStore::connect(url, PostgresOptions::default()).await.unwrap();
    store.payout(&key(name)).await.unwrap().unwrap()
}

fn memory() -> Arc<dyn Witness> {
    Arc::new(MemoryWitness::new("w"))
}

fn found(engine: &Engine) -> Comparison {
    engine.comparison().unwrap()
}

fn keys(names: &[&str]) -> Vec<OrderKey> {
    names.iter().map(|name| key(name)).collect()
}

/// Two workers; the standby misses what one of them sent last. Its own store refuses to write, since it
/// knows what it had committed. The other one goes on, and compares first. The witness is on a server of
/// its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn witness_pg_20_a_standby_that_lagged_sends_nothing_again() {
    let Some(mut primary) = ScratchCluster::start() else { return };
    let Some(mut beside) = ScratchCluster::start() else { return };
    let mut standby = primary.copy(&["--write-recovery-conf"]);
    standby.run();
    let (url, bank) = (primary.url_with(&standby, "postgres"), Bank::new());
    let store = PostgresStore::connect(&url, PostgresOptions::default()).await.unwrap();
    let identity = store.identity().await.unwrap();
    let beside_url = beside.url("postgres");
    let open_witness = || async {
        let options = WitnessOptions { apart_from: store.lineage(), ..WitnessOptions::default() };
        let opening = Opening::MayCreate { identity: IDENTITY };
        Arc::new(PostgresWitness::open(&beside_url, &identity, opening, options).await.unwrap())
    };
    let witness = open_witness().await as Arc<dyn Witness>;
    let (one, other) = (bank.engine(&url, &witness).await, bank.engine(&url, &witness).await);
    pay(&one, &["before"]).await;
    one.submit(&run(), vec![order("held")]).await.unwrap();
    work(&other).await;
    let end = client(&primary.url("postgres")).await;
    let end = text(&end, "SELECT pg_current_wal_lsn()::text").await;
    let replayed = format!("pg_last_wal_replay_lsn() >= '{end}'");
    wait_until(&standby.url("postgres"), &replayed).await;
    standby.stop();
    one.release(&run(), 1).await.unwrap();
    work(&one).await;
    pay(&one, &["after"]).await;
    primary.stop();
    standby.run();
    standby.promote();

    let refused = one.pay(order("more")).await.unwrap_err().to_string();
    assert!(refused.contains("no longer has transactions"), "{refused}");
    other.release(&run(), 1).await.unwrap();
    work(&other).await;
    assert_eq!(found(&other).recalled, keys(&["held"]));
    assert_eq!(found(&other).forgotten, keys(&["after"]));
    pay(&other, &["after", "new"]).await;
    bank.assert_paid_once(&["after", "before", "held", "new"]);

    // The witness's server goes back as well: the store is ahead of it, and nothing stops.
    drop((one, other, witness));
    let mut earlier = beside.copy(&[]);
    let witness = open_witness().await as Arc<dyn Witness>;
    let engine = bank.engine(&url, &witness).await;
    assert!(!found(&engine).is_ahead);
    pay(&engine, &["later"]).await;
    drop((engine, witness));
    beside.stop();
    earlier.run_in_place_of(&beside);
    let witness = open_witness().await as Arc<dyn Witness>;
    // It misses one attempt that the store has; what the store knows stays as it is.
    let engine = bank.engine(&url, &witness).await;
    assert!(!found(&engine).has_gap());
    pay(&engine, &["last"]).await;
    bank.assert_paid_once(&["after", "before", "held", "last", "later", "new"]);
}

/// The configuration is that of OPERATIONS.
fn archive(cluster: &ScratchCluster) -> PathBuf {
    let archive = cluster.folder().join("archive");
    assert!(
        std::process::Command::new("mkdir")
            .args(["-m", "777"])
            .arg(&archive)
            .status()
            .unwrap()
            .success()
    );
    archive
}

/// Recovered to a moment before the last payouts, from a base backup and the archive of the WAL. A worker
/// that runs on finds it by itself, and so does one that starts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn witness_pg_21_a_recovery_to_an_earlier_moment_is_found_without_a_command() {
    let Some(mut primary) = ScratchCluster::start() else { return };
    let (bank, witness, archive) = (Bank::new(), memory(), archive(&primary));
    let folder = archive.display();
    primary.stop();
    primary.set(&format!(
        "archive_mode = on\narchive_command = 'test ! -f {folder}/%f && cp %p {folder}/%f'"
    ));
    primary.run();
    let url = primary.url("postgres");
    let (engine, beside) = (bank.engine(&url, &witness).await, bank.engine(&url, &witness).await);
    let mut recovered = primary.copy(&[]);
    pay(&engine, &["a"]).await;
    engine.submit(&run(), vec![order("b")]).await.unwrap();
    work(&beside).await;
    let admin = client(&url).await;
    admin.execute("SELECT pg_create_restore_point('before_b')", &[]).await.unwrap();
    engine.release(&run(), 1).await.unwrap();
    pay(&engine, &["c"]).await;
    let file = text(&admin, "SELECT pg_walfile_name(pg_current_wal_lsn())").await;
    admin.execute("SELECT pg_switch_wal()", &[]).await.unwrap();
    let archived = format!("(SELECT last_archived_wal >= '{file}' FROM pg_stat_archiver)");
    wait_until(&url, &archived).await;
    primary.stop();

    recovered.signal("recovery.signal");
    recovered.set(&format!(
        "restore_command = 'cp {folder}/%f %p'\nrecovery_target_name = 'before_b'\n\
         recovery_target_action = 'promote'"
    ));
    recovered.run_in_place_of(&primary);
    wait_until(&url, "NOT pg_is_in_recovery()").await;
    let payout = payout(&url, "b").await;
    assert_eq!(payout.progress.attempts, 0, "it was recovered to the moment before b");
    beside.release(&run(), 1).await.unwrap();
    work(&beside).await;
    assert_eq!(found(&beside).recalled, keys(&["b"]));
    assert_eq!(found(&beside).forgotten, keys(&["c"]));
    let store = PostgresStore::connect(&url, PostgresOptions::default()).await.unwrap();
    let told = store.outbox(0, 100).await.unwrap().into_iter().any(|(_, notice)| {
        matches!(notice.event, NoticeKind::Attention { because } if because.contains("another timeline"))
    });
    assert!(told);
    drop((engine, beside));
    let engine = bank.engine(&url, &witness).await;
    pay(&engine, &["c", "d"]).await;
    bank.assert_paid_once(&["a", "b", "c", "d"]);
}

/// A base backup that is started as it is has the timeline of the server that it was taken from. A worker
/// that runs on is stopped by the witness only; one that starts compares from the last common point.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn witness_pg_22_a_base_backup_on_the_same_timeline_sends_nothing_again() {
    let Some(mut primary) = ScratchCluster::start() else { return };
    let (bank, witness, url) = (Bank::new(), memory(), primary.url("postgres"));
    let (engine, beside) = (bank.engine(&url, &witness).await, bank.engine(&url, &witness).await);
    pay(&engine, &["a"]).await;
    engine.submit(&run(), vec![order("b")]).await.unwrap();
    work(&beside).await;
    let mut restored = primary.copy(&[]);
    engine.release(&run(), 1).await.unwrap();
    pay(&engine, &["c", "d"]).await;
    primary.stop();
    restored.run_in_place_of(&primary);

    beside.release(&run(), 1).await.unwrap();
    pay(&beside, &["c"]).await;
    assert!(!found(&beside).has_gap(), "nothing told that the server went back");
    for name in ["b", "c"] {
        assert!(payout(&url, name).await.progress.is_recalled, "{name}");
    }
    drop((engine, beside));
    let engine = bank.engine(&url, &witness).await;
    assert_eq!(found(&engine).forgotten, keys(&["d"]));
    assert!(!found(&engine).is_ahead);
    pay(&engine, &["d", "e"]).await;
    bank.assert_paid_once(&["a", "b", "c", "d", "e"]);
}

/// A dump that was loaded into another cluster, whose system has another name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn witness_pg_23_a_dump_that_was_loaded_elsewhere_sends_nothing_again() {
    let Some(primary) = ScratchCluster::start() else { return };
    let Some(other) = ScratchCluster::start() else { return };
    let (bank, witness, url) = (Bank::new(), memory(), primary.url("postgres"));
    let engine = bank.engine(&url, &witness).await;
    engine.submit(&run(), vec![order("a")]).await.unwrap();
    let dump = primary.folder().join("dump");
    let dumped = primary.command("pg_dump").arg("-f").arg(&dump).arg(&url).status().unwrap();
    assert!(dumped.success());
    engine.release(&run(), 1).await.unwrap();
    pay(&engine, &["b"]).await;
    drop(engine);
    let mut loading = primary.command("psql");
    loading.args(["-qX", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f"]).arg(&dump);
    assert!(loading.arg(other.url("postgres")).status().unwrap().success());
    let engine = bank.engine(&other.url("postgres"), &witness).await;
    assert_eq!(found(&engine).recalled, keys(&["a"]));
    assert_eq!(found(&engine).forgotten, keys(&["b"]));
    engine.release(&run(), 1).await.unwrap();
    pay(&engine, &["b", "c"]).await;
    bank.assert_paid_once(&["a", "b", "c"]);
}

/// Four workers over one witness on PostgreSQL, and a store that goes back while they work, to states that a
/// seed chooses. Each has connections of its own to the witness.
#[tokio::test]
async fn witness_pg_24_four_workers_over_one_witness_send_nothing_twice() {
    let Some(scratch) = Scratch::from_env() else { return };
    for seed in [1, 2, 3] {
        let database = scratch.database().await;
        let (bank, store) = (Bank::new(), Arc::new(MemoryStore::on_a_server()));
        let identity = store.identity().await.unwrap();
        let mut engines = Vec::new();
        for _ in 0..4 {
            let opening = Opening::MayCreate { identity: IDENTITY };
            let options = WitnessOptions::default();
            let opened = PostgresWitness::open(&database.url, &identity, opening, options).await;
            let witness = Arc::new(opened.unwrap()) as Arc<dyn Witness>;
            let store = Arc::clone(&store) as Arc<dyn Store>;
            engines.push(bank.try_open(store, &witness).await.unwrap());
        }
        let orders: Vec<_> = (0..40).map(|number| order(&format!("k{number:02}"))).collect();
        engines[0].submit(&run(), orders).await.unwrap();
        engines[0].release(&run(), 40).await.unwrap();
        let mut state: u64 = seed;
        let mut draw = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        let mut earlier = vec![store.snapshot()];
        for _ in 0..8 {
            let chosen = usize::try_from(draw(earlier.len() as u64)).unwrap();
            let wait = draw(60);
            let going_back = async {
                for _ in 0..wait {
                    tokio::task::yield_now().await;
                }
                earlier.push(store.snapshot());
                store.go_back(&earlier[chosen]);
            };
            let working = join_all(engines.iter().map(|engine| engine.work(4)));
            let (worked, ()) = join(working, going_back).await;
            worked.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
        }
        for engine in &engines {
            work(engine).await;
        }
        let paid = bank.paid();
        assert_eq!(paid.len(), 40, "seed {seed}");
        assert!(paid.values().all(|times| *times == 1), "seed {seed}: {paid:?}");
    }
}
