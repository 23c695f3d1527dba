//! `serve --api` and `token`: a token is made, an order and a file are submitted over HTTP, and a
//! revoked token is refused at once.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};
use support::{Folder, Twin, http, payouts};

/// A request with a token.
fn ask(method: &str, url: &str, token: &str, kind: &str, body: &str) -> (u16, Value) {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", kind)];
    let (status, answer) = http(method, url, &headers, body);
    (status, serde_json::from_str(&answer).unwrap_or(Value::String(answer)))
}

#[test]
fn orders_and_files_are_submitted_over_http_by_whoever_has_a_token() {
    let folder = Folder::new("api");
    let twin = Twin::start(&folder);
    let create = "token create --name ana --scope read --scope submit --expires 90d --db a.db";
    folder.run(create).exits(1);
    let made = folder.run(&format!("{create} --new-db")).exits(0);
    let token = made.out.trim_end().to_owned();
    assert!(token.starts_with("pagos_") && !made.err.contains(&token[20..]), "{}", made.err);
    let serve = format!("serve --sandbox-url {} --api 127.0.0.1:0 --db a.db", twin.origin);
    let mut server = folder.start(&serve);
    let ready = server.ready();
    let api = ready["api"].as_str().unwrap().to_owned();

    let (status, _) = http("GET", &format!("{api}/health"), &[], "");
    assert_eq!(status, 200);
    let (status, told) = http("GET", &format!("{api}/v1/payouts"), &[], "");
    assert_eq!(status, 401, "{told}");
    let file = payouts([("f-1", "salary"), ("f-2", "salary")]);
    let runs = format!("{api}/v1/runs?run=may");
    let (status, told) = ask("POST", &runs, &token, "text/csv", &file);
    assert_eq!((status, &told["orders"]), (201, &json!(2)), "{told}");
    assert_eq!(ask("POST", &runs, &token, "text/csv", &file), (200, told));
    let bad = file.replace("f-2", "f 2");
    let (status, told) = ask("POST", &runs, &token, "text/csv", &bad);
    assert_eq!((status, &told["errors"][0]["line"]), (422, &json!(3)), "{told}");
    assert_eq!(told["errors"][0]["field"], "key", "{told}");
    // What is no payroll is told so at once, and never with an answer that invites a repeat.
    for nothing in
        ["PK\u{3}\u{4} no workbook", "%PDF-1.7", "{\"orders\": []}", "", "key\n", "\u{0}"]
    {
        let (status, told) = ask("POST", &runs, &token, "text/csv", nothing);
        assert_eq!((status, &told["kind"]), (422, &json!("invalid")), "{nothing:?}: {told}");
    }
    let (status, told) = ask("POST", &runs, &token, "application/csv", &file);
    assert_eq!(status, 415, "{told}");
    let release = format!("{api}/v1/runs/may/release");
    let (status, told) = ask("POST", &release, &token, "application/json", r#"{"orders":2}"#);
    assert_eq!((status, &told["state"]), (200, &json!("released")), "{told}");
    support::wait_for("both are paid", || {
        let (_, told) = ask("GET", &format!("{api}/v1/runs/may"), &token, "", "");
        told["totals"][0]["status"] == "succeeded"
    });

    let id = token.split('_').nth(1).unwrap();
    let listed = folder.run("token list --db a.db --json").exits(0).json();
    assert_eq!(
        (&listed["tokens"][0]["id"], &listed["tokens"][0]["name"]),
        (&json!(id), &json!("ana"))
    );
    folder.run(&format!("token revoke {id} --db a.db")).exits(0);
    let (status, told) = ask("GET", &format!("{api}/v1/payouts"), &token, "", "");
    assert_eq!((status, &told["detail"]), (401, &json!("the token was revoked")), "{told}");
    server.signal("TERM");
    server.end().exits(0);
    twin.stop().exits(0);
}

#[test]
fn an_address_that_others_can_reach_needs_a_token() {
    let folder = Folder::new("api-open");
    let twin = Twin::start(&folder);
    let serve = format!("serve --sandbox-url {} --api 0.0.0.0:0 --db o.db", twin.origin);
    folder.run(&serve).exits(1).says("while no token is valid");
}
