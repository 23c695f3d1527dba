//! Payments: how they are opened and signed, what the page shows and does, how they end.
//! Not payouts.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Method, Request};
use pagos_twin::{
    Ack, Fault, Reply,
    virtualpos::{
        KeyPair, SANDBOX_API_KEY, SANDBOX_PAYMENTS_API_KEY, SANDBOX_PAYMENTS_SECRET_KEY, Switches,
        VirtualPosSettings,
    },
};
use serde_json::{Value, json};

use crate::support::{
    answer,
    virtualpos::{
        PAYMENTS, Pos, collected, form, location, order, payments_signature, refusal, refused,
        signature, signed, switches,
    },
    whole,
};

fn text(page: &http::Response<Bytes>) -> String {
    String::from_utf8(page.body().to_vec()).unwrap()
}

/// A POST of payments with this signature.
fn sent(path: &str, claims: &Value, body: &Value) -> Request<Bytes> {
    let path = format!("{PAYMENTS}{path}");
    let token = payments_signature(claims);
    signed(Method::POST, &path, SANDBOX_PAYMENTS_API_KEY, &token, &body.to_string())
}

#[test]
fn a_payment_is_opened_with_and_without_a_slash() {
    for path in ["/", ""] {
        let mut pos = Pos::new();
        let opened = answer(pos.send(&collected(path, &order("k"))));
        let uuid = opened["payment"]["order"]["uuid"].as_str().unwrap();
        assert!(uuid.len() == 16 && uuid.bytes().all(|it| it.is_ascii_hexdigit()), "{uuid}");
        assert_eq!(
            opened,
            json!({"status": "OK", "payment": {
                "order": {
                    "uuid": uuid, "status": "pendiente", "amount": 1_500,
                    "description": "Orden 4711", "merchant_internal_code": "k",
                    "created_at": "2024-12-01 22:42:54", "updated_at": "2024-12-01 22:42:54",
                },
                "client": {
                    "email": "ana@example.com", "social_id": "12345678-5", "first_name": "Ana",
                    "last_name": "Pérez",
                },
            }})
        );
        assert_eq!(pos.payment(uuid), opened);
    }
}

#[test]
fn the_api_key_alone_signs_and_so_do_the_attributes() {
    let key = json!({"api_key": SANDBOX_PAYMENTS_API_KEY});
    let with = |name: &str, value: Value| {
        let mut claims = key.clone();
        claims[name] = value;
        claims
    };
    for (claims, expected) in [
        (key.clone(), 200),
        (with("uuid", json!("5a17")), 200),
        (with("amount", json!(1_500)), 200),
        (with("amount", json!(1_501)), 401),
        (with("amount", json!("1500")), 401),
        (with("email", json!("other@example.com")), 401),
        (with("api_key", json!("another")), 401),
    ] {
        let reply = Pos::new().send(&sent("/", &claims, &order("k")));
        assert_eq!(whole(reply).status(), expected, "{claims}");
    }
    let mut pos = Pos::new();
    let keys_of_payouts = signature(&json!({"api_key": SANDBOX_API_KEY}));
    let path = format!("{PAYMENTS}/");
    let foreign = signed(Method::POST, &path, SANDBOX_API_KEY, &keys_of_payouts, "{}");
    assert_eq!(refusal(pos.send(&foreign)), refused(401, "E-001"), "keys of payouts open nothing");
    let forged = signed(Method::POST, &path, SANDBOX_PAYMENTS_API_KEY, &keys_of_payouts, "{}");
    assert_eq!(refusal(pos.send(&forged)), refused(401, "E-016"));
    assert_eq!(pos.count(), 0);
}

#[test]
fn nobody_sees_the_payments_of_another_account() {
    let payment_accounts = vec![
        KeyPair::new(SANDBOX_PAYMENTS_API_KEY, SANDBOX_PAYMENTS_SECRET_KEY),
        KeyPair::new("second", SANDBOX_PAYMENTS_SECRET_KEY),
    ];
    let settings = VirtualPosSettings { payment_accounts, ..VirtualPosSettings::default() };
    let mut pos = Pos::of(settings);
    let uuid = pos.open(&order("k"));
    let token = payments_signature(&json!({"api_key": "second"}));
    for (method, path) in [(Method::GET, ""), (Method::POST, "/webcheckout")] {
        let path = format!("{PAYMENTS}/{uuid}{path}");
        let asked = pos.send(&signed(method, &path, "second", &token, "{}"));
        assert_eq!(refusal(asked), refused(404, "SIM-NOT-FOUND"), "{path}");
    }
    assert_eq!(pos.payment(&uuid)["status"], "OK");
}

