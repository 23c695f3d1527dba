//! Who may pay, what a transfer must hold, and what a key is remembered for.
//! Not what becomes of a transfer.

use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use pagos_twin::{
    Fault, Faults, Profile, Registration, Reply,
    fintoc::{FintocSettings, SANDBOX_ACCOUNT_NUMBER_ID, SANDBOX_API_KEY, Switches},
};
use serde_json::{Value, json};

use crate::support::{
    answer,
    fintoc::{Company, body, jws, protected, request, signed},
    whole,
};

fn refused(reply: Reply, status: u16, code: &str) -> Value {
    let response = whole(reply);
    assert_eq!(response.status(), status, "{code}: {response:?}");
    let error = answer(Reply::Answer(response))["error"].take();
    assert_eq!(error["code"], code, "{error}");
    for name in ["type", "code", "message", "param", "doc_url"] {
        assert!(error.get(name).is_some(), "{name}: {error}");
    }
    error
}

#[test]
fn a_key_is_bare_or_a_bearer() {
    let mut company = Company::new();
    let mut ask = |key: Option<&str>| {
        let mut request = request("GET", "v2/accounts").body(Bytes::new()).unwrap();
        request.headers_mut().remove(AUTHORIZATION);
        if let Some(key) = key {
            request.headers_mut().insert(AUTHORIZATION, key.parse().unwrap());
        }
        company.send(&request)
    };
    for key in [SANDBOX_API_KEY.to_owned(), format!("Bearer {SANDBOX_API_KEY}")] {
        assert_eq!(whole(ask(Some(&key))).status(), 200, "{key}");
    }
    refused(ask(None), 401, "authentication");
    for key in ["sk_test_nobody", "Bearer", "Basic sk", ""] {
        let error = refused(ask(Some(key)), 401, "invalid_api_key");
        assert_eq!(error["type"], "authentication_error");
    }
}

#[test]
fn a_transfer_is_signed_over_its_body_by_the_key_and_now() {
    let mut company = Company::new();
    let (now, text) = (company.now, body("x").to_string());
    let good = jws(&protected("a", now), &text);
    let (head, tail) = good.split_once('.').unwrap();
    let old = now.plus(Duration::from_secs(301));
    let at = |ms: i64| pagos_core::Timestamp::from_millis(now.as_millis() + ms);
    let header =
        |change: (&str, &str)| jws(&protected("b", now).replace(change.0, change.1), &text);
    for (jws, code) in [
        (head.to_owned(), "invalid_jws_signature_header"),
        (format!("{head}.x.{tail}"), "invalid_jws_signature_header"),
        (format!("{good}="), "invalid_jws_signature_header"),
        (jws(&protected("a", now), "{}"), "invalid_jws_signature_header"),
        (header(("[\"ts\",\"nonce\"]", "[\"ts\"]")), "invalid_jws_signature_header"),
        (header(("RS256", "HS256")), "invalid_jws_signature_algorithm"),
        (header(("\"b\"", "\"\"")), "invalid_jws_signature_nonce"),
        (header(("\"ts\":", "\"at\":")), "invalid_jws_signature_timestamp_format"),
        (jws(&protected("a", old), &text), "invalid_jws_signature_timestamp_value"),
        (jws(&protected("a", at(-301_000)), &text), "invalid_jws_signature_timestamp_value"),
    ] {
        refused(company.send(&signed("k", &jws, &text)), 401, code);
    }
    let unsigned = request("POST", "v2/transfers").body(Bytes::from(text.clone())).unwrap();
    refused(company.send(&unsigned), 401, "missing_jws_signature_header");
    assert_eq!(whole(company.send(&signed("k", &good, &text))).status(), 201);
    refused(company.send(&signed("k", &good, &text)), 401, "jws_nonce_already_used");
    let late = jws(&protected("c", at(-300_000)), &text);
    assert_eq!(whole(company.send(&signed("l", &late, &text))).status(), 201);
    // Whitespace within the header is the signer's business: Python has some, Node.js has none.
    let spaced = protected("d", now).replace(':', ": ").replace(',', ", ");
    assert_eq!(whole(company.send(&signed("m", &jws(&spaced, &text), &text))).status(), 201);
}

