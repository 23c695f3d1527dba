//! Calls of payouts: bodies, every check in its order, repeats, queries by both names.
//! Not signatures, and not what happens to an accepted payout later.

use bytes::Bytes;
use http::{Method, Request};
use pagos_twin::{
    Fault, Reply,
    virtualpos::{
        Duplicates, KeyPair, SANDBOX_API_KEY, SANDBOX_SECRET_KEY, Switches, VirtualPosSettings,
    },
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    answer,
    virtualpos::{CREATE, Pos, created, refusal, refused, signature, signed, switches, tef, token},
    whole,
};

const BANNER: &str =
    "VirtualPOS payout: signature contract is documented, endpoint shapes are assumed";

fn claims(tef: &Value) -> Value {
    json!({"api_key": SANDBOX_API_KEY, "tef": tef})
}

/// A create with this body, signed for that instruction.
fn create(body: &str, tef: &Value) -> Request<Bytes> {
    signed(Method::POST, CREATE, SANDBOX_API_KEY, &signature(&claims(tef)), body)
}

#[test]
fn the_banner_says_what_is_assumed() {
    let mut pos = Pos::new();
    for path in ["/virtualpos/payout", "/virtualpos/payout/", "/virtualpos/payout/v3"] {
        assert_eq!(answer(pos.get(path))["banner"], BANNER, "{path}");
    }
}

/// A wrong path must not look like a payout that does not exist.
#[test]
fn paths_that_do_not_exist_are_pages() {
    let mut pos = Pos::new();
    for path in [
        "/virtualpos",
        "/virtualpos/",
        "/virtualpos/pay",
        "/virtualpos/payouts/v3/payout",
        "/virtualpos/payout/v3/payout/",
        "/virtualpos/payout/v3/payout/a/b",
        "/virtualpos/payout/v3/payout/merchant/",
        "/virtualpos/payout/v3/payout/merchant/a/b",
        "/virtualpos/payout/v3/payout/%2",
        "/virtualpos/payments",
        "/virtualpos/payments/v3/payments",
    ] {
        for method in [Method::GET, Method::POST] {
            let page = whole(pos.send(&signed(method, path, SANDBOX_API_KEY, "x", "")));
            assert_eq!(page.status(), 404, "{path}");
            assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8", "{path}");
        }
    }
    let page = whole(pos.send(&signed(Method::DELETE, CREATE, SANDBOX_API_KEY, "x", "")));
    assert_eq!(page.status(), 404);
}

