//! What attackers and clumsy clients send: each is refused with a problem document, and stores nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod site;

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use pagos_api::{Acts, Limits, token::Scope};
use pagos_engine::{Engine, MemoryStore};
use serde_json::{Value, json};
use site::{Site, Told, payout};

async fn raw(site: &Site, token: &str, path: &str, body: impl Into<Body>) -> Told {
    let request = Request::post(path).header("content-type", "application/json");
    site.send(request, token, body.into()).await
}

async fn count(site: &Site, token: &str) -> usize {
    site.get(token, "/v1/payouts").await.body["payouts"].as_array().unwrap().len()
}

#[tokio::test]
async fn amounts_are_plain_decimals() {
    let site = Site::new().await;
    let token = site.all().await;
    let texts = [
        "1e5",
        "1,000",
        "1.000,00",
        "-1",
        "+1",
        " 1",
        "1 ",
        "0x10",
        "NaN",
        "inf",
        "1.005",
        "１００",
        "",
        ".",
        "1.",
        ".5",
        "--1",
        "99999999999999999999",
        "1_000",
        "٣",
    ];
    for text in texts {
        let mut body = payout("may-1");
        body["amount"] = json!(text);
        let told = site.post(&token, "/v1/payouts", &body).await;
        assert_eq!((told.status, told.problem()), (422, "invalid"), "{text:?}: {told:?}");
        assert_eq!(told.body["errors"][0]["pointer"], "/amount", "{text:?}");
    }
    for number in ["1", "1.5", "150.50", "1e2", "-1", "null", "true", "[1]", "{}"] {
        let body = payout("may-1").to_string().replace("\"150.50\"", number);
        let told = raw(&site, &token, "/v1/payouts", body).await;
        assert_eq!((told.status, told.problem()), (422, "invalid"), "{number}: {told:?}");
    }
    assert_eq!(count(&site, &token).await, 0);
}

#[tokio::test]
async fn a_field_is_there_once_and_known() {
    let site = Site::new().await;
    let token = site.all().await;
    let order = payout("may-1").to_string();
    let twice =
        |field: &str, value: &str| order.replacen('{', &format!("{{\"{field}\": {value}, "), 1);
    for (body, told_of) in [
        (twice("amount", "\"1\""), "amount"),
        (twice("key", "\"may-2\""), "key"),
        (twice("account", "\"acme\""), "account"),
        (twice("description", "\"x\""), "description"),
        (order.replace("\"name\":", "\"account_number\": \"1\", \"name\":"), "account_number"),
        (twice("amuont", "1"), "amuont"),
        (twice("__proto__", "{}"), "__proto__"),
    ] {
        // Without a second one, a description is welcome.
        let body = if told_of == "description" {
            body.replacen('{', "{\"description\":\"y\",", 1)
        } else {
            body
        };
        let told = raw(&site, &token, "/v1/payouts", body).await;
        assert_eq!((told.status, told.problem()), (422, "invalid"), "{told_of}: {told:?}");
        assert!(told.body.to_string().contains(told_of), "{told:?}");
    }
    assert_eq!(count(&site, &token).await, 0);
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let site = Site::new().await;
    let token = site.all().await;
    let order = payout("may-1").to_string();
    let deep = "[".repeat(100_000);
    let bodies = [
        String::new(),
        "{".to_owned(),
        format!("\u{feff}{order}"),
        format!("{order} {order}"),
        format!("{order}x"),
        "key=may-1&amount=1".to_owned(),
    ];
    for body in bodies {
        let start: String = body.chars().take(20).collect();
        let told = raw(&site, &token, "/v1/payouts", body).await;
        assert_eq!((told.status, told.problem()), (400, "malformed"), "{start}: {told:?}");
    }
    // A list of the right values in the right order is no order.
    let payee = "[\"Ana\",null,null,\"savings\",\"12345678\",null,null]";
    let list = format!("[\"may-1\",\"acme\",\"1\",\"MXN\",{payee},null]");
    for body in ["null", "[]", "1", "\"may-1\"", &list, &deep, &"{\"a\":".repeat(100_000)] {
        assert_eq!(
            raw(&site, &token, "/v1/payouts", body.to_owned()).await.status,
            422,
            "{body:.9}"
        );
    }
    let batch = format!("{{\"run\":\"may\",\"orders\":[{list}]}}");
    assert_eq!(raw(&site, &token, "/v1/runs", batch).await.status, 422);
    let nested = format!("{{\"run\":\"may\",\"orders\":[{deep}{}]}}", "]".repeat(100_000));
    let told = raw(&site, &token, "/v1/runs", nested).await;
    assert!([400, 422].contains(&told.status), "{told:?}");
    let utf16: Vec<u8> = order.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(raw(&site, &token, "/v1/payouts", utf16).await.status, 400);
    assert_eq!(
        raw(&site, &token, "/v1/payouts", Bytes::from_static(b"\"\xff\"")).await.status,
        400
    );
    assert_eq!(count(&site, &token).await, 0);
}

