//! What somebody on call does besides deciding about payouts: webhooks that were refused or are applied
//! again, commands about endpoints, and links of one's own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod site;

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use pagos_api::token::Scope;
use pagos_core::*;
use pagos_engine::*;
use serde_json::json;
use site::{START_MS, Site, account, order};

/// A webhook that names an order.
async fn with_a_webhook(site: &Site) -> InboxId {
    let hint = Hint { key: OrderKey::new("a-1").ok(), reference: None };
    let delivery = Delivery {
        headers: HeaderMap::new(),
        body: Bytes::from_static(b"{}"),
        received_at: site.clock.now(),
    };
    site.store.receive(&account(), &delivery, &Verdict::Hint { hint }).await.unwrap()
}

/// The store knows the endpoint `erp`, whose record says this.
async fn with_an_endpoint(site: &Site, body: &str) {
    let (kind, name) = (RecordKind::Endpoint, "erp".to_owned());
    let (body, notices) = (Some(body.to_owned()), Vec::new());
    let write = RecordWrite { kind, name, was: None, body, notices };
    site.writer.write_record(write).await.unwrap();
}

/// A notice at each of these seconds after the start, numbered from 1.
async fn with_notices(site: &Site, seconds: &[u64]) {
    for (index, second) in seconds.iter().enumerate() {
        let notice = Notice {
            at: Timestamp::from_millis(START_MS).plus(Duration::from_secs(*second)),
            account: account(),
            event: NoticeKind::InServiceAgain,
            about: NoticeAbout::Account,
        };
        let (kind, name) = (RecordKind::Spending, index.to_string());
        let (body, notices) = (Some("{}".to_owned()), vec![notice]);
        let write = RecordWrite { kind, name, was: None, body, notices };
        site.writer.write_record(write).await.unwrap();
    }
}

