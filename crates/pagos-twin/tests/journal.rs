//! A world that is killed at any moment comes back as it was.
//! Not the server around it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use pagos_core::Timestamp;
use pagos_twin::{Ack, Input, Journal, JournalError, Profile, Reply, World};
use serde_json::{Value, json};
use support::{payout, signed};

fn fresh() -> World {
    World::standard().with_profile(Profile::Hostile, 21)
}

/// Everything that can be seen of a world, now and in all its future.
fn portrait(mut world: World, now: Timestamp) -> String {
    let mut seen = String::new();
    for path in [
        "/_twin/orders",
        "/_twin/ledger",
        "/_twin/faults",
        "/_twin/conekta/transfers",
        "/_twin/conekta/balance",
        "/_twin/conekta/settings",
        "/_twin/etpay/sessions",
        "/_twin/etpay/logins",
        "/_twin/etpay/balance",
        "/_twin/etpay/settings",
        "/_twin/virtualpos/payments",
        "/_twin/virtualpos/calls",
        "/_twin/virtualpos/balance",
        "/_twin/virtualpos/settings",
    ] {
        let request = Request::get(path).body(Bytes::new()).unwrap();
        seen.push_str(&support::answer(world.handle(&request, now)).to_string());
    }
    seen.push_str(&format!("{:?}", world.in_flight()));
    while let Some(due) = world.next_due() {
        for delivery in world.due(due) {
            seen.push_str(&format!("{:?}{:?}{:?}", delivery.id, delivery.headers, delivery.body));
            world.delivered(delivery.id, Ack::Status(200), due);
        }
    }
    seen
}

fn post(path: &str, body: &Value) -> Request<Bytes> {
    Request::post(path).body(Bytes::from(body.to_string())).unwrap()
}

/// What a merchant of ETpay does with the token and the session that he got, if he got them.
fn etpay_follow_ups(answers: &[Value], key: &str, nth: u32) -> Vec<Request<Bytes>> {
    let mut requests = Vec::new();
    let text = |pointer: &str| answers.iter().find_map(|it| it.pointer(pointer)?.as_str());
    if let Some(token) = text("/auth/Authorization") {
        let body = support::etpay::payout(key, "x").to_string();
        let create = Request::post("/etpay/platform/v1/payouts").header("Authorization", token);
        requests.push(create.body(Bytes::from(body)).unwrap());
    }
    if let Some(token) = text("/token") {
        let click = ["paid", "failed", "abandon", "paid&notice=out-of-order"][nth as usize % 4];
        let visit = format!("/etpay/pmt/session/{token}?auto={click}");
        requests.push(Request::get(visit).body(Bytes::new()).unwrap());
        requests.push(post("/_twin/etpay/notice", &json!({"session_token": token})));
    }
    let hook = format!("http://127.0.0.1:9/{nth}");
    requests.push(post("/_twin/etpay/settings", &json!({"payout_webhook_url": hook})));
    if nth.is_multiple_of(7) {
        requests.push(post("/_twin/etpay/expire_tokens", &json!({})));
    }
    requests
}

/// What a merchant of VirtualPOS does with the payment that he got, if he got it.
fn virtualpos_follow_ups(answers: &[Value], nth: u32) -> Vec<Request<Bytes>> {
    let mut requests = Vec::new();
    let uuid = answers.iter().find_map(|it| it.pointer("/payment/order/uuid")?.as_str());
    if let Some(uuid) = uuid {
        let click = ["paid", "failed", "abandon", "paid&notice=late"][nth as usize % 4];
        let visit = format!("/virtualpos/pay/{uuid}?auto={click}");
        requests.push(Request::get(visit).body(Bytes::new()).unwrap());
        requests.push(support::virtualpos::collected(&format!("/{uuid}/webcheckout"), &json!({})));
    }
    let hook = format!("http://127.0.0.1:9/{nth}");
    requests.push(post("/_twin/virtualpos/settings", &json!({"callback_url": hook})));
    requests
}

/// What a business does with the payee that Conekta gave it, if it got one.
fn conekta_follow_ups(answers: &[Value], nth: u32) -> Vec<Request<Bytes>> {
    let mut requests = Vec::new();
    let is_payee = |it: &&Value| it["object"] == "payee";
    if let Some(payee) = answers.iter().find(is_payee).and_then(|it| it["id"].as_str()) {
        let transfer = support::conekta::transfer(payee, 50_000 + i64::from(nth)).to_string();
        requests.push(support::conekta::request("POST", "transfers", &transfer));
    }
    requests.push(support::conekta::request("GET", "transfers?limit=2", ""));
    // Not at once: a replay signs each of its webhooks anew, which takes a millisecond.
    if nth == 2 {
        let hook = json!({"webhooks": {"conekta": support::conekta::HOOK}});
        requests.push(post("/_twin/merchant", &hook));
    }
    if nth.is_multiple_of(50) {
        requests.push(support::conekta::request("POST", "webhook_keys", ""));
    }
    requests
}

