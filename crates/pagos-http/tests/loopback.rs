//! The transport against real sockets on loopback: what the suite of transports (`conformance.rs`) does
//! not try, and the words of errors. No TLS here: a refused handshake ends in the same arm as a refused
//! connection.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use pagos_core::{Clock, Departure, Reached, Timestamp, Transport, TransportError};
use pagos_http::{HttpOptions, HttpTransport};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

const BODY: &[u8] = b"{\"amount\":50000.00,\"nonceStr\":\"n1\"}";
const SECRET: &str = "query-secret-1";

const NOON: Timestamp = Timestamp::from_millis(1_733_140_800_000);

/// A clock that stands still.
#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        NOON
    }
}

fn request(port: u16) -> http::Request<Bytes> {
    http::Request::post(format!("http://127.0.0.1:{port}/stage-api/api/payOut?token={SECRET}"))
        .header("content-type", "application/json")
        .header("sign", "header-secret-2")
        .body(Bytes::from_static(BODY))
        .unwrap()
}

fn transport(options: HttpOptions) -> HttpTransport {
    HttpTransport::new(&options, Arc::new(Noon)).unwrap()
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Reads one request to the end of its body.
async fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut text = Vec::new();
    while !text.ends_with(BODY) {
        let mut block = [0_u8; 4096];
        let count = stream.read(&mut block).await.unwrap();
        assert_ne!(count, 0, "the request broke off");
        text.extend_from_slice(&block[..count]);
    }
    text
}

/// Serves one connection: reads a request, writes `answer`, closes. Returns what it read.
async fn serve(answer: &'static [u8]) -> (u16, JoinHandle<(Vec<u8>, TcpListener)>) {
    let (listener, port) = listen().await;
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let read = read_request(&mut stream).await;
        stream.write_all(answer).await.unwrap();
        stream.shutdown().await.unwrap();
        (read, listener)
    });
    (port, task)
}

async fn fail(answer: &'static [u8], options: HttpOptions) -> TransportError {
    let (port, task) = serve(answer).await;
    let error = transport(options).send(request(port), Departure::Anytime).await.unwrap_err();
    task.await.unwrap();
    assert_silent(&error);
    error
}

/// Neither the query nor a header shows, on any level.
fn assert_silent(error: &TransportError) {
    let all = format!("{error} {error:?}");
    assert!(!all.contains(SECRET), "{all}");
    assert!(!all.contains("header-secret"), "{all}");
}

#[tokio::test]
async fn an_answer_is_returned_byte_for_byte() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\
        Content-Length: 14\r\n\r\n{\"code\":  200}";
    let (port, task) = serve(answer).await;
    let response =
        transport(HttpOptions::default()).send(request(port), Departure::Anytime).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.body(), &Bytes::from_static(b"{\"code\":  200}"));
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let (read, _) = task.await.unwrap();
    let read = String::from_utf8(read).unwrap();
    assert!(read.starts_with("POST /stage-api/api/payOut?token="), "{read}");
    assert!(read.contains("user-agent: pagos/"), "{read}");
    assert!(!read.contains("accept-encoding"), "{read}");
}

#[tokio::test]
async fn a_refused_connection_is_certainly_no() {
    let (listener, port) = listen().await;
    drop(listener);
    let error = transport(HttpOptions::default())
        .send(request(port), Departure::Anytime)
        .await
        .unwrap_err();
    assert_eq!(error.reached, Reached::No);
    assert!(error.message.contains("refused"), "{error}");
    assert_silent(&error);
}

