//! Sessions of payers: how they are opened, what the page shows and does, how they end.
//! Not what the notifications look like.

use bytes::Bytes;
use http::Request;
use pagos_twin::{
    Fault, Reply,
    etpay::{SANDBOX_API_TOKEN, Switches},
};
use serde_json::{Value, json};

use crate::support::{
    answer,
    etpay::{Shop, claims, is_signed_with, jwt, location, order, switches},
    whole,
};

const INITIALIZE: &str = "/etpay/api/session/initialize";
const CHECK: &str = "/etpay/api/merchant/check_payment_status";

/// Status and `message`.
fn refusal(reply: Reply) -> (u16, String) {
    let response = whole(reply);
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    (response.status().as_u16(), body["message"].as_str().unwrap().to_owned())
}

fn text(page: &http::Response<Bytes>) -> String {
    String::from_utf8(page.body().to_vec()).unwrap()
}

#[test]
fn a_session_is_opened_whatever_the_content_type() {
    let mut shop = Shop::new();
    let mut seen = std::collections::BTreeSet::new();
    for content_type in [None, Some("application/json"), Some("text/plain")] {
        for path in [INITIALIZE, "/etpay/api//session/initialize"] {
            let mut request =
                Request::post(path).body(Bytes::from(order("k").to_string())).unwrap();
            if let Some(content_type) = content_type {
                request.headers_mut().insert("Content-Type", content_type.parse().unwrap());
            }
            let opened = answer(shop.send(&request));
            assert_eq!(opened["terms_url"], "http://127.0.0.1/terms");
            for name in ["token", "signature_token"] {
                let token = opened[name].as_str().unwrap();
                let is_plain = token.bytes().all(|it| it.is_ascii_alphanumeric());
                assert!(token.len() == 64 && is_plain && seen.insert(token.to_owned()), "{token}");
            }
        }
    }
}

#[test]
fn every_field_of_a_session_is_checked() {
    let mut shop = Shop::new();
    let wrong = (401, "invalid merchant credentials");
    let cases = [
        ("merchant_code", json!("nope"), wrong),
        ("merchant_api_token", json!("nope"), wrong),
        ("merchant_code", Value::Null, (400, "merchant_code is required")),
        ("merchant_api_token", Value::Null, (400, "merchant_api_token is required")),
        ("merchant_order_id", Value::Null, (400, "merchant_order_id is required")),
        ("merchant_order_id", json!("x".repeat(65)), (400, "merchant_order_id is invalid")),
        ("merchant_order_id", json!("a b"), (400, "merchant_order_id is invalid")),
        ("order_amount", Value::Null, (400, "order_amount is required")),
        ("order_amount", json!(0), (400, "order_amount is invalid")),
        ("order_amount", json!("1500"), (400, "order_amount is invalid")),
        ("order_amount", json!(1_500.0), (400, "order_amount is invalid")),
        ("order_amount", json!(7_000_001), (400, "order_amount is invalid")),
        (
            "payment_completed_url",
            json!("javascript:alert(1)"),
            (400, "payment_completed_url is invalid"),
        ),
        ("payment_cancellation_url", json!("/ko"), (400, "payment_cancellation_url is invalid")),
        ("payment_webhook_url", json!(7), (400, "payment_webhook_url is invalid")),
        ("concat", json!("&&"), (400, "concat is invalid")),
        ("concat", json!(" "), (400, "concat is invalid")),
        ("user_bank_code", json!("cl_nobody"), (400, "user_bank_code is invalid")),
        ("metadata", json!("x"), (400, "metadata is invalid")),
        (
            "metadata",
            json!([{"name": "a", "value": 1, "show": true}]),
            (400, "metadata is invalid"),
        ),
    ];
    for (name, value, (status, message)) in cases {
        let mut body = order("k");
        body[name] = value.clone();
        let found = refusal(shop.post(INITIALIZE, &body));
        assert_eq!(found, (status, message.to_owned()), "{name} = {value}");
    }
    assert_eq!(refusal(shop.post(INITIALIZE, &json!([]))).1, "body is invalid");
    assert_eq!(whole(shop.get(INITIALIZE)).status(), 404);
    assert_eq!(answer(shop.get("/_twin/etpay/sessions")), json!([]));
}

