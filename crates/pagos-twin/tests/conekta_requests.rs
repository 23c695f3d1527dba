//! What Conekta takes, what it refuses and in which words.
//! Not what becomes of a transfer.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::Request;
use pagos_twin::conekta::{AnswerShape, ConektaSettings, SANDBOX_API_KEY, Switches};
use serde_json::{Value, json};

use crate::support::{
    answer,
    conekta::{Business, CLABE, payee, payee_of, request, transfer},
    whole,
};

/// Status, type, code and debug message of a refusal, whose shape is that of the manual.
fn refusal(response: &http::Response<Bytes>) -> (u16, String, String, String) {
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(body["object"], "error");
    assert!(body["log_id"].is_string());
    let details = body["details"].as_array().unwrap();
    assert_eq!(details.len(), 1);
    let text = |name: &str| details[0][name].as_str().unwrap().to_owned();
    assert!(!text("message").is_empty());
    let kind = body["type"].as_str().unwrap().to_owned();
    (response.status().as_u16(), kind, text("code"), text("debug_message"))
}

fn check(business: &mut Business, request: &Request<Bytes>, status: u16, kind: &str, debug: &str) {
    let refused = whole(business.send(request));
    let (found, found_kind, _, found_debug) = refusal(&refused);
    assert_eq!((found, &*found_kind, &*found_debug), (status, kind, debug), "{request:?}");
}

#[test]
fn a_key_comes_in_four_forms() {
    let mut business = Business::new();
    let plain = STANDARD.encode(SANDBOX_API_KEY);
    for (header, status) in [
        (Some(format!("Basic {}", STANDARD.encode(format!("{SANDBOX_API_KEY}:")))), 200),
        (Some(format!("Basic {plain}")), 200),
        (Some(format!("Basic {plain}:")), 200),
        (Some(format!("Bearer {SANDBOX_API_KEY}")), 200),
        (Some("Bearer key_DePruebaDeApi".to_owned()), 401),
        (Some("Basic a2V5X0RlUHJ1ZWJhRGVBcGk6".to_owned()), 401),
        (Some("nonsense".to_owned()), 401),
        (None, 401),
    ] {
        let mut asked = request("GET", "balance", "");
        asked.headers_mut().remove("Authorization");
        if let Some(header) = &header {
            asked.headers_mut().insert("Authorization", header.parse().unwrap());
        }
        let response = whole(business.send(&asked));
        assert_eq!(response.status(), status, "{header:?}");
        if status == 401 {
            let (_, kind, code, debug) = refusal(&response);
            assert_eq!(kind, "authentication_error");
            let expected = match header {
                None => "Please include your access key in your request.",
                Some(_) => "Unrecognized access key",
            };
            assert_eq!(debug, expected);
            let is_missing = code == "conekta.errors.authentication.missing_key";
            assert_eq!(is_missing, header.is_none());
        }
    }
    let ping = Request::get("/conekta/ping").body(Bytes::new()).unwrap();
    assert_eq!(answer(business.send(&ping)), json!({"status": 200}));
}

#[test]
fn a_version_that_was_never_seen_is_a_conflict() {
    let mut business = Business::new();
    for (accept, expected) in [
        ("application/vnd.conekta-v2.0.0+json", Some("conekta-v2.0.0; format=application/json")),
        ("application/vnd.conekta-v2.1.0+json", Some("conekta-v2.1.0; format=application/json")),
        ("application/vnd.conekta-v2.3.0+json", Some("conekta-v2.3.0; format=application/json")),
        ("application/json", Some("conekta-v2.3.0; format=application/json")),
        ("*/*", Some("conekta-v2.3.0; format=application/json")),
        ("application/vnd.conekta-v1.0.0+json", None),
    ] {
        let mut asked = request("GET", "balance", "");
        asked.headers_mut().insert("Accept", accept.parse().unwrap());
        let response = whole(business.send(&asked));
        match expected {
            Some(media_type) => {
                assert_eq!(response.status(), 200, "{accept}");
                assert_eq!(response.headers()["Conekta-Media-Type"], media_type);
                let content_type = &response.headers()["Content-Type"];
                assert_eq!(content_type, "application/json; charset=utf-8");
            }
            None => {
                assert_eq!((refusal(&response).0, &*refusal(&response).1), (409, "conflict_error"))
            }
        }
    }
}

