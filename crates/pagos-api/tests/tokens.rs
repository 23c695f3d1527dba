//! Tokens: who may do what, for every operation that the document lists, and what a token never does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod site;

use std::{collections::BTreeSet, time::Duration};

use axum::body::Body;
use http::Request;
use pagos_api::token::{self, NewToken, Refusal, Scope, TokenError};
use pagos_core::Clock;
use pagos_engine::{Actor, RecordKind};
use serde_json::{Value, json};
use site::{Site, payment, payout};

/// What to send to each operation, so that a token with the right scope is let in. An operation that
/// is missing here fails the test.
fn request_of(operation: &str) -> Option<(&'static str, Value)> {
    let none = Value::Null;
    Some(match operation {
        "GET /v1/payouts" => ("/v1/payouts", none),
        "POST /v1/payouts" => ("/v1/payouts", payout("may-1")),
        "GET /v1/payouts/{key}" => ("/v1/payouts/may-1", none),
        "GET /v1/payouts/{key}/history" => ("/v1/payouts/may-1/history", none),
        "POST /v1/payouts/{key}/resolve" => {
            ("/v1/payouts/may-1/resolve", json!({ "decision": "ask", "note": "look again" }))
        }
        "GET /v1/payouts/{key}/outlook" => ("/v1/payouts/may-1/outlook", none),
        "GET /v1/payouts/{key}/statement-lines" => ("/v1/payouts/may-1/statement-lines", none),
        // Nobody may see the number of an order that exists, in these tests.
        "POST /v1/payouts/{key}/account-number" => ("/v1/payouts/x/account-number", json!({})),
        "GET /v1/totals" => ("/v1/totals", none),
        "GET /v1/series" => ("/v1/series?span=day", none),
        "GET /v1/session" | "DELETE /v1/session" => ("/v1/session", none),
        "POST /v1/session" => ("/v1/session", json!({})),
        "POST /v1/payouts/{key}/resend/approve" => {
            ("/v1/payouts/may-1/resend/approve", json!({ "attempt": 1, "note": "seen" }))
        }
        "POST /v1/payouts/{key}/resend/reject" => {
            ("/v1/payouts/may-1/resend/reject", json!({ "attempt": 1, "note": "no" }))
        }
        "GET /v1/runs" => ("/v1/runs", none),
        "POST /v1/runs" => ("/v1/runs", json!({ "run": "may", "orders": [payout("may-2")] })),
        "GET /v1/runs/{run}" => ("/v1/runs/may", none),
        "GET /v1/runs/{run}/payouts" => ("/v1/runs/may/payouts", none),
        "POST /v1/runs/{run}/release" => ("/v1/runs/may/release", json!({ "orders": 1 })),
        "POST /v1/runs/{run}/withdraw" => ("/v1/runs/june/withdraw", json!({})),
        "POST /v1/runs/{run}/approve" => {
            ("/v1/runs/may/approve", json!({ "digest": "x", "note": "seen" }))
        }
        "POST /v1/runs/{run}/reject" => ("/v1/runs/may/reject", json!({ "note": "too much" })),
        "GET /v1/payments" => ("/v1/payments", none),
        "POST /v1/payments" => ("/v1/payments", payment("invoice-1")),
        "GET /v1/payments/{key}" => ("/v1/payments/invoice-1", none),
        "GET /v1/payments/{key}/history" => ("/v1/payments/invoice-1/history", none),
        "POST /v1/payments/{key}/resolve" => {
            ("/v1/payments/invoice-1/resolve", json!({ "note": "sent back" }))
        }
        "GET /v1/balances" => ("/v1/balances", none),
        "GET /v1/inbox" => ("/v1/inbox", none),
        "GET /v1/inbox/{number}" => ("/v1/inbox/1", none),
        "GET /v1/events" => ("/v1/events", none),
        "GET /v1/inbox/refused" => ("/v1/inbox/refused", none),
        "POST /v1/inbox/{number}/replay" => ("/v1/inbox/1/replay", json!({})),
        "GET /v1/endpoints" => ("/v1/endpoints", none),
        "POST /v1/endpoints/{endpoint}/replay" => {
            ("/v1/endpoints/erp/replay", json!({ "from": 1 }))
        }
        "POST /v1/endpoints/{endpoint}/enable" => ("/v1/endpoints/erp/enable", json!({})),
        "POST /v1/endpoints/{endpoint}/disable" => ("/v1/endpoints/erp/disable", json!({})),
        "POST /v1/endpoints/{endpoint}/forget" => ("/v1/endpoints/erp/forget", json!({})),
        "GET /v1/links" => ("/v1/links", none),
        "POST /v1/links" => ("/v1/links", json!({ "name": "mine", "query": "status=unknown" })),
        "POST /v1/links/{name}/forget" => ("/v1/links/mine/forget", json!({})),
        "GET /v1/waiting" => ("/v1/waiting", none),
        "GET /v1/tokens" => ("/v1/tokens", none),
        "POST /v1/tokens/{id}/revoke" => ("/v1/tokens/000000000000/revoke", json!({})),
        _ => return None,
    })
}

/// The operations of the document, with the scope that each names.
fn operations(document: &Value) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let scopes = operation["security"][0]["token"].as_array();
            let scope =
                scopes.map(|scopes| scopes.first().map_or("any", |it| it.as_str().unwrap()));
            let scope = scope.map(str::to_owned);
            found.push((format!("{} {path}", method.to_uppercase()), scope));
        }
    }
    found
}