/// As the official SDK sends it: bank in capitals, RUT locked by a text, no webhook.
#[test]
fn optional_and_unknown_fields_are_taken() {
    let mut shop = Shop::new();
    let mut body = order("order-1992");
    for (name, value) in [
        ("customer_email", json!("payer@example.com")),
        ("user_bank_code", json!("CL_TEST")),
        ("user_rut", json!("111111111")),
        ("is_rut_block", json!("true")),
        ("metadata", json!([{"name": "Cuenta", "value": "1111", "show": true}])),
        ("payment_webhook_url", Value::Null),
        ("colour", json!({"red": 1})),
    ] {
        body[name] = value;
    }
    shop.open(&body);
}

#[test]
fn an_order_may_have_several_sessions_unless_switched() {
    let mut shop = Shop::new();
    assert_ne!(shop.open(&order("k")), shop.open(&order("k")));
    let mut shop = Shop::with(Switches { unique_orders: true, ..switches() });
    shop.open(&order("k"));
    let second = refusal(shop.post(INITIALIZE, &order("k")));
    assert_eq!(second, (400, "merchant_order_id is already used".to_owned()));
}

#[test]
fn the_page_shows_the_order_and_escapes_everything() {
    let mut shop = Shop::new();
    let mut body = order("oc700104");
    body["metadata"] = json!([
        {"name": "<b>Cuenta", "value": "\"1\" & '2'<script>", "show": true},
        {"name": "internal", "value": "hidden", "show": false},
    ]);
    body["user_rut"] = json!("<i>");
    let (token, signature_token) = shop.open(&body);
    let page = shop.visit(&token, "");
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let text = text(&page);
    for shown in [
        "oc700104",
        "$1.500 CLP",
        "&lt;b&gt;Cuenta",
        "&quot;1&quot; &amp; &#39;2&#39;&lt;script&gt;",
        "&lt;i&gt;",
        "?action=paid",
        "?action=failed",
        "?action=system_error",
        "?action=abandon",
    ] {
        assert!(text.contains(shown), "{shown}");
    }
    for hidden in ["<script", "<i>", "hidden", "http:", "https:", &signature_token] {
        assert!(!text.contains(hidden), "{hidden}");
    }
    assert_eq!(shop.visit(&token, "?auto=nothing").status(), 400);
    assert_eq!(shop.visit(&token, "?auto=paid&notice=nothing").status(), 400);
    assert_eq!(shop.visit("nobody", "").status(), 404);
    assert_eq!(shop.check(&json!({"session_token": token})), json!([]), "looking changes nothing");
}

#[test]
fn each_click_leads_where_it_should() {
    for (word, address, paid) in [
        ("paid", "https://shop.test/ok&jwt=", Some(true)),
        ("failed", "https://shop.test/ko?a=1&jwt=", Some(false)),
        ("system_error", "https://shop.test/ko?a=1&jwt=", None),
    ] {
        for parameter in ["auto", "action"] {
            let mut shop = Shop::new();
            let (token, signature_token) = shop.open(&order("k"));
            shop.wait(61);
            let led = location(&shop.visit(&token, &format!("?{parameter}={word}")));
            let jwt = led.strip_prefix(address).unwrap_or_else(|| panic!("{led}"));
            let told = claims(jwt);
            assert_eq!(told["iat"], crate::support::START_MS / 1_000 + 61);
            let key = if paid.is_some() { &signature_token } else { &token };
            assert!(is_signed_with(jwt, key), "{word}");
            let attempts = shop.check(&json!({"session_token": token}));
            match paid {
                Some(paid) => {
                    assert_eq!(told["payment_status"], paid);
                    assert_eq!(attempts, json!([told]), "the same fifteen fields");
                    assert_eq!(told.as_object().unwrap().len(), 15);
                    assert_eq!(told["user_rut"], "111111111");
                }
                None => {
                    let expected =
                        json!({"session_token": token, "system_error": true, "iat": told["iat"]});
                    assert_eq!(told, expected);
                    assert_eq!(attempts, json!([]), "no attempt");
                    assert!(shop.due().is_empty(), "and no notification");
                }
            }
        }
    }
}