#[tokio::test]
async fn texts_are_short_and_can_be_read() {
    let site = Site::new().await;
    let token = site.all().await;
    let long = "x".repeat(1_001);
    for text in ["a\u{0}b", "a\nb", "a\u{1b}[2Jb", "a\u{202e}b", &long] {
        for (place, wrong) in [
            ("/description", json!({ "description": text })),
            ("/beneficiary/name", json!({ "beneficiary": { "name": text } })),
            ("/beneficiary/email", json!({ "beneficiary": { "email": text } })),
            ("/beneficiary/phone", json!({ "beneficiary": { "phone": text } })),
        ] {
            let mut body = payout("may-1");
            for (field, value) in wrong.as_object().unwrap() {
                match value {
                    Value::Object(inner) => {
                        inner.iter().for_each(|(name, text)| body[field][name] = text.clone());
                    }
                    _ => body[field] = value.clone(),
                }
            }
            let told = site.post(&token, "/v1/payouts", &body).await;
            assert_eq!((told.status, told.problem()), (422, "invalid"), "{place} {text:?}");
            assert_eq!(told.body["errors"][0]["pointer"], place, "{told:?}");
        }
    }
    let mut fine = payout("may-1");
    (fine["description"], fine["beneficiary"]["name"]) =
        (json!("año 1, ñandú"), json!("José Ñuñez"));
    assert_eq!(site.post(&token, "/v1/payouts", &fine).await.status, 201);
    let book = json!({ "decision": "ask", "note": "x".repeat(2_001) });
    let told = site.post(&token, "/v1/payouts/may-1/resolve", &book).await;
    assert_eq!(told.problem(), "invalid", "{told:?}");
}

#[tokio::test]
async fn a_key_names_one_order_in_all_accounts() {
    let site = Site::new().await;
    let token = site.all().await;
    assert_eq!(site.post(&token, "/v1/payouts", &payout("may-1")).await.status, 201);
    let mut other = payout("may-1");
    other["account"] = json!("acme-2");
    let told = site.post(&token, "/v1/payouts", &other).await;
    assert_eq!((told.status, told.problem()), (409, "key-conflict"), "{told:?}");
    let long = "k".repeat(33);
    for key in ["", " may-1", "may 1", "../may-1", "may/1", "máy", "may-1\u{0}", &long] {
        let told = site.post(&token, "/v1/payouts", &payout(key)).await;
        assert_eq!((told.status, told.problem()), (422, "invalid"), "{key:?}");
    }
    let keys: [&[u8]; 5] = [b"", b"may 2", "m\u{e1}y".as_bytes(), &[b'k'; 33], &[b'k'; 10_000]];
    for key in keys {
        let request = Request::post("/v1/payouts")
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        let told = site.send(request, &token, Body::from(payout("may-2").to_string())).await;
        assert_eq!((told.status, told.problem()), (400, "malformed"), "{key:?}");
    }
    let two = Request::post("/v1/payouts")
        .header("content-type", "application/json")
        .header("idempotency-key", "may-2")
        .header("idempotency-key", "may-3");
    let told = site.send(two, &token, Body::from(payout("may-2").to_string())).await;
    assert_eq!(told.status, 400);
    assert_eq!(count(&site, &token).await, 1);
}

