//! The rows of each kind: as the other store's tables take them, and as both stores are compared.
//! The two are separate queries, so that what one of them confuses the other one shows.

use pagos_engine::Moved;

/// Selects the rows to copy. The other store names the columns in this order.
pub(super) fn to_copy(kind: Moved) -> &'static str {
    match kind {
        Moved::Accounts => "SELECT account, world, halted FROM accounts ORDER BY account",
        Moved::Swept => "SELECT account, part, swept_at FROM swept ORDER BY account, part",
        Moved::Runs => {
            "SELECT id, name, expected, created_at, closed_at, made_due_at FROM runs ORDER BY id"
        }
        Moved::RunActors => "SELECT run, actor FROM run_actors ORDER BY run, actor",
        Moved::Orders => {
            "SELECT id, payouts.created_at, amount_minor, digest_version, key, account, currency,
                    digest, order_json
             FROM payouts JOIN orders USING (id) ORDER BY id"
        }
        Moved::Payouts => {
            "SELECT id, version, epoch, due_at, lease_until, held, at_rest, attention, status, work,
                    progress_json, reference, unreadable,
                    '{' || coalesce((SELECT group_concat(run) FROM
                        (SELECT run FROM members WHERE key = payouts.key ORDER BY run)), '') || '}'
             FROM payouts ORDER BY id"
        }
        Moved::Queue => {
            "SELECT due_at, id, account, work, key FROM payouts
             WHERE due_at IS NOT NULL AND held = 0 ORDER BY account, work, due_at, key"
        }
        Moved::Unsettled => {
            "SELECT created_at, status, key FROM payouts WHERE status <> 'succeeded'
             ORDER BY status, created_at, key"
        }
        Moved::Members => "SELECT run, key, created_at FROM members ORDER BY run, key",
        Moved::Entries => "SELECT payout, number, entry_json FROM entries ORDER BY payout, number",
        Moved::References => {
            "SELECT named.account, named.reference, payouts.id
             FROM payout_references AS named JOIN payouts ON payouts.key = named.key
             ORDER BY named.account, named.reference"
        }
        Moved::Tallies => {
            "SELECT run, 0, count, at_rest, attention, amount_minor, account, currency, status
             FROM tallies WHERE count <> 0 ORDER BY run, account, currency, status"
        }
        Moved::Payments => {
            "SELECT id, amount_minor, version, lease_until, due_at, created_at, attention, key,
                    account, currency, status, digest, digest_version, unreadable, order_json,
                    progress_json
             FROM payments ORDER BY id"
        }
        // The other store keeps secrets as bytes.
        Moved::Sessions => {
            "SELECT account, reference, payment, CAST(secret AS BLOB) FROM payment_sessions
             ORDER BY account, reference"
        }
        Moved::PaymentEntries => "SELECT id, payment, entry_json FROM payment_entries ORDER BY id",
        Moved::Inbox => {
            "SELECT id, account, fingerprint, state, is_genuine, order_key, reference, received_at,
                    due_at, deferrals, repeats, because, verdict_json, headers, body
             FROM inbox ORDER BY id"
        }
        Moved::Refused => {
            "SELECT account, reason, count, last_at FROM refused ORDER BY account, reason"
        }
        Moved::Outbox => "SELECT number, number, notice_json FROM outbox ORDER BY number",
        Moved::Readers => "SELECT name, position FROM readers ORDER BY name",
        Moved::Records => "SELECT kind, name, version, body FROM records ORDER BY kind, name",
        Moved::Sealed => {
            "SELECT hex(key), digest, run, succeeded, day FROM sealed ORDER BY sealed.key"
        }
        Moved::SealedMembers => {
            "SELECT run, hex(key), account, currency, status, amount_minor FROM sealed_members
             ORDER BY run, sealed_members.key"
        }
        Moved::Lines => {
            "SELECT book, id, day, change_minor, currency, state, version, body FROM book_lines
             ORDER BY book, id"
        }
        Moved::Matches => {
            "SELECT book, line, key, change_minor, currency, body FROM book_matches
             ORDER BY book, line, key"
        }
    }
}

