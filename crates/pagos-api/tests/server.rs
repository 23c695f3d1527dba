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
