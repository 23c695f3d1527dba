//! The tables of each kind of rows that a move fills, and the queries that compare them with the
//! store that they came from.

use pagos_engine::Moved;

/// The table of a kind, and its columns in the order in which the rows come.
pub(super) fn to_fill(kind: Moved) -> (&'static str, &'static str) {
    match kind {
        Moved::Accounts => ("accounts", "account, world, halted"),
        Moved::Swept => ("swept", "account, part, swept_at"),
        Moved::Runs => ("runs", "id, name, expected, created_at, closed_at, made_due_at"),
        Moved::RunActors => ("run_actors", "run, actor"),
        Moved::Orders => (
            "orders",
            "id, created_at, amount_minor, digest_version, key, account, currency, digest, order_json",
        ),
        Moved::Payouts => (
            "payouts",
            "id, version, epoch, due_at, lease_until, held, at_rest, attention, status, work, \
             progress_json, reference, unreadable, runs",
        ),
        Moved::Queue => ("queue", "due_at, id, account, work, key"),
        Moved::Unsettled => ("unsettled", "created_at, status, key"),
        Moved::Members => ("members", "run, key, created_at"),
        Moved::Entries => ("entries", "payout, id, entry_json"),
        Moved::References => ("payout_references", "account, reference, payout"),
        Moved::Tallies => (
            "tallies",
            "run, stripe, count, at_rest, attention, amount_minor, account, currency, status",
        ),
        Moved::Payments => (
            "payments",
            "id, amount_minor, version, lease_until, due_at, created_at, attention, key, account, \
             currency, status, digest, digest_version, unreadable, order_json, progress_json",
        ),
        Moved::Sessions => ("payment_sessions", "account, reference, payment, secret"),
        Moved::PaymentEntries => ("payment_entries", "id, payment, entry_json"),
        Moved::Inbox => (
            "inbox",
            "id, account, fingerprint, state, is_genuine, order_key, reference, received_at, due_at, \
             deferrals, repeats, because, verdict_json, headers, body",
        ),
        Moved::Refused => ("refused", "account, reason, count, last_at"),
        Moved::Outbox => ("outbox", "id, number, notice_json"),
        Moved::Readers => ("readers", "name, position"),
        Moved::Records => ("records", "kind, name, version, body"),
        Moved::Sealed => ("sealed", "key, digest, run, succeeded, day"),
        Moved::SealedMembers => {
            ("sealed_members", "run, key, account, currency, status, amount_minor")
        }
        Moved::Lines => {
            ("book_lines", "book, id, day, change_minor, currency, state, version, body")
        }
        Moved::Matches => ("book_matches", "book, line, key, change_minor, currency, body"),
    }
}