#[test]
fn every_field_of_a_payment_is_checked() {
    let mut pos = Pos::new();
    for (name, value) in [
        ("amount", Value::Null),
        ("amount", json!(0)),
        ("amount", json!("1500")),
        ("amount", json!(1_500.0)),
        ("amount", json!(7_000_001)),
        ("email", Value::Null),
        ("email", json!("ana")),
        ("social_id", Value::Null),
        ("social_id", json!("12.345.678-5")),
        ("first_name", json!("")),
        ("last_name", json!(1)),
        ("phone", json!(56_912_345_678_i64)),
        ("description", Value::Null),
        ("merchant_internal_code", json!("x".repeat(65))),
        ("callback_url", json!("http://127.0.0.1:9/plain")),
        ("callback_url", json!(STANDARD.encode("javascript:alert(1)"))),
        ("callback_url", json!(STANDARD.encode([0xff, 0xfe]))),
        ("callback_url", json!(STANDARD.encode("https://a.example").trim_end_matches('='))),
        ("return_url", json!("nowhere")),
        ("return_url", json!(STANDARD.encode("/back"))),
    ] {
        let mut body = order("k");
        body[name] = value.clone();
        let found = refusal(pos.send(&collected("/", &body)));
        assert_eq!(found, refused(400, "SIM-VALIDATION"), "{name} = {value}");
    }
    assert_eq!(pos.count(), 0);
    for (name, value) in [
        ("phone", Value::Null),
        ("merchant_internal_code", Value::Null),
        ("merchant_internal_channel", json!("web")),
        ("callback_url", Value::Null),
        ("return_url", Value::Null),
        ("return_url", json!("https://shop.test/plain")),
        ("colour", json!({"red": 1})),
    ] {
        let mut body = order("k");
        body[name] = value.clone();
        assert_eq!(answer(pos.send(&collected("/", &body)))["status"], "OK", "{name} = {value}");
    }
}

#[test]
fn a_link_leads_to_the_page() {
    let mut pos = Pos::new();
    let uuid = pos.open(&order("k"));
    let body = json!({
        "payment_method": "all", "return_url": STANDARD.encode("https://shop.test/other?a=1"),
    });
    let mut request = collected(&format!("/{uuid}/webcheckout"), &body);
    request.headers_mut().insert("Host", "127.0.0.1:4010".parse().unwrap());
    let linked = answer(pos.send(&request));
    assert_eq!(linked["url_redirect"], format!("http://127.0.0.1:4010/virtualpos/pay/{uuid}"));
    assert_eq!(linked["payment"]["order"]["uuid"], json!(uuid));
    let led = location(&pos.visit(&uuid, "?auto=paid"));
    assert_eq!(led, format!("https://shop.test/other?a=1&uuid={uuid}"), "the later address counts");
    assert_eq!(pos.due().len(), 1, "and the callback of the first request stays");
    let again = pos.send(&collected(&format!("/{uuid}/webcheckout"), &body));
    assert_eq!(refusal(again), refused(409, "SIM-CLOSED"));
    let bad = json!({"payment_method": "cheque"});
    let other = pos.open(&order("l"));
    let reply = pos.send(&collected(&format!("/{other}/webcheckout"), &bad));
    assert_eq!(refusal(reply), refused(400, "SIM-VALIDATION"));
    let reply = pos.send(&collected("/0000000000000000/webcheckout", &body));
    assert_eq!(refusal(reply), refused(404, "SIM-NOT-FOUND"));
    let mut pos = Pos::with(Switches { link_on_create: true, ..switches() });
    let opened = answer(pos.send(&collected("/", &order("k"))));
    let uuid = opened["payment"]["order"]["uuid"].as_str().unwrap();
    assert_eq!(opened["url_redirect"], format!("http://localhost/virtualpos/pay/{uuid}"));
}

#[test]
fn the_page_shows_the_payment_and_escapes_everything() {
    let mut pos = Pos::new();
    let mut body = order("k");
    body["description"] = json!("<b>\"1\" & '2'<script>");
    let uuid = pos.open(&body);
    let page = pos.visit(&uuid, "");
    assert_eq!(page.status(), 200);
    let text = text(&page);
    for shown in [
        &*uuid,
        "Pay with VirtualPOS",
        "$1.500 CLP",
        "&lt;b&gt;&quot;1&quot; &amp; &#39;2&#39;&lt;script&gt;",
        "?action=paid",
        "?action=failed",
        "?action=abandon",
        "notice=wrong-uuid",
    ] {
        assert!(text.contains(shown), "{shown}");
    }
    for hidden in ["<script", "http:", "https:", "ETpay", "system_error"] {
        assert!(!text.contains(hidden), "{hidden}");
    }
    assert_eq!(pos.visit(&uuid, "?auto=nothing").status(), 400);
    assert_eq!(pos.visit(&uuid, "?auto=paid&notice=nothing").status(), 400);
    assert_eq!(pos.visit("nobody", "").status(), 404);
    assert_eq!(pos.payment(&uuid)["payment"]["order"]["status"], "pendiente");
}

