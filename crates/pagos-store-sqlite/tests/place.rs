//! Which database is this? One file, one name, one lock; and a database that is gone is not a new one.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod scratch;

use std::{fs, path::Path};

use pagos_engine::{Store, Turn};
use pagos_store_sqlite::SqliteStore;

use scratch::{Scratch, beside, intent, submit};

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

/// Everything lay in the log until it was put into the file for the first time, and a file without its
/// log was filled with tables anew.
#[tokio::test]
async fn world_1_a_copy_without_its_log_is_no_new_database() {
    let scratch = Scratch::new();
    let path = scratch.path();
    let store = SqliteStore::open(&path).unwrap();
    let identity = store.identity().await.unwrap();
    submit(&store, vec![intent("k1")]).await.unwrap();
    let copy = scratch.beside("copy.db");
    fs::copy(&path, &copy).unwrap();
    let connection = rusqlite::Connection::open(&copy).unwrap();
    let copied: String =
        connection.query_row("SELECT id FROM identity", (), |row| row.get(0)).unwrap();
    assert_eq!(copied, identity, "whatever becomes of its log");
    drop(connection);
    for lock in [None, Some("pagos database 12\n")] {
        if let Some(text) = lock {
            fs::write(beside(&copy, ".lock"), text).unwrap();
        }
        let looked = SqliteStore::open_read_only(&copy).unwrap_err().to_string();
        for told in [refusal(&copy), looked] {
            assert!(told.contains("is the beginning of a database and nothing more"), "{told}");
        }
    }
    // One that was closed has everything in its file.
    drop(store);
    fs::copy(&path, &copy).unwrap();
    fs::remove_file(beside(&copy, ".lock")).unwrap();
    let copied = SqliteStore::open(&copy).unwrap();
    assert_eq!(copied.identity().await.unwrap(), identity);
    assert_eq!(copied.tally(None).await.unwrap().total(), 1);
    // Even one in which nothing was done.
    let unused = scratch.beside("unused.db");
    for _ in 0..2 {
        drop(SqliteStore::open(&unused).unwrap());
    }
}

/// Whoever made it was killed before it was used.
#[tokio::test]
async fn world_1_a_making_that_was_broken_off_is_ended_by_the_next() {
    let scratch = Scratch::new();
    let path = scratch.path();
    let store = SqliteStore::open(&path).unwrap();
    let half = scratch.beside("half.db");
    fs::copy(&path, &half).unwrap();
    fs::write(beside(&half, ".lock"), "").unwrap();
    let told = SqliteStore::open_read_only(&half).unwrap_err().to_string();
    assert!(told.contains("broken off before anything was sent from it"), "{told}");
    let ended = SqliteStore::open(&half).unwrap();
    assert_eq!(ended.identity().await.unwrap(), store.identity().await.unwrap());
    submit(&ended, vec![intent("k1")]).await.unwrap();
    drop(ended);
    used_again(&half).await;
}

/// What the lock file of a database says while it is being made.
const BEGUN: &str = "pagos is making a database\n";

/// The power failed before its tables were durable, so that it was neither new nor a database.
#[tokio::test]
async fn world_1_a_making_that_lost_its_power_is_begun_again() {
    type Leave = fn(&Path);
    let lefts: [Leave; 4] = [
        |_| (),
        |path| fs::write(path, "").unwrap(),
        |path| {
            fs::write(path, "").unwrap();
            fs::write(beside(path, "-journal"), [0; 512]).unwrap();
        },
        leave_half_of_the_tables,
    ];
    for leave in lefts {
        let scratch = Scratch::new();
        let path = scratch.path();
        leave(&path);
        fs::write(beside(&path, ".lock"), BEGUN).unwrap();
        used(&path).await;
        used_again(&path).await;
        fs::remove_file(&path).unwrap();
        assert!(refusal(&path).contains("pagos.db.lock is its"), "by now it is signed");
    }
}

/// Nothing has a log while it is being made.
#[tokio::test]
async fn world_1_a_log_beside_a_making_is_a_trace() {
    for trace in ["-wal", "-shm"] {
        let scratch = Scratch::new();
        let path = scratch.path();
        fs::write(beside(&path, ".lock"), BEGUN).unwrap();
        fs::write(beside(&path, trace), "x").unwrap();
        let told = refusal(&path);
        assert!(told.contains(&format!("pagos.db{trace} is its")), "{told}");
    }
}

