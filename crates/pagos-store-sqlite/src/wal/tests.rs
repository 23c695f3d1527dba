//! Logs that SQLite wrote, and what can happen to them.

use std::{
    fs,
    io::Cursor,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
};

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;

const PAGE_BYTES: usize = 4_096;
const STRIDE: usize = FRAME_BYTES + PAGE_BYTES;

/// A folder that goes with the test.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn db(&self) -> PathBuf {
        self.0.path().join("w.db")
    }

    fn log(&self) -> PathBuf {
        self.0.path().join("w.db-wal")
    }

    fn open(&self) -> Connection {
        let connection = Connection::open(self.db()).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE IF NOT EXISTS rows (number INTEGER PRIMARY KEY, filler BLOB)";
        connection.execute_batch(settings).unwrap();
        connection
    }

    fn damage(&self) -> Option<Damage> {
        find_damage(&self.db(), &self.log()).unwrap()
    }
}

fn insert(connection: &Connection, rows: u32) {
    let rows = (0..rows).map(|_| "INSERT INTO rows (filler) VALUES (randomblob(3000));");
    connection.execute_batch(&format!("BEGIN;{}COMMIT", rows.collect::<String>())).unwrap();
}

/// A log of five transactions of several frames each.
fn log_of_five() -> Vec<u8> {
    let folder = Folder::new();
    let connection = folder.open();
    (0..4).for_each(|_| insert(&connection, 3));
    let log = fs::read(folder.log()).unwrap();
    assert_eq!(folder.damage(), None);
    log
}

fn is_damaged(log: &[u8]) -> bool {
    matches!(read(Cursor::new(log)).unwrap(), Found::Damaged(_))
}

/// The numbers of the frames that end a transaction.
fn commits(log: &[u8]) -> Vec<usize> {
    let frames = log[HEADER_BYTES..].chunks_exact(STRIDE);
    let commits = frames.enumerate().filter(|(_, frame)| number_at(frame, COMMIT_AT) != 0);
    commits.map(|(number, _)| number).collect()
}

fn frame_at(number: usize) -> usize {
    HEADER_BYTES + number * STRIDE
}

#[test]
fn world_21_a_flipped_byte_before_the_last_transaction_is_damage() {
    let log = log_of_five();
    let commits = commits(&log);
    assert_eq!(commits.len(), 5);
    let last_begins = commits[3] + 1;
    for number in 0..=commits[4] {
        // In the number of the page, its size, its salts, its checksum, and in the page.
        for at in [0, 7, 8, 13, 16, 23, 24, 2_000, STRIDE - 1] {
            let mut flipped = log.clone();
            flipped[frame_at(number) + at] ^= 0x5a;
            // What belongs to the last transaction may be what a power failure leaves of it. So may the
            // end of the one before it, if even its checksum is not to be read.
            // A commit that no transaction has there is damage, too.
            if number >= last_begins && at == 7 {
                continue;
            }
            let may_be_torn =
                number >= last_begins || (number == commits[3] && [16, 23].contains(&at));
            assert_eq!(is_damaged(&flipped), !may_be_torn, "frame {number} at {at}");
        }
    }
    for at in 0..HEADER_BYTES {
        let mut flipped = log.clone();
        flipped[at] ^= 0x5a;
        assert!(is_damaged(&flipped), "header at {at}");
    }
}

#[test]
fn world_21_what_a_power_failure_leaves_is_no_damage() {
    let log = log_of_five();
    for length in (0..log.len()).step_by(97).chain(0..100) {
        assert!(!is_damaged(&log[..length]), "{length} bytes");
    }
    // Of the last transaction any frame may be there or not.
    let first = commits(&log)[3] + 1;
    let frames = commits(&log)[4] + 1 - first;
    assert!(frames > 1);
    for lost in 0..(1_u32 << frames) {
        let mut torn = log.clone();
        for number in (0..frames).filter(|number| lost & (1 << number) != 0) {
            torn[frame_at(first + number)..frame_at(first + number + 1)].fill(0);
        }
        assert!(!is_damaged(&torn), "{lost:b}");
    }
}

/// Frames that nobody committed stay behind the end of the log, under its salts.
#[test]
fn world_21_what_was_undone_is_no_damage() {
    let folder = Folder::new();
    let connection = folder.open();
    connection.execute_batch("PRAGMA cache_size = 5").unwrap();
    insert(&connection, 3);
    let rows = "INSERT INTO rows (filler) VALUES (randomblob(3000));".repeat(60);
    connection.execute_batch(&format!("BEGIN;{rows}ROLLBACK")).unwrap();
    let spilled = fs::metadata(folder.log()).unwrap().len();
    (0..3).for_each(|_| insert(&connection, 3));
    assert_eq!(fs::metadata(folder.log()).unwrap().len(), spilled, "they are still there");
    assert_eq!(folder.damage(), None);
    // Nor is a whole log that an older and longer one lies behind, under other salts.
    connection.query_row("PRAGMA wal_checkpoint(RESTART)", (), |_| Ok(())).unwrap();
    insert(&connection, 3);
    assert_eq!(fs::metadata(folder.log()).unwrap().len(), spilled);
    assert_eq!(folder.damage(), None);
}

#[test]
fn world_21_a_log_that_was_taken_away_is_missed() {
    let folder = Folder::new();
    let connection = folder.open();
    insert(&connection, 3);
    let log = fs::read(folder.log()).unwrap();
    for left in [None, Some(&log[..0]), Some(&log[..HEADER_BYTES])] {
        match left {
            None => fs::remove_file(folder.log()).unwrap(),
            Some(bytes) => fs::write(folder.log(), bytes).unwrap(),
        }
        assert_eq!(folder.damage(), Some(Damage::Gone));
        let told = check(&folder.db()).unwrap_err().to_string();
        assert!(told.contains("w.db-shm tells that payouts were written to it last"), "{told}");
    }
    fs::write(folder.log(), &log).unwrap();
    assert_eq!(folder.damage(), None);
    // Whoever closes it puts everything into the database, and takes log and index away.
    drop(connection);
    assert_eq!(folder.damage(), None);
}

/// A log that somebody writes, restarts, cuts and removes while it is looked at.
#[test]
fn world_21_a_log_in_use_is_never_called_damaged() {
    let folder = Folder::new();
    let is_over = AtomicBool::new(false);
    let looks = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..12_u32 {
                let connection = folder.open();
                connection
                    .execute_batch("PRAGMA cache_size = 5; PRAGMA wal_autocheckpoint = 40")
                    .unwrap();
                for number in 0..12_u32 {
                    insert(&connection, 1 + number % 4);
                    // Pages that are written more than once in one transaction.
                    let update = "UPDATE rows SET filler = randomblob(3000) WHERE number % 3 = 0;";
                    let end = if number % 3 == 0 { "ROLLBACK" } else { "COMMIT" };
                    connection.execute_batch(&format!("BEGIN;{update}{update}{end}")).unwrap();
                }
                if round % 3 == 0 {
                    let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
                    connection.query_row(sql, (), |_| Ok(())).unwrap();
                }
            }
            is_over.store(true, Ordering::Relaxed);
        });
        let mut looks = 0;
        while !is_over.load(Ordering::Relaxed) && !writer.is_finished() {
            assert_eq!(folder.damage(), None);
            looks += 1;
        }
        writer.join().unwrap();
        looks
    });
    assert!(looks > 10, "{looks} looks");
}
