//! `serve`: pays what others submit, receives webhooks, answers strangers, stops cleanly.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use support::{Folder, Twin, all_are, http, keys, payouts, silent};

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
    assert_eq!(run.err.lines().count(), 4, "{}", run.err);
    let run = run
        .says("their time runs 200 times faster")
        .says("v.db: a new database")
        .says("the receiver: 2 requests or connections were refused");
    let run = run.says("account cashypro: 3 webhooks were refused");
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

#[test]
fn payments_are_followed_and_notices_say_what_they_are_about() {
    let folder = Folder::new("serve-payments");
    let twin = Twin::start(&folder);
    let mut server = folder.start(&format!("serve --sandbox-url {} --db m.db", twin.origin));
    let providers = twin.ask("credentials");
    let paths = providers.as_object().unwrap().keys().map(|name| format!("/webhooks/{name}"));
    assert_eq!(server.ready()["webhooks"], json!(paths.collect::<Vec<_>>()));
    let create = format!(
        "payment create etpay --key m1 --amount 1500 --currency CLP --db m.db --sandbox-url {}",
        twin.origin
    );
    // Its notification goes to a process that has ended; the server asks.
    let page = folder.run(&create).exits(0).out;
    http("GET", &format!("{}?auto=paid", page.trim_end()), &[], "");
    folder.write("payouts.csv", payouts([("m1", "salary")]));
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db m.db --json", twin.origin);
    folder.run(&pay).exits(0);
    support::wait_for("the server learns that it is paid", || {
        folder.run("payment status m1 --db m.db").code == Some(0)
    });
    let mut told = Vec::new();
    while !(told.contains(&"payment succeeded".to_owned())
        && told.contains(&"payout succeeded".to_owned()))
    {
        let notice: Value = serde_json::from_str(&server.next_line()).unwrap();
        assert_eq!((&notice["key"], &notice["event"]["kind"]), (&"m1".into(), &"advanced".into()));
        let (subject, status) = (notice["subject"].as_str(), notice["status"].as_str());
        told.push(format!("{} {}", subject.unwrap(), status.unwrap()));
    }
    server.signal("TERM");
    server.end().exits(0);
}

#[test]
fn a_path_that_nobody_can_guess_is_shown_nowhere_and_is_the_only_one() {
    const SEGMENT: &str = "canary-segment_7Hq2";
    let folder = Folder::new("serve-segment");
    let nowhere = "http://127.0.0.1:1";
    folder.write(
        "pagos.toml",
        format!(
            "[accounts.etpay]\nmerchant_code = \"m\"\nmerchant_api_token = \"t\"\n\
             api_url = \"{nowhere}\"\nusername = \"u\"\npassword = \"p\"\n\
             webhook_segment = \"{SEGMENT}\"\n"
        ),
    );
    let mut server = folder.start("serve --listen 127.0.0.1:0 --db s.db");
    let ready = server.ready();
    assert_eq!(ready["webhooks"], json!(["/webhooks/etpay/…"]));
    let origin = ready["listening"].as_str().unwrap();
    let body = r#"{"id":"p1","status":"completed","merchant_order_id":"k1"}"#;
    // Nothing of ours, which no answer tells; and nobody there.
    for (path, expected) in [
        (format!("/webhooks/etpay/{SEGMENT}"), 200),
        (format!("/webhooks/etpay/{SEGMENT}/"), 404),
        ("/webhooks/etpay/".to_owned(), 404),
        ("/webhooks/etpay".to_owned(), 404),
    ] {
        let (status, answer) = http("POST", &format!("{origin}{path}"), &[], body);
        assert_eq!(status, expected, "{path}");
        assert_eq!(answer.contains("ok"), path.ends_with(SEGMENT), "{path}: {answer}");
    }
    server.signal("TERM");
    let run = server.end().exits(0);
    assert!(!run.out.contains("canary") && !run.err.contains("canary"), "{}{}", run.out, run.err);
    let segment = [("PAGOS_ETPAY_WEBHOOK_SEGMENT", "canary/segment")];
    let run = folder.run_with("serve --listen 127.0.0.1:0 --db s.db", &segment).exits(1);
    let run = run.says("PAGOS_ETPAY_WEBHOOK_SEGMENT: webhook_segment: it is not 1 to 64 of");
    assert!(!run.err.contains("canary"), "{}", run.err);
}