#[tokio::test]
async fn every_operation_looks_at_its_scope() {
    let site = Site::new().await;
    site.post(&site.all().await, "/v1/runs", &json!({ "run": "may", "orders": [payout("may-2")] }))
        .await;
    let all = operations(&site.document);
    // A session may be begun and ended with any token: it has the scopes of that one.
    assert_eq!(all.len(), 47, "{all:?}");
    let mut tokens = Vec::new();
    for scope in Scope::ALL {
        tokens.push((scope, site.token(scope.word(), &[scope]).await));
    }
    for (operation, needed) in all {
        let Some(needed) = needed else {
            assert!(["GET /health", "GET /openapi.json"].contains(&operation.as_str()));
            continue;
        };
        let Some((path, body)) = request_of(&operation) else {
            panic!("{operation} is not in the table of this test");
        };
        let ask = async |token: &str| match body {
            Value::Null => site.get(token, path).await,
            _ => site.post(token, path, &body).await,
        };
        let told = ask("").await;
        assert_eq!((told.status, told.problem()), (401, "no-token"), "{operation}");
        assert_eq!(told.headers["www-authenticate"], "Bearer");
        for (scope, token) in &tokens {
            let told = ask(token).await;
            match needed == "any" || needed == scope.word() {
                true => assert!(![401, 403].contains(&told.status), "{operation}: {told:?}"),
                false => assert_eq!(
                    (told.status, told.problem()),
                    (403, "no-scope"),
                    "{operation} with {scope}"
                ),
            }
        }
    }
}

#[tokio::test]
async fn two_operations_need_no_token() {
    let site = Site::new().await;
    assert_eq!(site.get("", "/health").await.body, json!({ "is_working": true }));
    assert_eq!(site.get("", "/openapi.json").await.body["openapi"], "3.1.0");
}

#[tokio::test]
async fn a_revoked_token_is_refused_at_once() {
    let site = Site::new().await;
    let (token, admin) = (site.all().await, site.token("root", &[Scope::Admin]).await);
    assert_eq!(site.get(&token, "/v1/payouts").await.status, 200);
    let id = token.split('_').nth(1).unwrap();
    let path = format!("/v1/tokens/{id}/revoke");
    let revoked = site.post(&admin, &path, &json!({})).await;
    assert_eq!((revoked.status, &revoked.body["name"]), (200, &json!("ana")));
    assert_eq!(site.post(&admin, &path, &json!({})).await, revoked);
    let told = site.get(&token, "/v1/payouts").await;
    assert_eq!((told.status, &told.body["detail"]), (401, &json!("the token was revoked")));
    let list = site.get(&admin, "/v1/tokens").await;
    assert_eq!(list.body["tokens"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_token_ends_when_it_expires() {
    let site = Site::new().await;
    let now = site.clock.now();
    let new = |expires_at| NewToken {
        name: Actor::new("ana").unwrap(),
        scopes: BTreeSet::from([Scope::Read]),
        expires_at: Some(expires_at),
    };
    let past = token::create(&site.writer, &site.dice, now, new(now)).await;
    assert!(matches!(past, Err(TokenError::Past)));
    let later = now.plus(Duration::from_secs(60));
    let token = token::create(&site.writer, &site.dice, now, new(later)).await.unwrap();
    let token = token.into_text();
    site.clock.advance(Duration::from_millis(59_999));
    assert_eq!(site.get(&token, "/v1/payouts").await.status, 200);
    site.clock.advance(Duration::from_millis(1));
    let told = site.get(&token, "/v1/payouts").await;
    assert_eq!((told.status, &told.body["detail"]), (401, &json!("the token is expired")));
}

#[tokio::test]
async fn only_the_whole_secret_is_accepted_and_nothing_of_it_is_kept() {
    let site = Site::new().await;
    let now = site.clock.now();
    let new = NewToken {
        name: Actor::new("ana").unwrap(),
        scopes: BTreeSet::from([Scope::Read]),
        expires_at: None,
    };
    let none = NewToken { scopes: BTreeSet::new(), ..new.clone() };
    let refused = token::create(&site.writer, &site.dice, now, none).await;
    assert!(matches!(refused, Err(TokenError::NoScope)));
    let issued = token::create(&site.writer, &site.dice, now, new).await.unwrap();
    let shown = format!("{issued:?}");
    let text = issued.into_text();
    let secret = text.rsplit('_').next().unwrap();
    assert_eq!(secret.len(), 64);
    assert!(!shown.contains(secret), "{shown}");
    for record in site.store.records(RecordKind::Token, "", 10).await.unwrap() {
        assert!(!record.body.contains(secret), "{}", record.body);
        assert!(!record.body.contains(&secret[..16]), "{}", record.body);
    }
    let verify = async |presented: &str| {
        token::verify(site.store.as_ref(), presented, now).await.unwrap().map(|it| it.name)
    };
    assert_eq!(verify(&text).await.unwrap().as_str(), "ana");
    let last = if text.ends_with('0') { "1" } else { "0" };
    let flipped = format!("{}{last}", &text[..text.len() - 1]);
    let upper = text.to_uppercase();
    for wrong in ["", "pagos_", &text[1..], &text[..text.len() - 1], &flipped, &upper] {
        assert_eq!(verify(wrong).await, Err(Refusal::NotKnown), "{wrong}");
    }
}

#[tokio::test]
async fn one_header_carries_the_token() {
    let site = Site::new().await;
    let token = site.all().await;
    let ask = async |values: &[String]| {
        let mut request = Request::get("/v1/payouts");
        for value in values {
            request = request.header("authorization", value);
        }
        site.send(request, "", Body::empty()).await.status
    };
    assert_eq!(ask(&[format!("bearer {token}")]).await, 200);
    assert_eq!(ask(&[format!("Basic {token}")]).await, 401);
    assert_eq!(ask(std::slice::from_ref(&token)).await, 401);
    let right = format!("Bearer {token}");
    assert_eq!(ask(&[right.clone(), right]).await, 401);
}