#[test]
fn a_payee_is_answered_as_in_the_manual() {
    let mut business = Business::new();
    let mut body = payee_of("jon@example.com", CLABE, "Jon Doe Account");
    body["billing_address"] = json!({"city": "CDMX"});
    let made = business.ask("POST", "payees", &body);
    let (id, destination) = (made["id"].clone(), made["destinations"][0]["id"].clone());
    assert!(id.as_str().unwrap().starts_with("payee_"));
    assert!(destination.as_str().unwrap().starts_with("pytdst_"));
    assert_eq!(
        made,
        json!({
            "id": id, "email": "jon@example.com", "name": "Jon Doe", "phone": "5555555555",
            "livemode": false, "object": "payee", "default_destination_id": destination,
            "created_at": 1_733_103_774, "billing_address": {"city": "CDMX"},
            "destinations": [{
                "id": destination, "payee_id": id, "object": "destination",
                "created_at": 1_733_103_774, "type": "bank_account", "currency": "MXN",
                "last4": "6674", "account_holder_name": "Jon Doe Account", "bank": "banorte",
            }],
        })
    );
    let again = business.payee(&body);
    assert_ne!(again, id.as_str().unwrap(), "the same person twice is two payees");
}

#[test]
fn a_transfer_has_one_shape_by_id_and_another_in_lists() {
    let mut business = Business::new();
    let payee_id = business.payee(&payee("k", "Jon Doe Account"));
    business.wait(1);
    let made = answer(business.transfer(&payee_id, 50_000));
    let (id, reference) = (made["id"].clone(), made["statement_reference"].clone());
    let (id, digits) = (id.as_str().unwrap(), reference.as_str().unwrap());
    assert!(id.len() == 24 && id.starts_with("674d109f"), "{id}");
    assert!(digits.len() == 7 && digits.bytes().all(|it| it.is_ascii_digit()));
    let account = &made["destination"]["id"];
    assert!(account.as_str().unwrap().starts_with("pytdst_"));
    assert_eq!(
        made,
        json!({
            "livemode": false, "currency": "MXN", "object": "transfer", "amount": 50_000, "id": id,
            "created_at": 1_733_103_775, "status": "pending", "statement_reference": digits,
            "statement_description": format!("Jon Doe Account {digits}"),
            "destination": {
                "payee_id": payee_id, "id": account, "created_at": 1_733_103_775,
                "object": "destination", "type": "bank_transfer", "last4": "6674",
                "account_holder_name": "Jon Doe Account", "bank": "banorte",
            },
        })
    );
    let method = account.as_str().unwrap().replace("pytdst_", "pytmtd_");
    let mut found = made.clone();
    found["destination"]["id"] = json!(method);
    found["statement_description"] = json!(format!("{digits} Jon Doe Account"));
    assert_eq!(business.get(&format!("transfers/{id}")), found);
    let mut whole_account = json!({
        "payee_id": payee_id, "id": method, "created_at": 1_733_103_774,
        "object": "bank_transfer_payout_method", "_type": "BankTransferPayoutMethod",
        "account_number": CLABE, "account_holder": "Jon Doe Account", "bank": "banorte",
    });
    let mut listed = made.clone();
    listed.as_object_mut().unwrap().remove("destination");
    listed["method"] = whole_account.clone();
    assert_eq!(business.get("transfers")["data"], json!([listed]));
    business.control("settings", &json!({"shape": AnswerShape::Openapi}));
    let fields = whole_account.as_object_mut().unwrap();
    let kind = fields.remove("_type").unwrap();
    fields.insert("type".to_owned(), kind);
    assert_eq!(business.get(&format!("transfers/{id}"))["destination"], whole_account);
    assert_eq!(business.get("transfers")["data"][0]["method"], whole_account);
}

