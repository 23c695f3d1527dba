//! What becomes of accepted payouts: scenarios, money, and what the merchant is told.
//! Not the checks of requests.

use pagos_twin::{
    Ack, Fault, Reply,
    etpay::{EtpaySettings, Switches},
};
use serde_json::json;

use crate::support::{
    answer,
    etpay::{Shop, payout, statuses, switches, told},
    whole,
};

const FULL: i64 = 10_000_000_000_000;

/// Description, statuses told, last status, movements.
#[test]
fn each_ending_is_as_ordered() {
    for (description, told, last, movements) in [
        ("sim:success", &["completed"][..], "completed", &["out"][..]),
        ("salary of may", &["completed"], "completed", &["out"]),
        ("sim:fail", &["rejected"], "rejected", &[]),
        ("sim:fail:R77", &["rejected"], "rejected", &[]),
        ("sim:cancel", &["rejected"], "rejected", &[]),
        ("sim:stuck", &["completed"], "completed", &["out"]),
        ("sim:success-then-fail", &["completed", "returned"], "returned", &["out", "back"]),
        ("sim:fail-then-success", &["rejected", "completed"], "completed", &["out"]),
        ("sim:no-webhook", &[], "completed", &["out"]),
        ("sim:dup-webhook", &["completed", "completed"], "completed", &["out"]),
        ("sim:out-of-order", &["completed", "pending"], "completed", &["out"]),
        ("sim:bad-sign", &["rejected"], "completed", &["out"]),
        ("sim:amount-echo", &["completed"], "completed", &["out"]),
    ] {
        let mut shop = Shop::new();
        let id = shop.paid_id("k", description);
        assert_eq!(shop.payout(&id)["status"], "pending", "{description}");
        assert_eq!(shop.balance(), FULL - 15_000, "{description}: debited at once");
        let deliveries = shop.settle();
        assert_eq!(statuses(&deliveries), told, "{description}");
        shop.log_in();
        assert_eq!(shop.payout(&id)["status"], last, "{description}");
        assert_eq!(shop.movements("k"), movements, "{description}");
        let net = if last == "completed" { 15_000 } else { 0 };
        assert_eq!(shop.net("k"), net, "{description}");
        assert_eq!(shop.balance(), FULL - net, "{description}");
        let mut truth = Vec::new();
        shop.world.visit_orders(&mut |order| truth.push(order.true_final));
        assert_eq!(truth, [last], "{description}");
    }
}

/// What the first create meets, and whether a payout came of it. A repeat pays once more: that is
/// what makes an impatient client dangerous here.
#[test]
fn each_bad_call_is_as_ordered() {
    type Shape = fn(Reply) -> bool;
    let is_drop: Shape = |reply| matches!(reply, Reply::Drop);
    let is_500: Shape = |reply| whole(reply).status() == 500;
    let cases: [(&str, Shape, bool); 13] = [
        ("sim:timeout-created", is_drop, true),
        ("sim:timeout-not-created", is_drop, false),
        ("sim:late-apply", is_drop, false),
        ("sim:500-created", is_500, true),
        ("sim:500-not-created", is_500, false),
        ("sim:busy", |reply| whole(reply).status() == 503, false),
        ("sim:throttle", |reply| whole(reply).status() == 429, false),
        ("sim:refused", |reply| whole(reply).status() == 400, false),
        ("sim:html-502", |reply| whole(reply).status() == 502, true),
        ("sim:html-502-not-created", |reply| whole(reply).status() == 502, false),
        ("sim:torn", |reply| matches!(reply, Reply::Torn { .. }), true),
        ("sim:slow", |reply| matches!(reply, Reply::Later { .. }), true),
        ("sim:no-funds", |reply| answer(reply)["msg"] == "insufficient balance", false),
    ];
    for (description, has_shape, is_created) in cases {
        let mut shop = Shop::new();
        assert!(has_shape(shop.pay("k", description)), "{description}");
        assert_eq!(shop.listed().len(), usize::from(is_created), "{description}");
        assert_eq!(answer(shop.pay("k", description))["msg"], "ok", "{description}");
        shop.settle();
        let is_twice = is_created || description == "sim:late-apply";
        assert_eq!(shop.movements("k").len(), 1 + usize::from(is_twice), "{description}");
    }
}

#[test]
fn a_repeated_order_number_is_paid_twice_and_the_ledger_shows_it() {
    let mut shop = Shop::new();
    let (first, second) = (shop.paid_id("k", "x"), shop.paid_id("k", "x"));
    assert_ne!(first, second);
    shop.settle();
    assert_eq!(shop.movements("k"), ["out", "out"]);
    assert_eq!(shop.net("k"), 30_000);
    let references: Vec<String> =
        shop.world.movements().iter().map(|it| it.reference.to_string()).collect();
    assert_eq!(references, [first, second]);
}

