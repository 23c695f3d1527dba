//! A copy is there as a whole or not at all, is one consistent state, and carries its mark from before
//! it has a name.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod scratch;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use pagos_core::Timestamp;
use pagos_engine::{Filter, InstrumentedStore, Moved, Page, RecordStore, Restored, Store};
use pagos_store_sqlite::{
    BackedUp, CopyStep, MovedTo, PutBack, SqliteSource, SqliteStore, back_up, restore,
};

use scratch::{Scratch, beside, intent, run, submit};

const MADE: Timestamp = Timestamp::from_millis(5_000);
const NOW: Timestamp = Timestamp::from_millis(9_000);

fn copied(from: &Path, to: &Path) -> Result<BackedUp, String> {
    back_up(from, to, MADE, &mut |_| Ok(())).map_err(|error| error.to_string())
}

fn put_back(from: &Path, to: &Path) -> Result<PutBack, String> {
    restore(from, to, NOW, &mut |_| Ok(())).map_err(|error| error.to_string())
}

async fn mark_of(path: &Path) -> Option<Restored> {
    let store = SqliteStore::open_read_only(path).unwrap();
    InstrumentedStore::from(Arc::new(store)).restored().await.unwrap()
}

/// A database with payouts, in a folder of its own.
async fn used(scratch: &Scratch) -> PathBuf {
    let path = scratch.path();
    let store = SqliteStore::open(&path).unwrap();
    submit(&store, vec![intent("k1"), intent("k2")]).await.unwrap();
    path
}

/// The first step of each name, in words; the child ends at one of them.
fn word(step: CopyStep) -> &'static str {
    match step {
        CopyStep::Begun => "begun",
        CopyStep::Copied { .. } => "copied",
        CopyStep::Compared { .. } => "compared",
        CopyStep::Verified => "verified",
        CopyStep::Marked => "marked",
        CopyStep::Flushed => "flushed",
        CopyStep::Named => "named",
    }
}

const STEPS: [&str; 7] = ["begun", "copied", "compared", "verified", "marked", "flushed", "named"];
const CHILD: &str = "PAGOS_COPYING_CHILD";

/// What a killed process does until then; no test of its own.
#[test]
fn child() {
    let Ok(plan) = std::env::var(CHILD) else { return };
    let [what, step, from, to] = plan.split('|').collect::<Vec<_>>()[..] else { panic!("{plan}") };
    let watch = &mut |done| match word(done) == step {
        true => std::process::abort(),
        false => Ok(()),
    };
    match what {
        "backup" => drop(back_up(from, to, MADE, watch).unwrap()),
        _ => drop(restore(from, to, NOW, watch).unwrap()),
    }
}

fn killed(what: &str, step: &str, from: &Path, to: &Path) {
    let plan = format!("{what}|{step}|{}|{}", from.display(), to.display());
    let mut child = Command::new(std::env::current_exe().unwrap());
    let child = child.args(["--exact", "child", "--nocapture"]).env(CHILD, plan);
    let ended = child.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(!ended.success(), "{what} {step}: it was killed");
}

#[tokio::test]
async fn restore_1_no_crash_leaves_half_a_copy_or_one_without_its_mark() {
    let scratch = Scratch::new();
    let path = used(&scratch).await;
    let whole = scratch.beside("whole.db");
    copied(&path, &whole).unwrap();
    for what in ["backup", "restore"] {
        for step in STEPS {
            let to = scratch.beside(&format!("{what}-{step}.db"));
            let from = if what == "backup" { &path } else { &whole };
            killed(what, step, from, &to);
            assert_eq!(to.exists(), step == "named", "{what} {step}");
            if to.exists() {
                assert!(SqliteStore::damage(&to).unwrap().is_empty());
                assert!(mark_of(&to).await.unwrap().is_open(), "{what} {step}");
                continue;
            }
            // It was nothing, and is done again.
            match what {
                "backup" => drop(copied(from, &to).unwrap()),
                _ => drop(put_back(from, &to).unwrap()),
            }
            assert!(mark_of(&to).await.unwrap().is_open(), "{what} {step}");
        }
    }
}