/// Everything of the manual's table, in the order in which it is looked at.
#[test]
fn transfers_are_refused_in_the_manuals_words() {
    let mut business =
        Business::of(ConektaSettings { balance_minor: 60_000, ..ConektaSettings::default() });
    let id = business.payee(&payee("k", "Jon"));
    let post = |body: &str| request("POST", "transfers", body);
    let (invalid, no_amount) = ("parameter_validation_error", "The transfer amount is required");
    let unknown = "The payee could not be found";
    check(
        &mut business,
        &post("{"),
        400,
        "malformed_request_error",
        "The request body is no JSON object.",
    );
    check(&mut business, &post(""), 422, invalid, unknown);
    check(&mut business, &post(&transfer("nope", 0).to_string()), 422, invalid, unknown);
    for amount in [json!(0), json!(-1), json!(1.5), json!("50000"), Value::Null] {
        let mut body = transfer(&id, 1);
        body["amount"] = amount;
        body["currency"] = json!("USD");
        check(&mut business, &post(&body.to_string()), 422, invalid, no_amount);
    }
    for currency in [json!("USD"), json!("mxn"), Value::Null] {
        let mut body = transfer(&id, 50_000);
        body["currency"] = currency;
        let debug = "The provided currency is invalid";
        check(&mut business, &post(&body.to_string()), 422, invalid, debug);
    }
    let mut body = transfer(&id, 50_000);
    body["metadata"] = json!({"key": "k"});
    let debug = "The \"metadata\" parameter is not allowed.";
    check(&mut business, &post(&body.to_string()), 422, invalid, debug);
    let poor = post(&transfer(&id, 60_001).to_string());
    check(&mut business, &poor, 402, "processing_error", "Insufficient funds");
    assert_eq!(business.get("transfers")["data"], json!([]), "nothing was made");
    assert_eq!(business.available(), 60_000);
    let old = json!({"payee": id, "amount": 60_000, "currency": "MXN"});
    assert_eq!(business.ask("POST", "transfers", &old)["status"], "pending", "Ruby's field");
    assert_eq!(business.available(), 0);
}

#[test]
fn payees_are_refused_too() {
    let mut business = Business::new();
    let post = |body: &Value| request("POST", "payees", &body.to_string());
    let invalid = "parameter_validation_error";
    let account =
        "The payee`s account number was invalid, please ensure that it is an 18 digit CLABE.";
    for clabe in
        ["", "07222500821774667", "0722250082177466740", "07222500821774667x", "٠72225008217746674"]
    {
        let body = payee_of("a@b.c", clabe, "Jon");
        check(&mut business, &post(&body), 422, invalid, account);
    }
    let mut body = payee_of("a@b.c", CLABE, "Jon");
    body["destinations"][0]["type"] = json!("clabe");
    let broken = "There was a runtime error and Conekta engineers have been notified.";
    check(&mut business, &post(&body), 500, "api_error", broken);
    let long = payee_of("a@b.c", CLABE, &"ñ".repeat(250));
    let debug = "The \"account_holder_name\" parameter is invalid.";
    check(&mut business, &post(&long), 422, invalid, debug);
    let unknown = payee_of("a@b.c", CLABE, "Jon sim:fial");
    check(&mut business, &post(&unknown), 422, invalid, debug);
    let empty = "The \"name\" parameter is required.";
    check(&mut business, &request("POST", "payees", ""), 422, invalid, empty);
    let sample = payee_of("a@b.c", "123456789012345678", "Jon");
    assert_eq!(whole(business.send(&post(&sample))).status(), 200, "the manual's own sample");
    let strict = json!({"strict_clabe": true});
    business.control("settings", &strict);
    check(&mut business, &post(&sample), 422, invalid, account);
    let number = json!({
        "name": "Jon", "destinations": [{
            "type": "bank_account", "account_number": 123_456_789_012_345_673_i64,
            "account_holder_name": &"ñ".repeat(249),
        }],
    });
    assert_eq!(whole(business.send(&post(&number))).status(), 200, "an integer, as in the table");
}

#[test]
fn messages_speak_two_languages() {
    let mut business = Business::new();
    for (language, expected) in [
        (None, "El recurso no ha sido encontrado."),
        (Some("es"), "El recurso no ha sido encontrado."),
        (Some("en"), "The resource could not be found."),
        (Some("en-US,es"), "The resource could not be found."),
    ] {
        let mut asked = request("GET", "payees/payee_nobody", "");
        asked.headers_mut().remove("Accept-Language");
        if let Some(language) = language {
            asked.headers_mut().insert("Accept-Language", language.parse().unwrap());
        }
        let refused = answer(business.send(&asked));
        assert_eq!(refused["type"], "resource_not_found_error");
        assert_eq!(refused["details"][0]["message"], expected, "{language:?}");
        assert_eq!(refused["details"][0]["debug_message"], "The resource could not be found.");
    }
}