#[tokio::test]
async fn addresses_are_taken_as_they_are() {
    let site = Site::new().await;
    let token = site.all().await;
    for path in [
        "/v1/payouts/..%2F..%2Fetc%2Fpasswd",
        "/v1/payouts/%00",
        "/v1/payouts/%ff",
        "/v1/payouts/%F0%9F%92%B8/history",
        "/v1/runs/%00",
        "/v1/runs/%0d%0aset-cookie:x",
        "/v1/runs/..%2F..",
        "/v1/runs/%ff",
        "/v1/runs/a%00b/payouts",
        "/v1/payouts?run=%00",
        "/v1/payments/..%2Fx",
        "/v1/inbox/-1",
        "/v1/inbox/99999999999999999999",
        "/v1//payouts",
        "/V1/payouts",
        "/v1/payouts/",
    ] {
        let told = site.get(&token, path).await;
        assert!([400, 404].contains(&told.status), "{path}: {told:?}");
        assert!(!told.problem().is_empty(), "{path}: {told:?}");
    }
    for path in [
        "/v1/payouts?limit=0",
        "/v1/payouts?limit=-1",
        "/v1/payouts?limit=501",
        "/v1/payouts?limit=99999999999999999999",
        "/v1/payouts?limit=1&limit=2",
        "/v1/payouts?after=x",
        "/v1/payouts?staus=failed",
        "/v1/payouts?status=Failed",
        "/v1/payouts?account=%00",
        "/v1/payments?after=%00",
        "/v1/runs?after=-1",
        "/v1/events?after=x",
        "/v1/waiting?after=x",
        "/v1/waiting?after=payments~%00",
        "/v1/waiting?after=created~x",
    ] {
        let told = site.get(&token, path).await;
        assert_eq!((told.status, told.problem()), (400, "malformed"), "{path}: {told:?}");
    }
}

#[tokio::test]
async fn other_methods_do_nothing() {
    let site = Site::new().await;
    let token = site.all().await;
    site.post(&token, "/v1/payouts", &payout("may-1")).await;
    for method in ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"] {
        for path in ["/v1/payouts", "/v1/payouts/may-1", "/health"] {
            let told =
                site.send(Request::builder().method(method).uri(path), &token, Body::empty());
            let told = told.await;
            assert_eq!((told.status, told.problem()), (405, "wrong-method"), "{method} {path}");
        }
    }
    let head = |token: &'static str| Request::head("/v1/payouts/may-1").header("x-none", token);
    assert_eq!(site.send(head(""), "", Body::empty()).await.status, 401);
    assert_eq!(site.send(head(""), &token, Body::empty()).await.status, 200);
    let changes = Request::get("/v1/runs/may/release");
    assert_eq!(site.send(changes, &token, Body::empty()).await.status, 405);
    assert_eq!(count(&site, &token).await, 1);
}

#[tokio::test]
async fn numbers_of_a_request_are_whole() {
    let site = Site::new().await;
    let token = site.all().await;
    site.post(&token, "/v1/runs", &json!({ "run": "may", "orders": [payout("may-1")] })).await;
    for number in ["1.0", "1e0", "-1", "\"1\"", "null", "18446744073709551616", "true"] {
        let told =
            raw(&site, &token, "/v1/runs/may/release", format!("{{\"orders\":{number}}}")).await;
        assert_eq!((told.status, told.problem()), (422, "invalid"), "{number}: {told:?}");
        let body = format!("{{\"attempt\":{number},\"note\":\"seen\"}}");
        let told = raw(&site, &token, "/v1/payouts/may-1/resend/approve", body).await;
        assert_eq!((told.status, told.problem()), (422, "invalid"), "{number}: {told:?}");
    }
    let told =
        raw(&site, &token, "/v1/runs/may/release", "{\"orders\":18446744073709551615}").await;
    assert_eq!(told.problem(), "refused");
    assert_eq!(site.get(&token, "/v1/runs/may").await.body["state"], "held");
}

/// A batch with one bad order stores nothing, not even its name: the corrected one is taken.
#[tokio::test]
async fn a_batch_that_was_refused_can_be_corrected() {
    let site = Site::new().await;
    let token = site.all().await;
    site.post(&token, "/v1/payouts", &payout("may-1")).await;
    let mut wrong = json!({ "run": "june", "orders": [payout("june-1"), payout("may-1")] });
    wrong["orders"][1]["amount"] = json!("7");
    assert_eq!(site.post(&token, "/v1/runs", &wrong).await.problem(), "key-conflict");
    assert_eq!(site.get(&token, "/v1/runs/june").await.status, 404);
    let listed = site.get(&token, "/v1/runs").await.body;
    assert!(listed["runs"].as_array().unwrap().iter().all(|run| run["run"] != "june"), "{listed}");
    wrong["orders"][1]["key"] = json!("june-2");
    let told = site.post(&token, "/v1/runs", &wrong).await;
    assert_eq!((told.status, &told.body["orders"]), (201, &json!(2)), "{told:?}");
}