/// Older versions wrote nothing into it.
#[tokio::test]
async fn world_1_an_empty_lock_file_shows_that_a_database_was_here() {
    let scratch = Scratch::new();
    let path = scratch.path();
    fs::write(beside(&path, ".lock"), "").unwrap();
    assert!(refusal(&path).contains("pagos.db.lock is its"));
}

/// A transaction that was written in part, beside the journal that undoes it.
fn leave_half_of_the_tables(path: &Path) {
    let other = beside(path, ".other");
    let connection = rusqlite::Connection::open(&other).unwrap();
    connection.execute_batch("PRAGMA cache_size = 2; BEGIN").unwrap();
    for number in 0..20 {
        connection.execute_batch(&format!("CREATE TABLE t{number} (a)")).unwrap();
    }
    for suffix in ["", "-journal"] {
        fs::copy(beside(&other, suffix), beside(path, suffix)).unwrap();
    }
    assert!(fs::metadata(path).unwrap().len() > 0);
}

async fn used_again(path: &Path) {
    let store = SqliteStore::open(path).unwrap();
    assert_eq!(store.tally(None).await.unwrap().total(), 1);
}

#[tokio::test]
async fn world_1_a_file_without_tables_is_no_new_database() {
    for traces in [&[][..], &[".lock"][..], &["-shm"][..], &[".bank", ".lock"][..]] {
        let scratch = Scratch::new();
        let path = scratch.path();
        // As older versions left it, when its log was deleted.
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL").unwrap();
        drop(connection);
        let before = fs::read(&path).unwrap();
        assert_eq!(before.len(), 4_096);
        for trace in traces {
            fs::write(beside(&path, trace), "x").unwrap();
        }
        let looked = SqliteStore::open_read_only(&path).unwrap_err().to_string();
        let checked = SqliteStore::check(&path).unwrap_err().to_string();
        for told in [refusal(&path), refusal(&path), looked, checked] {
            assert!(told.contains("has no tables, and a database was here before"), "{told}");
            assert!(!told.contains("older version"), "{told}");
        }
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[tokio::test]
async fn world_1_what_is_gone_or_empty_cannot_be_read_either() {
    let scratch = Scratch::new();
    let path = scratch.path();
    let look = |path: &Path| SqliteStore::open_read_only(path).unwrap_err().to_string();
    assert!(look(&path).contains("does not exist"));
    fs::write(&path, "").unwrap();
    assert!(look(&path).contains("is empty; the first `pagos pay`"), "{}", look(&path));
    used(&path).await;
    fs::remove_file(&path).unwrap();
    let told = look(&path);
    assert!(told.contains("is not there, and a database was here before"), "{told}");
    let told = SqliteStore::check(&path).unwrap_err().to_string();
    assert!(told.contains("is not there, and a database was here before"), "{told}");
}

/// What a crash leaves, in a folder of its own.
fn crashed(scratch: &Scratch) -> std::path::PathBuf {
    let path = scratch.beside("crashed.db");
    for suffix in ["", "-wal", "-shm", ".lock"] {
        fs::copy(beside(&scratch.path(), suffix), beside(&path, suffix)).unwrap();
    }
    path
}

#[tokio::test]
async fn world_21_a_database_whose_log_is_damaged_or_gone_is_not_written() {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.path()).unwrap();
    for number in 0..9 {
        submit(&store, vec![intent(&format!("k{number}"))]).await.unwrap();
    }
    let path = crashed(&scratch);
    let log = beside(&path, "-wal");
    let whole = fs::read(&log).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 3] ^= 0xff;
    fs::write(&log, &flipped).unwrap();
    let checked = SqliteStore::check(&path).unwrap_err().to_string();
    for told in [checked, refusal(&path), refusal(&path)] {
        assert!(told.contains("crashed.db-wal: the log is damaged in its frame"), "{told}");
        assert!(told.contains("\"A damaged database\" in docs/OPERATIONS.md"), "{told}");
    }
    assert_eq!(fs::read(&log).unwrap(), flipped, "it is kept as it is");
    fs::remove_file(&log).unwrap();
    for _ in 0..2 {
        // Reading would make the index anew, and nothing would tell of the log any more.
        SqliteStore::open_read_only(&path).unwrap_err();
        let told = refusal(&path);
        assert!(told.contains("crashed.db-wal: the log is missing or empty"), "{told}");
        assert!(told.contains("remove ") && told.ends_with("crashed.db-shm"), "{told}");
    }
    fs::write(&log, &whole).unwrap();
    SqliteStore::check(&path).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.tally(None).await.unwrap().total(), 9);
}