/// RUT, what the create looks like, statuses told, last status.
#[test]
fn the_beneficiary_decides_if_nobody_asks() {
    type Shape = fn(&Reply) -> bool;
    let is_ok: Shape = |reply| matches!(reply, Reply::Answer(it) if it.status() == 200);
    let cases: [(&str, Shape, &[&str], &str); 7] = [
        ("222222222", is_ok, &["rejected"], "rejected"),
        ("333333333", is_ok, &["completed"], "completed"),
        ("444444444", is_ok, &["completed", "returned"], "returned"),
        (
            "555555555",
            |it| matches!(it, Reply::Answer(it) if it.status() == 500),
            &["completed"],
            "completed",
        ),
        ("666666666", |it| matches!(it, Reply::Drop), &["completed"], "completed"),
        ("777777777", is_ok, &[], "completed"),
        ("18765534K", is_ok, &["completed"], "completed"),
    ];
    for (rut, has_shape, told, last) in cases {
        let mut shop = Shop::new();
        let mut order = payout("k", "salary");
        order["rut"] = json!(rut);
        assert!(has_shape(&shop.create(&order)), "{rut}");
        let listed = shop.list("");
        let id = listed["payouts"][0]["id"].as_str().unwrap().to_owned();
        shop.wait(300);
        let is_stuck = rut == "333333333";
        assert_eq!(shop.payout(&id)["status"] == "pending", is_stuck, "{rut}");
        assert_eq!(statuses(&shop.settle()), told, "{rut}");
        shop.log_in();
        assert_eq!(shop.payout(&id)["status"], last, "{rut}");
    }
    let mut shop = Shop::new();
    let mut order = payout("k", "sim:success");
    order["rut"] = json!("222222222");
    shop.create(&order);
    assert_eq!(statuses(&shop.settle()), ["completed"], "the description wins");
}

#[test]
fn finality_comes_when_it_is_told_to() {
    for (seconds, expected) in [(0, 0), (1, 1), (300, 300), (9_999, 300)] {
        let mut shop = Shop::with(Switches { finality_delay_seconds: seconds, ..switches() });
        let started = shop.now;
        shop.pay("k", "x");
        shop.settle();
        assert_eq!(shop.now.since(started).as_secs(), expected, "{seconds}");
    }
}

#[test]
fn a_webhook_has_the_fields_of_the_contract_and_no_signature() {
    let mut shop = Shop::new();
    let id = shop.paid_id("k", "sim:fail:R77");
    let deliveries = shop.settle();
    assert_eq!(deliveries[0].url, crate::support::etpay::HOOK);
    assert_eq!(deliveries[0].headers.len(), 1);
    assert_eq!(deliveries[0].headers["Content-Type"], "application/json");
    assert_eq!(
        std::str::from_utf8(&deliveries[0].body).unwrap(),
        format!(
            "{{\"id\":\"{id}\",\"merchant_order_id\":\"k\",\"amount\":15000,\"status\":\"rejected\",\
             \"rut\":\"123456785\",\"error_code\":\"R77\",\"error_message\":\"rejected\",\
             \"updated_at\":\"2024-12-02T01:42:55.518Z\"}}"
        )
    );
}

#[test]
fn codes_are_a_feature_that_a_merchant_may_lack() {
    let mut shop = Shop::with(Switches { error_codes: false, ..switches() });
    let id = shop.paid_id("k", "sim:fail");
    let notice = told(&shop.settle()[0]);
    for shown in [notice, shop.payout(&id)] {
        assert_eq!(shown["status"], "rejected");
        assert!(shown.get("error_code").is_none() && shown.get("error_message").is_none());
    }
}

#[test]
fn a_wrong_echo_is_told_everywhere_and_not_in_the_money() {
    let mut shop = Shop::new();
    let id = shop.paid_id("k", "sim:amount-echo");
    let deliveries = shop.settle();
    assert_eq!(told(&deliveries[0])["amount"], 15_100);
    assert_eq!(shop.payout(&id)["amount"], 15_100);
    assert_eq!(shop.list("")["payouts"][0]["amount"], 15_100);
    assert_eq!(shop.net("k"), 15_000);
}

#[test]
fn a_webhook_that_is_not_heard_comes_three_times_again() {
    for ack in [Ack::NoAnswer, Ack::Status(500), Ack::Status(302), Ack::Status(401)] {
        let mut shop = Shop::new();
        shop.pay("k", "x");
        let told = shop.settle_with(ack);
        let seconds: Vec<u64> =
            told.windows(2).map(|it| it[1].0.since(it[0].0).as_secs()).collect();
        assert_eq!(seconds, [1, 5, 30], "{ack:?}");
        assert!(told.iter().all(|it| it.1.body == told[0].1.body), "{ack:?}: the same each time");
    }
    for status in [200, 201, 204] {
        let mut shop = Shop::new();
        shop.pay("k", "x");
        assert_eq!(shop.settle_with(Ack::Status(status)).len(), 1, "{status}");
    }
    let mut shop = Shop::with(Switches { retry_delays_seconds: Vec::new(), ..switches() });
    shop.pay("k", "x");
    assert_eq!(shop.settle_with(Ack::NoAnswer).len(), 1);
}

