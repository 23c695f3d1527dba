//! Runs over HTTP: all orders or none, held until they are released.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod site;

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use site::{Site, payout};

fn batch(run: &str, keys: &[&str]) -> Value {
    let orders: Vec<Value> = keys.iter().map(|key| payout(key)).collect();
    json!({ "run": run, "orders": orders })
}

#[tokio::test]
async fn a_batch_is_held_until_it_is_released_and_every_request_can_be_repeated() {
    let site = Site::new().await;
    let token = site.all().await;
    let may = batch("may", &["may-1", "may-2"]);
    let stored = site.post(&token, "/v1/runs", &may).await;
    assert_eq!((stored.status, &stored.body["state"]), (201, &json!("held")), "{stored:?}");
    assert_eq!(stored.body["orders"], 2);
    assert_eq!(stored.body["totals"][0]["amount"], "301.00");
    assert_eq!(stored.body["totals"][0]["amount_minor"], 30_100);
    let again = site.post(&token, "/v1/runs", &may).await;
    assert_eq!((again.status, &again.body), (200, &stored.body));
    site.work().await;
    let held = site.get(&token, "/v1/payouts/may-1").await;
    assert_eq!((&held.body["status"], &held.body["state"]), (&json!("created"), &json!("held")));
    let wrong = site.post(&token, "/v1/runs/may/release", &json!({ "orders": 3 })).await;
    assert_eq!((wrong.status, wrong.problem()), (409, "refused"));
    let release = json!({ "orders": 2 });
    let released = site.post(&token, "/v1/runs/may/release", &release).await;
    assert_eq!((released.status, &released.body["state"]), (200, &json!("released")));
    assert_eq!(site.post(&token, "/v1/runs/may/release", &release).await, released);
    site.work().await;
    let rows = site.get(&token, "/v1/runs/may/payouts").await;
    let rows = rows.body["payouts"].as_array().unwrap();
    assert!(rows.len() == 2 && rows.iter().all(|row| row["status"] == "succeeded"));
    let late = site.post(&token, "/v1/runs/may/withdraw", &json!({})).await;
    assert_eq!((late.status, late.problem()), (409, "refused"));
    let repeat = site.post(&token, "/v1/runs", &may).await;
    assert_eq!((repeat.status, &repeat.body["state"]), (200, &json!("released")));
    assert_eq!(site.get(&token, "/v1/runs").await.body["runs"][0]["run"], "may");
}

#[tokio::test]
async fn a_name_of_a_run_stands_for_its_orders() {
    let site = Site::new().await;
    let token = site.all().await;
    site.post(&token, "/v1/runs", &batch("may", &["may-1", "may-2"])).await;
    for keys in [&["may-1"][..], &["may-1", "may-3"], &["may-1", "may-2", "may-3"]] {
        let told = site.post(&token, "/v1/runs", &batch("may", keys)).await;
        assert_eq!((told.status, told.problem()), (409, "key-conflict"), "{keys:?}");
    }
    assert_eq!(site.get(&token, "/v1/payouts/may-3").await.status, 404);
    let mut other = batch("june", &["june-1", "may-1"]);
    other["orders"][1]["amount"] = json!("7");
    let told = site.post(&token, "/v1/runs", &other).await;
    assert_eq!((told.status, &told.body["errors"][0]["pointer"]), (409, &json!("/orders/1/key")));
    assert_eq!(site.get(&token, "/v1/payouts/june-1").await.status, 404, "none of it is stored");
}

#[tokio::test]
async fn a_run_is_withdrawn_once_and_for_every_repeat() {
    let site = Site::new().await;
    let token = site.all().await;
    site.post(&token, "/v1/runs", &batch("may", &["may-1"])).await;
    let gone = site.post(&token, "/v1/runs/may/withdraw", &json!({})).await;
    assert_eq!((gone.status, &gone.body["state"]), (200, &json!("withdrawn")));
    assert_eq!(site.post(&token, "/v1/runs/may/withdraw", &json!({})).await, gone);
    assert_eq!(site.get(&token, "/v1/payouts/may-1").await.status, 404);
    assert_eq!(site.get(&token, "/v1/runs/may").await.status, 404);
    let release = site.post(&token, "/v1/runs/may/release", &json!({ "orders": 1 })).await;
    assert_eq!(release.status, 404);
}

#[tokio::test]
async fn every_mistake_of_every_order_is_told() {
    let site = Site::new().await;
    let token = site.all().await;
    let mut wrong = batch("may", &["may-1", "may-1", "may-3", "may-4"]);
    wrong["orders"][0]["amount"] = json!(5);
    wrong["orders"][2]["currency"] = json!("XXX");
    wrong["orders"][3]["surname"] = json!("Castillo");
    let told = site.post(&token, "/v1/runs", &wrong).await;
    let errors = told.body["errors"].as_array().unwrap();
    let pointers: Vec<&str> = errors.iter().map(|it| it["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/orders/0/amount", "/orders/2/currency", "/orders/3/surname"]);
    let told = site.post(&token, "/v1/runs", &batch("may", &["may-1", "may-1"])).await;
    assert_eq!(told.body["errors"][0]["pointer"], "/orders/1/key");
    let mut nothing = batch("may", &["may-1", "may-2"]);
    nothing["orders"][1]["amount"] = json!("0");
    let told = site.post(&token, "/v1/runs", &nothing).await;
    assert_eq!(told.body["errors"][0]["pointer"], "/orders/1/amount");
    for (run, keys) in [("payout may-1", &["a"][..]), ("", &["a"]), ("may", &[])] {
        assert_eq!(site.post(&token, "/v1/runs", &batch(run, keys)).await.status, 422, "{run}");
    }
}

#[tokio::test]
async fn a_file_is_stored_as_a_run_or_told_line_by_line() {
    let site = Site::new().await;
    let token = site.all().await;
    let send = async |path: &str, text: &'static str| {
        let request = Request::post(path).header("content-type", "text/csv; charset=utf-8");
        site.send(request, &token, Body::from(text)).await
    };
    let told = send("/v1/runs", "may-1\nbad\nbad").await;
    assert_eq!((told.status, &told.body["errors"][1]["line"]), (422, &json!(3)));
    let stored = send("/v1/runs?run=may", "may-1\nmay-2").await;
    assert_eq!((stored.status, &stored.body["run"]), (201, &json!("may")), "{stored:?}");
    let again = send("/v1/runs?run=may", "may-1\nmay-2").await;
    assert_eq!((again.status, &again.body), (200, &stored.body));
    assert_eq!(send("/v1/runs?run=a/b", "may-1").await.status, 422);
    assert_eq!(send("/v1/runs", "").await.status, 422);
    // Another file under the name of a held run is refused, and takes nothing of the run away.
    let other = send("/v1/runs?run=may", "may-1\nmay-2\nmay-3").await;
    assert_eq!(other.problem(), "key-conflict");
    assert_eq!(site.get(&token, "/v1/runs/may").await.body["orders"], 2);
    let mut dearer = payout("june-2");
    dearer["amount"] = json!("7");
    site.post(&token, "/v1/payouts", &dearer).await;
    let told = send("/v1/runs", "june-1\njune-2").await;
    assert_eq!((told.status, &told.body["errors"][0]["line"]), (409, &json!(2)), "{told:?}");
}