#[test]
fn each_click_leads_where_it_should() {
    for (word, status, told) in
        [("paid", "pagado", 1), ("failed", "rechazado", 1), ("abandon", "pendiente", 0)]
    {
        for parameter in ["auto", "action"] {
            let mut pos = Pos::new();
            let uuid = pos.open(&order("k"));
            let page = pos.visit(&uuid, &format!("?{parameter}={word}"));
            if word == "abandon" {
                assert_eq!(page.status(), 200);
            } else {
                assert_eq!(location(&page), format!("https://shop.test/back?uuid={uuid}"));
            }
            assert_eq!(pos.payment(&uuid)["payment"]["order"]["status"], status, "{word}");
            let notices = pos.due();
            assert_eq!(notices.len(), told, "{word}");
            for notice in notices {
                assert_eq!(notice.url, "http://127.0.0.1:9/payments");
                assert_eq!(form(&notice), format!("uuid={uuid}"), "nothing but its number");
            }
        }
    }
    let mut pos = Pos::new();
    let mut body = order("k");
    body["return_url"] = Value::Null;
    let uuid = pos.open(&body);
    assert!(
        text(&pos.visit(&uuid, "?auto=paid")).contains("was made"),
        "a page without an address"
    );
    assert!(text(&pos.visit(&uuid, "?auto=failed")).contains("is paid"), "and only once");
    assert!(pos.world.movements().is_empty(), "the ledger is about payouts");
}

#[test]
fn a_payment_expires_after_thirty_days_and_says_so() {
    let mut pos = Pos::new();
    let uuid = pos.open(&order("k"));
    let mut truth = Vec::new();
    pos.world.visit_orders(&mut |it| truth.push((it.kind, it.status, it.true_final)));
    assert_eq!(truth, [("payment", "pendiente", "expirado")]);
    pos.wait(30 * 24 * 60 * 60 - 1);
    assert_eq!(pos.visit(&uuid, "").status(), 200);
    pos.wait(1);
    assert_eq!(pos.visit(&uuid, "?auto=paid").status(), 410);
    assert_eq!(pos.payment(&uuid)["payment"]["order"]["status"], "expirado");
    assert_eq!(pos.settle(), [format!("uuid={uuid}")]);
    let mut pos = Pos::new();
    assert_eq!(whole(pos.post("/_twin/merchant", &json!({"speed": 2}))).status(), 200);
    let uuid = pos.open(&order("k"));
    pos.wait(30 * 24 * 60 * 60);
    assert_eq!(pos.visit(&uuid, "").status(), 200, "slower people have longer");
}

/// Word, what is told in the end, and whether it is told at once.
#[test]
fn each_notice_is_as_ordered() {
    for (word, expected, is_at_once) in [
        ("once", &[true][..], true),
        ("late", &[true], false),
        ("lost", &[], false),
        ("twice", &[true, true], true),
        ("out-of-order", &[true, true], true),
        ("wrong-uuid", &[false], true),
    ] {
        let mut pos = Pos::new();
        let uuid = pos.open(&order("k"));
        pos.visit(&uuid, &format!("?auto=paid&notice={word}"));
        let now = pos.due();
        assert_eq!(!now.is_empty(), is_at_once, "{word}");
        let mut told: Vec<bool> = now.iter().map(|it| form(it) == format!("uuid={uuid}")).collect();
        told.extend(pos.settle().into_iter().map(|it| it == format!("uuid={uuid}")));
        assert_eq!(told, expected, "{word}");
    }
    let mut pos = Pos::new();
    let uuid = pos.open(&order("k"));
    pos.visit(&uuid, "?auto=paid");
    let told = pos.settle_with(Ack::Status(500));
    assert_eq!(told.len(), 3, "three tries");
}

#[test]
fn calls_of_payments_meet_faults_too() {
    type Shape = fn(&Reply) -> bool;
    let cases: [(Fault, Shape, usize, usize); 7] = [
        (Fault::LoseRequest, |it| matches!(it, Reply::Drop), 0, 0),
        (Fault::LoseReply, |it| matches!(it, Reply::Drop), 1, 1),
        (Fault::LateApply, |it| matches!(it, Reply::Drop), 0, 1),
        (Fault::ErrorAfter, |it| matches!(it, Reply::Answer(it) if it.status() == 500), 1, 1),
        (Fault::Throttle, |it| matches!(it, Reply::Answer(it) if it.status() == 429), 0, 0),
        (Fault::Torn, |it| matches!(it, Reply::Torn { .. }), 1, 1),
        (Fault::SlowReply, |it| matches!(it, Reply::Later { .. }), 1, 1),
    ];
    for (fault, has_shape, now, later) in cases {
        let mut pos = Pos::new();
        pos.trigger("k", fault);
        assert!(has_shape(&pos.send(&collected("/", &order("k")))), "{fault:?}");
        assert_eq!(pos.count(), now, "{fault:?}");
        pos.wait(480);
        assert_eq!(pos.count(), later, "{fault:?}");
    }
    let mut pos = Pos::new();
    let uuid = pos.open(&order("k"));
    pos.trigger("k", Fault::QueryThrottle);
    let path = format!("/{uuid}/webcheckout");
    assert_eq!(whole(pos.send(&collected(&path, &json!({})))).status(), 429);
    assert_eq!(answer(pos.send(&collected(&path, &json!({}))))["status"], "OK");
}
