//! The control calls that only the VirtualPOS twin has.
//! Not those of all twins; see `world`.

use pagos_twin::virtualpos::{VirtualPosSettings, VirtualPosTwin};
use serde_json::{Value, json};

use crate::support::{
    answer,
    virtualpos::{HOOK, Pos, order, tef},
    whole,
};

fn shown(pos: &mut Pos, name: &str) -> Value {
    answer(pos.get(&format!("/_twin/virtualpos/{name}")))
}

#[test]
fn payments_are_shown() {
    let mut pos = Pos::new();
    let uuid = pos.open(&order("k"));
    pos.visit(&uuid, "?auto=failed");
    assert_eq!(
        shown(&mut pos, "payments"),
        json!([{
            "uuid": uuid, "merchant_internal_code": "k", "amount": 1_500, "status": "rechazado",
            "return_url": "https://shop.test/back", "callback_url": "http://127.0.0.1:9/payments",
            "expires_at": "2025-01-01T01:42:54.518Z",
        }])
    );
}

#[test]
fn an_outcome_is_forced() {
    let mut pos = Pos::new();
    let uuid = pos.open(&order("k"));
    let asked = json!({"uuid": uuid, "outcome": "paid", "notice": "twice"});
    let led: Value = serde_json::from_slice(pos.control("outcome", &asked).body()).unwrap();
    assert_eq!(led, json!({"location": format!("https://shop.test/back?uuid={uuid}")}));
    assert_eq!(pos.due().len(), 2);
    assert_eq!(pos.control("outcome", &asked).status(), 400, "it is paid already");
    let uuid = pos.open(&order("l"));
    let walked = pos.control("outcome", &json!({"uuid": uuid, "outcome": "abandon"}));
    assert_eq!(walked.body(), r#"{"location":null}"#);
}

/// What a test wants to know of a client: exactly one create.
#[test]
fn calls_are_counted() {
    let mut pos = Pos::new();
    let id = pos.paid_id("k", "x");
    pos.pay("l", "x");
    pos.pay("k", "");
    for name in [id.as_str(), "merchant/k", "merchant/l"] {
        pos.ask(name, &tef("k", "x"));
    }
    let uuid = pos.open(&order("k"));
    pos.payment(&uuid);
    let expected =
        json!({"create": 3, "by_id": 1, "by_merchant_id": 2, "payment": 1, "by_uuid": 1});
    assert_eq!(shown(&mut pos, "calls"), expected);
    assert_eq!(shown(&mut pos, "calls?merchant_id=k"), json!({"creates": 1}), "one was no create");
    assert_eq!(shown(&mut pos, "calls?merchant_id=m"), json!({"creates": 0}));
}

#[test]
fn switches_are_changed_one_by_one_and_kept() {
    let mut pos = Pos::of(VirtualPosSettings::default());
    let before = shown(&mut pos, "settings");
    assert_eq!(
        before,
        json!({
            "amount_max": 7_000_000, "strict_query_signature": true, "strict_rut": false,
            "errors_as_200": false, "create_http_status": 200, "duplicate": "pay_twice",
            "callback_url": null, "retry_delays_seconds": [5, 30], "payment_days": 30,
            "link_on_create": false,
        })
    );
    let asked = json!({"duplicate": "reject", "callback_url": HOOK, "create_http_status": 201});
    assert_eq!(pos.control("settings", &asked).status(), 200);
    let mut expected = before;
    for (name, value) in asked.as_object().unwrap() {
        expected[name] = value.clone();
    }
    assert_eq!(shown(&mut pos, "settings"), expected, "and nothing else");
    pos.paid_id("k", "x");
    assert_eq!(whole(pos.pay("k", "x")).status(), 409);
    whole(pos.post("/_twin/reset", &json!({})));
    assert_eq!(shown(&mut pos, "settings"), expected, "a reset keeps settings");
}

#[test]
fn a_reset_forgets_everything_else() {
    let mut pos = Pos::new();
    pos.pay("k", "x");
    let uuid = pos.open(&order("k"));
    pos.control("balance", &json!({"balance": 7}));
    whole(pos.post("/_twin/reset", &json!({})));
    assert_eq!(shown(&mut pos, "payments"), json!([]));
    assert_eq!(shown(&mut pos, "calls"), json!({}));
    assert_eq!(shown(&mut pos, "balance"), json!({"balance": 10_000_000_000_000_i64}));
    assert_eq!(pos.visit(&uuid, "").status(), 404);
    assert_eq!((pos.count(), pos.world.next_due()), (0, None));
}

#[test]
fn bad_control_calls_are_told_so_and_change_nothing() {
    let mut pos = Pos::new();
    let uuid = pos.open(&order("k"));
    let before = shown(&mut pos, "settings");
    for (name, asked) in [
        ("settings", json!({"colour": "red"})),
        ("settings", json!({"strict_rut": true, "duplicate": "sometimes"})),
        ("settings", json!({"callback_url": "javascript:x"})),
        ("settings", json!({"create_http_status": 204})),
        ("settings", json!([])),
        ("balance", json!({"balance": "7"})),
        ("balance", json!({})),
        ("outcome", json!({"uuid": "nobody", "outcome": "paid"})),
        ("outcome", json!({"uuid": uuid, "outcome": "won"})),
        ("outcome", json!({"uuid": uuid, "outcome": "paid", "notice": "x"})),
        ("outcome", json!({"uuid": uuid, "outcome": "paid", "colour": "red"})),
    ] {
        let told = pos.control(name, &asked);
        assert_eq!(told.status(), 400, "{name} {asked}");
        let told: Value = serde_json::from_slice(told.body()).unwrap();
        assert!(!told["error"].as_str().unwrap().is_empty(), "{asked}");
    }
    assert_eq!(shown(&mut pos, "settings"), before);
    assert_eq!(shown(&mut pos, "payments")[0]["status"], "pendiente");
    for (name, status) in [("payments", 405), ("calls", 405), ("sessions", 404)] {
        assert_eq!(pos.control(name, &json!({})).status(), status, "{name}");
    }
    assert_eq!(whole(pos.get("/_twin/virtualpos/outcome")).status(), 405);
}

/// Neither keys nor people show in what a log would hold.
#[test]
fn nothing_personal_is_in_its_debug_form() {
    let mut pos = Pos::new();
    pos.pay("k", "x");
    pos.open(&order("k"));
    let shown = format!("{:?}", pos.world);
    for hidden in ["5a17e5-7b0c5a", "5a17e57b0c5a", "7e570a", "Ñandú", "00123456789", "example.com"]
    {
        assert!(!shown.contains(hidden), "{hidden}");
    }
    let twin = VirtualPosTwin::new(VirtualPosSettings::default());
    assert_eq!(twin.balance_minor(), 10_000_000_000_000);
}