/// Two names had two logs and two locks.
#[tokio::test]
async fn world_2_a_link_leads_to_the_one_log_and_the_one_lock() {
    let scratch = Scratch::new();
    let path = scratch.path();
    let link = scratch.beside("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let (circle, back) = (scratch.beside("circle.db"), scratch.beside("back.db"));
    std::os::unix::fs::symlink(&back, &circle).unwrap();
    std::os::unix::fs::symlink(&circle, &back).unwrap();
    for link in [&link, &circle] {
        let told = refusal(link);
        assert!(told.contains("is a link to a file that is not there"), "{told}");
    }
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

/// It was signed anew by whoever came, and paid from.
#[tokio::test]
async fn world_4_another_database_than_the_lock_file_names_is_not_written() {
    let (one, other) = (Scratch::new(), Scratch::new());
    used(&one.path()).await;
    used(&other.path()).await;
    let kept = one.beside("kept.db");
    fs::rename(one.path(), &kept).unwrap();
    fs::copy(other.path(), one.path()).unwrap();
    let before = fs::read(one.path()).unwrap();
    let lock = fs::read(beside(&one.path(), ".lock")).unwrap();
    let checked = SqliteStore::check(one.path()).unwrap_err().to_string();
    for told in [checked, refusal(&one.path())] {
        assert!(told.contains("is another database than the one that was here before"), "{told}");
        assert!(told.ends_with("pagos.db.lock"), "{told}");
    }
    assert_eq!(fs::read(one.path()).unwrap(), before);
    assert_eq!(fs::read(beside(&one.path(), ".lock")).unwrap(), lock);
    // A copy is the same database, and a lock file that names none is signed.
    fs::copy(&kept, one.path()).unwrap();
    used(&one.path()).await;
    for older in ["", "pagos database \n", "12345\n"] {
        fs::copy(other.path(), one.path()).unwrap();
        fs::write(beside(&one.path(), ".lock"), older).unwrap();
        let store = SqliteStore::open(one.path()).unwrap();
        let _turn = store.take_turn().await.unwrap();
        let named = format!("pagos database {}\n", store.identity().await.unwrap());
        assert_eq!(fs::read_to_string(beside(&one.path(), ".lock")).unwrap(), named);
    }
    // One that was replaced while it was open is found out before it is dispatched from.
    let store = SqliteStore::open(one.path()).unwrap();
    fs::write(beside(&one.path(), ".lock"), format!("pagos database {}\n", "ab".repeat(16)))
        .unwrap();
    let told = store.take_turn().await.unwrap_err().to_string();
    assert!(told.contains("is another database"), "{told}");
}

/// The power failed while the lock file was signed: it has the new text and the length of the old one.
/// Whoever comes next signs it; of another database it is refused as before.
#[tokio::test]
async fn world_4_a_signature_that_was_cut_off_is_completed() {
    let (one, other) = (Scratch::new(), Scratch::new());
    used(&one.path()).await;
    used(&other.path()).await;
    let lock = beside(&one.path(), ".lock");
    let whole = fs::read(&lock).unwrap();
    let cut_off = &whole[.."pagos is making a database\n".len()];
    for read_first in [false, true] {
        fs::write(&lock, cut_off).unwrap();
        if read_first {
            SqliteStore::check(one.path()).unwrap();
            assert_eq!(fs::read(&lock).unwrap(), cut_off);
        }
        let store = SqliteStore::open(one.path()).unwrap();
        let _turn = store.take_turn().await.unwrap();
        assert_eq!(fs::read(&lock).unwrap(), whole);
    }
    let theirs = fs::read(beside(&other.path(), ".lock")).unwrap();
    // One that is whole and names the beginning of an identity names another one.
    let begins_alike = [cut_off, b"\n"].concat();
    for named in [&theirs[..cut_off.len()], &begins_alike] {
        fs::write(&lock, named).unwrap();
        let told = refusal(&one.path());
        assert!(told.contains("is another database"), "{told}");
        assert_eq!(fs::read(&lock).unwrap(), named);
    }
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