/// Selects the rows to compare, with the columns and in the order of the other store.
pub(super) fn to_compare(kind: Moved) -> &'static str {
    match kind {
        Moved::Accounts => "SELECT account, halted::int, world FROM accounts ORDER BY account",
        Moved::Swept => "SELECT account, part, swept_at FROM swept ORDER BY account, part",
        Moved::Runs => {
            "SELECT name, id, expected, created_at, closed_at, made_due_at FROM runs ORDER BY name"
        }
        Moved::RunActors => {
            "SELECT name, actor FROM run_actors JOIN runs ON runs.id = run ORDER BY name, actor"
        }
        Moved::Orders => {
            "SELECT key, account, currency, amount_minor, created_at, upper(encode(digest, 'hex')),
                    digest_version, order_json
             FROM orders ORDER BY key"
        }
        Moved::Payouts => {
            "SELECT key, id, status, held::int, at_rest::int, attention::int, version, epoch, work,
                    lease_until, due_at, unreadable, reference, progress_json,
                    (SELECT string_agg(name, '/' ORDER BY name) FROM runs
                     WHERE runs.id = ANY (payouts.runs))
             FROM payouts JOIN orders USING (id) ORDER BY key"
        }
        Moved::Queue => "SELECT key, account, work, due_at FROM queue ORDER BY key",
        Moved::Unsettled => "SELECT key, created_at, status FROM unsettled ORDER BY key",
        Moved::Members => {
            "SELECT name, key, members.created_at FROM members JOIN runs ON runs.id = run
             ORDER BY name, key"
        }
        Moved::Entries => {
            "SELECT key, entry_json FROM entries JOIN orders ON orders.id = payout
             ORDER BY key, entries.id"
        }
        Moved::References => {
            "SELECT named.account, named.reference, key
             FROM payout_references AS named JOIN orders ON orders.id = payout
             ORDER BY named.account, named.reference"
        }
        Moved::Tallies => {
            "SELECT run, account, currency, status, sum(count), sum(amount_minor), sum(at_rest),
                    sum(attention)
             FROM tallies GROUP BY run, account, currency, status HAVING sum(count) <> 0
             ORDER BY run, account, currency COLLATE \"C\", status COLLATE \"C\""
        }
        Moved::Payments => {
            "SELECT key, account, currency, amount_minor, status, attention::int, version,
                    created_at, lease_until, due_at, unreadable, upper(encode(digest, 'hex')),
                    digest_version, order_json, progress_json
             FROM payments ORDER BY key"
        }
        Moved::Sessions => {
            "SELECT payment_sessions.account, reference, key, (secret IS NULL)::int,
                    coalesce(upper(encode(secret, 'hex')), '')
             FROM payment_sessions JOIN payments ON payments.id = payment
             ORDER BY payment_sessions.account, reference"
        }
        Moved::PaymentEntries => {
            "SELECT key, entry_json FROM payment_entries JOIN payments ON payments.id = payment
             ORDER BY key, payment_entries.id"
        }
        Moved::Inbox => {
            "SELECT account, upper(encode(fingerprint, 'hex')), id, state, is_genuine::int,
                    order_key, reference, received_at, due_at, deferrals, repeats, because,
                    verdict_json, upper(encode(headers, 'hex')), upper(encode(body, 'hex'))
             FROM inbox ORDER BY account, fingerprint"
        }
        Moved::Refused => {
            "SELECT account, reason, count, last_at FROM refused ORDER BY account, reason"
        }
        Moved::Outbox => "SELECT number, notice_json FROM outbox ORDER BY number",
        Moved::Readers => "SELECT name, position FROM readers ORDER BY name",
        Moved::Records => "SELECT kind, name, body, version FROM records ORDER BY kind, name",
        Moved::Sealed => {
            "SELECT upper(replace(key::text, '-', '')), upper(encode(int8send(digest), 'hex')), run,
                    succeeded::int, day
             FROM sealed ORDER BY key"
        }
        Moved::SealedMembers => {
            "SELECT upper(replace(key::text, '-', '')), run, account, currency, status, amount_minor
             FROM sealed_members ORDER BY key, run"
        }
        Moved::Lines => {
            "SELECT book, id, version, state, day, currency, change_minor, body FROM book_lines
             ORDER BY book, id"
        }
        Moved::Matches => {
            "SELECT key, book, line, currency, change_minor, body FROM book_matches
             ORDER BY key, book, line"
        }
    }
}

/// Continues the numbers after the highest one that came. The numbers of entries only have to rise
/// within a payout. Those of runs come from the other store.
pub(super) const CONTINUE_NUMBERS: &str = "
SELECT setval('order_ids', coalesce(max(id), 1), count(*) > 0) FROM orders;
SELECT setval(pg_get_serial_sequence('entries', 'id'), coalesce(max(id), 1), count(*) > 0)
FROM entries;
SELECT setval(pg_get_serial_sequence('payments', 'id'), coalesce(max(id), 1), count(*) > 0)
FROM payments;
SELECT setval(pg_get_serial_sequence('payment_entries', 'id'), coalesce(max(id), 1), count(*) > 0)
FROM payment_entries;
SELECT setval(pg_get_serial_sequence('inbox', 'id'), coalesce(max(id), 1), count(*) > 0) FROM inbox;
SELECT setval(pg_get_serial_sequence('outbox', 'id'), coalesce(max(id), 1), count(*) > 0)
FROM outbox;
";

#[cfg(all(test, feature = "scratch"))]
mod tests {
    use std::collections::BTreeMap;

    use pagos_engine::Moved;

    use crate::{PostgresOptions, PostgresStore, PostgresTarget, Scratch};

    /// What belongs to this store alone.
    const OWN: [&str; 4] = ["asking", "identity", "schema_version", "writers"];

    /// If this is red, the schema has grown: extend the tables of this file, and the queries of the
    /// other store.
    #[tokio::test]
    async fn no_table_and_no_column_is_forgotten() {
        let Some(scratch) = Scratch::from_env() else { return };
        let database = scratch.database().await;
        let options = PostgresOptions::default();
        drop(PostgresStore::connect(&database.url, options.clone()).await.unwrap());
        let target = PostgresTarget::begin(&database.url, options).await.unwrap();
        let sql = "SELECT table_name || ' ' || count(*) FROM information_schema.columns
                   WHERE table_schema = 'pagos' GROUP BY table_name";
        let mut found = BTreeMap::new();
        for line in target.connection.texts(sql).await.unwrap() {
            let (table, columns) = line.split_once(' ').unwrap();
            found.insert(table.to_owned(), columns.parse::<usize>().unwrap());
        }
        found.retain(|table, _| !OWN.contains(&table.as_str()));
        let filled = Moved::ALL.map(super::to_fill);
        let filled = filled.map(|(table, columns)| (table.to_owned(), columns.split(',').count()));
        assert_eq!(found, BTreeMap::from(filled));
        for kind in Moved::ALL {
            assert_eq!(target.sum(kind).await.unwrap().rows(), 0, "{kind}");
        }
    }
}
