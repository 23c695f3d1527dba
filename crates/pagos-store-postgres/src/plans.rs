//! Tests PostgreSQL's plan of every statement that the suite makes the store run: it finds rows by
//! an index and sorts only what it has cut down to a few, so that no statement becomes more
//! expensive as more payouts are stored. The tables of a test are small, so the planner is told not
//! to use what only small tables allow: first without sorting, then with it, and the better plan
//! counts. What remains has no index for it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use pagos_engine::suite;
use serde_json::Value;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::{PostgresOptions, PostgresStore, Scratch, parameter::Parameter};

/// Every statement of every connection of this process, with the types of its values.
static HEARD: Mutex<BTreeMap<&'static str, Vec<String>>> = Mutex::new(BTreeMap::new());

fn heard() -> MutexGuard<'static, BTreeMap<&'static str, Vec<String>>> {
    HEARD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes a statement.
pub(crate) fn overhear(sql: &'static str, parameters: &[Parameter<'_>]) {
    let types = parameters.iter().map(|value| value.postgres_type().to_string()).collect();
    heard().insert(sql, types);
}

/// Tables that grow with the payouts. `runs` has one row for thousands of them, and is found by name.
const LARGE: [&str; 15] = [
    "orders",
    "payouts",
    "queue",
    "unsettled",
    "members",
    "payout_references",
    "entries",
    "outbox",
    "inbox",
    "payments",
    "payment_sessions",
    "payment_entries",
    "records",
    "book_lines",
    "book_matches",
];

/// Indexes of what is claimed, names nothing that is known, or has no number yet, at this moment.
const FEW: [&str; 4] =
    ["payments_leased", "inbox_orphans_of_key", "inbox_orphans_of_reference", "outbox_unnumbered"];

/// Statements that sort or look through what they have cut down to a few rows: a portion of a run, the
/// payouts of a page of notices, and the runs of those. And one that looks at everything, once in the life of
/// a program: what ends all claims.
const CUT_DOWN: [&str; 3] =
    ["WHERE lease_until IS NOT NULL ORDER BY key", "WITH portion AS", "AS member (run)"];

/// The cases that run every statement between them.
const CASES: [&str; 12] = [
    "agree_with",
    "list_filters_by_everything",
    "list_filters_by_the_providers",
    "payout_of_finds",
    "readers",
    "halted",
    "refused",
    "session_is_found",
    "list_of_doubts",
    "record",
    "line",
    "notices_are_forgotten",
];

/// A part of each statement that a scrape of the metrics runs, every few seconds for ever.
const SCRAPED: [&str; 7] = [
    "unsettled.status = 'unknown' AND payouts.account",
    "SELECT coalesce(max(number), 0) FROM outbox",
    "SELECT number, notice_json FROM outbox",
    "SELECT name, position FROM readers",
    "SELECT position FROM readers",
    "FROM records WHERE kind = $1 AND name = $2",
    "WHERE kind = $1 AND name > $2",
];

const SETTINGS: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;
    SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";

/// What joins a few rows that it set aside, of which there are a handful in the life of a store.
const RARE: &str = "status = 'quarantined', due_at = NULL";

/// As the planner decides by itself, but for the tables of a test being small.
const AS_IS: &str =
    "SET plan_cache_mode = force_generic_plan; RESET enable_bitmapscan; RESET enable_hashjoin;
    RESET enable_mergejoin; RESET enable_sort; SET enable_seqscan = off";

/// Tables of a statement's own rows that are compared each with each: the planner takes them to be tiny, and
/// with 64 rows in each of two that is 4,096 comparisons.
async fn compared_each_with_each(client: &Client, sql: &str, types: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    look_for_pairs(&plan(client, sql, types).await, &mut found);
    found
}

fn look_for_pairs(node: &Value, found: &mut Vec<String>) {
    let inputs = || node["Plans"].as_array().into_iter().flatten();
    let is_own = |side: &str| {
        let input = inputs().find(|plan| plan["Parent Relationship"] == side);
        input.is_some_and(|input| driving_table(input).is_empty())
    };
    if node["Node Type"] == "Nested Loop"
        && !node["Join Filter"].is_null()
        && is_own("Outer")
        && is_own("Inner")
    {
        found.push(format!("each with each: {}", node["Join Filter"]));
    }
    inputs().for_each(|plan| look_for_pairs(plan, found));
}

/// What of the better plan costs more in a larger store.
async fn costly(client: &Client, sql: &str, types: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for sorting in ["off", "on"] {
        client.batch_execute(&format!("SET enable_sort = {sorting}")).await.unwrap();
        found.clear();
        look(&plan(client, sql, types).await, &mut found);
        if found.is_empty() {
            break;
        }
    }
    found
}