/// Twins that are told of people whose clock goes slower compare their times with each other.
#[test]
fn a_slower_clock_is_compared_with_itself() {
    let mut company = Company::new();
    company.twin().register(Registration { webhook_url: None, speed: Some(200) });
    let (before, text) = (company.now, body("x").to_string());
    company.wait(100_000);
    let at = |nonce: &str, seconds| {
        jws(&protected(nonce, before.plus(Duration::from_secs(seconds))), &text)
    };
    assert_eq!(whole(company.send(&signed("a", &at("a", 500), &text))).status(), 201);
    assert_eq!(whole(company.send(&signed("b", &at("b", 200), &text))).status(), 201);
    let refusal = company.send(&signed("c", &at("c", 199), &text));
    refused(refusal, 401, "invalid_jws_signature_timestamp_value");
    let refusal = company.send(&signed("d", &at("d", 100_400), &text));
    refused(refusal, 401, "invalid_jws_signature_timestamp_value");
    // What is there by now is not later than the merchant's now.
    let until = before.plus(Duration::from_secs(500));
    let listed = company.get(&format!("v2/transfers?until={until}"));
    assert_eq!(listed.as_array().unwrap().len(), 2);
}

#[test]
fn what_a_transfer_must_hold_is_checked() {
    let mut company = Company::new();
    let with = |name: &str, value: Value| {
        let mut body = body("x");
        body[name] = value;
        body
    };
    let party = |account: Value| with("counterparty", json!({"account_number": account}));
    for (nth, (body, status, code)) in [
        (with("account_id", Value::Null), 400, "missing_parameter"),
        (with("account_id", json!("acc_nobody")), 403, "invalid_account"),
        (with("amount", json!(0)), 400, "invalid_positive_integer"),
        (with("amount", json!(1.5)), 400, "invalid_positive_integer"),
        (with("amount", json!("500")), 400, "invalid_positive_integer"),
        (with("amount", Value::Null), 400, "missing_parameter"),
        (with("currency", json!("CLP")), 400, "currency_mismatch"),
        (with("currency", json!("COP")), 400, "invalid_currency"),
        (with("counterparty", json!([])), 400, "missing_parameter"),
        (party(Value::Null), 400, "missing_parameter"),
        (party(json!("07222500821774667")), 400, "invalid_account_number"),
        (party(json!("07222500821774667x")), 400, "invalid_account_number"),
        (party(json!("012969100000000013")), 409, "insufficient_balance"),
        (with("comment", json!("x".repeat(41))), 400, "invalid_comment_size"),
        (with("comment", json!("sim:sucess")), 400, "invalid_params"),
        (with("reference_id", json!("0123")), 400, "invalid_reference_id_size"),
        (with("reference_id", json!("12345678")), 400, "invalid_reference_id_size"),
        (with("metadata", json!("x")), 400, "invalid_hash"),
        (json!([]), 400, "invalid_json"),
    ]
    .into_iter()
    .enumerate()
    {
        refused(company.transfer(&format!("k{nth}"), &body), status, code);
    }
    assert_eq!(company.get("v2/transfers"), json!([]));
    assert_eq!(company.available(), 10_000_000_000_000);
    let lower = with("currency", json!("mxn"));
    assert_eq!(whole(company.transfer("k", &lower)).status(), 201);
    refused(company.fetch("v2/nothing"), 404, "invalid_url");
    refused(company.fetch("v2/transfers/tr_nobody"), 404, "missing_resource");
    let delete = request("DELETE", "v2/transfers").body(Bytes::new()).unwrap();
    refused(company.send(&delete), 405, "operation_not_allowed");
}

