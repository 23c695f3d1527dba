//! The list of metrics against everything that uses it: the page, the rules, the dashboard, and what
//! the process shows.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

use super::*;

const ALERTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ops/prometheus/alerts.yml");

fn known() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut known = BTreeMap::new();
    for metric in &METRICS {
        let mut labels: BTreeSet<&str> = metric.labels.iter().copied().collect();
        known.insert(metric.name.to_owned(), labels.clone());
        if metric.kind == Kind::Histogram {
            known.insert(format!("{}_sum", metric.name), labels.clone());
            known.insert(format!("{}_count", metric.name), labels.clone());
            labels.insert("le");
            known.insert(format!("{}_bucket", metric.name), labels);
        }
    }
    known
}

/// Every line of a page belongs to a metric of the list, with exactly its labels.
pub(in crate::telemetry) fn assert_known(page: &str) {
    let known = known();
    for line in page.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let found = uses(line.rsplit_once(' ').unwrap().0);
        assert_eq!(found.len(), 1, "{line}");
        let (name, labels) = &found[0];
        let expected = known.get(name).unwrap_or_else(|| panic!("not in the list: {line}"));
        assert_eq!(labels.iter().map(String::as_str).collect::<BTreeSet<_>>(), *expected, "{line}");
    }
}

/// The metrics of an expression, each with the labels between its braces; and under the empty name
/// the labels of every `by`.
fn uses(expression: &str) -> Vec<(String, BTreeSet<String>)> {
    let tokens = tokens(expression);
    let (mut found, mut place) = (Vec::new(), 0);
    while place < tokens.len() {
        let (token, next) = (tokens[place].as_str(), tokens.get(place + 1).map(String::as_str));
        let end = |close: &str| place + tokens[place..].iter().position(|it| it == close).unwrap();
        let words = |from: usize, to: usize| {
            tokens[from..to].iter().filter(|it| is_name(it)).cloned().collect::<BTreeSet<_>>()
        };
        if matches!(token, "by" | "without" | "on") {
            found.push((String::new(), words(place + 2, end(")"))));
            place = end(")");
        } else if is_name(token) && next == Some("{") {
            found.push((token.to_owned(), words(place + 2, end("}"))));
            place = end("}");
        } else if is_name(token)
            && !matches!(next, Some("(" | "by" | "without"))
            && !matches!(token, "or" | "and" | "unless")
        {
            found.push((token.to_owned(), BTreeSet::new()));
        }
        place += 1;
    }
    found
}

fn is_name(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
}

/// Names and single characters. Texts and ranges say nothing of names.
fn tokens(expression: &str) -> Vec<String> {
    let (mut tokens, mut rest) = (Vec::new(), expression);
    while let Some(first) = rest.chars().next() {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let length = match first {
            '"' => rest[1..].find('"').unwrap() + 2,
            '[' => rest.find(']').unwrap() + 1,
            _ if is_part(first) => rest.find(|it| !is_part(it)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        if !matches!(first, '"' | '[') && !first.is_whitespace() {
            tokens.push(rest[..length].to_owned());
        }
        rest = &rest[length..];
    }
    tokens
}

/// What of an expression does not exist.
fn unknown(expression: &str) -> Vec<String> {
    let mut known = known();
    known.insert("up".to_owned(), BTreeSet::from(["job"]));
    let uses = uses(expression);
    let names = || uses.iter().filter(|(name, _)| !name.is_empty());
    let mut wrong = Vec::new();
    for (name, labels) in names() {
        match known.get(name) {
            None => wrong.push(name.clone()),
            Some(has) => {
                wrong.extend(labels.iter().filter(|label| !has.contains(label.as_str())).cloned());
            }
        }
    }
    for (_, labels) in uses.iter().filter(|(name, _)| name.is_empty()) {
        let exists = |label: &str| {
            names().any(|(name, _)| known.get(name).is_some_and(|has| has.contains(label)))
        };
        wrong.extend(labels.iter().filter(|label| !exists(label)).cloned());
    }
    wrong
}

#[test]
fn what_does_not_exist_in_a_query_is_found() {
    for (expression, expected) in [
        ("max by (account) (pagos_waiting{status=\"unknown\"}) > 0", vec![]),
        ("rate(pagos_call_seconds_bucket{le=\"5\"}[5m])", vec![]),
        ("pagos_wating > 0", vec!["pagos_wating"]),
        ("pagos_waiting{key=\"k\"}", vec!["key"]),
        ("sum by (key) (pagos_waiting)", vec!["key"]),
        ("sum by (le) (pagos_call_seconds_sum)", vec!["le"]),
    ] {
        assert_eq!(unknown(expression), expected, "{expression}");
    }
}

/// The expressions of the rules. A folded one goes on in deeper lines.
fn rules() -> Vec<String> {
    let text = std::fs::read_to_string(ALERTS).unwrap();
    let mut found: Vec<String> = Vec::new();
    let mut is_folded = false;
    for line in text.lines() {
        let depth = line.len() - line.trim_start().len();
        if let Some(expression) = line.trim_start().strip_prefix("expr: ") {
            is_folded = expression == ">-";
            found.push(if is_folded { String::new() } else { expression.to_owned() });
        } else if is_folded && depth > 8 {
            found.last_mut().unwrap().push_str(line.trim_start());
            found.last_mut().unwrap().push(' ');
        } else {
            is_folded = false;
        }
    }
    found
}

fn dashboard() -> Vec<String> {
    let text = include_str!("../../../../../ops/grafana/pagos.json");
    let page: Value = serde_json::from_str(text).unwrap();
    let panels = page["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let expressions = targets.map(|target| target["expr"].as_str().unwrap().to_owned());
    expressions.chain(["pagos_account_halted{account=\"\"}".to_owned()]).collect()
}

#[test]
fn rules_and_dashboard_ask_for_what_exists_and_for_all_of_it() {
    let (rules, dashboard) = (rules(), dashboard());
    assert!(rules.len() >= 10 && dashboard.len() >= 10, "{} {}", rules.len(), dashboard.len());
    for expression in rules.iter().chain(&dashboard) {
        assert_eq!(unknown(expression), Vec::<String>::new(), "{expression}");
    }
    let shown: BTreeSet<String> =
        dashboard.iter().flat_map(|expression| uses(expression)).map(|(name, _)| name).collect();
    for metric in &METRICS {
        let is_shown =
            shown.iter().any(|name| name.strip_suffix("_bucket").unwrap_or(name) == metric.name);
        assert!(is_shown, "{} is on no panel", metric.name);
    }
}

#[test]
fn the_page_lists_every_metric_with_its_kind_and_labels() {
    let page = include_str!("../../../../../docs/TELEMETRY.md");
    let rows = page.lines().filter(|line| line.starts_with("| `pagos_"));
    let quoted =
        |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<String>>();
    let told: BTreeSet<(String, String, Vec<String>)> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            (quoted(cells[1]).remove(0), cells[2].to_owned(), quoted(cells[3]))
        })
        .collect();
    let listed: BTreeSet<(String, String, Vec<String>)> = METRICS
        .iter()
        .map(|metric| {
            let labels = metric.labels.iter().map(|&label| label.to_owned()).collect();
            (metric.name.to_owned(), format!("{:?}", metric.kind).to_lowercase(), labels)
        })
        .collect();
    assert_eq!(told, listed);
}

#[test]
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn prometheus_reads_the_rules() {
    match Command::new("promtool").args(["check", "rules", ALERTS]).output() {
        Ok(checked) => {
            assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
        }
        Err(_) => eprintln!("skipped: promtool is not installed"),
    }
}
