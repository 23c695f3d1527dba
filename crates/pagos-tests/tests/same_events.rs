//! The same seed gives the same events: every request to a provider, every observation, every notice
//! and every final row, byte for byte, twice in memory and on every store that there is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use pagos_engine::{Entry, Filter, MemoryStore, Notice, Page, Payout, Store, Tally};
use pagos_store_postgres::{PostgresOptions, PostgresStore, Scratch};
use pagos_store_sqlite::SqliteStore;
use pagos_tests::{
    BlockingStore, Detail, Participant, Schedule, kit, simulate, wait_for, without_epochs,
};

/// Two schedules for every participant, short enough for stores that wait for a disk.
fn schedules() -> Vec<Schedule> {
    let is_short = |schedule: &Schedule| (3..=10).contains(&schedule.payouts());
    let mut chosen: Vec<Schedule> = Vec::new();
    for participant in Participant::all() {
        let of_party = |schedule: &Schedule| schedule.mix.iter().any(|it| it.0 == participant);
        let mut seeds = (1..).map(|seed| Schedule::of(seed, &Participant::all()));
        let is_new = |it: &Schedule| chosen.iter().all(|known| known.seed != it.seed);
        let wanted = |it: &Schedule| is_short(it) && of_party(it) && is_new(it);
        let two: Vec<Schedule> = seeds.by_ref().filter(wanted).take(2).collect();
        chosen.extend(two);
    }
    assert_eq!(chosen.len(), 2 * Participant::all().len());
    chosen
}

/// Everything that can be compared.
#[derive(Debug, PartialEq)]
struct Events {
    trace: Vec<String>,
    rows: Vec<Payout>,
    histories: Vec<Vec<Entry>>,
    outbox: Vec<(u64, Notice)>,
    tally: Tally,
}

fn events(schedule: &Schedule, store: Arc<dyn Store>) -> Events {
    let steady = BlockingStore::over(Arc::clone(&store));
    let ended = simulate(schedule, steady, Detail::Trace);
    ended.summary.unwrap_or_else(|because| panic!("seed {}: {because}", schedule.seed));
    let mut rows = wait_for(store.list(&Filter::default(), &Page::by_key(usize::MAX))).unwrap();
    let history = |row: &Payout| wait_for(store.history(&row.order.key)).unwrap();
    let histories = rows.iter().map(|row| without_epochs(history(row))).collect();
    // Each store draws them by chance.
    for row in &mut rows {
        (row.version, row.epoch) = (0, 0);
        row.progress.open.iter_mut().for_each(|open| open.epoch = 0);
    }
    Events {
        trace: ended.trace,
        histories,
        outbox: wait_for(store.outbox(0, usize::MAX)).unwrap(),
        tally: wait_for(store.tally(None)).unwrap(),
        rows,
    }
}

fn check_same(schedule: &Schedule, one: &Events, other: &Events, name: &str) {
    let seed = schedule.seed;
    for (nth, (left, right)) in one.trace.iter().zip(&other.trace).enumerate() {
        assert_eq!(left, right, "seed {seed}, {name}: line {nth} differs");
    }
    assert!(one == other, "seed {seed}, {name}: what is stored differs");
    // A bank is called without a request, so a trace can be short; a history cannot.
    let is_told = |history: &Vec<Entry>| history.len() > 1;
    assert!(one.histories.iter().all(is_told), "seed {seed}: hardly anything happened");
}

#[test]
fn a_seed_gives_the_same_events_twice() {
    for schedule in schedules() {
        let [one, other] = [0, 1].map(|_| events(&schedule, Arc::new(MemoryStore::new())));
        check_same(&schedule, &one, &other, "memory again");
    }
}

#[test]
fn another_seed_gives_other_events() {
    let [one, other] = [1, 2].map(|seed| {
        let schedule = Schedule::of(seed, &[Participant::Provider(kit())]);
        events(&schedule, Arc::new(MemoryStore::new())).trace
    });
    assert_ne!(one, other);
}

#[test]
fn a_seed_gives_the_same_events_on_sqlite() {
    for schedule in schedules() {
        let folder = tempfile::tempdir().unwrap();
        let in_memory = events(&schedule, Arc::new(MemoryStore::new()));
        let store = Arc::new(SqliteStore::open(folder.path().join("pagos.db")).unwrap());
        check_same(&schedule, &in_memory, &events(&schedule, store), "SQLite");
    }
}

/// The runtime works on threads of its own; this one only waits, and enters it for its timers.
#[test]
fn a_seed_gives_the_same_events_on_postgresql() {
    let Some(scratch) = Scratch::from_env() else { return };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _entered = runtime.enter();
    for schedule in schedules() {
        // A server names its line of history, which is kept.
        let in_memory = events(&schedule, Arc::new(MemoryStore::on_a_server()));
        let database = wait_for(scratch.database());
        let opened = PostgresStore::connect(&database.url, PostgresOptions::default());
        let store = Arc::new(wait_for(opened).unwrap());
        check_same(&schedule, &in_memory, &events(&schedule, store), "PostgreSQL");
    }
}
