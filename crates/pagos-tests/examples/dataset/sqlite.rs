//! Loads a dataset into a new SQLite file, past the store: in large transactions and without a flush.

use std::fs::File;
use std::path::Path;

use pagos_engine::Digest;
use pagos_store_sqlite::SqliteStore;
use rusqlite::Connection;

use super::mix::Mix;
use super::mix::NOW_MS;
use super::mix::RUN_ROWS;
use super::mix::Templates;
use super::mix::filled;

/// Rows of one transaction: whole runs.
const PORTION: u64 = 20 * RUN_ROWS;

pub(crate) fn load(path: &Path, mix: Mix) {
    // The store makes the tables.
    drop(SqliteStore::open(path).unwrap());
    let connection = Connection::open(path).unwrap();
    let fast = "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000;
        PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 100000";
    connection.execute_batch(fast).unwrap();
    let templates = Templates::new();
    for first in (0..mix.rows).step_by(usize::try_from(PORTION).unwrap()) {
        let last = mix.rows.min(first + PORTION);
        connection.execute_batch(&portion(mix, &templates, first, last)).unwrap();
    }
    connection.execute_batch(TALLY_OF_ALL).unwrap();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    // Or the first commit that is measured would write all of it.
    File::open(path).unwrap().sync_all().unwrap();
}

fn portion(mix: Mix, templates: &Templates, first: u64, last: u64) -> String {
    let columns = mix.columns(
        "printf('k%08x-%d', i * 2654435761 % 4294967296, i)",
        "printf('PAYOUT%010d%09d', i * 48271 % 2147483647, i)",
    );
    let (derived, version) = (Mix::derived(), Digest::VERSION);
    let Templates { order, begun, seen: [pending, succeeded], notice, .. } = templates;
    let (order, notice) = (filled(order), filled(notice));
    let (progress, begun) = (templates.progress_of_row(), filled(begun));
    let (pending, succeeded) = (filled(pending), filled(succeeded));
    format!(
        "BEGIN;
         CREATE TEMP TABLE part AS
         WITH RECURSIVE numbers (i) AS (
             SELECT {first} UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < {last}
         ), rows AS (SELECT {columns} FROM numbers)
         SELECT i, key, CASE WHEN status <> 'created' THEN reference END AS reference, run, account,
                created_at, status, {derived} FROM rows;
         INSERT INTO runs (id, name, expected, released_at)
         SELECT run, 'run-' || (run - 1), count(*), {NOW_MS} FROM part GROUP BY run;
         INSERT INTO payouts (id, key, account, amount_minor, currency, status, work, held, at_rest,
             attention, version, epoch, created_at, due_at, reference, progress_json, seal_checked)
         SELECT i + 1, key, account, 15000000, 'COP', status, work, 0, due_at IS NULL,
             status = 'quarantined', 5, 1, created_at, due_at, reference, {progress}, 1 FROM part;
         INSERT INTO orders (id, created_at, digest, digest_version, order_json)
         SELECT i + 1, created_at, randomblob(32), {version}, {order} FROM part;
         INSERT INTO members (run, key, created_at, payout)
         SELECT run, key, created_at, i + 1 FROM part ORDER BY run, key;
         INSERT INTO payout_references (account, reference, key)
         SELECT account, reference, key FROM part WHERE reference IS NOT NULL
         ORDER BY account, reference;
         INSERT INTO entries (payout, entry_json)
         SELECT payout, entry FROM (
             SELECT i + 1 AS payout, 1 AS place, {begun} AS entry FROM part WHERE status <> 'created'
             UNION ALL SELECT i + 1, 2, {pending} FROM part WHERE status <> 'created'
             UNION ALL SELECT i + 1, 3, {succeeded} FROM part WHERE work = 'watch'
         ) ORDER BY payout, place;
         INSERT INTO outbox (notice_json) SELECT {notice} FROM part WHERE work = 'watch';
         INSERT INTO tallies (run, account, currency, status, count, amount_minor, at_rest, attention)
         SELECT run, account, 'COP', status, count(*), count(*) * 15000000, sum(due_at IS NULL),
                sum(status = 'quarantined')
         FROM part GROUP BY run, account, status;
         DROP TABLE part;
         COMMIT;"
    )
}

const TALLY_OF_ALL: &str = "
    INSERT INTO tallies (run, account, currency, status, count, amount_minor, at_rest, attention)
    SELECT 0, account, currency, status, sum(count), sum(count) * 15000000, sum(at_rest),
           sum(attention)
    FROM tallies GROUP BY account, currency, status";
