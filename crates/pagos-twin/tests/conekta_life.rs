//! What becomes of transfers: business days, endings, repeats, and what was really paid.
//! Not how the merchant is told.

use pagos_core::Timestamp;
use pagos_twin::{
    Fault, Faults, Profile, Reply,
    conekta::{ConektaSettings, Switches},
};
use serde_json::{Value, json};

use crate::support::{
    answer,
    conekta::{Business, HOOK, payee, payee_of},
    whole,
};

/// Every status of one transfer with its time, by the events that it left.
fn life(business: &mut Business, id: &str) -> Vec<(String, String)> {
    business.settle();
    let events = business.get("events?limit=250");
    let of_transfer = |it: &&Value| it["data"]["object"]["id"] == json!(id);
    let step = |it: &Value| {
        let at = Timestamp::from_millis(it["created_at"].as_i64().unwrap() * 1_000);
        (it["data"]["object"]["status"].as_str().unwrap().to_owned(), at.to_string())
    };
    events["data"].as_array().unwrap().iter().filter(of_transfer).rev().map(step).collect()
}

fn words(life: &[(String, String)]) -> Vec<&str> {
    life.iter().map(|(word, _)| &**word).collect()
}

#[test]
fn a_transfer_is_executed_on_the_next_business_day() {
    for (requested, executed) in [
        ("2024-12-02T15:30:00Z", "2024-12-03"),
        ("2024-12-06T15:30:00Z", "2024-12-09"),
        ("2024-12-07T15:30:00Z", "2024-12-10"),
        ("2024-12-08T15:30:00Z", "2024-12-10"),
    ] {
        let mut business = Business::new();
        business.now = requested.parse().unwrap();
        let id = business.paid_id("k", "Jon");
        let steps = life(&mut business, &id);
        let expected = [
            ("pending".to_owned(), requested.to_owned()),
            ("in_transit".to_owned(), format!("{executed}T15:00:00Z")),
            ("paid_out".to_owned(), format!("{executed}T15:15:00Z")),
        ];
        assert_eq!(steps, expected, "{requested}");
    }
    let mut business = Business::new();
    business.control("settings", &json!({"holidays": ["2024-12-03"]}));
    business.now = "2024-12-02T15:30:00Z".parse().unwrap();
    let id = business.paid_id("k", "Jon");
    assert_eq!(life(&mut business, &id)[1].1, "2024-12-04T15:00:00Z");
    let switches = Switches { execution_delay_seconds: Some(2), ..Switches::default() };
    let mut business = Business::with(Switches { transit_seconds: 1, ..switches });
    let id = business.paid_id("k", "Jon");
    business.wait(3);
    assert_eq!(business.status(&id), "paid_out", "for those who cannot wait");
}

/// Scenario, statuses, movements.
#[test]
fn scenarios_end_as_ordered() {
    let (out, back) = ("out", "back");
    for (holder, statuses, moved) in [
        ("sim:success", &["pending", "in_transit", "paid_out"][..], &[out][..]),
        ("Ana sim:fail", &["pending", "in_transit", "failed"], &[]),
        ("Ana sim:fail:R03", &["pending", "in_transit", "failed"], &[]),
        ("Ana sim:cancel", &["pending", "in_transit", "failed"], &[]),
        ("sim:success-then-fail", &["pending", "in_transit", "paid_out", "failed"], &[out, back]),
        (
            "sim:fail-then-success",
            &["pending", "in_transit", "failed", "retrying", "in_transit", "paid_out"],
            &[out],
        ),
    ] {
        let mut business = Business::new();
        let before = business.available();
        let id = business.paid_id("k", holder);
        assert_eq!(business.available(), before - 50_000, "{holder}");
        let truth = business.world.twin("conekta").map(|twin| {
            let mut truth = String::new();
            twin.visit_orders(&mut |order| truth = order.true_final.to_owned());
            truth
        });
        let steps = life(&mut business, &id);
        assert_eq!(words(&steps), statuses, "{holder}");
        assert_eq!(truth.as_deref(), statuses.last().copied(), "{holder}");
        assert_eq!(business.movements("k"), moved, "{holder}");
        let is_paid = statuses.last() == Some(&"paid_out");
        assert_eq!(business.net("k"), if is_paid { 50_000 } else { 0 }, "{holder}");
        assert_eq!(business.available(), before - business.net("k"), "{holder}");
    }
}

#[test]
fn a_stuck_transfer_ends_too() {
    let mut business = Business::new();
    let id = business.paid_id("k", "sim:stuck");
    business.wait(6 * 24 * 3_600);
    assert_eq!(business.status(&id), "in_transit");
    assert_eq!(words(&life(&mut business, &id)), ["pending", "in_transit", "paid_out"]);
}