#[test]
fn without_addresses_there_are_pages() {
    let mut shop = Shop::new();
    let mut body = order("k");
    for name in ["payment_completed_url", "payment_cancellation_url", "concat"] {
        body[name] = Value::Null;
    }
    let (token, _) = shop.open(&body);
    for (word, shown) in [
        ("abandon", "walked away"),
        ("system_error", "wrong"),
        ("failed", "failed"),
        ("paid", "made"),
    ] {
        let page = shop.visit(&token, &format!("?auto={word}"));
        assert_eq!(page.status(), 200);
        assert!(text(&page).contains(shown), "{word}");
    }
    let switches = Switches {
        payment_completed_url: Some("https://shop.test/registered".into()),
        ..switches()
    };
    let mut shop = Shop::with(switches);
    let (token, _) = shop.open(&body);
    let led = location(&shop.visit(&token, "?auto=paid"));
    assert!(led.starts_with("https://shop.test/registered?jwt=eyJ"), "{led}");
}

#[test]
fn a_payer_may_try_again_until_he_has_paid() {
    let mut shop = Shop::new();
    let (token, _) = shop.open(&order("k"));
    for word in ["failed", "abandon", "failed", "paid"] {
        shop.visit(&token, &format!("?auto={word}"));
        shop.wait(1);
    }
    assert!(text(&shop.visit(&token, "?auto=paid")).contains("is paid"));
    let attempts = shop.check(&json!({"merchant_order_id": "k"}));
    let paid: Vec<&Value> =
        attempts.as_array().unwrap().iter().map(|it| &it["payment_status"]).collect();
    assert_eq!(paid, [false, false, true], "oldest first");
    let mut truth = Vec::new();
    shop.world.visit_orders(&mut |it| truth.push((it.kind, it.status, it.true_final)));
    assert_eq!(truth, [("payment", "paid", "paid")]);
    assert!(shop.world.movements().is_empty(), "the ledger is about payouts");
}

#[test]
fn a_session_expires_and_says_so() {
    for (is_told, expected) in [(true, 1), (false, 0)] {
        let mut shop = Shop::with(Switches { notify_on_expiry: is_told, ..switches() });
        let (token, signature_token) = shop.open(&order("k"));
        shop.wait(1_799);
        assert_eq!(shop.visit(&token, "").status(), 200);
        shop.wait(1);
        assert_eq!(shop.visit(&token, "").status(), 410);
        assert_eq!(shop.visit(&token, "?auto=paid").status(), 410);
        let told = shop.settle();
        assert_eq!(told.len(), expected);
        for notice in told {
            assert!(is_signed_with(&jwt(&notice), &signature_token));
            let told = claims(&jwt(&notice));
            assert_eq!(told["payment_status"], false);
            assert_eq!(told["payment_token"], Value::Null);
        }
        assert_eq!(shop.check(&json!({"session_token": token})), json!([]));
    }
    let mut shop = Shop::new();
    let (token, _) = shop.open(&order("k"));
    shop.visit(&token, "?auto=failed");
    assert_eq!(shop.settle().len(), 1, "the attempt was told, the end is not");
    assert_eq!(shop.visit(&token, "").status(), 410);
    let mut shop = Shop::with(Switches { session_ttl_seconds: 60, ..switches() });
    let (token, _) = shop.open(&order("k"));
    shop.wait(60);
    assert_eq!(shop.visit(&token, "").status(), 410, "the time can be switched");
}

