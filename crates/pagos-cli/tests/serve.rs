//! `serve`: pays what others submit, receives webhooks, answers strangers, stops cleanly.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use support::Folder;
use support::Twin;
use support::all_are;
use support::http;
use support::keys;
use support::payouts;

const STOP_MAX: Duration = Duration::from_secs(10);

#[test]
fn a_server_pays_what_is_submitted_and_stops_when_it_is_told() {
    let folder = Folder::new("serve");
    let twin = Twin::start(&folder);
    let mut server = folder.start(&format!("serve --sandbox-url {} --db v.db", twin.origin));
    let ready = server.ready();
    assert_eq!(
        (&ready["webhooks"][0], &ready["db"]),
        (&"/webhooks/cashypro".into(), &"v.db".into())
    );
    let origin = ready["listening"].as_str().unwrap();

    let keys = keys("v", 5);
    folder.write("payouts.csv", payouts(keys.iter().map(|key| (key.as_str(), "salary"))));
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db v.db --json", twin.origin);
    let run = folder.run(&pay).exits(0).says("another pagos process works on this database");
    assert!(all_are(&run.json(), "status", "succeeded"), "{}", run.out);
    assert_eq!(twin.paid(), keys);
    let history = folder.run("history v-01 --db v.db").exits(0).out;
    assert!(history.contains("verified_event: succeeded"), "no webhook came in: {history}");

    // A second server has no business here.
    let second = folder.run(&format!("serve --sandbox-url {} --db v.db", twin.origin));
    second.exits(1).says("another pagos process works on this database");
    check_strangers(origin);
    assert!(server.is_running());

    let told_at = Instant::now();
    server.signal("TERM");
    let run = server.end().exits(0);
    assert!(told_at.elapsed() < STOP_MAX, "{:?}", told_at.elapsed());
    assert_eq!(run.err, "");
    check_notices(&run.out, &keys);
    twin.stop().exits(0);
}

/// After the ready line comes a line for each notice, numbered from 1 without a gap.
fn check_notices(out: &str, keys: &[String]) {
    let notices: Vec<Value> =
        out.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    for (number, notice) in (1..).zip(&notices) {
        assert_eq!(notice["number"], number, "{out}");
    }
    let settled = notices.iter().filter(|notice| notice["status"] == "succeeded");
    let mut settled: Vec<&str> = settled.filter_map(|notice| notice["key"].as_str()).collect();
    settled.sort_unstable();
    assert_eq!(settled, keys);
}

fn check_strangers(origin: &str) {
    let (status, _) = http("GET", &format!("{origin}/healthz"), &[], "");
    assert_eq!(status, 200);
    let webhook = format!("{origin}/webhooks/cashypro");
    let body = r#"{"orderNo":"PAYOUT1","mchOrderNo":"v-01","orderStatus":"FAIL"}"#;
    let forged = [("Sign", "00000000000000000000000000000000"), ("MerchantId", "3002124")];
    for headers in [&forged[..], &forged[1..], &[]] {
        let (status, answer) = http("POST", &webhook, headers, body);
        assert_eq!(status, 401, "{answer}");
        // The provider's word for "received" must not stand there.
        assert!(!answer.to_ascii_uppercase().contains("SUCCESS"), "{answer}");
    }
    let (status, _) = http("GET", &webhook, &[], "");
    assert_eq!(status, 405);
    let (status, _) = http("POST", &format!("{origin}/webhooks/nobody"), &forged, body);
    assert_eq!(status, 404);
}

#[test]
fn a_sandbox_server_keeps_off_the_store_of_real_money() {
    let folder = Folder::new("serve-default");
    let twin = Twin::start(&folder);
    let mut server = folder.start(&format!("serve --sandbox-url {}", twin.origin));
    assert_eq!(server.ready()["db"], "pagos-twin.db");
    // The same store as that of `pay`, so that one finds what the other left.
    folder.write("payouts.csv", payouts([("d-1", "salary")]));
    let pay = format!("pay payouts.csv --sandbox-url {} --yes", twin.origin);
    folder.run(&pay).exits(0).says("another pagos process works on this database");
    server.signal("INT");
    server.end().exits(0);
    assert!(!folder.has("pagos.db"));
}
