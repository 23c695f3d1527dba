//! The platform's calls: login and tokens, every check of a create, queries and lists.
//! Not what happens to an accepted payout later.

use bytes::Bytes;
use http::{Method, Request};
use pagos_core::Timestamp;
use pagos_twin::{
    Fault, Reply,
    etpay::{Duplicates, EtpaySettings, Switches},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    answer,
    etpay::{Shop, keys, login, payout, switches},
    whole,
};

/// Status and `msg`.
fn refusal(reply: Reply) -> (u16, String) {
    let response = whole(reply);
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    (response.status().as_u16(), body["msg"].as_str().unwrap().to_owned())
}

fn refused(status: u16, msg: &str) -> (u16, String) {
    (status, msg.to_owned())
}

#[test]
fn a_login_has_the_documented_shape() {
    let mut shop = Shop::new();
    let logged_in = answer(shop.post("/etpay/platform/v1/auth/login", &login()));
    assert_eq!(logged_in["msg"], "ok");
    let in_an_hour = crate::support::START_MS + 3_600_000;
    assert_eq!(logged_in["auth"]["tokenExp"], in_an_hour, "milliseconds");
    let token = logged_in["auth"]["Authorization"].as_str().unwrap();
    assert!(token.starts_with("eyJraWQiOi") && token.split('.').count() == 3, "{token}");
    for name in ["name", "lastnames", "email"] {
        assert!(logged_in["user"][name].is_string(), "{name}");
    }
    assert_ne!(token, shop.token, "each login has a token of its own");
    shop.balance();
}

#[test]
fn wrong_logins_are_unauthorized() {
    let mut shop = Shop::new();
    for (path, wrong) in [
        ("/username", json!("nobody")),
        ("/password", json!("guess")),
        ("/merchant/code", json!("another")),
        ("/merchant/api_token", json!("guess")),
        ("/merchant", json!("text")),
        ("/username", Value::Null),
    ] {
        let mut body = login();
        *body.pointer_mut(path).unwrap() = wrong;
        let reply = shop.post("/etpay/platform/v1/auth/login", &body);
        assert_eq!(refusal(reply), refused(401, "Unauthorized"), "{path}");
    }
    let broken = Request::post("/etpay/platform/v1/auth/login");
    let broken = broken.body(Bytes::from_static(b"{\"username\": \"a\" \"password\"")).unwrap();
    assert_eq!(refusal(shop.send(&broken)), refused(400, "body is invalid"));
    let logins = answer(shop.get("/_twin/etpay/logins"));
    assert_eq!(logins, json!({"granted": 1, "refused": 7, "live": 1}));
}

#[test]
fn a_token_goes_bare_and_lives_an_hour() {
    for (is_tolerated, expected) in [(false, 401), (true, 200)] {
        let mut shop = Shop::with(Switches { tolerate_bearer: is_tolerated, ..switches() });
        let bare = shop.token.clone();
        shop.token = format!("Bearer {bare}");
        let status = whole(shop.platform(Method::GET, "payouts/balance", "")).status();
        assert_eq!(status, expected, "tolerated: {is_tolerated}");
    }
    let mut shop = Shop::new();
    shop.wait(3_599);
    shop.balance();
    shop.wait(1);
    let calls = [
        (Method::GET, "payouts/balance"),
        (Method::GET, "payouts"),
        (Method::GET, "payouts/x"),
        (Method::POST, "payouts"),
        (Method::GET, "nothing"),
    ];
    for (method, path) in calls {
        let reply = shop.platform(method, path, "{}");
        assert_eq!(refusal(reply), refused(401, "Unauthorized"), "{path}");
    }
    shop.token.clear();
    assert_eq!(whole(shop.pay("k", "x")).status(), 401, "no token");
    shop.log_in();
    shop.balance();
}

#[test]
fn a_payout_is_accepted_in_the_words_of_the_contract() {
    let mut shop = Shop::new();
    let response = whole(shop.pay("k1", "salary"));
    let text = std::str::from_utf8(response.body()).unwrap();
    let id = answer(Reply::Answer(response.clone()))["payout"]["id"].as_str().unwrap().to_owned();
    assert!(id.len() == 64 && id.bytes().all(|it| it.is_ascii_alphanumeric()), "{id}");
    assert_eq!(
        text,
        format!(
            "{{\"msg\":\"ok\",\"payout\":{{\"id\":\"{id}\",\"merchant_order_id\":\"k1\",\
             \"amount\":15000,\"status\":\"pending\",\"created_at\":\"2024-12-02T01:42:54.518Z\"}}}}"
        )
    );
    shop.wait(1);
    assert_eq!(
        shop.payout(&id),
        json!({
            "id": id, "merchant_order_id": "k1", "amount": 15_000, "status": "completed",
            "rut": "123456785", "created_at": "2024-12-02T01:42:54.518Z",
            "updated_at": "2024-12-02T01:42:55.518Z",
        })
    );
    let unknown = shop.platform(Method::GET, "payouts/nobody", "");
    assert_eq!(refusal(unknown), refused(404, "payout not found"));
    assert_eq!(refusal(shop.platform(Method::GET, "payouts/", "")), refused(404, "not found"));
    assert_eq!(refusal(shop.platform(Method::DELETE, "payouts", "")), refused(404, "not found"));
}

