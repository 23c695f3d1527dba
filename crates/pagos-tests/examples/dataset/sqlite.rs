//! Loads a dataset into a new SQLite file, past the store: without a journal, without a flush, in one
//! transaction, and with indexes that are made at the end. Which tables and indexes there are is read
//! from the file that the store makes, and is the same afterwards.

use std::{fs::File, path::Path};

use pagos_engine::Digest;
use pagos_store_sqlite::SqliteStore;
use rusqlite::Connection;

use super::mix::{Mix, NOW_MS, RUN_ROWS, Templates, filled};

/// Rows that are computed at a time: whole runs.
const PORTION: u64 = 20 * RUN_ROWS;

/// The unique keys come in no order, so their index is written all over: it must fit into the cache.
const FAST: &str = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA temp_store = FILE;
    PRAGMA cache_size = -3000000; PRAGMA temp.cache_size = -200000; PRAGMA threads = 2";

pub(crate) fn load(path: &Path, mix: Mix) {
    // The store makes the tables.
    drop(SqliteStore::open(path).unwrap());
    let connection = Connection::open(path).unwrap();
    let journal_mode = journal_mode(&connection);
    let schema = schema(&connection);
    // Those that belong to a table have no SQL of their own, and stay.
    let indexes = || schema.iter().filter(|item| item.kind == "index" && item.sql.is_some());
    connection.execute_batch(FAST).unwrap();
    for index in indexes() {
        connection.execute_batch(&format!("DROP INDEX \"{}\"", index.name)).unwrap();
    }
    connection.execute_batch("BEGIN").unwrap();
    let templates = Templates::new();
    for first in (0..mix.rows).step_by(usize::try_from(PORTION).unwrap()) {
        let last = mix.rows.min(first + PORTION);
        connection.execute_batch(&portion(mix, &templates, first, last)).unwrap();
    }
    connection.execute_batch(&references(mix)).unwrap();
    connection.execute_batch(TALLY_OF_ALL).unwrap();
    connection.execute_batch("COMMIT").unwrap();
    for sql in indexes().filter_map(|index| index.sql.as_deref()) {
        connection.execute_batch(sql).unwrap();
    }
    assert_eq!(self::schema(&connection), schema, "loading changes no table and no index");
    connection.pragma_update(None, "journal_mode", &journal_mode).unwrap();
    assert_eq!(self::journal_mode(&connection), journal_mode);
    drop(connection);
    // Or the first commit that is measured would write all of it.
    File::open(path).unwrap().sync_all().unwrap();
}

/// A table, an index or whatever else the file has.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SchemaItem {
    kind: String,
    name: String,
    sql: Option<String>,
}

/// In the order in which they were made, by kind: among several indexes that would do, SQLite takes one
/// by that order.
fn schema(connection: &Connection) -> Vec<SchemaItem> {
    let text = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, sql IS NULL, rowid";
    let mut statement = connection.prepare(text).unwrap();
    let rows = statement.query_map([], |row| {
        Ok(SchemaItem { kind: row.get(0)?, name: row.get(1)?, sql: row.get(2)? })
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn journal_mode(connection: &Connection) -> String {
    connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap()
}

/// The columns of the rows of `numbers (i)`.
fn columns(mix: Mix) -> String {
    mix.columns(
        "printf('k%08x-%d', i * 2654435761 % 4294967296, i)",
        "printf('PAYOUT%010d%09d', i * 48271 % 2147483647, i)",
    )
}

/// The rows from one number to before another, as two common table expressions.
fn rows(mix: Mix, first: u64, last: u64) -> String {
    let columns = columns(mix);
    format!(
        "WITH RECURSIVE numbers (i) AS (
             SELECT {first} UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < {last}
         ), rows AS (SELECT {columns} FROM numbers)"
    )
}

/// All at once and in their order, which the numbers of the rows do not have.
fn references(mix: Mix) -> String {
    let rows = rows(mix, 0, mix.rows);
    format!(
        "INSERT INTO payout_references (account, reference, key)
         {rows} SELECT account, reference, key FROM rows WHERE status <> 'created'
         ORDER BY account, reference"
    )
}

fn portion(mix: Mix, templates: &Templates, first: u64, last: u64) -> String {
    let rows = rows(mix, first, last);
    let (derived, version) = (Mix::derived(), Digest::VERSION);
    let Templates { order, begun, seen: [pending, succeeded], notice, .. } = templates;
    let (order, notice) = (filled(order), filled(notice));
    let (progress, begun) = (templates.progress_of_row(), filled(begun));
    let (pending, succeeded) = (filled(pending), filled(succeeded));
    format!(
        "CREATE TEMP TABLE part AS {rows}
         SELECT i, key, CASE WHEN status <> 'created' THEN reference END AS reference, run, account,
                created_at, status, {derived} FROM rows;
         INSERT INTO runs (id, name, expected, created_at, closed_at, made_due_at)
         SELECT run, 'run-' || (run - 1), count(*), {NOW_MS}, {NOW_MS}, {NOW_MS}
         FROM part GROUP BY run;
         UPDATE run_numbers SET last = (SELECT max(id) FROM runs);
         INSERT INTO payouts (id, key, account, amount_minor, currency, status, work, held, at_rest,
             attention, version, epoch, created_at, due_at, reference, progress_json, seal_checked)
         SELECT i + 1, key, account, 15000000, 'COP', status, work, 0, due_at IS NULL,
             status = 'quarantined', 5, 1, created_at, due_at, reference, {progress}, 1 FROM part;
         INSERT INTO orders (id, created_at, digest, digest_version, order_json)
         SELECT i + 1, created_at, randomblob(32), {version}, {order} FROM part;
         INSERT INTO members (run, key, created_at, payout)
         SELECT run, key, created_at, i + 1 FROM part ORDER BY run, key;
         INSERT INTO entries (payout, number, entry_json)
         SELECT payout, place, entry FROM (
             SELECT i + 1 AS payout, 1 AS place, {begun} AS entry FROM part WHERE status <> 'created'
             UNION ALL SELECT i + 1, 2, {pending} FROM part WHERE status <> 'created'
             UNION ALL SELECT i + 1, 3, {succeeded} FROM part WHERE work = 'watch'
         ) ORDER BY payout, place;
         INSERT INTO outbox (notice_json) SELECT {notice} FROM part WHERE work = 'watch';
         INSERT INTO tallies (run, account, currency, status, count, amount_minor, at_rest, attention)
         SELECT run, account, 'COP', status, count(*), count(*) * 15000000, sum(due_at IS NULL),
                sum(status = 'quarantined')
         FROM part GROUP BY run, account, status;
         DROP TABLE part;"
    )
}

const TALLY_OF_ALL: &str = "
    INSERT INTO tallies (run, account, currency, status, count, amount_minor, at_rest, attention)
    SELECT 0, account, currency, status, sum(count), sum(count) * 15000000, sum(at_rest),
           sum(attention)
    FROM tallies GROUP BY account, currency, status";
