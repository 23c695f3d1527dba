//! A transport for URLs that somebody else names connects to no address that is not admitted, whatever
//! the URL or the resolver shows. Real sockets on loopback, which must stay silent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use pagos_core::{Clock, Departure, Reached, Timestamp, Transport, TransportError};
use pagos_http::{Destinations, HttpOptions, HttpTransport, LargeBody, Proxy};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

#[derive(Debug)]
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }
}

fn options(destinations: Destinations) -> HttpOptions {
    HttpOptions { destinations, total_timeout: Duration::from_secs(5), ..HttpOptions::default() }
}

async fn send(options: &HttpOptions, url: &str) -> Result<http::Response<Bytes>, TransportError> {
    let transport = HttpTransport::new(options, Arc::new(Standing)).unwrap();
    let request = http::Request::post(url).body(Bytes::from_static(b"{}")).unwrap();
    transport.send(request, Departure::Anytime).await
}

#[tokio::test]
async fn no_connection_is_made_to_an_address_that_is_not_admitted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let cases = [
        (Destinations::Public, format!("https://127.0.0.1:{port}/hook")),
        (Destinations::Public, format!("https://127.1:{port}/hook")),
        (Destinations::Public, format!("https://[::ffff:127.0.0.1]:{port}/hook")),
        // The name shows its address only to the resolver, as after a rebinding.
        (Destinations::Public, format!("https://localhost:{port}/hook")),
        (Destinations::Public, format!("http://localhost:{port}/hook")),
        (Destinations::PublicOrPrivate, "http://1.1.1.1/hook".to_owned()),
        (Destinations::PublicOrPrivate, "https://169.254.169.254/latest".to_owned()),
    ];
    for (destinations, url) in cases {
        let error = send(&options(destinations), &url).await.unwrap_err();
        assert_eq!(error.reached, Reached::No, "{url}");
        assert!(error.message.contains("no address that is admitted"), "{url}: {error}");
    }
    let waker = std::task::Waker::noop();
    let polled = listener.poll_accept(&mut std::task::Context::from_waker(waker));
    assert!(polled.is_pending(), "a connection was made");
}

/// Answers one request with a body of nine bytes.
async fn answer() -> (u16, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        while !read.ends_with(b"{}") {
            assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789").await.unwrap();
    });
    (port, task)
}

#[tokio::test]
async fn private_addresses_are_reached_if_the_operator_says_so() {
    for host in ["127.0.0.1", "localhost"] {
        let (port, task) = answer().await;
        let url = format!("http://{host}:{port}/hook");
        let response = send(&options(Destinations::PublicOrPrivate), &url).await.unwrap();
        assert_eq!(response.status(), 200);
        task.await.unwrap();
    }
}

#[tokio::test]
async fn a_large_body_is_cut_off_if_nobody_reads_it() {
    let (port, task) = answer().await;
    let options = HttpOptions {
        body_size_bytes_max: 4,
        large_body: LargeBody::CutOff,
        ..options(Destinations::Anywhere)
    };
    let response = send(&options, &format!("http://127.0.0.1:{port}/hook")).await.unwrap();
    assert_eq!(response.body().as_ref(), b"1234");
    task.await.unwrap();
}

#[test]
fn a_proxy_would_resolve_names_itself() {
    let proxy = Some(Proxy::parse("http://127.0.0.1:3128").unwrap());
    let options = HttpOptions { proxy, ..options(Destinations::Public) };
    let error = HttpTransport::new(&options, Arc::new(Standing)).unwrap_err();
    assert_eq!(error.field(), Some("proxy"));
}
