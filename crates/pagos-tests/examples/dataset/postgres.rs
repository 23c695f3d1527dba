//! Loads a dataset into a new PostgreSQL database, past the store: the server makes the rows, and the
//! indexes at the end. Which there are is read from the server's catalogue, and is the same afterwards.

use pagos_engine::Digest;
use pagos_store_postgres::{PostgresOptions, PostgresStore};
use tokio_postgres::{Client, NoTls};

use super::mix::{Mix, NOW_MS, RUN_ROWS, Templates, filled};

/// Rows of one transaction: whole runs.
const PORTION: u64 = 50 * RUN_ROWS;

/// Of this connection alone.
const FAST: &str = "SET synchronous_commit = off; SET work_mem = '256MB';
    SET maintenance_work_mem = '1GB'";

pub(crate) async fn load(url: &str, mix: Mix) {
    // The store makes the tables.
    drop(PostgresStore::connect(url, PostgresOptions::default()).await.unwrap());
    let client = connect(url).await;
    client.batch_execute(FAST).await.unwrap();
    let [indexes, constraints] = [INDEXES, CONSTRAINTS].map(|it| pairs(&client, it));
    let (indexes, constraints) = (indexes.await, constraints.await);
    // What refers to a key goes before the key, and comes after it.
    for (drop, _) in constraints.iter().rev().chain(&indexes) {
        client.batch_execute(drop).await.unwrap();
    }
    let templates = Templates::new();
    for first in (0..mix.rows).step_by(usize::try_from(PORTION).unwrap()) {
        let last = mix.rows.min(first + PORTION);
        client.batch_execute(&portion(mix, &templates, first, last)).await.unwrap();
    }
    client.batch_execute(TALLY_OF_ALL).await.unwrap();
    client.batch_execute(&sequences(mix.rows)).await.unwrap();
    for (_, make) in indexes.iter().chain(&constraints) {
        client.batch_execute(make).await.unwrap();
    }
    assert_eq!(pairs(&client, INDEXES).await, indexes, "loading changes no index");
    assert_eq!(pairs(&client, CONSTRAINTS).await, constraints, "nor a constraint");
    // As the server does by itself, some time later.
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    client.batch_execute("CHECKPOINT").await.unwrap();
}

/// How each index that is no constraint's is dropped and made.
const INDEXES: &str = "
    SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
    WHERE relnamespace = current_schema()::regnamespace
      AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype <> 'f')
    ORDER BY indexrelid";

/// How each constraint with an index, and each reference, is dropped and made; references last.
const CONSTRAINTS: &str = "
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
                  pg_get_constraintdef(oid))
    FROM pg_constraint
    WHERE connamespace = current_schema()::regnamespace AND contype IN ('p', 'u', 'f')
    ORDER BY contype = 'f', oid";

async fn pairs(client: &Client, query: &str) -> Vec<(String, String)> {
    let rows = client.query(query, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

pub(crate) async fn size_bytes(url: &str) -> u64 {
    let client = connect(url).await;
    let row = client.query_one("SELECT pg_database_size(current_database())", &[]).await.unwrap();
    u64::try_from(row.get::<_, i64>(0)).unwrap()
}

/// The largest tables and indexes, with their bytes.
pub(crate) async fn largest(url: &str) -> Vec<(String, u64)> {
    let rows = connect(url).await.query(LARGEST, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), u64::try_from(row.get::<_, i64>(1)).unwrap())).collect()
}

const LARGEST: &str = "SELECT relname::text, pg_relation_size(pg_class.oid)
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = 'pagos' AND relkind IN ('r', 'i') AND pg_relation_size(pg_class.oid) > 100000
    ORDER BY 2 DESC, 1";

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("SET search_path TO pagos").await.unwrap();
    client
}