/// The plan under the settings of the session.
async fn plan(client: &Client, sql: &str, types: &[String]) -> Value {
    // PostgreSQL's name of an array type begins with an underscore.
    let named = types.iter().map(|name| match name.strip_prefix('_') {
        Some(element) => format!("{element}[]"),
        None => name.clone(),
    });
    let (declared, values) = (named.collect::<Vec<_>>().join(", "), vec!["NULL"; types.len()]);
    let within = |list: String| if list.is_empty() { list } else { format!("({list})") };
    let (declared, values) = (within(declared), within(values.join(", ")));
    client.batch_execute(&format!("PREPARE asked {declared} AS {sql}")).await.unwrap();
    let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE asked {values}");
    let answer = client.simple_query(&explain).await.unwrap();
    client.batch_execute("DEALLOCATE asked").await.unwrap();
    let rows = answer.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let plan: Value = serde_json::from_str(&rows.collect::<String>()).unwrap();
    plan[0]["Plan"].clone()
}

fn look(node: &Value, found: &mut Vec<String>) {
    let kind = node["Node Type"].as_str().unwrap_or_default();
    let table = node["Relation Name"].as_str().unwrap_or_default();
    let index = node["Index Name"].as_str().unwrap_or_default();
    let is_read_whole = match kind {
        "Seq Scan" => true,
        "Index Scan" | "Index Only Scan" => {
            node["Index Cond"].is_null() && !FEW.contains(&index) && !is_cut_off(node)
        }
        _ => false,
    };
    if is_read_whole && LARGE.contains(&table) {
        found.push(format!("{kind} on {table} {index}"));
    }
    if kind.ends_with("Sort") && LARGE.contains(&driving_table(node)) {
        found.push(format!("{kind} of {}", driving_table(node)));
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        let mut child = child.clone();
        if kind == "Limit" {
            child["Cut Off"] = Value::Bool(true);
        }
        look(&child, found);
    }
}

/// Whether only its beginning is read.
fn is_cut_off(node: &Value) -> bool {
    node["Cut Off"].as_bool().unwrap_or(false) && node["Filter"].is_null()
}

/// What decides how many rows a part of a plan has: the first input of its first input, and so on.
fn driving_table(node: &Value) -> &str {
    let inputs = node["Plans"].as_array().into_iter().flatten();
    let mut inputs = inputs.filter(|plan| plan["Parent Relationship"] == "Outer");
    match inputs.next() {
        Some(outer) => driving_table(outer),
        None => node["Relation Name"].as_str().unwrap_or_default(),
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("SET search_path TO pagos").await.unwrap();
    client.batch_execute(SETTINGS).await.unwrap();
    client
}

#[tokio::test]
async fn every_statement_finds_its_rows_by_an_index_and_sorts_only_a_few() {
    let Some(scratch) = Scratch::from_env() else { return };
    let is_wanted = |case: &&suite::Case| CASES.iter().any(|part| case.name.contains(part));
    let mut databases = Vec::new();
    for case in suite::CASES.iter().filter(is_wanted) {
        let database = scratch.database().await;
        let options = PostgresOptions::default();
        let store = PostgresStore::connect(&database.url, options).await.unwrap();
        databases.push((case, database, Arc::new(store)));
    }
    // What made the tables is not asked about.
    heard().clear();
    for (case, _, store) in &databases {
        (case.run)(store.clone()).await;
    }
    let statements = heard().clone();
    for part in SCRAPED {
        assert!(statements.keys().any(|sql| sql.contains(part)), "not heard: {part}");
    }
    let client = connect(&databases[0].1.url).await;
    let mut wrong = Vec::new();
    let is_asked = |sql: &str| !CUT_DOWN.iter().any(|part| sql.contains(part));
    for (sql, types) in statements.iter().filter(|(sql, _)| is_asked(sql)) {
        for line in costly(&client, sql, types).await {
            wrong.push(format!("{line}: {sql}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    client.batch_execute(AS_IS).await.unwrap();
    for (sql, types) in statements.iter().filter(|(sql, _)| !sql.contains(RARE)) {
        for line in compared_each_with_each(&client, sql, types).await {
            wrong.push(format!("{line}: {sql}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(statements.len() >= 40, "only {} statements were heard", statements.len());

    let text = || vec!["text".to_owned()];
    client.batch_execute(SETTINGS).await.unwrap();
    for (sql, types) in [
        ("SELECT id FROM payouts WHERE status = $1 ORDER BY id", text()),
        ("SELECT key FROM orders WHERE account = $1 ORDER BY amount_minor LIMIT 1", text()),
        ("SELECT id FROM inbox WHERE state = $1 ORDER BY id", text()),
        ("SELECT count(*) FROM entries", Vec::new()),
    ] {
        assert!(!costly(&client, sql, &types).await.is_empty(), "{sql} is not noticed");
    }
    client.batch_execute(AS_IS).await.unwrap();
    let pairs =
        "WITH one AS MATERIALIZED (SELECT max(id) AS id FROM payouts GROUP BY status LIMIT 1),
                      other AS MATERIALIZED (SELECT id FROM one)
                 SELECT FROM one JOIN other USING (id)";
    assert!(!compared_each_with_each(&client, pairs, &[]).await.is_empty(), "not noticed");
}