#[test]
fn payees_live_and_go() {
    let mut business = Business::new();
    let id = business.payee(&json!({"name": "Jon Doe", "email": "jon@example.com"}));
    let path = format!("payees/{id}");
    let refused = whole(business.transfer(&id, 1_000));
    assert_eq!(refused.status(), 422, "there is no account yet");
    let account = json!({
        "type": "bank_account", "account_number": CLABE, "account_holder_name": "Jon",
    });
    let made = business.ask("POST", &format!("{path}/destinations"), &account);
    assert_eq!((&made["object"], &made["last4"]), (&json!("destination"), &json!("6674")));
    let named = format!("{path}/destinations/{}", made["id"].as_str().unwrap());
    let transfer_id = answer(business.transfer(&id, 1_000))["id"].as_str().unwrap().to_owned();
    let changed = business.ask("PUT", &named, &json!({"account_holder_name": "Jane"}));
    assert_eq!(
        (&changed["account_holder_name"], &changed["last4"]),
        (&json!("Jane"), &json!("6674"))
    );
    let before = business.get(&format!("transfers/{transfer_id}"));
    assert_eq!(before["destination"]["account_holder_name"], "Jon", "under way it stays as it was");
    assert_eq!(
        business.ask("PUT", &path, &json!({"name": "Jane Doe"}))["email"],
        "jon@example.com"
    );
    assert_eq!(business.get(&path)["name"], "Jane Doe");
    assert_eq!(business.ask("DELETE", &named, &json!({}))["deleted"], true);
    assert_eq!(business.get(&path)["destinations"], json!([]));
    assert_eq!(business.get("payees")["data"][0]["id"], json!(id));
    assert_eq!(business.ask("DELETE", &path, &json!({}))["deleted"], true);
    assert_eq!(business.get("payees")["data"], json!([]));
    for (method, path) in [("GET", &path), ("PUT", &path), ("DELETE", &path), ("DELETE", &named)] {
        let refused = whole(business.call(method, path, &json!({"name": "x"})));
        assert_eq!(refused.status(), 404, "{method} {path}");
    }
    assert_eq!(whole(business.transfer(&id, 1_000)).status(), 422, "not 404");
}

#[test]
fn unknown_paths_and_methods_are_not_found() {
    let mut business = Business::new();
    for (method, path) in [
        ("GET", ""),
        ("GET", "orders"),
        ("DELETE", "transfers/x"),
        ("PUT", "transfers/x"),
        ("GET", "transfers/674d111e00000000000000"),
        ("GET", "events/x"),
        ("POST", "events/x/resend"),
        ("GET", "transactions/x"),
        ("GET", "webhooks/x"),
        ("POST", "webhooks/x/test"),
        ("GET", "webhook_keys/x"),
        ("POST", "payout_orders"),
    ] {
        let refused = whole(business.send(&request(method, path, "")));
        let (status, kind, code, _) = refusal(&refused);
        assert_eq!((status, &*kind), (404, "resource_not_found_error"), "{method} {path}");
        assert_eq!(code, "conekta.errors.resource_not_found.entity");
    }
    let doubled = request("GET", "/balance", "");
    assert_eq!(whole(business.send(&doubled)).status(), 200, "of a base address with a slash");
}

#[test]
fn a_fee_is_taken_and_given_back() {
    let switches = Switches { fee_minor: 700, ..Switches::default() };
    let settings =
        ConektaSettings { switches, balance_minor: 50_700, ..ConektaSettings::default() };
    let mut business = Business::of(settings);
    let id = business.payee(&payee("k", "sim:fail"));
    assert_eq!(whole(business.transfer(&id, 50_001)).status(), 402);
    assert_eq!(whole(business.transfer(&id, 50_000)).status(), 200);
    assert_eq!(business.available(), 0);
    business.settle();
    assert_eq!(business.available(), 50_700);
}