#[test]
fn status_is_asked_by_any_key_and_by_all_if_they_agree() {
    let mut shop = Shop::new();
    let (first, _) = shop.open(&order("a"));
    let (second, _) = shop.open(&order("b"));
    shop.visit(&first, "?auto=failed");
    shop.wait(1);
    shop.visit(&first, "?auto=paid");
    shop.visit(&second, "?auto=failed");
    let attempts = shop.check(&json!({"session_token": first}));
    let paid = attempts[1]["payment_token"].clone();
    for (query, expected) in [
        (json!({"session_token": first}), 2),
        (json!({"merchant_order_id": "a"}), 2),
        (json!({"payment_token": paid}), 1),
        (json!({"payment_token": paid, "session_token": first, "merchant_order_id": "a"}), 1),
        (json!({"payment_token": paid, "session_token": second}), 0),
        (json!({"payment_token": paid, "merchant_order_id": "b"}), 0),
        (json!({"merchant_order_id": "c"}), 0),
        (json!({"session_token": "nobody"}), 0),
        (json!({"session_token": first, "merchant_code": "cl_sim_merchant"}), 2),
    ] {
        assert_eq!(shop.check(&query).as_array().unwrap().len(), expected, "{query}");
    }
    let token = json!(SANDBOX_API_TOKEN);
    for (query, expected) in [
        (json!({"merchant_api_token": token}), (400, "session_token is required")),
        (json!({"session_token": first}), (400, "merchant_api_token is required")),
        (
            json!({"session_token": first, "merchant_api_token": "nope"}),
            (401, "invalid merchant credentials"),
        ),
        (
            json!({"session_token": first, "merchant_api_token": token, "merchant_code": "nope"}),
            (401, "invalid merchant credentials"),
        ),
    ] {
        let found = refusal(shop.post(CHECK, &query));
        assert_eq!(found, (expected.0, expected.1.to_owned()), "{query}");
    }
}

#[test]
fn status_can_be_one_object() {
    let mut shop = Shop::with(Switches { single_object: true, ..switches() });
    let (token, _) = shop.open(&order("k"));
    let query = json!({"session_token": token, "merchant_api_token": SANDBOX_API_TOKEN});
    let none = refusal(shop.post(CHECK, &query));
    assert_eq!(none, (404, "session not found".to_owned()));
    shop.visit(&token, "?auto=failed");
    shop.wait(1);
    shop.visit(&token, "?auto=paid");
    assert_eq!(shop.check(&query)["payment_status"], true, "the latest");
}

#[test]
fn calls_of_payments_meet_faults_too() {
    type Shape = fn(&Reply) -> bool;
    let cases: [(Fault, Shape, usize); 9] = [
        (Fault::LoseRequest, |it| matches!(it, Reply::Drop), 0),
        (Fault::LoseReply, |it| matches!(it, Reply::Drop), 1),
        (Fault::LateApply, |it| matches!(it, Reply::Drop), 0),
        (Fault::ErrorAfter, |it| matches!(it, Reply::Answer(it) if it.status() == 500), 1),
        (Fault::Busy, |it| matches!(it, Reply::Answer(it) if it.status() == 503), 0),
        (Fault::Throttle, |it| matches!(it, Reply::Answer(it) if it.status() == 429), 0),
        (Fault::Refuse, |it| matches!(it, Reply::Answer(it) if it.status() == 400), 0),
        (Fault::Torn, |it| matches!(it, Reply::Torn { .. }), 1),
        (Fault::SlowReply, |it| matches!(it, Reply::Later { .. }), 1),
    ];
    for (fault, has_shape, sessions) in cases {
        let mut shop = Shop::new();
        shop.trigger("k", fault);
        assert!(has_shape(&shop.post(INITIALIZE, &order("k"))), "{fault:?}");
        let found = answer(shop.get("/_twin/etpay/sessions"));
        assert_eq!(found.as_array().unwrap().len(), sessions, "{fault:?}");
        shop.wait(480);
        let found = answer(shop.get("/_twin/etpay/sessions"));
        let is_late = fault == Fault::LateApply;
        assert_eq!(
            found.as_array().unwrap().len(),
            sessions.max(usize::from(is_late)),
            "{fault:?}"
        );
    }
    let mut shop = Shop::new();
    let (token, _) = shop.open(&order("k"));
    shop.trigger("k", Fault::QueryThrottle);
    let query = json!({"session_token": token, "merchant_api_token": SANDBOX_API_TOKEN});
    assert_eq!(whole(shop.post(CHECK, &query)).status(), 429);
    assert_eq!(shop.check(&query), json!([]));
}