#[test]
fn amounts_and_accounts_decide_too() {
    for (amount, last, moved) in
        [(50_013, "failed", 0), (50_019, "failed", 2), (50_017, "paid_out", 1)]
    {
        let mut business = Business::new();
        let id = business.payee(&payee("k", "Jon"));
        let id = answer(business.transfer(&id, amount))["id"].as_str().unwrap().to_owned();
        assert_eq!(*words(&life(&mut business, &id)).last().unwrap(), last, "{amount}");
        assert_eq!(business.movements("k").len(), moved, "{amount}");
    }
    let mut business = Business::new();
    business.control("settings", &json!({"amount_triggers": false}));
    let id = business.payee(&payee("k", "Jon"));
    business.transfer(&id, 50_013);
    business.settle();
    assert_eq!(business.net("k"), 50_013);
    for (clabe, is_answered, moved) in [
        ("002180999000000011", true, 0),
        ("002180999000000024", true, 1),
        ("002180999000000037", true, 2),
        ("002180999000000040", true, 1),
        ("002180999000000066", false, 1),
        ("002180999000000079", false, 0),
        ("002180999000000082", true, 1),
    ] {
        let mut business = Business::new();
        let id = business.payee(&payee_of("k@key.invalid", clabe, "Jon"));
        let reply = business.transfer(&id, 1_000);
        assert_eq!(matches!(reply, Reply::Answer(_)), is_answered, "{clabe}");
        business.settle();
        assert_eq!(business.movements("k").len(), moved, "{clabe}");
    }
    let id = business.payee(&payee_of("l@key.invalid", "002180999000000053", "Jon"));
    assert_eq!(whole(business.transfer(&id, 1_000)).status(), 500);
    business.settle();
    assert_eq!(business.movements("l"), ["out"]);
}

#[test]
fn whatever_is_repeated_is_paid_again() {
    let mut business = Business::new();
    let first = business.payee(&payee("k", "Jon"));
    let second = business.payee(&payee("k", "Jon"));
    for id in [&first, &first, &second] {
        assert_eq!(whole(business.transfer(id, 1_000)).status(), 200);
    }
    business.settle();
    assert_eq!(business.movements("k"), ["out", "out", "out"]);
    assert_eq!(business.net("k"), 3_000);
    let nobody = business.payee(&payee_of("jon@example.com", "002115016003269411", "Jon"));
    business.transfer(&nobody, 1_000);
    business.settle();
    assert_eq!(business.net(&nobody), 1_000, "who says no key is known by the payee");
    let movements = business.world.movements();
    assert_eq!(&*movements.last().unwrap().account, "002115016003269411");
    let request = http::Request::get("/_twin/conekta/transfers").body(bytes::Bytes::new()).unwrap();
    let shown = answer(business.send(&request));
    assert_eq!(shown[3]["account"], "002115016003269411");
    assert_eq!((&shown[2]["key"], &shown[2]["payee_id"]), (&json!("k"), &json!(second)));
}

#[test]
fn a_transfer_can_be_pushed() {
    let mut business = Business::new();
    let id = business.paid_id("k", "Jon");
    assert_eq!(business.advance_to(&id, "retrying"), 400);
    for to in ["in_transit", "retrying", "failed", "retrying", "paid_out", "failed"] {
        assert_eq!(business.advance_to(&id, to), 200, "{to}");
        assert_eq!(business.status(&id), to);
    }
    for bad in ["paid", "pending", "failed", "in_transit"] {
        assert_eq!(business.advance_to(&id, bad), 400, "{bad}");
    }
    assert_eq!(business.advance_to("nobody", "failed"), 400);
    assert_eq!(business.movements("k"), ["out", "back"]);
    business.settle();
    assert_eq!(business.status(&id), "failed", "what was planned before is left undone");
    let id = business.paid_id("l", "sim:fail");
    business.advance_to(&id, "in_transit");
    assert_eq!(business.advance_to(&id, "retrying"), 200);
    business.settle();
    assert_eq!(business.status(&id), "paid_out");
}