/// Nothing is signed, so a wrong notice is a lie about the status.
#[test]
fn a_lie_is_followed_by_the_truth() {
    let mut shop = Shop::new();
    shop.trigger("k", Fault::WebhookBadSign);
    shop.pay("k", "x");
    assert_eq!(statuses(&shop.settle()), ["rejected", "completed"]);
    let mut shop = Shop::new();
    shop.trigger("k", Fault::WebhookBadSign);
    shop.pay("k", "sim:fail");
    assert_eq!(statuses(&shop.settle()), ["completed", "rejected"]);
}

#[test]
fn a_delayed_notice_can_come_behind_the_return() {
    let is_overtaken = (0..200).any(|nth| {
        let key = format!("k{nth}");
        let mut shop = Shop::new();
        shop.trigger(&key, Fault::WebhookDelayed);
        shop.pay(&key, "sim:success-then-fail");
        statuses(&shop.settle()) == ["returned", "completed"]
    });
    assert!(is_overtaken);
}

#[test]
fn triggers_by_key_reach_each_occasion() {
    let mut shop = Shop::new();
    for fault in [
        Fault::LoseReply,
        Fault::SuccessThenFail,
        Fault::WebhookLost,
        Fault::ListingLags,
        Fault::QueryHtml,
    ] {
        shop.trigger("k", fault);
    }
    assert!(matches!(shop.pay("k", "x"), Reply::Drop));
    assert!(shop.listed().is_empty());
    shop.wait(600);
    let id = shop.list("")["payouts"][0]["id"].as_str().unwrap().to_owned();
    let asked = format!("payouts/{id}");
    assert_eq!(whole(shop.platform(http::Method::GET, &asked, "")).status(), 502);
    assert_eq!(statuses(&shop.settle()), ["returned"]);
    assert_eq!(shop.movements("k"), ["out", "back"]);
}

#[test]
fn payouts_wait_for_the_first_webhook_that_is_heard() {
    let mut shop = Shop::with(Switches { approval_gate: true, ..switches() });
    let (first, second) = (shop.paid_id("a", "x"), shop.paid_id("b", "x"));
    assert_eq!(
        statuses(&shop.settle_with(Ack::NoAnswer).into_iter().map(|it| it.1).collect::<Vec<_>>()),
        ["pending"; 8]
    );
    shop.wait(1_000);
    assert_eq!(shop.payout(&first)["status"], "pending");
    shop.paid_id("c", "x");
    assert_eq!(statuses(&shop.settle()), ["pending", "completed", "completed", "completed"]);
    assert_eq!(shop.payout(&second)["status"], "completed");
    shop.paid_id("d", "x");
    assert_eq!(statuses(&shop.settle()), ["completed"], "once is enough");
    let mut shop = Shop::with(Switches { approval_gate: true, ..switches() });
    shop.pay("a", "x");
    assert_eq!(shop.control("settings", &json!({"approval_gate": false})).status(), 200);
    shop.wait(2);
    assert_eq!(shop.movements("a"), ["out"], "no gate, nothing to wait for");
}

#[test]
fn a_batch_is_told_once() {
    let mut shop = Shop::with(Switches { batch_notifications: true, ..switches() });
    for key in ["a", "b", "c"] {
        shop.pay(key, "x");
    }
    shop.wait(1);
    shop.pay("d", "x");
    let told: Vec<String> =
        shop.settle().iter().map(|it| told(it)["merchant_order_id"].to_string()).collect();
    assert_eq!(told, ["\"a\"", "\"d\""]);
    assert_eq!(shop.world.movements().len(), 4);
}

#[test]
fn nothing_is_told_to_a_merchant_without_an_address() {
    let mut shop = Shop::of(EtpaySettings::default());
    shop.pay("k", "x");
    assert!(shop.settle().is_empty());
    assert_eq!(shop.movements("k"), ["out"]);
}

#[test]
fn every_payout_of_a_hostile_day_has_one_truth() {
    let seed = 7;
    let mut shop = Shop::hostile(seed);
    for nth in 0..2_000 {
        drop(shop.pay(&format!("k{nth}"), "x"));
        shop.wait(1);
    }
    shop.settle();
    let mut paid = 0;
    let mut seen = std::collections::BTreeMap::new();
    shop.world.visit_orders(&mut |order| {
        assert_eq!(order.status, order.true_final, "seed {seed}: {order:?}");
        paid += if order.status == "completed" { order.amount_minor } else { 0 };
        *seen.entry(order.status).or_insert(0) += 1;
    });
    assert_eq!(seen.len(), 3, "seed {seed}: {seen:?}");
    let net: i64 = shop.world.net_per_key().values().sum();
    assert_eq!(net, paid, "seed {seed}");
    *shop.twin().faults_mut() = pagos_twin::Faults::default();
    shop.log_in();
    assert_eq!(shop.balance(), FULL - paid, "seed {seed}");
}
