//! Tests SQLite's plan of every statement that the suite makes the store run: it finds rows by an
//! index and sorts nothing, so that no statement becomes more expensive as more payouts are stored.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use pagos_engine::suite;
use rusqlite::{
    Connection,
    trace::{TraceEvent, TraceEventCodes},
};

use crate::{SqliteStore, schema};

/// Every statement of every connection that this process opened.
static HEARD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn heard() -> MutexGuard<'static, BTreeSet<String>> {
    HEARD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes what a connection runs from now on.
pub(crate) fn overhear(mut connection: Connection) -> Connection {
    let note = |event: TraceEvent<'_>| {
        if let TraceEvent::Stmt(statement, _) = event {
            heard().insert(statement.sql().into_owned());
        }
    };
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note)).unwrap();
    connection
}

/// Tables of a handful of rows (`named` has the accounts), and indexes of what is claimed at this moment.
const FEW: [&str; 9] = [
    "SCAN identity",
    "SCAN accounts",
    "SCAN refused",
    "SCAN readers",
    "SCAN named",
    "SCAN CONSTANT ROW",
    "SCAN payouts USING INDEX payouts_leased",
    "SCAN payments USING INDEX payments_leased",
    "SCAN payouts USING COVERING INDEX payouts_leased",
];

/// Statements that sort or scan what they have cut down to a few rows: the runs of one payout, and a
/// portion of a run; and the walk over old deliveries, once an hour and beside the writing thread.
const CUT_DOWN: [&str; 3] = [
    "FROM members INDEXED BY members_of JOIN runs",
    "max(key) FROM",
    "FROM inbox WHERE state = 'applied' AND received_at < ?1",
];

/// What of a plan costs more in a larger store.
fn costly(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let unbound = statement.parameter_count();
    let nothing = vec![rusqlite::types::Null; unbound];
    let lines = statement
        .query_map(rusqlite::params_from_iter(nothing), |row| row.get::<_, String>("detail"))
        .unwrap();
    let is_costly = |line: &String| {
        let scans = line.starts_with("SCAN") && !FEW.iter().any(|few| line == few);
        scans || line.contains("TEMP B-TREE") || line.contains("AUTOMATIC")
    };
    lines.map(Result::unwrap).filter(is_costly).collect()
}

fn present_schema() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    schema::migrate(&connection).unwrap();
    connection
}

/// The cases that run every statement between them.
const CASES: [&str; 11] = [
    "agree_with",
    "list_",
    "payout_of",
    "readers",
    "halted",
    "refused",
    "session_is_found",
    "session_of_another_payment",
    "record",
    "line",
    "notices_are_forgotten",
];

#[tokio::test]
async fn every_statement_finds_its_rows_by_an_index_and_sorts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let open = |case: &suite::Case| SqliteStore::open(folder.path().join(case.name)).unwrap();
    let is_wanted = |case: &&suite::Case| CASES.iter().any(|part| case.name.contains(part));
    let cases = suite::CASES.iter().filter(is_wanted).map(|case| (case, Arc::new(open(case))));
    let cases: Vec<_> = cases.collect();
    // What made the tables is not asked about.
    heard().clear();
    for (case, store) in cases {
        (case.run)(store).await;
    }
    let connection = present_schema();
    let statements: Vec<String> = heard().iter().cloned().collect();
    let begins = |sql: &str, word: &str| sql.trim_start().starts_with(word);
    let asks = ["SELECT", "UPDATE", "DELETE", "INSERT", "WITH"];
    let (mut asked, mut wrong) = (0, Vec::new());
    for sql in statements.iter().filter(|sql| asks.iter().any(|word| begins(sql, word))) {
        asked += 1;
        if CUT_DOWN.iter().any(|part| sql.contains(part)) {
            continue;
        }
        for line in costly(&connection, sql) {
            wrong.push(format!("{line}: {sql}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(asked >= 60, "only {asked} statements were heard");
    for part in ["payouts_newest", "payouts_of_account", "payouts_unsettled", "members_newest"] {
        assert!(statements.iter().any(|sql| sql.contains(part)), "nothing walked {part}");
    }
}

#[test]
fn what_costs_more_is_noticed() {
    let connection = present_schema();
    for sql in [
        "SELECT key FROM payouts WHERE status = 'unknown' ORDER BY key",
        "SELECT key FROM payouts ORDER BY due_at LIMIT 1",
        "SELECT id FROM inbox WHERE state = ?1 AND received_at > ?2",
    ] {
        assert!(!costly(&connection, sql).is_empty(), "{sql}");
    }
}