#[test]
fn transactions_tell_what_changed_the_balance() {
    let mut business = Business::with(Switches { fee_minor: 300, ..Switches::default() });
    let id = business.paid_id("k", "sim:fail-then-success");
    business.settle();
    let listed = business.get("transactions");
    let rows: Vec<_> = listed["data"].as_array().unwrap().iter().collect();
    let kinds: Vec<_> = rows.iter().map(|it| (&it["type"], it["net"].as_i64())).collect();
    let (payout, reversal) = (json!("payout"), json!("payout_reversal"));
    assert_eq!(
        kinds,
        [(&payout, Some(-50_300)), (&reversal, Some(50_300)), (&payout, Some(-50_300))]
    );
    assert!(rows.iter().all(|it| it["charge"] == json!(id) && it["amount"] == 50_000));
    let one = rows[1]["id"].as_str().unwrap();
    assert_eq!(&business.get(&format!("transactions/{one}")), rows[1]);
    assert_eq!(business.get("transactions?type=payout_reversal")["data"], json!([rows[1]]));
    let page = business.get("transactions?type=payout&limit=1");
    let next = page["next_page_url"].as_str().unwrap();
    assert!(next.contains("/conekta/transactions?type=payout&limit=1&next="), "{next}");
    for (query, count) in [("currency=USD", 0), ("currency=MXN", 3), ("id=x", 0)] {
        let found = business.get(&format!("transactions?{query}"));
        assert_eq!(found["data"].as_array().unwrap().len(), count, "{query}");
    }
    assert_eq!(business.get(&format!("transactions?charge_id={id}"))["data"], listed["data"]);
}

/// Fault, whether there is a whole answer, its HTTP status, whether a transfer is paid.
#[test]
fn calls_go_wrong_as_ordered() {
    for (fault, status, is_paid) in [
        (Fault::LoseRequest, None, false),
        (Fault::LoseReply, None, true),
        (Fault::ErrorAfter, Some(500), true),
        (Fault::ErrorBefore, Some(500), false),
        (Fault::Busy, Some(429), false),
        (Fault::LateApply, None, true),
        (Fault::Torn, None, true),
        (Fault::HtmlBefore, Some(502), false),
        (Fault::HtmlAfter, Some(502), true),
        (Fault::Throttle, Some(429), false),
        (Fault::Refuse, Some(422), false),
        (Fault::BalanceExhausted, Some(402), false),
    ] {
        let mut business = Business::new();
        business.trigger("k", fault);
        let reply = business.pay("k", "Jon");
        let found = match &reply {
            Reply::Answer(response) => Some(response.status().as_u16()),
            Reply::Drop | Reply::Torn { .. } => None,
            Reply::Later { .. } => panic!("{fault:?}"),
        };
        assert_eq!(found, status, "{fault:?}");
        business.settle();
        assert_eq!(!business.movements("k").is_empty(), is_paid, "{fault:?}");
    }
    let mut business = Business::new();
    business.trigger("k", Fault::SlowReply);
    assert!(matches!(business.pay("k", "Jon"), Reply::Later { .. }));
    business.trigger("k/payee", Fault::QueryTorn);
    let torn = business.call("POST", "payees", &payee("k", "Jon"));
    assert!(matches!(torn, Reply::Torn { .. }));
    assert_eq!(business.get("payees")["data"].as_array().unwrap().len(), 2, "an orphan");
}

#[test]
fn a_wrong_echo_is_everywhere() {
    let mut business = Business::new();
    let made = answer(business.pay("k", "sim:amount-echo"));
    assert_eq!(made["amount"], 60_000);
    let id = made["id"].as_str().unwrap();
    assert_eq!(business.get(&format!("transfers/{id}"))["amount"], 60_000);
    assert_eq!(business.get("transfers")["data"][0]["amount"], 60_000);
    business.settle();
    assert_eq!(business.net("k"), 50_000, "what is paid is what was ordered");
}

/// Whatever goes wrong, each transfer ends as its truth says, and the ledger agrees.
#[test]
fn a_hostile_world_ends_in_one_truth() {
    let switches = Switches { webhook_url: Some(HOOK.to_owned()), ..Switches::default() };
    let settings = ConektaSettings { switches, ..ConektaSettings::default() };
    for seed in 0..4 {
        let faults = Faults::new(Profile::Hostile, seed);
        let mut business = Business::faulty(settings.clone(), faults);
        for nth in 0..60 {
            let reply = business.call("POST", "payees", &payee(&format!("k{nth}"), "Jon"));
            if let Reply::Answer(response) = reply
                && response.status() == 200
            {
                let made: Value = serde_json::from_slice(response.body()).unwrap();
                drop(business.transfer(made["id"].as_str().unwrap(), 50_000 + nth));
            }
            business.wait(600);
        }
        business.settle();
        let net = business.world.net_per_key();
        let mut kinds = std::collections::BTreeSet::new();
        business.world.visit_orders(&mut |order| {
            assert_eq!(order.status, order.true_final, "seed {seed}: {}", order.key);
            let expected = if order.status == "paid_out" { order.amount_minor } else { 0 };
            let found = net.get(&("conekta", order.key)).copied().unwrap_or(0);
            assert_eq!(found, expected, "seed {seed}: {}", order.key);
            kinds.insert(order.status);
        });
        assert_eq!(kinds.len(), 2, "seed {seed}: {kinds:?}");
    }
}
