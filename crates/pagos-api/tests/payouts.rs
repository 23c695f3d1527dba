//! Payouts over HTTP: stored once, told as they stand, refused with everything that is wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod site;

use axum::body::Body;
use http::Request;
use serde_json::json;
use site::{Says, Site, payout};

#[tokio::test]
async fn a_repeat_answers_what_is_stored_and_another_body_is_a_conflict() {
    let site = Site::new().await;
    let token = site.all().await;
    let first = site.post(&token, "/v1/payouts", &payout("may-1")).await;
    assert_eq!((first.status, &first.body["status"]), (201, &json!("created")), "{first:?}");
    assert_eq!(first.body["amount"], json!("150.50"));
    assert_eq!(first.body["amount_minor"], json!(15_050));
    let again = site.post(&token, "/v1/payouts", &payout("may-1")).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    site.work().await;
    let paid = site.post(&token, "/v1/payouts", &payout("may-1")).await;
    assert_eq!((paid.status, &paid.body["status"]), (200, &json!("succeeded")));
    assert_eq!(site.acme.created.load(std::sync::atomic::Ordering::Relaxed), 1);
    let mut other = payout("may-1");
    other["amount"] = json!("150.51");
    let conflict = site.post(&token, "/v1/payouts", &other).await;
    assert_eq!((conflict.status, conflict.problem()), (409, "key-conflict"), "{conflict:?}");
    assert_eq!(conflict.body["kind"], "invalid");
    assert!(conflict.body["next_step"].as_str().unwrap().contains("new key"));
}

#[tokio::test]
async fn the_key_may_be_in_the_header_and_must_agree() {
    let site = Site::new().await;
    let token = site.all().await;
    let mut keyless = payout("x");
    keyless.as_object_mut().unwrap().remove("key");
    let send = async |key: &str, body: &serde_json::Value| {
        let request = Request::post("/v1/payouts")
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        site.send(request, &token, Body::from(body.to_string())).await
    };
    assert_eq!(send("may-1", &keyless).await.status, 201);
    assert_eq!(send("may-1", &payout("may-1")).await.status, 200);
    let other = send("may-2", &payout("may-1")).await;
    assert_eq!((other.status, &other.body["errors"][0]["pointer"]), (422, &json!("/key")));
    assert_eq!(send("may 2", &keyless).await.problem(), "malformed");
    let none = site.post(&token, "/v1/payouts", &keyless).await;
    assert_eq!((none.status, &none.body["errors"][0]["pointer"]), (422, &json!("/key")));
}

#[tokio::test]
async fn doubt_is_told_as_doubt() {
    let site = Site::new().await;
    let token = site.all().await;
    site.provider_says(Says::Unknown);
    site.post(&token, "/v1/payouts", &payout("may-1")).await;
    site.work().await;
    let again = site.post(&token, "/v1/payouts", &payout("may-1")).await;
    assert_eq!((again.status, &again.body["status"]), (202, &json!("unknown")), "{again:?}");
    let read = site.get(&token, "/v1/payouts/may-1").await;
    assert_eq!((read.status, &read.body), (202, &again.body));
}

