//! What becomes of accepted payouts: scenarios, accounts, money, and what the merchant is told.
//! Not the checks of requests.

use pagos_twin::{
    Ack, Fault, Faults, Profile, Reply,
    virtualpos::{Switches, VirtualPosSettings, VirtualPosTiming},
};
use serde_json::{Value, json};

use crate::support::{
    answer,
    virtualpos::{HOOK, Pos, form, refusal, refused, switches, tef},
    whole,
};

const FULL: i64 = 10_000_000_000_000;

#[test]
fn a_payout_is_paid_within_seconds() {
    let mut pos = Pos::of(VirtualPosSettings::default());
    let id = pos.paid_id("k", "x");
    let tef = tef("k", "x");
    let mut seen = Vec::new();
    while let Some(due) = pos.world.next_due() {
        seen.push(pos.payout(&id, &tef)["status"].as_str().unwrap().to_owned());
        pos.now = due;
    }
    seen.push(pos.payout(&id, &tef)["status"].as_str().unwrap().to_owned());
    seen.dedup();
    assert_eq!(seen, ["pendiente", "procesando", "pagado"]);
    assert!(pos.now.as_millis() - crate::support::START_MS <= 4_000);
}

#[test]
fn nothing_need_take_time() {
    let timing = VirtualPosTiming::immediate();
    let mut pos = Pos::of(VirtualPosSettings { timing, ..VirtualPosSettings::default() });
    let id = pos.paid_id("k", "x");
    assert_eq!(pos.payout(&id, &tef("k", "x"))["status"], "pagado", "at the next call");
}

/// Message, how many callbacks, last state, movements.
#[test]
fn each_ending_is_as_ordered() {
    for (message, told, last, movements) in [
        ("sim:success", 2, "pagado", &["out"][..]),
        ("Pago proveedor 4711", 2, "pagado", &["out"]),
        ("sim:fail", 2, "rechazado", &[]),
        ("sim:fail:R77", 2, "rechazado", &[]),
        ("sim:cancel", 2, "cancelado", &[]),
        ("sim:stuck", 2, "pagado", &["out"]),
        ("sim:success-then-fail", 3, "devuelto", &["out", "back"]),
        ("sim:fail-then-success", 3, "pagado", &["out"]),
        ("sim:no-webhook", 0, "pagado", &["out"]),
        ("sim:dup-webhook", 4, "pagado", &["out"]),
        ("sim:out-of-order", 3, "pagado", &["out"]),
        ("sim:bad-sign", 2, "pagado", &["out"]),
        ("sim:amount-echo", 2, "pagado", &["out"]),
    ] {
        let mut pos = Pos::new();
        let id = pos.paid_id("k", message);
        assert_eq!(pos.balance(), FULL - 12_500, "{message}: debited at once");
        let notices = pos.settle();
        let is_lie = message == "sim:bad-sign";
        let expected = if is_lie {
            "id=po_0000000000000000&merchant_id=nobody".to_owned()
        } else {
            format!("id={id}&merchant_id=k")
        };
        assert_eq!(notices, vec![expected; told], "{message}");
        assert_eq!(pos.payout(&id, &tef("k", message))["status"], last, "{message}");
        assert_eq!(pos.movements("k"), movements, "{message}");
        let net = if last == "pagado" { 12_500 } else { 0 };
        assert_eq!((pos.net("k"), pos.balance()), (net, FULL - net), "{message}");
        let mut truth = Vec::new();
        pos.world.visit_orders(&mut |order| truth.push((order.kind, order.true_final)));
        assert_eq!(truth, [("payout", last)], "{message}");
    }
}

#[test]
fn a_rejection_says_why() {
    for (message, code, text) in [
        ("sim:fail", "SIM-R01", "la cuenta no existe"),
        ("sim:fail:R77", "R77", "rechazado"),
        ("sim:cancel", "SIM-R06", "cancelado"),
        ("sim:success-then-fail", "SIM-R09", "devuelto por el banco"),
    ] {
        let mut pos = Pos::new();
        let id = pos.paid_id("k", message);
        assert_eq!(pos.payout(&id, &tef("k", message))["rejected_object"], Value::Null);
        pos.settle();
        let rejected = pos.payout(&id, &tef("k", message))["rejected_object"].clone();
        assert_eq!(rejected, json!({"code": code, "message": text}), "{message}");
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
        ("sim:refused", |reply| refusal(reply) == refused(422, "SIM-REFUSED"), false),
        ("sim:html-502", |reply| whole(reply).status() == 502, true),
        ("sim:html-502-not-created", |reply| whole(reply).status() == 502, false),
        ("sim:torn", |reply| matches!(reply, Reply::Torn { .. }), true),
        ("sim:slow", |reply| matches!(reply, Reply::Later { .. }), true),
        ("sim:no-funds", |reply| refusal(reply) == refused(400, "SIM-NO-FUNDS"), false),
    ];
    for (message, has_shape, is_created) in cases {
        let mut pos = Pos::new();
        assert!(has_shape(pos.pay("k", message)), "{message}");
        assert_eq!(pos.count(), usize::from(is_created), "{message}");
        assert_eq!(answer(pos.pay("k", message))["status"], "OK", "{message}");
        pos.settle();
        let is_twice = is_created || message == "sim:late-apply";
        assert_eq!(pos.movements("k").len(), 1 + usize::from(is_twice), "{message}");
    }
}