#[test]
fn every_field_is_checked() {
    let mut shop = Shop::new();
    let long = |count: usize| json!("x".repeat(count));
    let cases = [
        ("merchant_order_id", Value::Null, "required"),
        ("merchant_order_id", json!(""), "required"),
        ("merchant_order_id", json!(12), "invalid"),
        ("merchant_order_id", json!("a-1"), "invalid"),
        ("merchant_order_id", long(65), "invalid"),
        ("amount", Value::Null, "required"),
        ("amount", json!(0), "invalid"),
        ("amount", json!(-1), "invalid"),
        ("amount", json!(7_000_001), "invalid"),
        ("amount", json!("15000"), "invalid"),
        ("amount", json!(1_500.5), "invalid"),
        ("amount", json!(1_500.0), "invalid"),
        ("rut", Value::Null, "required"),
        ("rut", json!("123456784"), "invalid"),
        ("rut", json!("18765534k"), "invalid"),
        ("rut", json!("12345678-5"), "invalid"),
        ("name", json!(""), "required"),
        ("name", long(101), "invalid"),
        ("email", long(255), "invalid"),
        ("email", json!(1), "invalid"),
        ("bank_code", Value::Null, "required"),
        ("bank_code", json!("CL_ESTADO"), "invalid"),
        ("bank_code", json!("012"), "invalid"),
        ("account_type", json!("savings"), "invalid"),
        ("account_number", Value::Null, "required"),
        ("account_number", json!("12-3"), "invalid"),
        ("account_number", json!("1".repeat(21)), "invalid"),
        ("description", long(31), "invalid"),
        ("description", json!("a,b"), "invalid"),
        ("description", json!("a\nb"), "invalid"),
        ("description", json!("sim:sucess"), "invalid"),
    ];
    for (name, value, because) in cases {
        let mut order = payout("k", "x");
        order[name] = value.clone();
        let expected = refused(400, &format!("{name} is {because}"));
        assert_eq!(refusal(shop.create(&order)), expected, "{name} = {value}");
    }
    for body in ["", "[]", "{", "\"x\"", "null"] {
        let reply = shop.platform(Method::POST, "payouts", body);
        assert_eq!(refusal(reply), refused(400, "body is invalid"), "{body}");
    }
    assert!(shop.listed().is_empty());
    for (name, value) in [
        ("email", Value::Null),
        ("description", Value::Null),
        ("amount", json!(1)),
        ("amount", json!(7_000_000)),
        ("account_type", json!("cuenta_rut")),
        ("colour", json!("red")),
    ] {
        let mut order = payout("k", "x");
        order[name] = value;
        assert_eq!(answer(shop.create(&order))["msg"], "ok", "{name}");
    }
}

#[test]
fn what_the_balance_does_not_cover_is_refused() {
    let settings = EtpaySettings { balance_minor: 15_000, ..EtpaySettings::default() };
    let mut shop = Shop::of(settings);
    shop.paid_id("a", "x");
    assert_eq!(shop.balance(), 0);
    assert_eq!(refusal(shop.pay("b", "x")), refused(400, "insufficient balance"));
    assert_eq!(shop.listed(), ["a"]);
    assert_eq!(shop.control("balance", &json!({"balance": 15_000})).status(), 200);
    shop.paid_id("b", "sim:fail");
    shop.settle();
    assert_eq!(shop.balance(), 15_000, "a rejection gives it back");
}

#[test]
fn duplicates_can_be_refused() {
    let mut shop = Shop::with(Switches { duplicates: Duplicates::Refuse, ..switches() });
    let id = shop.paid_id("k", "x");
    let mut other = payout("k", "x");
    other["amount"] = json!(1);
    let response = whole(shop.create(&other));
    assert_eq!(response.status(), 409);
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(body["msg"], "duplicate merchant_order_id");
    assert_eq!((&body["payout"]["id"], &body["payout"]["amount"]), (&json!(id), &json!(15_000)));
    shop.settle();
    assert_eq!(shop.movements("k"), ["out"]);
}

/// A shop with a payout at each of these moments, named by their place.
fn shop_with_payouts_at(moments: &[&str], switches: Switches) -> Shop {
    let mut shop = Shop::with(switches);
    for (nth, moment) in moments.iter().enumerate() {
        shop.now = moment.parse::<Timestamp>().unwrap();
        shop.log_in();
        shop.paid_id(&format!("k{nth}"), "x");
    }
    shop
}