#[tokio::test]
async fn a_copy_that_is_broken_off_leaves_nothing() {
    let scratch = Scratch::new();
    let path = used(&scratch).await;
    let whole = scratch.beside("whole.db");
    copied(&path, &whole).unwrap();
    let before = fs::read_dir(path.parent().unwrap()).unwrap().count();
    let to = scratch.beside("never.db");
    for step in &STEPS[..6] {
        let watch = &mut |done| match word(done) == *step {
            true => Err(pagos_engine::StoreError::new("broken off")),
            false => Ok(()),
        };
        assert!(back_up(&path, &to, MADE, watch).is_err());
        assert!(restore(&whole, &to, NOW, watch).is_err());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), before, "{step}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restore_2_a_backup_is_one_state_while_others_write() {
    let scratch = Scratch::new();
    let path = used(&scratch).await;
    let writing = Arc::new(SqliteStore::open(&path).unwrap());
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (writer, stopped) = (Arc::clone(&writing), Arc::clone(&stop));
    let task = tokio::spawn(async move {
        let mut number = 0;
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            let name = run(&format!("r{number}"));
            let pair = [intent(&format!("a{number}")), intent(&format!("b{number}"))];
            writer.submit(&name, pair.to_vec()).await.unwrap();
            number += 1;
        }
        number
    });
    let mut totals = Vec::new();
    for number in 0..5 {
        let to = scratch.beside(&format!("copy-{number}.db"));
        let (from, target) = (path.clone(), to.clone());
        let made = tokio::task::spawn_blocking(move || copied(&from, &target)).await.unwrap();
        let made = made.unwrap();
        let store = SqliteStore::open_read_only(&to).unwrap();
        let listed = store.list(&Filter::default(), &Page::by_key(100_000)).await.unwrap();
        let total = store.tally(None).await.unwrap().total();
        assert_eq!(u64::try_from(listed.len()).unwrap(), total, "tallies and rows");
        assert_eq!(total % 2, 0, "pairs are one transaction");
        let part = made.parts.iter().find(|part| part.kind == Moved::Payouts).unwrap();
        assert_eq!(part.rows, total);
        totals.push(total);
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(task.await.unwrap() > 0);
    assert!(totals.is_sorted(), "{totals:?}");
}