/// The fields of the recorded answer, in its order.
#[test]
fn an_answer_has_the_fields_of_the_recording() {
    let mut company = Company::new();
    let mut order = body("Nómina");
    order["reference_id"] = json!("123456");
    let response = whole(company.transfer("k", &order));
    let text = String::from_utf8(response.body().to_vec()).unwrap();
    let shown: Value = serde_json::from_str(&text).unwrap();
    let names = "object id amount currency direction status transaction_date post_date comment \
                 reference_id tracking_key receipt_url mode counterparty account_number metadata";
    // Those whose first place is not within another one.
    let places = names.split(' ').take(14).map(|name| text.find(&format!("\"{name}\":")));
    let places: Vec<usize> = places.map(Option::unwrap).collect();
    assert!(places.is_sorted(), "{text}");
    assert!(names.split(' ').all(|name| shown.get(name).is_some()), "{text}");
    assert!(text.ends_with(",\"return_reason\":null}"), "{text}");
    assert_eq!(
        shown["counterparty"]["institution"],
        json!({"id": "40072", "name": "BANORTE", "country": "mx"})
    );
    assert_eq!(shown["transaction_date"], "2024-12-02T01:42:54Z");
    assert_eq!(shown["tracking_key"], "202412029073500000000000000001");
    assert_eq!(shown["metadata"], json!({"pagos_key": "k"}));
    assert_eq!((&shown["post_date"], &shown["return_reason"]), (&Value::Null, &Value::Null));
    let id = shown["id"].as_str().unwrap();
    assert_eq!(company.get(&format!("v2/transfers/{id}")), shown);
    company.settle();
    let shown = company.get(&format!("v2/transfers/{id}"));
    assert_eq!(shown["post_date"], "2024-12-02T00:00:00Z");
    assert!(shown["receipt_url"].as_str().unwrap().starts_with("https://www.banxico.org.mx/"));
}

fn replayed(company: &mut Company, key: &str, body: &Value, status: u16) {
    let [first, second] = [(); 2].map(|()| whole(company.transfer(key, body)));
    assert_eq!((first.status(), second.status()), (status.try_into().unwrap(), first.status()));
    assert_eq!(first.body(), second.body());
}

#[test]
fn the_first_answer_of_a_key_is_its_answer_for_a_day() {
    let mut company = Company::new();
    replayed(&mut company, "a", &body("x"), 201);
    company.wait(24 * 60 * 60 - 1);
    let kept = answer(company.pay("a", "x"));
    assert_eq!(kept["status"], "pending", "as it was at first");
    assert_eq!(company.movements("a"), ["out"]);
    company.wait(1);
    let fresh = answer(company.pay("a", "x"));
    assert_ne!(fresh["id"], kept["id"], "the key is forgotten, and pays again");
    company.settle();
    assert_eq!(company.movements("a"), ["out", "out"]);
}

#[test]
fn refusals_and_internal_errors_are_kept_too() {
    let mut company = Company::new();
    let mut poor = body("x");
    poor["counterparty"]["account_number"] = json!("012969100000000013");
    replayed(&mut company, "poor", &poor, 409);
    replayed(&mut company, "wrong", &json!({}), 400);
    replayed(&mut company, "broken", &body("sim:500-not-created"), 500);
    replayed(&mut company, "there", &body("sim:500-created"), 500);
    replayed(&mut company, "refused", &body("sim:refused"), 400);
    company.settle();
    let paid =
        ["poor", "wrong", "broken", "there", "refused"].map(|key| company.movements(key).len());
    assert_eq!(paid, [0, 0, 0, 1, 0]);
}

#[test]
fn what_fintoc_did_not_answer_is_not_kept() {
    for (comment, paid_by_first) in [
        ("sim:timeout-not-created", 0),
        ("sim:timeout-created", 1),
        ("sim:html-502-not-created", 0),
        ("sim:html-502", 1),
        ("sim:torn", 1),
        ("sim:slow", 1),
        ("sim:busy", 0),
        ("sim:throttle", 0),
    ] {
        let mut company = Company::new();
        company.pay("k", comment);
        company.settle();
        assert_eq!(company.movements("k").len(), paid_by_first, "{comment}");
        let shown = answer(company.pay("k", comment));
        assert_eq!(shown["object"], "transfer", "{comment}");
        company.settle();
        assert_eq!(company.movements("k"), ["out"], "{comment}");
    }
}