#[test]
fn lists_are_of_days_of_santiago_and_silently_of_today() {
    let mut shop = shop_with_payouts_at(
        &[
            "2025-06-01T03:59:59Z",
            "2025-06-01T04:00:00Z",
            "2025-06-07T12:00:00Z",
            "2025-06-08T03:59:59Z",
            "2025-06-08T04:00:00Z",
            "2025-06-20T12:00:00Z",
        ],
        switches(),
    );
    for (query, expected) in [
        ("from=01/06/2025&to=07/06/2025", &["k1", "k2", "k3"][..]),
        ("from=01%2F06%2F2025&to=07%2F06%2F2025", &["k1", "k2", "k3"]),
        ("from=31/05/2025&to=31/05/2025", &["k0"]),
        ("from=09/06/2025&to=10/06/2025", &[]),
        ("from=01/06/2025&to=07/06/2025&merchant_code=cl_sim_merchant", &["k1", "k2", "k3"]),
        // From here on it is today.
        ("from=01/06/2025&to=08/06/2025", &["k5"]),
        ("from=07/06/2025&to=01/06/2025", &["k5"]),
        ("from=06/01/2025&to=2025-06-07", &["k5"]),
        ("from=01/06/2025", &["k5"]),
        ("to=07/06/2025", &["k5"]),
        ("", &["k5"]),
    ] {
        let page = shop.list(query);
        assert_eq!(keys(&page), expected, "{query}");
        assert_eq!(page["total"], expected.len(), "{query}");
    }
    let other = shop.platform(Method::GET, "payouts?merchant_code=another", "");
    assert_eq!(refusal(other), refused(400, "merchant_code is invalid"));
}

#[test]
fn lists_come_in_pages() {
    for base in [0_u32, 1] {
        let mut shop = Shop::with(Switches { page_base: base, ..switches() });
        for nth in 0..620 {
            shop.paid_id(&format!("k{nth}"), "x");
        }
        let mut seen = Vec::new();
        for page in base..base + 8 {
            let found = shop.list(&format!("page={page}"));
            assert_eq!((&found["page"], &found["size"]), (&json!(page), &json!(100)));
            assert_eq!(found["total"], 620);
            seen.extend(keys(&found));
        }
        let all: Vec<String> = (0..620).map(|nth| format!("k{nth}")).collect();
        assert_eq!(seen, all, "base {base}");
        assert_eq!(keys(&shop.list("")).len(), 100, "the first page is the usual one");
        for (size, expected) in [("500", 500), ("9999", 500), ("0", 100), ("x", 100), ("7", 7)] {
            assert_eq!(keys(&shop.list(&format!("size={size}"))).len(), expected, "{size}");
        }
    }
    let mut shop = Shop::new();
    shop.paid_id("k", "x");
    assert!(keys(&shop.list("page=0")).is_empty(), "before the first");
    assert!(keys(&shop.list("page=2")).is_empty());
}

#[test]
fn a_list_can_lag_and_a_query_by_id_does_not() {
    let mut shop = Shop::new();
    shop.paid_id("a", "x");
    shop.trigger("b", Fault::ListingLags);
    let late = shop.paid_id("b", "x");
    shop.paid_id("c", "x");
    assert_eq!(shop.listed(), ["a", "c"]);
    assert_eq!(shop.list("size=1&page=2")["total"], 2);
    assert_eq!(shop.payout(&late)["merchant_order_id"], "b");
    shop.wait(600);
    assert_eq!(shop.listed(), ["a", "b", "c"]);
    assert_eq!(keys(&shop.list("size=1&page=2")), ["b"]);
}

#[test]
fn paths_that_do_not_exist_are_not_found() {
    let mut shop = Shop::new();
    for path in ["/etpay", "/etpay/", "/etpay/api", "/etpay/apisession/initialize", "/etpay/x"] {
        assert_eq!(whole(shop.post(path, &json!({}))).status(), 404, "{path}");
    }
    let doubled = shop.post("/etpay/platform//v1/auth/login", &login());
    assert_eq!(whole(doubled).status(), 200, "slashes collapse");
}

proptest! {
    #[test]
    fn no_request_makes_it_panic(body in "\\PC{0,200}", query in "[ -~]{0,60}", nth in 0_usize..9) {
        let paths = [
            "/etpay/platform/v1/payouts",
            "/etpay/platform/v1/payouts/",
            "/etpay/platform/v1/auth/login",
            "/etpay/api/session/initialize",
            "/etpay/api/merchant/check_payment_status",
            "/etpay/pmt/session/x",
            "/_twin/etpay/settings",
            "/_twin/etpay/outcome",
            "/_twin/etpay/notice",
        ];
        let mut shop = Shop::new();
        for method in [Method::GET, Method::POST] {
            let uri = format!("{}?{}", paths[nth], query.replace('#', "%"));
            let request = Request::builder()
                .method(method)
                .uri(uri)
                .header("Authorization", &shop.token)
                .body(Bytes::from(body.clone()));
            // What is no address at all cannot be sent.
            if let Ok(request) = request {
                prop_assert!(matches!(shop.send(&request), Reply::Answer(_)));
            }
        }
        prop_assert!(shop.world.movements().is_empty());
    }
}