/// Account, what the create looks like, last state, movements.
#[test]
fn the_account_decides_if_nobody_asks() {
    type Shape = fn(&Reply) -> bool;
    let is_ok: Shape = |it| matches!(it, Reply::Answer(it) if it.status() == 200);
    let is_drop: Shape = |it| matches!(it, Reply::Drop);
    let cases: [(&str, Shape, &str, &[&str]); 11] = [
        ("20001", is_ok, "rechazado", &[]),
        ("20002", is_ok, "pagado", &["out"]),
        ("20003", is_ok, "devuelto", &["out", "back"]),
        ("20004", |it| matches!(it, Reply::Answer(it) if it.status() == 500), "pagado", &["out"]),
        ("20005", is_drop, "pagado", &["out"]),
        ("20006", is_drop, "", &[]),
        ("20007", is_ok, "pagado", &["out"]),
        ("20009", |it| matches!(it, Reply::Answer(it) if it.status() == 502), "pagado", &["out"]),
        ("20010", is_ok, "pagado", &["out"]),
        ("20011", is_ok, "pagado", &["out"]),
        ("1", is_ok, "pagado", &["out"]),
    ];
    for (account, has_shape, last, movements) in cases {
        let mut pos = Pos::new();
        let mut tef = tef("k", "salary");
        tef["bank"]["account_number"] = json!(account);
        assert!(has_shape(&pos.create(&tef)), "{account}");
        pos.wait(3_600);
        let mut words = Vec::new();
        pos.world.visit_orders(&mut |it| words.push(it.status));
        let meanwhile = match account {
            "20002" => "procesando",
            "20007" => "en_revision",
            _ => last,
        };
        assert_eq!(words.first().copied().unwrap_or(""), meanwhile, "{account}");
        pos.settle();
        let mut words = Vec::new();
        pos.world.visit_orders(&mut |it| words.push(it.status));
        assert_eq!(words.first().copied().unwrap_or(""), last, "{account}");
        assert_eq!(pos.movements("k"), movements, "{account}");
    }
    let mut pos = Pos::new();
    let mut tef = tef("k", "sim:success");
    tef["bank"]["account_number"] = json!("20001");
    pos.create(&tef);
    pos.settle();
    assert_eq!(pos.movements("k"), ["out"], "the message wins");
}

#[test]
fn a_refusal_can_come_with_200() {
    let mut pos = Pos::new();
    let mut tef = tef("k", "x");
    tef["bank"]["account_number"] = json!("20008");
    for _ in 0..2 {
        assert_eq!(refusal(pos.create(&tef)), refused(200, "SIM-REFUSED"));
    }
    assert_eq!((pos.count(), pos.balance()), (0, FULL));
}

#[test]
fn a_search_can_find_it_late() {
    let mut pos = Pos::new();
    let mut odd = tef("k", "x");
    odd["bank"]["account_number"] = json!("20010");
    let id = answer(pos.create(&odd))["payout"]["id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        assert_eq!(refusal(pos.ask("merchant/k", &odd)), refused(404, "SIM-NOT-FOUND"));
        assert_eq!(pos.payout(&id, &odd)["id"], json!(id), "by its id it is found always");
    }
    assert_eq!(pos.payout("merchant/k", &odd)["id"], json!(id));
    let mut pos = Pos::new();
    pos.trigger("k", Fault::ListingLags);
    let id = pos.paid_id("k", "x");
    let tef = tef("k", "x");
    pos.wait(59);
    assert_eq!(refusal(pos.ask("merchant/k", &tef)), refused(404, "SIM-NOT-FOUND"));
    assert_eq!(pos.payout(&id, &tef)["status"], "pagado");
    pos.wait(541);
    assert_eq!(pos.payout("merchant/k", &tef)["id"], json!(id));
}