/// A request that was held up while its repeat paid finds its key answered.
#[test]
fn a_late_request_pays_nothing_twice() {
    let mut company = Company::new();
    assert!(matches!(company.pay("k", "sim:late-apply"), Reply::Drop));
    let id = company.paid_id("k", "sim:late-apply");
    company.settle();
    assert_eq!(company.movements("k"), ["out"]);
    assert_eq!(company.get("v2/transfers").as_array().unwrap().len(), 1);
    assert_eq!(company.status(&id), "succeeded");
    assert!(matches!(company.pay("l", "sim:late-apply"), Reply::Drop));
    company.settle();
    assert_eq!(company.movements("l"), ["out"]);
    assert_eq!(answer(company.pay("l", "sim:late-apply"))["object"], "transfer");
    assert_eq!(company.movements("l"), ["out"]);
}

#[test]
fn a_key_with_other_parameters_is_refused_and_without_a_key_all_are_paid() {
    let mut company = Company::new();
    company.pay("k", "x");
    let error = refused(company.pay("k", "y"), 409, "idempotency_error");
    assert_eq!(error["type"], "idempotency_error");
    // The order of the fields and blanks are no parameters.
    let text = body("x").to_string().replace(",\"", ", \"");
    let jws = jws(&protected("other", company.now), &text);
    assert_eq!(whole(company.send(&signed("k", &jws, &text))).status(), 201);
    company.settle();
    assert_eq!(company.movements("k"), ["out"]);
    let long = "k".repeat(256);
    refused(company.pay(&long, "x"), 400, "invalid_string_size");
    assert_eq!(whole(company.pay(&long[1..], "x")).status(), 201);
}

/// Whatever goes wrong on the way, nothing is paid twice within a day.
#[test]
fn a_client_that_repeats_for_a_day_pays_once() {
    let faults = Faults::new(Profile::Hostile, 5);
    let mut company = Company::faulty(FintocSettings::default(), faults);
    for nth in 0..100 {
        let key = format!("k{nth}");
        for _ in 0..4 {
            company.pay(&key, "x");
            company.wait(600);
        }
    }
    company.settle();
    let outs = (0..100).map(|nth| company.movements(&format!("k{nth}")));
    let outs: Vec<usize> = outs.map(|all| all.iter().filter(|it| *it == "out").count()).collect();
    assert!(outs.iter().all(|count| *count <= 1));
    assert!(outs.iter().filter(|count| **count == 1).count() > 75);
}

#[test]
fn the_account_shows_its_balance_and_can_be_funded() {
    let mut company = Company::with(Switches { transit_seconds: 5, ..Switches::default() });
    let account = company.get("v2/accounts").as_array().unwrap()[0].clone();
    let id = account["id"].as_str().unwrap();
    assert_eq!(company.get(&format!("v2/accounts/{id}")), account);
    refused(company.fetch("v2/accounts/acc_nobody"), 404, "missing_resource");
    assert_eq!(company.control("balance", &json!({"balance": 49_999})).status(), 200);
    refused(company.pay("a", "x"), 409, "insufficient_balance");
    let fund = json!({
        "account_number_id": SANDBOX_ACCOUNT_NUMBER_ID, "amount": 1, "currency": "MXN",
    });
    let fund = |key: &str| {
        let request =
            request("POST", "v2/simulate/receive_transfer").header("Idempotency-Key", key);
        request.body(Bytes::from(fund.to_string())).unwrap()
    };
    for key in ["f", "f"] {
        let response = whole(company.send(&fund(key)));
        assert_eq!(response.status(), 201);
        assert_eq!(answer(Reply::Answer(response))["direction"], "inbound");
    }
    assert_eq!(company.available(), 50_000);
    assert_eq!(whole(company.pay("b", "x")).status(), 201);
    assert_eq!(company.available(), 0);
    company.trigger("c", Fault::BalanceExhausted);
    refused(company.pay("c", "x"), 409, "insufficient_balance");
}