#[tokio::test]
async fn an_amount_is_never_a_number() {
    let site = Site::new().await;
    let token = site.all().await;
    for number in [json!(150.5), json!(150), json!(-1), json!(1e3)] {
        let mut body = payout("may-1");
        body["amount"] = number.clone();
        let told = site.post(&token, "/v1/payouts", &body).await;
        assert_eq!((told.status, told.problem()), (422, "invalid"), "{number}: {told:?}");
        assert_eq!(told.body["errors"][0]["pointer"], "/amount");
        let because = told.body["errors"][0]["because"].as_str().unwrap();
        assert!(because.contains("text in major units"), "{because}");
    }
    let mut body = payout("may-1");
    body["amount"] = json!("1.234");
    let told = site.post(&token, "/v1/payouts", &body).await;
    assert_eq!((told.status, &told.body["errors"][0]["pointer"]), (422, &json!("/amount")));
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_with_its_place_and_without_its_value() {
    let site = Site::new().await;
    let token = site.all().await;
    let mut body = payout("may 1");
    body["account"] = json!("ACME");
    body["currency"] = json!("XXX");
    body["beneficiary"]["account_type"] = json!("gold");
    body["beneficiary"]["account_number"] = json!(format!("{} x", site::CANARY));
    let told = site.post(&token, "/v1/payouts", &body).await;
    let errors = told.body["errors"].as_array().unwrap();
    let pointers: Vec<&str> = errors.iter().map(|it| it["pointer"].as_str().unwrap()).collect();
    assert_eq!(
        pointers,
        [
            "/key",
            "/account",
            "/currency",
            "/beneficiary/account_type",
            "/beneficiary/account_number"
        ]
    );
    let mut unknown = payout("may-1");
    unknown["beneficiary"]["acount"] = json!("x");
    let told = site.post(&token, "/v1/payouts", &unknown).await;
    assert_eq!((told.status, told.problem()), (422, "invalid"));
    assert_eq!(told.body["errors"][0]["pointer"], "/beneficiary/acount", "{told:?}");
    let mut number = payout("may-1");
    number["beneficiary"]["account_number"] = json!(99_887_766_554_433_u64);
    let told = site.post(&token, "/v1/payouts", &number).await;
    assert!(!told.body.to_string().contains("99887766554433"), "{told:?}");
    let mut nothing = payout("may-1");
    nothing["amount"] = json!("0");
    let told = site.post(&token, "/v1/payouts", &nothing).await;
    assert_eq!(told.body["errors"][0]["remedy"], "pay more", "{told:?}");
    let mut much = payout("may-1");
    much["amount"] = json!("777777.77");
    let told = site.post(&token, "/v1/payouts", &much).await;
    assert_eq!(told.body["detail"], "777777.77 MXN is more than is sent");
    let told = site.get(&token, "/v1/payouts/20270115").await;
    assert_eq!(told.body["detail"], "no payout 20270115");
    let list = site.get(&token, "/v1/payouts").await;
    assert_eq!(list.body["payouts"], json!([]), "nothing of it was stored");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let site = Site::new().await;
    let token = site.all().await;
    let send = async |kind: &str, body: &str| {
        let request = Request::post("/v1/payouts").header("content-type", kind.to_owned());
        let told = site.send(request, &token, Body::from(body.to_owned())).await;
        (told.status, told.problem().to_owned())
    };
    let json = "application/json";
    assert_eq!(send(json, "{").await, (400, "malformed".to_owned()));
    assert_eq!(send(json, "{} {}").await.0, 422);
    assert_eq!(send(json, &format!("{} 5", payout("a"))).await, (400, "malformed".to_owned()));
    assert_eq!(send("text/plain", "{}").await, (415, "wrong-media-type".to_owned()));
    let long = format!("{{\"key\":\"{}\"}}", "a".repeat(9 * 1024 * 1024));
    assert_eq!(send(json, &long).await, (413, "too-large".to_owned()));
    assert_eq!(site.get(&token, "/v1/payouts?staus=x").await.problem(), "malformed");
    assert_eq!(site.get(&token, "/v1/payouts?status=x").await.problem(), "malformed");
    assert_eq!(site.get(&token, "/v1/payouts?limit=0").await.problem(), "malformed");
    assert_eq!(site.get(&token, "/v1/payouts/none").await.problem(), "not-found");
    assert_eq!(site.get(&token, "/v1/nothing").await.problem(), "not-found");
    assert_eq!(site.get(&token, "/v1/payouts/may-1/resolve").await.problem(), "wrong-method");
}

#[tokio::test]
async fn pages_follow_each_other() {
    let site = Site::new().await;
    let token = site.all().await;
    for number in 0..5 {
        site.post(&token, "/v1/payouts", &payout(&format!("may-{number}"))).await;
    }
    let (mut seen, mut path) = (Vec::new(), "/v1/payouts?limit=2".to_owned());
    loop {
        let told = site.get(&token, &path).await;
        let payouts = told.body["payouts"].as_array().unwrap();
        seen.extend(payouts.iter().map(|it| it["key"].as_str().unwrap().to_owned()));
        match told.body["next"].as_str() {
            Some(next) => path = format!("/v1/payouts?limit=2&after={next}"),
            None => break,
        }
    }
    seen.sort();
    assert_eq!(seen, ["may-0", "may-1", "may-2", "may-3", "may-4"]);
}

#[tokio::test]
async fn a_decision_names_the_token_and_a_repeat_is_made_once() {
    let site = Site::new().await;
    let token = site.all().await;
    site.provider_says(Says::Unknown);
    site.post(&token, "/v1/payouts", &payout("may-1")).await;
    site.work().await;
    site.clock.advance(std::time::Duration::from_secs(3_600));
    let path = "/v1/payouts/may-1/resolve";
    let decision = json!({ "decision": "resend", "note": "the bank never had it" });
    let told = site.post(&token, path, &decision).await;
    assert_eq!(told.status, 202, "{told:?}");
    let again = site.post(&token, path, &decision).await;
    assert_eq!(again, told);
    // It is sent, and comes into doubt again: the repeat of the old request sends nothing.
    site.work().await;
    site.clock.advance(std::time::Duration::from_secs(3_600));
    let sent = site.acme.created.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(sent, 2);
    site.post(&token, path, &decision).await;
    site.work().await;
    assert_eq!(site.acme.created.load(std::sync::atomic::Ordering::Relaxed), sent);
    let history = site.get(&token, "/v1/payouts/may-1/history").await;
    let text = history.body.to_string();
    assert_eq!(text.matches("operator: ana: the bank never had it").count(), 1, "{text}");
    let refused = json!({ "decision": "succeeded", "note": " " });
    assert_eq!(site.post(&token, path, &refused).await.problem(), "invalid");
    let note = "statement of May";
    let paid = json!({ "decision": "succeeded", "note": note });
    let told = site.post(&token, path, &paid).await;
    assert_eq!((told.status, &told.body["status"]), (200, &json!("succeeded")));
    assert_eq!(site.post(&token, path, &paid).await, told);
    let failed = json!({ "decision": "failed", "note": note });
    assert_eq!(site.post(&token, path, &failed).await.problem(), "refused");
}

#[tokio::test]
async fn what_the_provider_quotes_is_hidden() {
    let site = Site::new().await;
    let token = site.all().await;
    site.provider_says(Says::Quotes);
    let mut body = payout("may-1");
    body["description"] = json!(format!("to {}", site::CANARY));
    site.post(&token, "/v1/payouts", &body).await;
    site.work().await;
    let told = site.get(&token, "/v1/payouts/may-1").await;
    assert_eq!(told.body["reason"], "account **** is closed");
    for path in ["/v1/payouts/may-1/history", "/v1/events", "/v1/payouts", "/v1/waiting"] {
        assert_eq!(site.get(&token, path).await.status, 200);
    }
}