#[test]
fn a_wrong_echo_is_told_to_queries_and_not_in_the_money() {
    let mut pos = Pos::new();
    let created = answer(pos.pay("k", "sim:amount-echo"));
    assert_eq!(created["payout"]["amount"], 12_500);
    pos.settle();
    assert_eq!(pos.payout("merchant/k", &tef("k", "sim:amount-echo"))["amount"], 12_600);
    assert_eq!(pos.net("k"), 12_500);
}

#[test]
fn callbacks_are_off_until_somebody_wants_them() {
    let mut pos = Pos::of(VirtualPosSettings::default());
    pos.pay("k", "x");
    assert!(pos.settle().is_empty());
    assert_eq!(pos.movements("k"), ["out"]);
    let asked = json!({"webhooks": {"virtualpos": HOOK}});
    assert_eq!(whole(pos.post("/_twin/merchant", &asked)).status(), 200);
    pos.pay("l", "x");
    let told = pos.settle_with(Ack::Status(204));
    assert_eq!(told.len(), 2, "one for each change");
    assert!(told.iter().all(|it| it.1.url == HOOK && it.1.headers.len() == 1));
}

#[test]
fn a_callback_that_is_not_heard_comes_twice_again() {
    for ack in [Ack::NoAnswer, Ack::Status(500), Ack::Status(302), Ack::Status(401)] {
        let mut pos =
            Pos::with(Switches { callback_url: Some(HOOK.to_owned()), ..Switches::default() });
        pos.pay("k", "sim:stuck");
        pos.wait(1);
        let started = pos.now;
        let mut seconds = Vec::new();
        for (at, _) in pos.settle_with(ack).iter().take(3) {
            seconds.push(at.since(started).as_secs());
        }
        assert_eq!(seconds, [0, 5, 35], "{ack:?}");
    }
    let mut pos = Pos::with(Switches { retry_delays_seconds: Vec::new(), ..switches() });
    pos.pay("k", "x");
    assert_eq!(pos.settle_with(Ack::NoAnswer).len(), 2);
}

/// Nothing is signed, so a wrong callback names what does not exist.
#[test]
fn a_lie_is_followed_by_the_truth() {
    let mut pos = Pos::new();
    pos.trigger("k", Fault::WebhookBadSign);
    let id = pos.paid_id("k", "x");
    let truth = format!("id={id}&merchant_id=k");
    let lie = "id=po_0000000000000000&merchant_id=nobody".to_owned();
    assert_eq!(pos.settle(), [lie, truth.clone(), truth]);
}

#[test]
fn triggers_by_key_reach_each_occasion() {
    let mut pos = Pos::new();
    for fault in [Fault::LoseReply, Fault::FailThenSuccess, Fault::WebhookLost, Fault::QueryHtml] {
        pos.trigger("k", fault);
    }
    assert!(matches!(pos.pay("k", "x"), Reply::Drop));
    assert_eq!(whole(pos.ask("merchant/k", &tef("k", "x"))).status(), 502);
    let told = pos.settle_with(Ack::Status(200));
    assert_eq!(told.len(), 2, "of three changes one was not told");
    assert!(told.iter().all(|it| form(&it.1).ends_with("&merchant_id=k")));
    assert_eq!(pos.movements("k"), ["out"]);
    assert_eq!(pos.payout("merchant/k", &tef("k", "x"))["status"], "pagado");
}

#[test]
fn every_payout_of_a_hostile_day_has_one_truth() {
    let seed = 7;
    let settings = VirtualPosSettings { switches: switches(), ..VirtualPosSettings::default() };
    let mut pos = Pos::faulty(settings, Faults::new(Profile::Hostile, seed));
    for nth in 0..2_000 {
        drop(pos.pay(&format!("k{nth}"), "x"));
        pos.wait(1);
    }
    pos.settle();
    let mut paid = 0;
    let mut seen = std::collections::BTreeMap::new();
    pos.world.visit_orders(&mut |order| {
        assert_eq!(order.status, order.true_final, "seed {seed}: {order:?}");
        paid += if order.status == "pagado" { order.amount_minor } else { 0 };
        *seen.entry(order.status).or_insert(0) += 1;
    });
    let words: Vec<&str> = seen.keys().copied().collect();
    assert_eq!(words, ["cancelado", "devuelto", "pagado", "rechazado"], "seed {seed}: {seen:?}");
    let net: i64 = pos.world.net_per_key().values().sum();
    assert_eq!((net, pos.balance()), (paid, FULL - paid), "seed {seed}");
}
