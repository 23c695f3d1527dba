//! `--log` and `--metrics` of a whole process, through the twins: what is in them, and that no name,
//! account number, document or secret is (`support` looks for those in everything that is said).
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::Value;
use support::{Folder, Twin, http, keys, payouts, wait_for};

const PAY: &str = "pay payouts.csv --sandbox --yes --db s.db --json";

fn folder(name: &str, count: usize) -> (Folder, Vec<String>) {
    let (folder, keys) = (Folder::new(name), keys("t", count));
    folder.write("payouts.csv", payouts(keys.iter().map(|key| (key.as_str(), "salary"))));
    (folder, keys)
}

#[test]
fn i10_a_log_at_trace_has_every_attempt_and_no_canary() {
    let (folder, keys) = folder("log-json", 8);
    let run = folder.run_with(&format!("{PAY} --log json"), &[("RUST_LOG", "trace")]).exits(0);
    let events: Vec<Value> = run
        .err
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let is_ours = |event: &&Value| event["target"].as_str().unwrap().starts_with("pagos");
    assert_eq!(events.iter().filter(is_ours).count(), events.len(), "crates of others are silent");
    let is_create = |event: &&Value| {
        event["fields"]["message"] == "called" && event["span"]["operation"] == "create"
    };
    let mut sent: Vec<&str> = events
        .iter()
        .filter(is_create)
        .map(|event| event["span"]["key"].as_str().unwrap())
        .collect();
    sent.sort_unstable();
    assert_eq!(sent, keys);
    for message in ["commit", "group", "exchange", "delivery"] {
        let has = events.iter().any(|event| event["fields"]["message"] == message);
        assert!(has, "no {message}: {}", run.err);
    }
    assert!(run.err.contains("a new database"), "messages stay: {}", run.err);
}

#[test]
fn a_log_is_off_by_default_and_a_wrong_filter_is_refused() {
    let (folder, _) = folder("log-off", 2);
    let run = folder.run_with(PAY, &[("RUST_LOG", "trace")]).exits(0);
    assert!(!run.err.contains("called"), "{}", run.err);
    let text = folder.run(&format!("{PAY} --log text")).exits(0);
    assert!(!text.err.contains("commit"), "info is the default: {}", text.err);
    let wrong = folder.run_with(&format!("{PAY} --log text"), &[("RUST_LOG", "pagos=loud")]);
    wrong.exits(1).says("RUST_LOG is no filter");
}

#[test]
fn truth_12_a_log_that_nobody_reads_holds_up_no_payout() {
    let (folder, keys) = folder("log-unread", 40);
    let twin = Twin::start(&folder);
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db s.db --log json", twin.origin);
    let unread = folder.start_unread(&pay);
    wait_for("every payout to be paid", || twin.paid().len() == keys.len());
    drop(unread);
    twin.stop();
}

#[test]
fn i10_metrics_count_what_happened_and_name_nobody() {
    let (folder, keys) = folder("metrics", 5);
    let twin = Twin::start(&folder);
    let serve = format!(
        "serve --sandbox-url {} --db v.db --metrics 127.0.0.1:0 --api 127.0.0.1:0 --log text",
        twin.origin
    );
    let mut server = folder.start(&serve);
    let ready = server.ready();
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db v.db --json", twin.origin);
    folder.run(&pay).exits(0);
    let api = ready["api"].as_str().unwrap();
    let wrong = [("authorization", "Bearer canary-of-a-token")];
    assert_eq!(http("GET", &format!("{api}/v1/payouts/{}", keys[0]), &wrong, "").0, 401);
    let url = ready["metrics"].as_str().unwrap();
    let (status, page) = http("GET", url, &[], "");
    assert_eq!(status, 200, "{page}");
    let sum = |name: &str| {
        let lines = page.lines().filter(|line| line.starts_with(name));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum::<f64>()
    };
    assert!((sum("pagos_attempts_total{") - 5.0).abs() < f64::EPSILON, "{page}");
    assert!(
        sum("pagos_deliveries_total{account=\"cashypro\",verdict=\"genuine\"}") >= 5.0,
        "{page}"
    );
    assert!(sum("pagos_call_seconds_count{account=\"cashypro\",operation=\"create\"}") >= 5.0);
    assert!(page.contains("pagos_store_up 1"), "{page}");
    let refused =
        "pagos_api_requests_total{route=\"GET /v1/payouts/{key}\",outcome=\"no-token\"} 1";
    assert!(page.contains(refused), "{page}");
    let secrets = [support::NAME, support::DOCUMENT, support::ACCOUNT];
    for secret in keys.iter().map(String::as_str).chain(secrets) {
        assert!(!page.contains(secret), "{secret} is in\n{page}");
    }
    assert_eq!(http("GET", &url.replace("/metrics", "/"), &[], "").0, 404);
    server.signal("TERM");
    let end = server.end().exits(0);
    let told = end.err.lines().find(|line| line.contains("no-token")).unwrap();
    assert!(told.contains("peer=\"127.0.0.1\"") && !told.contains("canary"), "{told}");
    let open = format!("serve --sandbox-url {} --db w.db --metrics 0.0.0.0:9187", twin.origin);
    folder.run(&open).exits(1).says("served on this machine only");
    twin.stop();
}