/// An account whose payout webhooks nobody signs, and a provider that takes a call and never answers.
fn etpay_at(address: std::net::SocketAddr, more: &str) -> String {
    format!(
        "[accounts.etpay]\nmerchant_code = \"m\"\nmerchant_api_token = \"t\"\n\
         api_url = \"http://{address}\"\nusername = \"u\"\npassword = \"p\"\n{more}"
    )
}

#[test]
fn receiver_8_an_outer_address_is_said_and_wants_a_path_that_nobody_guesses() {
    let folder = Folder::new("serve-outer");
    let nowhere = ([127, 0, 0, 1], 1).into();
    for segment in ["", "webhook_segment = \"abcdefgh0123456\"\n"] {
        folder.write("pagos.toml", etpay_at(nowhere, segment));
        let refused = folder.run("serve --listen 0.0.0.0:0 --db s.db").exits(1);
        refused
            .says("account etpay takes webhooks whose sender Pagos cannot verify")
            .says("webhook_segment");
        assert!(!folder.has("s.db"), "it is refused before anything is made");
    }
    folder.write("pagos.toml", etpay_at(nowhere, "webhook_segment = \"abcdefgh01234567\"\n"));
    let mut server = folder.start("serve --listen 0.0.0.0:0 --db s.db");
    server.ready();
    server.waits_until_it_says("other machines can reach 0.0.0.0:0, over plain HTTP");
    server.signal("TERM");
    server.end().exits(0);
    assert!(folder.run("doctor --db s.db").out.contains("database s.db: 0 payouts"));
}

#[test]
fn receiver_8_a_hangup_is_ignored_and_said_and_a_second_signal_ends_at_once() {
    let (folder, silent) = silent("serve-signals");
    let mut server = folder.start("serve --listen 127.0.0.1:0 --db s.db");
    server.ready();
    server.signal("HUP");
    server.waits_until_it_says("SIGHUP is ignored: settings are read at the start");
    let payer = folder.start("pay payouts.csv --yes --db s.db");
    let _call = silent.accept().unwrap();
    payer.signal("TERM");
    payer.end().exits(3);
    server.signal("TERM");
    assert!(server.is_running(), "it waits for the call that is under way");
    let told_at = Instant::now();
    while server.is_running() {
        server.signal("TERM");
        assert!(told_at.elapsed() < STOP_MAX, "the second signal does not end it");
        std::thread::yield_now();
    }
    server.end().exits(3);
}

/// `GET /readyz` asks the engine and the store, and tells numbers and no names.
#[test]
fn receiver_7_what_is_refused_is_seen_in_readyz_in_doctor_and_on_standard_error() {
    let folder = Folder::new("serve-ready");
    folder.write(
        "pagos.toml",
        etpay_at(([127, 0, 0, 1], 1).into(), "[receiver]\nhints_burst_max = 1\n"),
    );
    let mut server = folder.start("serve --listen 127.0.0.1:0 --db s.db");
    let ready = server.ready();
    let origin = ready["listening"].as_str().unwrap().to_owned();
    let hint = r#"{"id":"p1","status":"completed","merchant_order_id":"k1"}"#;
    let webhook = format!("{origin}/webhooks/etpay");
    let statuses: Vec<u16> = (0..20).map(|_| http("POST", &webhook, &[], hint).0).collect();
    assert!(statuses.contains(&503), "the limit of the file is in force: {statuses:?}");
    http("POST", &format!("{origin}/webhooks/nobody"), &[], "{}");
    let (status, answer) = http("GET", &format!("{origin}/readyz"), &[], "");
    assert_eq!(status, 200);
    let told: Value = serde_json::from_str(answer.trim()).unwrap();
    assert_eq!(
        (&told["ready"], &told["engine"], &told["store"]),
        (&true.into(), &true.into(), &true.into())
    );
    assert_eq!(told["misdirected"], 1);
    let refused = told["over_budget"].as_u64().unwrap() + told["unsigned"].as_u64().unwrap();
    assert_eq!(refused, 20);
    assert!(!answer.contains("etpay") && !answer.contains("s.db"), "{answer}");
    assert_eq!(http("POST", &format!("{origin}/readyz"), &[], "").0, 405);
    server.signal("TERM");
    let run = server.end().exits(0);
    let run = run.says("account etpay: 20 webhooks were refused");
    run.says("the receiver: 2 requests or connections were refused");
    let doctor = folder.run("doctor --db s.db").out;
    for finding in [
        "database s.db, webhooks of etpay: refused",
        "database s.db, the receiver: refused 1 times",
        "set webhook_segment to 16 or more random characters",
    ] {
        assert!(doctor.contains(finding), "{finding}: {doctor}");
    }
}