fn portion(mix: Mix, templates: &Templates, first: u64, last: u64) -> String {
    let columns = mix.columns(
        "'k' || lpad(to_hex(i * 2654435761 % 4294967296), 8, '0') || '-' || i",
        "'PAYOUT' || lpad((i * 48271 % 2147483647)::text, 10, '0') || lpad(i::text, 9, '0')",
    );
    let (derived, version) = (Mix::derived(), Digest::VERSION);
    let Templates { order, begun, seen: [pending, succeeded], notice, .. } = templates;
    let (order, notice) = (filled(order), filled(notice));
    let (progress, begun) = (templates.progress_of_row(), filled(begun));
    let (pending, succeeded) = (filled(pending), filled(succeeded));
    let end = last - 1;
    format!(
        "BEGIN;
         CREATE TEMP TABLE part ON COMMIT DROP AS
         WITH numbers AS (SELECT i FROM generate_series({first}::bigint, {end}::bigint) AS i),
              rows AS MATERIALIZED (SELECT {columns} FROM numbers)
         SELECT i, key, CASE WHEN status <> 'created' THEN reference END AS reference, run, account,
                created_at, status, {derived} FROM rows;
         INSERT INTO runs (id, name, expected, created_at, closed_at, made_due_at)
         OVERRIDING SYSTEM VALUE
         SELECT run, 'run-' || (run - 1), count(*), {NOW_MS}, {NOW_MS}, {NOW_MS}
         FROM part GROUP BY run;
         INSERT INTO orders (id, key, account, amount_minor, currency, created_at, digest,
             digest_version, order_json)
         SELECT i + 1, key, account, 15000000, 'COP', created_at, sha256(key::bytea), {version},
             {order}
         FROM part;
         INSERT INTO payouts (id, status, work, held, at_rest, attention, version, epoch, due_at,
             reference, progress_json, runs)
         SELECT i + 1, status, work, false, due_at IS NULL, status = 'quarantined', 5, 1, due_at,
             reference, {progress}, ARRAY[run]
         FROM part;
         INSERT INTO queue (account, work, due_at, key, id)
         SELECT account, work, due_at, key, i + 1 FROM part WHERE due_at IS NOT NULL;
         INSERT INTO unsettled (status, created_at, key)
         SELECT status, created_at, key FROM part WHERE status <> 'succeeded';
         INSERT INTO members (run, key, created_at)
         SELECT run, key, created_at FROM part ORDER BY run, key;
         INSERT INTO payout_references (account, reference, payout)
         SELECT account, reference, i + 1 FROM part WHERE reference IS NOT NULL
         ORDER BY account, reference;
         INSERT INTO entries (payout, entry_json)
         SELECT payout, entry FROM (
             SELECT i + 1 AS payout, 1 AS place, {begun} AS entry FROM part WHERE status <> 'created'
             UNION ALL SELECT i + 1, 2, {pending} FROM part WHERE status <> 'created'
             UNION ALL SELECT i + 1, 3, {succeeded} FROM part WHERE work = 'watch'
         ) AS lines ORDER BY payout, place;
         INSERT INTO outbox (number, notice_json)
         SELECT coalesce((SELECT max(number) FROM outbox), 0) + row_number() OVER (ORDER BY i),
                {notice}
         FROM part WHERE work = 'watch';
         INSERT INTO tallies (run, stripe, account, currency, status, count, amount_minor, at_rest,
             attention)
         SELECT run, 0, account, 'COP', status, count(*), count(*) * 15000000,
                count(*) FILTER (WHERE due_at IS NULL),
                count(*) FILTER (WHERE status = 'quarantined')
         FROM part GROUP BY run, account, status;
         COMMIT;"
    )
}

const TALLY_OF_ALL: &str = "
    INSERT INTO tallies (run, stripe, account, currency, status, count, amount_minor, at_rest,
        attention)
    SELECT 0, 0, account, currency, status, sum(count), sum(amount_minor), sum(at_rest),
           sum(attention)
    FROM tallies GROUP BY account, currency, status";

fn sequences(rows: u64) -> String {
    let next = rows + 1;
    format!(
        "SELECT setval('order_ids', {next}), setval(pg_get_serial_sequence('runs', 'id'), {next})"
    )
}