/// Lives a while and writes it down. Some webhooks are acknowledged, some not, some never.
fn live(path: &std::path::Path, orders: u32) -> (World, Timestamp) {
    let opened = Journal::open(path, fresh()).unwrap();
    let (mut journal, mut world) = (opened.journal, opened.world);
    let mut now = Timestamp::from_millis(support::START_MS);
    for nth in 0..orders {
        now = now.plus(Duration::from_secs(2));
        let key = format!("k{nth}");
        let mut answers: Vec<Value> = Vec::new();
        let query = json!({"mchOrderNo": key, "nonceStr": "n"}).to_string();
        let mut odd = signed("payOut", "{}");
        *odd.body_mut() = Bytes::from_static(b"\xff\xfe");
        let trigger =
            json!({"triggers": [{"key": key, "fault": "webhook_duplicated"}]}).to_string();
        let trigger = Request::post("/_twin/faults").body(Bytes::from(trigger)).unwrap();
        for request in [
            trigger,
            signed("payOut", &payout(&key, "x").to_string()),
            signed("payOutQuery", &query),
            odd,
            post("/etpay/platform/v1/auth/login", &support::etpay::login()),
            post("/etpay/api/session/initialize", &support::etpay::order(&key)),
            support::conekta::request(
                "POST",
                "payees",
                &support::conekta::payee(&key, "Jon").to_string(),
            ),
            support::virtualpos::created(&support::virtualpos::tef(&key, "x")),
            support::virtualpos::collected("/", &support::virtualpos::order(&key)),
        ] {
            journal.append(&Input::request(&request, now)).unwrap();
            if let Reply::Answer(answer) = world.handle(&request, now) {
                answers.push(serde_json::from_slice(answer.body()).unwrap_or_default());
            }
        }
        let mut follow_ups = etpay_follow_ups(&answers, &key, nth);
        follow_ups.extend(virtualpos_follow_ups(&answers, nth));
        follow_ups.extend(conekta_follow_ups(&answers, nth));
        for request in follow_ups {
            journal.append(&Input::request(&request, now)).unwrap();
            drop(world.handle(&request, now));
        }
        journal.append(&Input::Due { at: now, count_max: 3 }).unwrap();
        for (place, delivery) in world.due_at_most(now, 3).into_iter().enumerate() {
            let ack = if place % 2 == 0 { Ack::Status(200) } else { Ack::NoAnswer };
            if delivery.id.number % 5 != 0 {
                journal.append(&Input::Delivered { at: now, id: delivery.id, ack }).unwrap();
                world.delivered(delivery.id, ack, now);
            }
        }
    }
    (world, now)
}

#[test]
fn a_replayed_world_is_the_same_world() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let (world, now) = live(&path, 200);
    assert!(!world.in_flight().is_empty());
    let opened = Journal::open(&path, fresh()).unwrap();
    assert_eq!(opened.last_at, Some(now));
    assert_eq!(portrait(opened.world, now), portrait(world, now), "seed 21");
}

#[test]
fn a_torn_last_line_never_happened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let (world, now) = live(&path, 20);
    let whole = std::fs::read(&path).unwrap();
    let expected = portrait(world, now);
    for torn in [&b"{"[..], b"{\"input\":\"due\",\"at\":17331037745", b"\xff"] {
        std::fs::write(&path, [&whole, torn].concat()).unwrap();
        let opened = Journal::open(&path, fresh()).unwrap();
        assert_eq!(portrait(opened.world, now), expected);
        assert_eq!(std::fs::read(&path).unwrap(), whole, "the torn line is cut off");
    }
    let mut opened = Journal::open(&path, fresh()).unwrap();
    opened.journal.append(&Input::Tick { at: now.plus(Duration::from_secs(1)) }).unwrap();
    assert!(matches!(Journal::open(&path, fresh()), Err(JournalError::InUse)));
    drop(opened);
    let again = Journal::open(&path, fresh()).unwrap();
    assert_eq!(again.last_at, Some(now.plus(Duration::from_secs(1))));
}

#[test]
fn every_prefix_of_a_journal_opens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    live(&path, 3);
    let whole = std::fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(7) {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(Journal::open(&path, fresh()).is_ok(), "the first {length} bytes");
    }
}

#[test]
fn damage_and_other_worlds_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    live(&path, 2);
    let other = World::standard().with_profile(Profile::Hostile, 22);
    assert!(matches!(Journal::open(&path, other), Err(JournalError::OtherWorld)));
    let mut lines: Vec<String> =
        std::fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
    lines[2] = "nonsense".into();
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    let refused = Journal::open(&path, fresh());
    assert!(matches!(refused, Err(JournalError::Damaged { line: 3, .. })), "{refused:?}");
}

/// A sandbox is tried with a real file of salaries, too.
#[cfg(unix)]
#[test]
fn only_its_owner_reads_a_journal() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    drop(Journal::open(&path, fresh()).unwrap());
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

/// An empty file that somebody made first, in a folder of everybody.
#[cfg(unix)]
#[test]
fn world_7_an_empty_file_that_was_there_becomes_private() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    std::fs::write(&path, "").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    drop(Journal::open(&path, fresh()).unwrap());
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
}