/// Nobody connects for a request that is ready too late; the one at the last moment leaves.
#[tokio::test]
async fn a_request_that_is_ready_too_late_opens_no_connection() {
    let (listener, port) = listen().await;
    let last = Timestamp::from_millis(NOON.as_millis() - 1);
    let transport = transport(HttpOptions::default());
    let error = transport.send(request(port), Departure::NotAfter(last)).await.unwrap_err();
    assert_eq!(error.reached, Reached::No);
    assert!(error.message.contains("too late"), "{error}");
    assert_silent(&error);
    assert_no_more(&listener);
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let (port, task) = serve(answer).await;
    let in_time = transport.send(request(port), Departure::NotAfter(NOON)).await.unwrap();
    assert_eq!(in_time.body(), "ok");
    task.await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_addressed_is_certainly_no() {
    let transport = transport(HttpOptions::default());
    for url in ["ftp://127.0.0.1/a?token=query-secret-1", "/relative?token=query-secret-1"] {
        let request = http::Request::post(url).body(Bytes::new()).unwrap();
        let error = transport.send(request, Departure::Anytime).await.unwrap_err();
        assert_eq!(error.reached, Reached::No, "{url}");
        assert_silent(&error);
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_certainly_no() {
    let (listener, port) = listen().await;
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let mut greeting = Vec::new();
        let _ = stream.read_to_end(&mut greeting).await;
        greeting
    });
    let request =
        http::Request::post(format!("https://127.0.0.1:{port}/")).body(Bytes::new()).unwrap();
    let error =
        transport(HttpOptions::default()).send(request, Departure::Anytime).await.unwrap_err();
    assert_eq!(error.reached, Reached::No, "{error}");
    let greeting = task.await.unwrap();
    assert!(!greeting.windows(4).any(|window| window == b"POST"), "the request left before TLS");
}

/// A second connection would be waiting by now: the call has ended.
fn assert_no_more(listener: &TcpListener) {
    let waker = std::task::Waker::noop();
    let polled = listener.poll_accept(&mut std::task::Context::from_waker(waker));
    assert!(polled.is_pending(), "somebody connected again");
}

#[tokio::test]
async fn an_oversize_answer_is_maybe_announced_or_not() {
    let options = || HttpOptions { body_size_bytes_max: 8, ..HttpOptions::default() };
    let announced = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789";
    let chunked =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n4\r\n6789\r\n0\r\n\r\n";
    for answer in [&announced[..], &chunked[..]] {
        let error = fail(answer, options()).await;
        assert_eq!(error.reached, Reached::Maybe);
        assert_eq!(error.message, "the answer is larger than 8 bytes");
    }
    let fits = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n12345678";
    let (port, _task) = serve(fits).await;
    let response = transport(options()).send(request(port), Departure::Anytime).await.unwrap();
    assert_eq!(response.body().len(), 8);
}

#[tokio::test]
async fn silence_is_maybe_after_the_time_limit() {
    let (listener, port) = listen().await;
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        stream
    });
    let options =
        HttpOptions { total_timeout: Duration::from_millis(500), ..HttpOptions::default() };
    let error = transport(options).send(request(port), Departure::Anytime).await.unwrap_err();
    assert_eq!(error.reached, Reached::Maybe);
    assert!(error.message.contains("time limit"), "{error}");
    assert_silent(&error);
    task.await.unwrap();
}

#[tokio::test]
async fn an_answer_that_does_not_end_is_maybe_after_the_time_limit() {
    let (listener, port) = listen().await;
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{").await.unwrap();
        stream
    });
    let options =
        HttpOptions { total_timeout: Duration::from_millis(500), ..HttpOptions::default() };
    let error = transport(options).send(request(port), Departure::Anytime).await.unwrap_err();
    assert_eq!(error.reached, Reached::Maybe);
    assert!(error.message.contains("time limit"), "{error}");
    task.await.unwrap();
}

/// Two calls share one connection; the server closes it; the third call arrives once, on a new
/// connection or with an honest `Maybe`, and never twice.
#[tokio::test]
async fn each_request_arrives_exactly_once_over_kept_connections() {
    let (listener, port) = listen().await;
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for _ in 0..2 {
            read_request(&mut stream).await;
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            stream.write_all(answer).await.unwrap();
        }
        drop(stream);
        listener
    });
    let transport = transport(HttpOptions::default());
    for _ in 0..2 {
        assert_eq!(transport.send(request(port), Departure::Anytime).await.unwrap().body(), "ok");
    }
    let listener = task.await.unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
        stream.write_all(answer).await.unwrap();
        stream.shutdown().await.unwrap();
        listener
    });
    match transport.send(request(port), Departure::Anytime).await {
        Ok(response) => {
            assert_eq!(response.body(), "ok");
            assert_no_more(&server.await.unwrap());
        }
        Err(error) => {
            assert_eq!(error.reached, Reached::Maybe);
            server.abort();
        }
    }
}