/// Selects the rows to compare: by their names instead of their numbers where they have names.
pub(super) fn to_compare(kind: Moved) -> &'static str {
    match kind {
        Moved::Accounts => "SELECT account, halted, world FROM accounts ORDER BY account",
        Moved::Swept => "SELECT account, part, swept_at FROM swept ORDER BY account, part",
        Moved::Runs => {
            "SELECT name, id, expected, created_at, closed_at, made_due_at FROM runs ORDER BY name"
        }
        Moved::RunActors => {
            "SELECT name, actor FROM run_actors JOIN runs ON runs.id = run ORDER BY name, actor"
        }
        Moved::Orders => {
            "SELECT key, account, currency, amount_minor, orders.created_at, hex(digest),
                    digest_version, order_json
             FROM orders JOIN payouts USING (id) ORDER BY key"
        }
        Moved::Payouts => {
            "SELECT key, id, status, held, at_rest, attention, version, epoch, work, lease_until,
                    due_at, unreadable, reference, progress_json,
                    (SELECT group_concat(name, '/') FROM
                        (SELECT name FROM members JOIN runs ON runs.id = members.run
                         WHERE members.key = payouts.key ORDER BY name))
             FROM payouts ORDER BY key"
        }
        Moved::Queue => {
            "SELECT key, account, work, due_at FROM payouts
             WHERE due_at IS NOT NULL AND held = 0 ORDER BY key"
        }
        Moved::Unsettled => {
            "SELECT key, created_at, status FROM payouts WHERE status <> 'succeeded' ORDER BY key"
        }
        Moved::Members => {
            "SELECT name, key, members.created_at FROM members JOIN runs ON runs.id = run
             ORDER BY name, key"
        }
        Moved::Entries => {
            "SELECT key, entry_json FROM entries JOIN payouts ON payouts.id = payout
             ORDER BY key, number"
        }
        Moved::References => {
            "SELECT named.account, named.reference, named.key
             FROM payout_references AS named JOIN payouts ON payouts.key = named.key
             ORDER BY named.account, named.reference"
        }
        Moved::Tallies => {
            "SELECT run, account, currency, status, count, amount_minor, at_rest, attention
             FROM tallies WHERE count <> 0 ORDER BY run, account, currency, status"
        }
        Moved::Payments => {
            "SELECT key, account, currency, amount_minor, status, attention, version, created_at,
                    lease_until, due_at, unreadable, hex(digest), digest_version, order_json,
                    progress_json
             FROM payments ORDER BY key"
        }
        Moved::Sessions => {
            "SELECT payment_sessions.account, reference, key, secret IS NULL, hex(secret)
             FROM payment_sessions JOIN payments ON payments.id = payment
             ORDER BY payment_sessions.account, reference"
        }
        Moved::PaymentEntries => {
            "SELECT key, entry_json FROM payment_entries JOIN payments ON payments.id = payment
             ORDER BY key, payment_entries.id"
        }
        Moved::Inbox => {
            "SELECT account, hex(fingerprint), id, state, is_genuine, order_key, reference,
                    received_at, due_at, deferrals, repeats, because, verdict_json, hex(headers),
                    hex(body)
             FROM inbox ORDER BY account, fingerprint"
        }
        Moved::Refused => {
            "SELECT account, reason, count, last_at FROM refused ORDER BY account, reason"
        }
        Moved::Outbox => "SELECT number, notice_json FROM outbox ORDER BY number",
        Moved::Readers => "SELECT name, position FROM readers ORDER BY name",
        Moved::Records => "SELECT kind, name, body, version FROM records ORDER BY kind, name",
        Moved::Sealed => {
            "SELECT hex(key), hex(digest), run, succeeded, day FROM sealed ORDER BY sealed.key"
        }
        Moved::SealedMembers => {
            "SELECT hex(key), run, account, currency, status, amount_minor FROM sealed_members
             ORDER BY sealed_members.key, run"
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

#[cfg(test)]
mod tests {
    use pagos_engine::Moved;
    use rusqlite::Connection;

    use crate::{making, moved};

    /// The tables and the number of their columns. If this is red, the schema has grown: extend the
    /// queries of this file and the tables of the other store, and then this list.
    const TABLES: [(&str, i64); 24] = [
        ("accounts", 3),
        ("book_lines", 9),
        ("book_matches", 6),
        ("entries", 3),
        ("identity", 1),
        ("inbox", 15),
        ("members", 4),
        ("orders", 5),
        ("outbox", 2),
        ("payment_entries", 3),
        ("payment_sessions", 4),
        ("payments", 16),
        ("payout_references", 3),
        ("payouts", 19),
        ("readers", 2),
        ("records", 4),
        ("refused", 4),
        ("run_actors", 2),
        ("run_numbers", 2),
        ("runs", 6),
        ("sealed", 5),
        ("sealed_members", 6),
        ("swept", 3),
        ("tallies", 8),
    ];

    fn connection() -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let connection = making::open(&folder.path().join("pagos.db")).unwrap();
        (folder, connection)
    }

    #[test]
    fn no_table_and_no_column_is_forgotten() {
        let (_folder, connection) = connection();
        let count = |table: String| {
            let sql = format!("SELECT count(*) FROM pragma_table_info('{table}')");
            let columns = connection.query_row(&sql, (), |row| row.get::<_, i64>(0)).unwrap();
            (table, columns)
        };
        let found: Vec<_> = moved::tables(&connection).unwrap().into_iter().map(count).collect();
        assert_eq!(found, TABLES.map(|(table, columns)| (table.to_owned(), columns)));
        for kind in Moved::ALL {
            assert!(connection.prepare(super::to_copy(kind)).is_ok(), "{kind}");
            assert!(connection.prepare(super::to_compare(kind)).is_ok(), "{kind}");
        }
    }

    #[test]
    fn a_mark_refuses_every_change_of_every_table() {
        let (_folder, connection) = connection();
        let to = moved::MovedTo { identity: "1".to_owned(), place: "that isn't here".to_owned() };
        for (table, _) in TABLES {
            let sql = format!("INSERT INTO {table} SELECT * FROM {table} LIMIT 0");
            connection.execute(&sql, ()).unwrap();
        }
        let row = "INSERT INTO readers (name, position) VALUES ('r', 1)";
        connection.execute(row, ()).unwrap();
        let now = pagos_core::Timestamp::from_millis(0);
        moved::set(&connection, &to, now).unwrap();
        let sql =
            "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'moved %'";
        let triggers: i64 = connection.query_row(sql, (), |row| row.get(0)).unwrap();
        assert_eq!(triggers, (24 + 1) * 3);
        for change in [
            "INSERT OR IGNORE INTO readers (name, position) VALUES ('r', 2)",
            "INSERT OR REPLACE INTO readers (name, position) VALUES ('r', 2)",
            "UPDATE readers SET position = 2",
            "DELETE FROM readers",
            "DELETE FROM moved",
        ] {
            let refused = connection.execute(change, ()).unwrap_err().to_string();
            assert!(refused.contains("was moved to that isn't here"), "{change}: {refused}");
        }
    }
}