#[test]
fn a_payout_is_accepted_and_shown() {
    for http_status in [200, 201] {
        let mut pos = Pos::with(Switches { create_http_status: http_status, ..switches() });
        let tef = tef("tef-00001-01", "Pago proveedor 4711");
        let response = whole(pos.create(&tef));
        assert_eq!(response.status(), http_status);
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        let id = body["payout"]["id"].as_str().unwrap().to_owned();
        assert!(id.starts_with("po_") && id.len() == 19, "{id}");
        assert!(id[3..].bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f')), "{id}");
        let payout = json!({
            "id": id, "merchant_id": "tef-00001-01", "status": "pendiente", "amount": 12_500,
            "message": "Pago proveedor 4711", "recipient": tef["recipient"], "bank": tef["bank"],
            "created_at": "2024-12-01 22:42:54", "updated_at": "2024-12-01 22:42:54",
            "rejected_object": null,
        });
        assert_eq!(body, json!({"status": "OK", "payout": payout}));
        let asked = whole(pos.ask(&id, &tef));
        assert_eq!(asked.status(), 200);
        assert_eq!(serde_json::from_slice::<Value>(asked.body()).unwrap(), body);
        pos.wait(10);
        for name in [id.as_str(), "merchant/tef-00001-01", "merchant/tef%2D00001%2d01"] {
            let shown = pos.payout(name, &tef);
            assert_eq!((&shown["id"], &shown["status"]), (&json!(id), &json!("pagado")), "{name}");
        }
    }
}

#[test]
fn a_body_comes_in_three_shapes() {
    let tef = tef("k", "x");
    for body in [json!({"tef": tef}), claims(&tef), tef.clone()] {
        let mut pos = Pos::new();
        assert_eq!(answer(pos.send(&create(&body.to_string(), &tef)))["status"], "OK", "{body}");
    }
    for (body, expected) in [
        (json!({"api_key": "another", "tef": tef}), (401, "E-016")),
        (json!({"tef": null}), (401, "E-016")),
        (json!({"tef": {}}), (401, "E-016")),
        (json!({}), (401, "E-016")),
        (json!([tef]), (401, "E-016")),
        (json!({"data": tef}), (401, "E-016")),
    ] {
        let found = refusal(Pos::new().send(&create(&body.to_string(), &tef)));
        assert_eq!(found, refused(expected.0, expected.1), "{body}");
    }
    for body in ["", "{", "tef", "\u{feff}{}"] {
        let found = refusal(Pos::new().send(&create(body, &tef)));
        assert_eq!(found, refused(400, "SIM-VALIDATION"), "nothing to compare: {body}");
    }
}

/// Every row of the order, and that an earlier one wins over a later one.
#[test]
fn the_first_thing_that_is_wrong_is_told() {
    let mut pos = Pos::with(Switches { duplicate: Duplicates::Reject, ..switches() });
    answer(pos.pay("used", "x"));
    let good = tef("k", "x");
    let mut untyped = good.clone();
    untyped["amount"] = json!("12500");
    untyped["recipient"]["rut"] = json!("12.345.678-5");
    let mut dotted = tef("used", "x");
    dotted["recipient"]["rut"] = json!("12.345.678-5");
    let sign = |tef: &Value| signature(&claims(tef));
    let other_key = json!({"api_key": "another", "tef": good});
    let foreign = token(r#"{"alg":"HS512"}"#, &claims(&good).to_string(), "another");
    let unsigned = token(r#"{"alg":"HS256"}"#, &other_key.to_string(), "another");
    for (row, api_key, signature, sent, expected) in [
        (1, "nobody", "x".to_owned(), &untyped, (401, "E-001")),
        (2, SANDBOX_API_KEY, String::new(), &untyped, (401, "E-016")),
        (3, SANDBOX_API_KEY, foreign, &untyped, (401, "E-016")),
        (4, SANDBOX_API_KEY, unsigned, &untyped, (401, "E-016")),
        (5, SANDBOX_API_KEY, signature(&other_key), &untyped, (401, "E-016")),
        (6, SANDBOX_API_KEY, sign(&good), &untyped, (401, "E-016")),
        (7, SANDBOX_API_KEY, sign(&untyped), &untyped, (400, "SIM-VALIDATION")),
        (8, SANDBOX_API_KEY, sign(&dotted), &dotted, (400, "SIM-VALIDATION")),
        (9, SANDBOX_API_KEY, sign(&tef("used", "y")), &tef("used", "y"), (409, "SIM-DUPLICATE")),
    ] {
        let body = json!({"tef": sent}).to_string();
        let found = refusal(pos.send(&signed(Method::POST, CREATE, api_key, &signature, &body)));
        assert_eq!(found, refused(expected.0, expected.1), "row {row}");
    }
    let texts: Vec<String> = [&untyped, &dotted]
        .map(|it| answer(pos.create(it))["error"]["message"].as_str().unwrap().to_owned())
        .into();
    assert_eq!(texts, ["amount no es válido", "rut no es válido"], "types before values");
    assert_eq!(pos.count(), 1);
}

#[test]
fn every_field_is_checked() {
    let mut pos = Pos::new();
    let long = |count: usize| json!("x".repeat(count));
    let cases = [
        ("/merchant_id", Value::Null),
        ("/merchant_id", json!("")),
        ("/merchant_id", json!(12)),
        ("/merchant_id", json!("a b")),
        ("/merchant_id", json!("ñ")),
        ("/merchant_id", long(65)),
        ("/message", Value::Null),
        ("/message", json!("")),
        ("/message", json!("a\nb")),
        ("/message", json!("sim:sucess")),
        ("/message", long(256)),
        ("/amount", Value::Null),
        ("/amount", json!(0)),
        ("/amount", json!(-1)),
        ("/amount", json!(7_000_001)),
        ("/amount", json!("12500")),
        ("/amount", json!(12_500.0)),
        ("/amount", json!(0.5)),
        ("/recipient", Value::Null),
        ("/recipient", json!("Ana")),
        ("/recipient", json!([])),
        ("/recipient/rut", json!("12.345.678-5")),
        ("/recipient/rut", json!("123456785")),
        ("/recipient/rut", json!("20347878-k")),
        ("/recipient/rut", json!(12_345_678)),
        ("/recipient/name", json!("")),
        ("/recipient/name", long(256)),
        ("/recipient/email", json!("jose")),
        ("/recipient/email", json!("a@b@c")),
        ("/bank", Value::Null),
        ("/bank/sbif_code", json!("12")),
        ("/bank/sbif_code", json!("0012")),
        ("/bank/sbif_code", json!("01x")),
        ("/bank/sbif_code", json!(12)),
        ("/bank/account_number", json!("")),
        ("/bank/account_number", json!("12-3")),
        ("/bank/account_number", json!("1".repeat(21))),
    ];
    for (pointer, value) in cases {
        let mut tef = tef("k", "x");
        *tef.pointer_mut(pointer).unwrap() = value.clone();
        let found = refusal(pos.create(&tef));
        assert_eq!(found, refused(400, "SIM-VALIDATION"), "{pointer} = {value}");
    }
    for pointer in ["", "/recipient", "/bank"] {
        let mut more = tef("k", "x");
        more.pointer_mut(pointer).unwrap()["account_type"] = json!("vista");
        let found = refusal(pos.create(&more));
        assert_eq!(found, refused(400, "SIM-VALIDATION"), "a key that is not documented");
    }
    assert_eq!(pos.count(), 0);
    for (pointer, value) in [
        ("/amount", json!(1)),
        ("/amount", json!(7_000_000)),
        ("/recipient/rut", json!("20347878-K")),
        ("/recipient/rut", json!("12345678-9")),
        ("/bank/sbif_code", json!("111")),
        ("/bank/account_number", json!("0")),
        ("/message", json!("a/b \"c\" ñ")),
    ] {
        let mut tef = tef("k", "x");
        *tef.pointer_mut(pointer).unwrap() = value.clone();
        assert_eq!(answer(pos.create(&tef))["status"], "OK", "{pointer} = {value}");
    }
}

#[test]
fn a_strict_twin_checks_the_digit() {
    let mut pos = Pos::with(Switches { strict_rut: true, ..switches() });
    for (rut, expected) in [("12345678-5", 200), ("12345678-9", 400), ("1111111-1", 400)] {
        let mut tef = tef("k", "x");
        tef["recipient"]["rut"] = json!(rut);
        assert_eq!(whole(pos.create(&tef)).status(), expected, "{rut}");
    }
}

#[test]
fn errors_can_come_with_200() {
    let switches = Switches {
        errors_as_200: true,
        duplicate: Duplicates::Reject,
        create_http_status: 201,
        ..switches()
    };
    let mut pos = Pos::with(switches);
    let good = tef("k", "x");
    assert_eq!(whole(pos.create(&good)).status(), 201, "a success keeps its own");
    let mut bad = tef("l", "x");
    bad["amount"] = json!(0);
    let nobody = signed(Method::POST, CREATE, "nobody", "x", "");
    let unsigned = signed(Method::POST, CREATE, SANDBOX_API_KEY, "x", "");
    for (reply, code) in [
        (pos.send(&nobody), "E-001"),
        (pos.send(&unsigned), "E-016"),
        (pos.create(&bad), "SIM-VALIDATION"),
        (pos.create(&good), "SIM-DUPLICATE"),
        (pos.ask("nobody", &good), "SIM-NOT-FOUND"),
        (pos.pay("m", "sim:no-funds"), "SIM-NO-FUNDS"),
    ] {
        assert_eq!(refusal(reply), refused(200, code));
    }
    assert_eq!(whole(pos.pay("n", "sim:500-created")).status(), 500, "no answer of its own");
}

#[test]
fn a_repeat_is_paid_again_unless_switched() {
    let paid = |mode: Duplicates| {
        let mut pos = Pos::with(Switches { duplicate: mode, ..switches() });
        let first = pos.paid_id("k", "x");
        pos.wait(60);
        let mut other = tef("k", "y");
        other["amount"] = json!(7);
        let second = pos.create(&other);
        pos.settle();
        (first, second, pos)
    };
    assert_eq!(Switches::default().duplicate, Duplicates::PayTwice, "the worst is the usual");

    let (first, second, mut pos) = paid(Duplicates::PayTwice);
    let second = answer(second)["payout"]["id"].clone();
    assert_eq!(pos.movements("k"), ["out", "out"]);
    assert_eq!(pos.net("k"), 12_507);
    let references: Vec<String> =
        pos.world.movements().iter().map(|it| it.reference.to_string()).collect();
    assert_eq!(json!(references), json!([first, second]));
    let mut other = tef("k", "y");
    other["amount"] = json!(7);
    assert_eq!(pos.payout("merchant/k", &tef("k", "x"))["id"], json!(first));
    assert_eq!(pos.payout("merchant/k", &other)["id"], second, "as it is signed");
    let same = pos.paid_id("k", "x");
    assert_eq!(pos.payout("merchant/k", &tef("k", "x"))["id"], json!(first), "the oldest");
    assert_eq!(pos.payout(&same, &tef("k", "x"))["id"], json!(same));

    let (_, second, pos) = paid(Duplicates::Reject);
    assert_eq!(refusal(second), refused(409, "SIM-DUPLICATE"));
    assert_eq!((pos.movements("k").len(), pos.net("k")), (1, 12_500));

    let (first, second, pos) = paid(Duplicates::ReturnExisting);
    let second = answer(second)["payout"].clone();
    assert_eq!((&second["id"], &second["amount"]), (&json!(first), &json!(12_500)));
    assert_eq!(second["status"], "pagado", "as it is now");
    assert_eq!((pos.movements("k").len(), pos.net("k")), (1, 12_500));
}

#[test]
fn queries_are_signed_with_the_stored_instruction() {
    let mut pos = Pos::new();
    let good = tef("k", "x");
    let id = pos.paid_id("k", "x");
    for (pointer, value) in
        [("/amount", json!(12_501)), ("/message", json!("y")), ("/bank/sbif_code", json!("001"))]
    {
        let mut other = good.clone();
        *other.pointer_mut(pointer).unwrap() = value;
        for name in [id.as_str(), "merchant/k"] {
            assert_eq!(refusal(pos.ask(name, &other)), refused(401, "E-016"), "{pointer} {name}");
        }
    }
    for wrong in [json!(null), json!("x"), json!({}), json!([])] {
        assert_eq!(refusal(pos.ask(&id, &wrong)), refused(401, "E-016"), "{wrong}");
    }
    for name in ["po_0000000000000000", "merchant", "merchant/l", "k"] {
        assert_eq!(refusal(pos.ask(name, &good)), refused(404, "SIM-NOT-FOUND"), "{name}");
    }
    let unsigned = signed(Method::GET, &format!("{CREATE}/nobody"), SANDBOX_API_KEY, "x", "");
    assert_eq!(refusal(pos.send(&unsigned)), refused(401, "E-016"), "even about nobody");
}

#[test]
fn a_query_may_be_a_post() {
    let mut pos = Pos::new();
    let (good, other) = (tef("k", "x"), tef("k", "y"));
    let id = pos.paid_id("k", "x");
    for name in [id.as_str(), "merchant/k"] {
        for (body, expected) in [
            (String::new(), 200),
            (json!({"tef": good}).to_string(), 200),
            (claims(&good).to_string(), 200),
            (json!({"tef": other}).to_string(), 401),
            ("{}".to_owned(), 401),
            ("{".to_owned(), 400),
        ] {
            let path = format!("{CREATE}/{name}");
            let token = signature(&claims(&good));
            let request = signed(Method::POST, &path, SANDBOX_API_KEY, &token, &body);
            assert_eq!(whole(pos.send(&request)).status(), expected, "{name} {body}");
        }
    }
    assert_eq!(pos.count(), 1, "none of them is a create");
    let lax = json!({"strict_query_signature": false});
    assert_eq!(pos.control("settings", &lax).status(), 200);
    let token = signature(&json!({"api_key": SANDBOX_API_KEY}));
    let path = format!("{CREATE}/{id}");
    let bare = signed(Method::POST, &path, SANDBOX_API_KEY, &token, "{}");
    assert_eq!(answer(pos.send(&bare))["payout"]["id"], json!(id));
}

#[test]
fn nobody_sees_the_payouts_of_another_account() {
    let accounts = vec![
        KeyPair::new(SANDBOX_API_KEY, SANDBOX_SECRET_KEY),
        KeyPair::new("second", "second-secret-second-secret-1234"),
    ];
    let switches = Switches { duplicate: Duplicates::Reject, ..switches() };
    let settings = VirtualPosSettings { accounts, switches, ..VirtualPosSettings::default() };
    let mut pos = Pos::of(settings);
    let tef = tef("k", "x");
    let id = pos.paid_id("k", "x");
    let said = json!({"api_key": "second", "tef": tef}).to_string();
    let token = token(r#"{"alg":"HS256"}"#, &said, "second-secret-second-secret-1234");
    for name in [id.as_str(), "merchant/k"] {
        let path = format!("{CREATE}/{name}");
        let asked = pos.send(&signed(Method::GET, &path, "second", &token, ""));
        assert_eq!(refusal(asked), refused(404, "SIM-NOT-FOUND"), "{name}");
    }
    let body = json!({"tef": tef}).to_string();
    let own = answer(pos.send(&signed(Method::POST, CREATE, "second", &token, &body)));
    assert_eq!(own["status"], "OK", "a merchant_id is used up for its own account only");
    let found =
        pos.send(&signed(Method::GET, &format!("{CREATE}/merchant/k"), "second", &token, ""));
    assert_eq!(answer(found)["payout"]["id"], own["payout"]["id"]);
    assert_eq!(pos.payout("merchant/k", &tef)["id"], json!(id));
}

#[test]
fn what_the_balance_does_not_cover_is_refused() {
    let mut pos =
        Pos::of(VirtualPosSettings { balance_minor: 12_500, ..VirtualPosSettings::default() });
    pos.paid_id("a", "x");
    assert_eq!(pos.balance(), 0);
    assert_eq!(refusal(pos.pay("b", "x")), refused(400, "SIM-NO-FUNDS"));
    assert_eq!(pos.control("balance", &json!({"balance": 12_500})).status(), 200);
    pos.paid_id("b", "sim:fail");
    pos.settle();
    assert_eq!(pos.balance(), 12_500, "a rejection gives it back");
}

#[test]
fn queries_meet_faults() {
    type Shape = fn(&Reply) -> bool;
    let cases: [(Fault, Shape); 5] = [
        (Fault::QueryLost, |it| matches!(it, Reply::Drop)),
        (Fault::QueryTorn, |it| matches!(it, Reply::Torn { .. })),
        (Fault::QueryError, |it| matches!(it, Reply::Answer(it) if it.status() == 500)),
        (Fault::QueryHtml, |it| matches!(it, Reply::Answer(it) if it.status() == 502)),
        (Fault::QueryThrottle, |it| matches!(it, Reply::Answer(it) if it.status() == 429)),
    ];
    for (fault, has_shape) in cases {
        let mut pos = Pos::new();
        let id = pos.paid_id("k", "x");
        for name in [id.as_str(), "merchant/k"] {
            pos.trigger("k", fault);
            assert!(has_shape(&pos.ask(name, &tef("k", "x"))), "{fault:?} {name}");
            assert_eq!(pos.payout(name, &tef("k", "x"))["id"], json!(id), "once");
        }
    }
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(body in "\\PC{0,200}", key in "[a-z]{1,20}", value in "\\PC{0,20}") {
        let mut pos = Pos::new();
        let mut odd = tef("k", "x");
        odd[key] = json!(value);
        for request in [create(&body, &tef("k", "x")), created(&odd), created(&json!(body))] {
            prop_assert!(matches!(pos.send(&request), Reply::Answer(it) if it.status() != 200));
        }
        for name in ["settings", "outcome", "balance"] {
            let path = format!("/_twin/virtualpos/{name}");
            let request = Request::post(path).body(Bytes::from(body.clone())).unwrap();
            prop_assert!(matches!(pos.send(&request), Reply::Answer(_)));
        }
        prop_assert_eq!(pos.count(), 0);
    }
}
