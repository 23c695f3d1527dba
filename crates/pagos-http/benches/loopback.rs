//! How fast calls go over loopback with 64 in flight, beside a bare reqwest client that sends the
//! same bytes to the same server, in one run. Not a test: figures move with the machine; the ratio
//! is what the budget is about. No TLS.
//!
//! `cargo bench -p pagos-http`. The server has a thread of its own, and so have the callers; the
//! two clients take turns, and the best round of each counts.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::float_arithmetic)]

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::Arc,
    thread,
    time::Instant,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
};

use pagos_core::{Clock, Departure, Timestamp, Transport};
use pagos_http::{HttpOptions, HttpTransport};

/// A clock that stands still.
#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_733_140_800_000)
    }
}

const CALLERS: u32 = 64;
const CALLS_EACH: u32 = 200;
const ROUNDS: u32 = 9;
const BUDGET: f64 = 0.85;

const PATH: &str = "/stage-api/api/payOut";
const MERCHANT_ID: &str = "1002001";
const SIGN: &str = "dedb06f391e579dce2544e1dac58e358";
const BODY: &[u8] = br#"{"amount":60000.00,"bankId":20,"idType":"1","accountName":"Jeson","mchOrderNo":"697670130731094","idCard":"43912345","accountNo":"12345678901","accountType":"1","notifyUrl":"https://merchant.example/webhooks/cashypro","currency":"COP","remark":"remark","nonceStr":"00112233445566778899aabbccddeeff"}"#;
const ANSWER: &[u8] = br#"{"msg":"SUCCESS","code":200,"data":{"merchantId":"1002001","mchOrderNo":"697670130731094","orderNo":"PAYOUT8551827184491839488","amount":"60000","fee":"0","orderStatus":"PROCESSING"}}"#;

fn main() {
    let callers = runtime();
    let (bare, ours) = (Client::bare(), Client::ours());
    let (sent_bare, sent_ours) = (overhear(&callers, &bare), overhear(&callers, &ours));
    assert_eq!(sent_bare, sent_ours, "both clients send the same bytes");

    let url = start_server();
    // Every connection is open before the first round counts.
    callers.block_on(rate(&bare, &url));
    callers.block_on(rate(&ours, &url));
    let (mut bare_best, mut ours_best) = (0.0_f64, 0.0_f64);
    for _ in 0..ROUNDS {
        bare_best = bare_best.max(callers.block_on(rate(&bare, &url)));
        ours_best = ours_best.max(callers.block_on(rate(&ours, &url)));
    }
    println!("bare reqwest, {CALLERS} in flight    {bare_best:>8.0} /s");
    let ratio = ours_best / bare_best;
    let verdict = if ratio >= BUDGET { "within" } else { "over" };
    println!(
        "HttpTransport, {CALLERS} in flight   {ours_best:>8.0} /s  {ratio:.2}x bare reqwest \
         (budget {BUDGET}x): {verdict}"
    );
}

/// Calls a second, with as many callers as may be in flight, each making one call after the other.
async fn rate(client: &Client, url: &str) -> f64 {
    let begun = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (client, url) = (client.clone(), url.to_owned());
        callers.spawn(async move {
            for _ in 0..CALLS_EACH {
                assert_eq!(client.call(&url).await, ANSWER);
            }
        });
    }
    callers.join_all().await;
    f64::from(CALLERS * CALLS_EACH) / begun.elapsed().as_secs_f64()
}

#[derive(Debug, Clone)]
enum Client {
    Bare(reqwest::Client),
    Ours(HttpTransport),
}

impl Client {
    /// Nothing set but what it takes to send the same bytes, and to need no certificates.
    fn bare() -> Self {
        let tls = ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("pagos/", env!("CARGO_PKG_VERSION")))
            .build();
        Self::Bare(client.unwrap())
    }

    fn ours() -> Self {
        Self::Ours(HttpTransport::new(&HttpOptions::default(), Arc::new(Noon)).unwrap())
    }

    async fn call(&self, url: &str) -> Bytes {
        match self {
            Self::Bare(client) => {
                let request = client.post(url).header("content-type", "application/json");
                let request = request.header("merchantid", MERCHANT_ID).header("sign", SIGN);
                let answer = request.body(Bytes::from_static(BODY)).send().await.unwrap();
                answer.bytes().await.unwrap()
            }
            Self::Ours(transport) => {
                let request = http::Request::post(url).header("content-type", "application/json");
                let request = request.header("merchantid", MERCHANT_ID).header("sign", SIGN);
                let request = request.body(Bytes::from_static(BODY)).unwrap();
                transport.send(request, Departure::Anytime).await.unwrap().into_body()
            }
        }
    }
}

/// What one call puts on the wire, but for the port in the header `host`.
fn overhear(callers: &Runtime, client: &Client) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let listening = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut sent = Vec::new();
        while !sent.ends_with(BODY) {
            let mut block = [0_u8; 4096];
            let count = stream.read(&mut block).unwrap();
            assert_ne!(count, 0, "the request broke off");
            sent.extend_from_slice(block.get(..count).unwrap());
        }
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", ANSWER.len());
        stream.write_all(&[head.as_bytes(), ANSWER].concat()).unwrap();
        String::from_utf8(sent).unwrap()
    });
    callers.block_on(client.call(&format!("http://{address}{PATH}")));
    listening.join().unwrap().replace(&address.to_string(), "server")
}

/// Starts a server that reads every request whole and gives the same answer; returns its URL.
fn start_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    // It ends with the process.
    thread::spawn(move || {
        runtime().block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let connection = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service_fn(answer));
                // A client that goes away is no failure of the bench.
                tokio::spawn(async move { drop(connection.await) });
            }
        })
    });
    format!("http://{address}{PATH}")
}

async fn answer(
    request: http::Request<Incoming>,
) -> Result<http::Response<Full<Bytes>>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    assert_eq!(body, BODY);
    Ok(http::Response::new(Full::new(Bytes::from_static(ANSWER))))
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}