#[tokio::test]
async fn what_was_refused_is_counted_by_account_and_reason() {
    let site = Site::new().await;
    let token = site.all().await;
    let empty = site.get(&token, "/v1/inbox/refused").await;
    assert_eq!(empty.body, json!({ "refused": [] }));
    let refused = Refused {
        account: Some(account()),
        reason: "signature missing or wrong".to_owned(),
        count: 12,
        last_at: site.clock.now(),
    };
    let stranger = Refused { account: None, count: 3, ..refused.clone() };
    site.writer.count_refused(vec![refused, stranger]).await.unwrap();
    let told = site.get(&token, "/v1/inbox/refused").await;
    let rows = told.body["refused"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    let of = |name: Option<&str>| rows.iter().find(|row| row["account"].as_str() == name).unwrap();
    assert_eq!(of(Some("acme"))["count"], 12);
    assert_eq!((&of(None)["count"], &of(None)["reason"]), (&json!(3), &of(Some("acme"))["reason"]));
}

#[tokio::test]
async fn a_webhook_is_applied_once_more() {
    let site = Site::new().await;
    let token = site.all().await;
    site.engine.pay(order("a-1")).await.unwrap();
    let InboxId(number) = with_a_webhook(&site).await;
    site.work().await;
    let path = format!("/v1/inbox/{number}");
    assert_eq!(site.get(&token, &path).await.body["state"], "applied");
    let told = site.post(&token, &format!("{path}/replay"), &json!({})).await;
    assert_eq!((told.status, &told.body["state"]), (200, &json!("open")), "{told:?}");
    for wrong in ["99", "x"] {
        let told = site.post(&token, &format!("/v1/inbox/{wrong}/replay"), &json!({})).await;
        assert_eq!(told.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn an_endpoint_is_put_off_enabled_and_sent_its_events_again() {
    let site = Site::new().await;
    let token = site.all().await;
    for act in ["enable", "disable", "forget"] {
        let told = site.post(&token, &format!("/v1/endpoints/erp/{act}"), &json!({})).await;
        assert_eq!(told.status, 404, "{act} of what nobody knows");
    }
    with_an_endpoint(&site, "{}").await;
    with_notices(&site, &[10, 20, 20, 30]).await;
    for (count, act) in (1..).zip(["disable", "enable"]) {
        let told = site.post(&token, &format!("/v1/endpoints/erp/{act}"), &json!({})).await;
        assert_eq!((told.status, &told.body["commands"]), (200, &json!(count)), "{act}");
    }
    let replay = async |body| {
        let told = site.post(&token, "/v1/endpoints/erp/replay", &body).await;
        let record = site.store.record(RecordKind::Endpoint, "erp").await.unwrap().unwrap();
        let state: serde_json::Value = serde_json::from_str(&record.body).unwrap();
        let last = state["orders"].as_array().unwrap().last().unwrap();
        (told.status, last["replay"]["from"].as_u64())
    };
    let at =
        |second| Timestamp::from_millis(START_MS).plus(Duration::from_secs(second)).to_string();
    let cases = [
        (json!({ "from": 2 }), (200, Some(2))),
        (json!({ "from": 5 }), (409, Some(2))),
        (json!({ "since": at(0) }), (200, Some(1))),
        (json!({ "since": at(11) }), (200, Some(2))),
        (json!({ "since": at(20) }), (200, Some(2))),
        (json!({ "since": at(21) }), (200, Some(4))),
        (json!({ "since": at(30) }), (200, Some(4))),
        (json!({ "since": at(31) }), (409, Some(4))),
        (json!({ "since": "yesterday" }), (422, Some(4))),
        (json!({ "since": at(30), "from": 1 }), (422, Some(4))),
        (json!({}), (422, Some(4))),
    ];
    for (body, expected) in cases {
        assert_eq!(replay(body.clone()).await, expected, "{body}");
    }
}

#[tokio::test]
async fn an_endpoint_is_forgotten_only_when_nobody_delivers_to_it() {
    let site = Site::new().await;
    let token = site.all().await;
    let until = site.clock.now().plus(Duration::from_secs(30)).as_millis();
    with_an_endpoint(&site, &json!({ "lease": { "holder": "a", "until": until } }).to_string())
        .await;
    let told = site.post(&token, "/v1/endpoints/erp/forget", &json!({})).await;
    assert_eq!((told.status, told.problem()), (409, "refused"), "{told:?}");
    site.clock.advance(Duration::from_secs(31));
    let told = site.post(&token, "/v1/endpoints/erp/forget", &json!({})).await;
    assert_eq!((told.status, &told.body["endpoint"]), (200, &json!("erp")), "{told:?}");
    assert_eq!(site.get(&token, "/v1/endpoints").await.body, json!({ "endpoints": [] }));
}

#[tokio::test]
async fn links_belong_to_one_token_and_are_limited() {
    let site = Site::new().await;
    let viewer = site.token("vera", &[Scope::Read]).await;
    let other = site.token("vera", &[Scope::Read]).await;
    let link = |name: &str, query: &str| json!({ "name": name, "query": query });
    let kept = site.post(&viewer, "/v1/links", &link(" doubts ", "status=unknown")).await;
    assert_eq!(kept.body["links"], json!([{ "name": "doubts", "query": "status=unknown" }]));
    let changed = site.post(&viewer, "/v1/links", &link("doubts", "status=failed")).await;
    assert_eq!(changed.body["links"][0]["query"], "status=failed");
    assert_eq!(site.get(&other, "/v1/links").await.body, json!({ "links": [] }));
    let session = site.post(&viewer, "/v1/session", &json!({})).await;
    let session = session.body["token"].as_str().unwrap().to_owned();
    assert_eq!(site.get(&session, "/v1/links").await.body, changed.body);

    let long = "n".repeat(41);
    let query = format!("name={}", "q".repeat(396));
    for (name, query) in [
        ("", "a=1"),
        ("  ", "a=1"),
        ("a\nb", "a=1"),
        (long.as_str(), "a=1"),
        ("a", ""),
        ("a", "a=1#b"),
        ("a", "a=ñ"),
        ("a", "a=1 2"),
        ("a", query.as_str()),
    ] {
        let told = site.post(&viewer, "/v1/links", &link(name, query)).await;
        assert_eq!((told.status, told.problem()), (422, "invalid"), "{name:?} {query:?}");
    }
    for number in 1..20 {
        let told = site.post(&viewer, "/v1/links", &link(&format!("l{number}"), "a=1")).await;
        assert_eq!(told.status, 200, "{number}");
    }
    let told = site.post(&viewer, "/v1/links", &link("one more", "a=1")).await;
    assert_eq!((told.status, told.problem()), (409, "refused"));
    let left = site.post(&session, "/v1/links/l7/forget", &json!({})).await;
    assert_eq!(left.body["links"].as_array().unwrap().len(), 19);
    assert_eq!(site.post(&viewer, "/v1/links", &link("one more", "a=1")).await.status, 200);
}

#[tokio::test]
async fn a_link_changes_nothing_about_its_token() {
    let site = Site::new().await;
    let viewer = site.token("vera", &[Scope::Read]).await;
    let tokens = async || site.store.records(RecordKind::Token, "", 10).await.unwrap();
    let before = tokens().await;
    site.post(&viewer, "/v1/links", &json!({ "name": "a", "query": "a=1" })).await;
    assert_eq!(tokens().await, before);
    assert_eq!(site.store.newest_notice().await.unwrap(), 0);
}