#[tokio::test]
async fn a_body_is_what_its_type_says_and_no_longer_than_allowed() {
    let limits = Limits { json_bytes_max: 1_000, upload_bytes_max: 20, ..Limits::default() };
    let engine = |engine: Arc<Engine>| engine as Arc<dyn Acts>;
    let site = Site::over(Arc::new(MemoryStore::new()), limits, engine).await;
    let token = site.all().await;
    let send = async |kind: Option<&str>, path: &str, body: Body| {
        let mut request = Request::post(path);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let told = site.send(request, &token, body).await;
        (told.status, told.problem().to_owned())
    };
    let order = payout("may-1").to_string();
    for kind in
        [None, Some("text/plain"), Some("application/jsonp"), Some("application/xml"), Some("")]
    {
        let told = send(kind, "/v1/payouts", Body::from(order.clone())).await;
        assert_eq!(told, (415, "wrong-media-type".to_owned()), "{kind:?}");
        let told = send(kind, "/v1/runs", Body::from("may-1")).await;
        assert_eq!(told, (415, "wrong-media-type".to_owned()), "{kind:?}");
    }
    // JSON where a file is announced, and a file where JSON is announced.
    assert_eq!(send(Some("application/json"), "/v1/runs", Body::from("may-1")).await.0, 400);
    let long = " ".repeat(1_001);
    let told = send(Some("application/json"), "/v1/payouts", Body::from(long.clone())).await;
    assert_eq!(told, (413, "too-large".to_owned()));
    let told = send(Some("text/csv"), "/v1/runs", Body::from("may-1\n".repeat(4))).await;
    assert_eq!(told, (413, "too-large".to_owned()));
    let chunked = Body::from_stream(futures_util::stream::iter(
        (0..4).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(b"may-1\n"))),
    ));
    assert_eq!(send(Some("text/csv"), "/v1/runs", chunked).await, (413, "too-large".to_owned()));
    let cut = Body::from_stream(futures_util::stream::iter([
        Ok(Bytes::from_static(b"may-1\n")),
        Err(std::io::Error::other("gone")),
    ]));
    assert_eq!(send(Some("text/csv"), "/v1/runs", cut).await, (400, "malformed".to_owned()));
    let sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    assert_eq!(send(Some(sheet), "/v1/runs", Body::from("may-1\nmay-2")).await.0, 201);
}

#[tokio::test]
async fn a_body_that_never_comes_is_given_up() {
    let limits = Limits { body_timeout: Duration::ZERO, ..Limits::default() };
    let engine = |engine: Arc<Engine>| engine as Arc<dyn Acts>;
    let site = Site::over(Arc::new(MemoryStore::new()), limits, engine).await;
    let token = site.all().await;
    let never = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
    let told = raw(&site, &token, "/v1/payouts", Body::from_stream(never)).await;
    assert_eq!((told.status, told.problem()), (400, "malformed"), "{told:?}");
}

#[tokio::test]
async fn whoever_is_at_the_same_time_gets_the_same_payout() {
    let site = Site::new().await;
    let token = site.all().await;
    let body = payout("may-1");
    let all = (0..8).map(|_| site.post(&token, "/v1/payouts", &body));
    let told = futures_util::future::join_all(all).await;
    assert_eq!(told.iter().filter(|told| told.status == 201).count(), 1, "{told:?}");
    assert!(told.iter().all(|told| told.status < 300), "{told:?}");
    site.work().await;
    assert_eq!(site.acme.created.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[tokio::test]
async fn odd_tokens_are_no_tokens() {
    let site = Site::new().await;
    let token = site.token("ana", &[Scope::Read]).await;
    let id = token.split('_').nth(1).unwrap();
    let odd = [
        "pagos__".to_owned(),
        format!("pagos_{id}_"),
        format!("pagos_{id}_{}", "0".repeat(64)),
        format!("{token}{token}"),
        format!("{token}é"),
        "x".repeat(10_000),
        format!("pagos_../..ab_{}", "0".repeat(64)),
    ];
    for text in odd {
        assert_eq!(site.get(&text, "/v1/payouts").await.status, 401, "{text}");
    }
}