#[tokio::test]
async fn restore_3_nothing_is_overwritten() {
    let scratch = Scratch::new();
    let path = used(&scratch).await;
    let copy = scratch.beside("copy.db");
    copied(&path, &copy).unwrap();
    let before = fs::read(&copy).unwrap();
    let told = copied(&path, &copy).unwrap_err();
    assert!(told.contains("there is a file already"), "{told}");
    assert_eq!(fs::read(&copy).unwrap(), before);
    let told = put_back(&copy, &path).unwrap_err();
    assert!(told.contains("Keep it: it may be the only record"), "{told}");
    let told = copied(&path, &scratch.beside("none/copy.db")).unwrap_err();
    assert!(told.contains("its folder cannot be opened"), "{told}");
    let old = scratch.beside("old.db");
    fs::rename(&path, &old).unwrap();

    // Its log is a record too.
    fs::write(beside(&path, "-wal"), "x").unwrap();
    let _ = fs::remove_file(beside(&path, "-shm"));
    let told = put_back(&copy, &path).unwrap_err();
    assert!(told.contains("pagos.db-wal: is of the database that was here"), "{told}");
    fs::remove_file(beside(&path, "-wal")).unwrap();

    // A process that has the old one open holds its lock.
    let lock = fs::File::create(beside(&path, ".lock")).unwrap();
    lock.lock().unwrap();
    let told = put_back(&copy, &path).unwrap_err();
    assert!(told.contains("still works on the database that was here"), "{told}");
    assert!(!path.exists());
    drop(lock);
    fs::write(beside(&path, ".lock"), "pagos database 12ab\n").unwrap();
    let told = put_back(&copy, &path).unwrap_err();
    assert!(told.contains("is another database than the one that was here before"), "{told}");
    fs::remove_file(beside(&path, ".lock")).unwrap();

    let made = put_back(&copy, &path).unwrap();
    let lock = fs::read_to_string(beside(&path, ".lock")).unwrap();
    assert!(lock.contains(&made.identity), "{lock}");
    assert_eq!(made.restored.backup_at, MADE);
    for file in [&copy, &path] {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    drop(SqliteStore::open(&path).unwrap());
}

#[tokio::test]
async fn restore_4_what_is_no_whole_backup_is_refused() {
    let scratch = Scratch::new();
    let path = used(&scratch).await;
    let (copy, to) = (scratch.beside("copy.db"), scratch.beside("to.db"));
    copied(&path, &copy).unwrap();
    let changed = |sql: &str| {
        let bad = scratch.beside("bad.db");
        fs::copy(&copy, &bad).unwrap();
        let connection = rusqlite::Connection::open(&bad).unwrap();
        connection.execute_batch(sql).unwrap();
        drop(connection);
        put_back(&bad, &to).unwrap_err()
    };
    let cases = [
        ("PRAGMA application_id = 7", "is a database of another program"),
        ("PRAGMA user_version = 99", "was written by a newer version"),
        // A row that a disk changed: SQLite itself has no sum over it.
        ("UPDATE payouts SET amount_minor = amount_minor + 1", "are not as they were written"),
        ("DELETE FROM entries", "are not as they were written"),
    ];
    for (sql, because) in &cases[..3] {
        let told = changed(sql);
        assert!(told.contains(because) && told.contains("bad.db"), "{told}");
    }
    let mut torn = fs::read(&copy).unwrap();
    let middle = torn.len() / 2;
    torn[middle..middle + 4_096].fill(0x5a);
    for (bytes, because) in [(&torn[..], "bad.db: "), (&torn[..50], "bad.db: "), (&[], "is empty")]
    {
        let bad = scratch.beside("bad.db");
        fs::write(&bad, bytes).unwrap();
        let told = put_back(&bad, &to).unwrap_err();
        assert!(told.contains(because), "{told}");
    }
    let told = put_back(&scratch.beside("none.db"), &to).unwrap_err();
    assert!(told.contains("is not there"), "{told}");
    let mut source = SqliteSource::open(&path, NOW).unwrap();
    source
        .mark(&MovedTo { identity: "1".to_owned(), place: "the server".to_owned() }, NOW)
        .unwrap();
    drop(source);
    for told in [put_back(&path, &to).unwrap_err(), copied(&path, &to).unwrap_err()] {
        assert!(told.contains("was moved to the server"), "{told}");
    }
    assert!(!to.exists());
}

#[tokio::test]
async fn restore_5_a_backup_carries_its_mark_whoever_puts_it_in_place() {
    let scratch = Scratch::new();
    let path = used(&scratch).await;
    let copy = scratch.beside("copy.db");
    copied(&path, &copy).unwrap();
    assert_eq!(mark_of(&path).await, None);
    assert_eq!(mark_of(&copy).await.unwrap().backup_at, MADE);
    // By hand, with `cp`; and the copy of that copy is as old as the first one.
    let by_hand = scratch.beside("by-hand.db");
    fs::copy(&copy, &by_hand).unwrap();
    let store = SqliteStore::open(&by_hand).unwrap();
    submit(&store, vec![intent("k3")]).await.unwrap();
    drop(store);
    assert!(mark_of(&by_hand).await.unwrap().is_open());
    let (second, third) = (scratch.beside("second.db"), scratch.beside("third.db"));
    back_up(&by_hand, &second, NOW, &mut |_| Ok(())).unwrap();
    assert_eq!(mark_of(&second).await.unwrap().backup_at, MADE);
    // It was written to since, so its own sums hold no more.
    assert_eq!(put_back(&by_hand, &third).unwrap().restored.backup_at, Timestamp::from_millis(0));
}

#[tokio::test]
async fn a_copy_of_another_tool_is_as_old_as_its_newest_row() {
    let scratch = Scratch::new();
    let path = used(&scratch).await;
    let store = SqliteStore::open(&path).unwrap();
    let at = Timestamp::from_millis(4_321);
    store.release(&run("run"), pagos_engine::suite::permit(2), at).await.unwrap();
    // With a log beside it, as a copy of a database has that was not closed.
    let (other, log) = (scratch.beside("other.db"), scratch.beside("other.db-wal"));
    fs::copy(&path, &other).unwrap();
    fs::copy(beside(&path, "-wal"), &log).unwrap();
    let to = scratch.beside("to.db");
    let made = put_back(&other, &to).unwrap();
    assert_eq!(made.restored.backup_at, at);
    assert_eq!(mark_of(&to).await, Some(made.restored));
    assert_eq!((made.gap.due, made.gap.runs_unfinished, made.gap.runs_unreleased), (2, 1, 0));
    assert!(log.exists() && !beside(&to, "-wal").exists());
    let store = SqliteStore::open_read_only(&to).unwrap();
    assert_eq!(store.tally(None).await.unwrap().total(), 2);
}

/// Whoever accepts one restored database must not accept another one that took its place meanwhile.
#[tokio::test]
async fn restore_13_the_marks_of_two_copies_have_versions_of_their_own() {
    let scratch = Scratch::new();
    let from = used(&scratch).await;
    let mut versions = Vec::new();
    for name in ["one", "other"] {
        let to = beside(&from, name);
        copied(&from, &to).unwrap();
        let (kind, name) = Restored::RECORD;
        let store = SqliteStore::open_read_only(&to).unwrap();
        versions.push(store.record(kind, name).await.unwrap().unwrap().version);
    }
    assert_ne!(versions[0], versions[1]);
}
