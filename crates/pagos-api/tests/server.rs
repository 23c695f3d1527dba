//! The API as a server on loopback: who keeps a connection, and what a stop waits for.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod site;

use std::net::SocketAddr;

use pagos_api::token::Scope;
use pagos_webhook::Settings;
use site::Site;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
};

/// Serves a site on a free port while `visit` goes on.
async fn visit<T>(site: &Site, visit: impl AsyncFnOnce(SocketAddr) -> T) -> T {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let until = async {
        let _ = stopped.await;
    };
    let serving = site.api.serve(listener, Settings::default(), until);
    let visiting = async {
        let seen = visit(address).await;
        drop(stop);
        seen
    };
    let (served, seen) = tokio::join!(serving, visiting);
    assert_eq!(served.unwrap().cut, 0);
    seen
}

fn request(token: &str, closes: &str) -> String {
    format!(
        "GET /v1/payouts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         connection: {closes}\r\n\r\n"
    )
}

/// Sends two requests on one connection, and reads to its end.
async fn two(address: SocketAddr, token: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let both = request(token, "keep-alive") + &request(token, "close");
    stream.write_all(both.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn only_a_valid_token_keeps_a_connection_open() {
    let site = Site::new().await;
    let token = site.all().await;
    let (known, unknown) = visit(&site, async |address| {
        (two(address, &token).await, two(address, "pagos_guess").await)
    })
    .await;
    assert_eq!(known.matches("HTTP/1.1 200 OK").count(), 2, "{known}");
    assert_eq!(unknown.matches("HTTP/1.1 401").count(), 1, "{unknown}");
    assert!(unknown.contains("connection: close"), "{unknown}");
}

#[tokio::test]
async fn an_address_that_guesses_is_put_off() {
    let site = Site::new().await;
    let token = site.all().await;
    let fresh = site.token("bea", &[Scope::Read]).await;
    visit(&site, async |address| {
        two(address, &token).await;
        for _ in 0..60 {
            two(address, "pagos_guess").await;
        }
        let told = two(address, &fresh).await;
        assert!(told.contains("HTTP/1.1 429") && told.contains("retry-after: 2"), "{told}");
        // Behind a proxy everybody has one address, and a token that is in use must go on.
        let known = two(address, &token).await;
        assert_eq!(known.matches("HTTP/1.1 200 OK").count(), 2, "{known}");
        site.clock.advance(std::time::Duration::from_secs(60));
        assert!(two(address, &fresh).await.contains("HTTP/1.1 200 OK"));
    })
    .await;
}

#[tokio::test]
async fn after_a_stop_no_change_begins() {
    let site = Site::new().await;
    let token = site.all().await;
    visit(&site, async |_| ()).await;
    let told = site.post(&token, "/v1/payouts", &site::payout("may-1")).await;
    assert_eq!((told.status, told.problem()), (503, "busy"));
}

/// Sends a request as it stands, and reads to the end of the connection.
async fn raw(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8_lossy(&text).into_owned()
}

/// Requests that two readers could take for different ones, and heads that are too long.
#[tokio::test]
async fn ambiguous_and_huge_heads_are_refused() {
    let site = Site::new().await;
    let token = site.all().await;
    let post = |more: &str, body: &str| {
        format!(
            "POST /v1/payouts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\n{more}\r\n\r\n{body}"
        )
    };
    let order = site::payout("may-1").to_string();
    let (length, long) = (order.len(), "x".repeat(40_000));
    let chunked = format!("{length:x}\r\n{order}\r\n0\r\n\r\n");
    let wrong = [
        post(&format!("content-length: {length}\r\ncontent-length: 1"), &order),
        post(&format!("content-length: {length}, 1"), &order),
        post("content-length: -1", &order),
        post(&format!("content-length: +{length}"), &order),
        post("transfer-encoding: gzip", &chunked),
        post("transfer-encoding: chunked, identity", &chunked),
        post(&format!("x-long: {long}\r\ncontent-length: {length}"), &order),
        format!("GET /v1/payouts?status={long} HTTP/1.1\r\nhost: x\r\n\r\n"),
        "GET /v1/payouts HTTP/9.9\r\n\r\n".to_owned(),
        "\r\n\r\n\r\n".to_owned() + &long,
    ];
    visit(&site, async |address| {
        for request in &wrong {
            let told = raw(address, request).await;
            let status = told.get(9..12).unwrap_or("cut");
            assert!(["400", "414", "431", "505", "cut"].contains(&status), "{request:.80}: {told}");
        }
    })
    .await;
    let stored = site.get(&token, "/v1/payouts").await;
    assert_eq!(stored.body["payouts"], serde_json::json!([]), "{stored:?}");
}
