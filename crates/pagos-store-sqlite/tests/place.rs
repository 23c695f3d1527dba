//! Which database is this? One file, one name, one lock; and a database that is gone is not a new one.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod scratch;

use std::fs;
use std::path::Path;

use pagos_engine::Store;
use pagos_engine::Turn;
use pagos_store_sqlite::SqliteStore;

use scratch::Scratch;
use scratch::beside;
use scratch::intent;
use scratch::submit;

fn refusal(path: &Path) -> String {
    SqliteStore::open(path).expect_err("it is refused").to_string()
}

async fn used(path: &Path) {
    let store = SqliteStore::open(path).unwrap();
    submit(&store, vec![intent("k1")]).await.unwrap();
}

/// An empty file where a database was counted as a new one, and what it had sent was sent again.
#[tokio::test]
async fn world_1_a_database_that_was_emptied_or_removed_is_not_a_new_one() {
    for is_removed in [false, true] {
        let scratch = Scratch::new();
        let path = scratch.path();
        used(&path).await;
        match is_removed {
            true => fs::remove_file(&path).unwrap(),
            false => fs::write(&path, "").unwrap(),
        }
        for _ in 0..2 {
            let told = refusal(&path);
            assert!(told.contains("a database was here before"), "{told}");
            assert!(told.contains("pagos.db.lock is its"), "{told}");
        }
        assert_eq!(path.exists(), !is_removed, "it makes nothing");
        // Whoever knows what he does removes the trace.
        fs::remove_file(beside(&path, ".lock")).unwrap();
        used(&path).await;
    }
}

#[tokio::test]
async fn world_1_every_file_beside_it_shows_that_a_database_was_here() {
    for trace in ["-wal", "-shm", "-journal", ".lock"] {
        let scratch = Scratch::new();
        let path = scratch.path();
        fs::write(&path, "").unwrap();
        fs::write(beside(&path, trace), "x").unwrap();
        let told = refusal(&path);
        assert!(told.contains("a database was here before"), "{trace}: {told}");
        assert!(told.contains(&format!("pagos.db{trace} is its")), "{told}");
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
        fs::remove_file(beside(&path, trace)).unwrap();
        used(&path).await;
    }
}

/// Two names had two logs and two locks.
#[tokio::test]
async fn world_2_a_link_leads_to_the_one_log_and_the_one_lock() {
    let scratch = Scratch::new();
    let path = scratch.path();
    let link = scratch.beside("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let told = refusal(&link);
    assert!(told.contains("is a link to a file that is not there"), "{told}");
    assert!(!path.exists());
    let store = SqliteStore::open(&path).unwrap();
    let _turn = store.take_turn().await.unwrap();
    let other = SqliteStore::open(&link).unwrap();
    assert_eq!(store.identity().await.unwrap(), other.identity().await.unwrap());
    assert!(matches!(other.take_turn().await.unwrap(), Turn::Taken));
    submit(&other, vec![intent("k1")]).await.unwrap();
    assert_eq!(store.tally(None).await.unwrap().total(), 1);
    for suffix in ["-wal", "-shm", ".lock"] {
        assert!(!beside(&link, suffix).exists(), "{suffix}");
    }
}

#[tokio::test]
async fn world_2_a_file_with_two_names_is_refused_under_each() {
    let scratch = Scratch::new();
    let (path, other) = (scratch.path(), scratch.beside("other.db"));
    used(&path).await;
    fs::hard_link(&path, &other).unwrap();
    for name in [&path, &other] {
        let told = refusal(name);
        assert!(told.contains("has 2 names (hard links)"), "{told}");
        assert!(SqliteStore::open_read_only(name).is_err());
    }
    fs::remove_file(&other).unwrap();
    used(&path).await;
}

#[tokio::test]
async fn world_2_what_is_no_file_is_refused() {
    let scratch = Scratch::new();
    let folder = scratch.beside("folder.db");
    fs::create_dir(&folder).unwrap();
    for path in [folder.as_path(), Path::new("/dev/null")] {
        let told = refusal(path);
        assert!(told.contains("is not a file, so it cannot be a database"), "{told}");
    }
}

/// The lock is the database's, and not that of a name beside it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn world_2_a_lock_file_that_somebody_removed_lets_nobody_in() {
    let scratch = Scratch::new();
    let path = scratch.path();
    let store = SqliteStore::open(&path).unwrap();
    let turn = store.take_turn().await.unwrap();
    fs::remove_file(beside(&path, ".lock")).unwrap();
    let other = SqliteStore::open(&path).unwrap();
    assert!(matches!(other.take_turn().await.unwrap(), Turn::Taken));
    drop(turn);
    assert!(matches!(other.take_turn().await.unwrap(), Turn::Alone(_)));
    // A handle that is closed takes SQLite's own locks with it: both stores still work.
    submit(&store, vec![intent("k1")]).await.unwrap();
    submit(&other, vec![intent("k2")]).await.unwrap();
    assert_eq!(store.tally(None).await.unwrap().total(), 2);
}

#[tokio::test]
async fn world_4_every_database_has_an_identity_that_its_lock_file_names() {
    let (one, other) = (Scratch::new(), Scratch::new());
    let store = SqliteStore::open(one.path()).unwrap();
    let identity = store.identity().await.unwrap();
    assert_eq!(identity.len(), 32);
    assert!(identity.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let named = format!("pagos database {identity}\n");
    assert_eq!(fs::read_to_string(beside(&one.path(), ".lock")).unwrap(), named);
    let store = SqliteStore::open(other.path()).unwrap();
    assert_ne!(store.identity().await.unwrap(), identity);
    let again = SqliteStore::open_read_only(one.path()).unwrap();
    assert_eq!(again.identity().await.unwrap(), identity);
}

/// Of several that make one database at once, each finds the same.
#[test]
fn world_4_a_database_that_several_make_at_once_is_one() {
    for _ in 0..150 {
        let scratch = Scratch::new();
        let path = scratch.path();
        let together = std::sync::Barrier::new(8);
        let open = || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            together.wait();
            let store = SqliteStore::open(&path).unwrap();
            runtime.block_on(store.identity()).unwrap()
        };
        let identities: Vec<String> = std::thread::scope(|scope| {
            let openers: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            openers.into_iter().map(|opener| opener.join().unwrap()).collect()
        });
        assert!(identities.iter().all(|identity| *identity == identities[0]), "{identities:?}");
    }
}
