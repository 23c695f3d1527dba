//! Through an account's proxy: a small one on loopback, before a provider with TLS. What it sees, what
//! it can do, and what each of its refusals says about the money.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod authority;

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use pagos_core::{Departure, Reached, Transport, TransportError};
use pagos_http::{HttpOptions, HttpTransport, Proxy};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use authority::{Answer, Authority, Noon, Provider};

const BODY: &[u8] = b"{\"amount\":50000.00}";

/// What a proxy does.
#[derive(Clone)]
enum Manner {
    /// It opens the way.
    Carry,
    /// It answers with this status.
    Refuse(&'static str),
    /// It never answers.
    Silent,
    /// It hangs up.
    HangUp,
    /// It says that the way is open, and speaks TLS itself.
    Pretend(Arc<rustls::ServerConfig>),
}

/// A proxy, and every byte that it could read before the way was open.
struct Gate {
    port: u16,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Gate {
    async fn open(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(attend(client, manner.clone(), Arc::clone(&log)));
            }
        });
        Self { port, seen }
    }

    fn seen(&self) -> String {
        String::from_utf8(self.seen.lock().unwrap().clone()).unwrap()
    }

    fn proxy(&self) -> Proxy {
        Proxy::parse(&format!("http://pagos:canary@127.0.0.1:{}", self.port)).unwrap()
    }
}

async fn attend(mut client: TcpStream, manner: Manner, seen: Arc<Mutex<Vec<u8>>>) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = client.read_u8().await.ok()?;
        head.push(byte);
        seen.lock().unwrap().push(byte);
    }
    let open = b"HTTP/1.1 200 Connection established\r\n\r\n";
    match manner {
        Manner::Carry => {
            let target = String::from_utf8(head).unwrap();
            let target = target.split(' ').nth(1).unwrap().replace("localhost", "127.0.0.1");
            let mut server = TcpStream::connect(target).await.ok()?;
            client.write_all(open).await.ok()?;
            tokio::io::copy_bidirectional(&mut client, &mut server).await.ok()?;
        }
        Manner::Refuse(status) => {
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            client.write_all(answer.as_bytes()).await.ok()?;
            // Whatever else comes is seen, too.
            let mut rest = Vec::new();
            client.read_to_end(&mut rest).await.ok()?;
            seen.lock().unwrap().extend(rest);
        }
        Manner::Silent => {
            let mut rest = Vec::new();
            client.read_to_end(&mut rest).await.ok()?;
            seen.lock().unwrap().extend(rest);
        }
        Manner::HangUp => {}
        Manner::Pretend(config) => {
            client.write_all(open).await.ok()?;
            let mut client = TlsAcceptor::from(config).accept(client).await.ok()?;
            let mut rest = Vec::new();
            client.read_to_end(&mut rest).await.ok()?;
            seen.lock().unwrap().extend(rest);
        }
    }
    Some(())
}

fn request(scheme: &str, port: u16) -> http::Request<Bytes> {
    http::Request::post(format!("{scheme}://localhost:{port}/payouts"))
        .body(Bytes::from_static(BODY))
        .unwrap()
}

/// The options of an account with certificates of an authority.
fn options(authority: &Authority, proxy: Option<Proxy>) -> HttpOptions {
    HttpOptions {
        client_identity: Some(authority.client().identity()),
        extra_roots: authority.roots(),
        connect_timeout: Duration::from_secs(2),
        proxy,
        ..HttpOptions::default()
    }
}

async fn send(options: &HttpOptions, port: u16) -> Result<http::Response<Bytes>, TransportError> {
    let transport = HttpTransport::new(options, Arc::new(Noon)).unwrap();
    assert!(!format!("{transport:?} {options:?}").contains("canary"));
    transport.send(request("https", port), Departure::Anytime).await
}

#[tokio::test]
async fn world_20_a_request_goes_through_the_proxy_which_reads_nothing() {
    let authority = Authority::new();
    let mut provider = Provider::serve(&authority, Answer::Hello).await;
    let gate = Gate::open(Manner::Carry).await;
    // The provider lets in who shows a client certificate: that goes through as well.
    let answer = send(&options(&authority, Some(gate.proxy())), provider.port).await.unwrap();
    assert_eq!(answer.body(), "hello");
    let seen = gate.seen();
    assert!(
        seen.starts_with(&format!("CONNECT localhost:{} HTTP/1.1\r\n", provider.port)),
        "{seen}"
    );
    // "pagos:canary"
    assert!(seen.to_lowercase().contains("proxy-authorization: basic cgfnb3m6y2fuyxj5"), "{seen}");
    assert!(!seen.contains("payouts"), "{seen}");
    let request = String::from_utf8(provider.requests.recv().await.unwrap()).unwrap();
    assert!(request.starts_with("POST /payouts HTTP/1.1\r\n"), "{request}");
    assert!(!request.to_lowercase().contains("proxy"), "{request}");
}

#[tokio::test]
async fn world_20_what_a_proxy_refuses_was_certainly_not_sent() {
    let authority = Authority::new();
    let provider = Provider::serve(&authority, Answer::Hello).await;
    let quick = Duration::from_millis(300);
    let cases = [
        (Manner::Refuse("403 Forbidden"), "opens no way to the host"),
        (Manner::Refuse("502 Bad Gateway"), "opens no way to the host"),
        (Manner::Refuse("407 Proxy Authentication Required"), "refuses its credentials"),
        (Manner::Refuse("301 Moved Permanently"), "opens no way to the host"),
        (Manner::HangUp, "opens no way to the host"),
        (Manner::Silent, "within the time limit"),
    ];
    for (manner, expected) in cases {
        let gate = Gate::open(manner).await;
        let through = options(&authority, Some(gate.proxy()));
        let through = HttpOptions { connect_timeout: quick, ..through };
        let error = send(&through, provider.port).await.unwrap_err();
        assert_eq!(error.reached, Reached::No, "{error}");
        assert!(error.message.contains(expected), "{error}");
        assert!(error.message.contains(&format!("127.0.0.1:{}", gate.port)), "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        assert!(!gate.seen().contains("amount"), "{}", gate.seen());
    }
    // Nobody listens on the port of a listener that was dropped.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nobody = Proxy::parse(&format!("http://{free}")).unwrap();
    let error = send(&options(&authority, Some(nobody)), provider.port).await.unwrap_err();
    assert_eq!(error.reached, Reached::No, "{error}");
    assert_eq!(provider.connections.load(Ordering::SeqCst), 0, "nothing came to the provider");
}

/// A proxy that says that the way is open and then answers by itself has no certificate of the provider.
#[tokio::test]
async fn world_20_a_proxy_cannot_answer_in_the_providers_place() {
    let authority = Authority::new();
    let provider = Provider::serve(&authority, Answer::Hello).await;
    let stranger = Arc::new(authority::config(&Authority::new()));
    let gate = Gate::open(Manner::Pretend(stranger)).await;
    let error = send(&options(&authority, Some(gate.proxy())), provider.port).await.unwrap_err();
    assert_eq!(error.reached, Reached::No, "{error}");
    assert!(!gate.seen().contains("amount"));
    // In plain text it could, so nothing is sent in plain text.
    let transport =
        HttpTransport::new(&options(&authority, Some(gate.proxy())), Arc::new(Noon)).unwrap();
    let sent = transport.send(request("http", provider.port), Departure::Anytime).await;
    let error = sent.unwrap_err();
    assert_eq!(error.reached, Reached::No, "{error}");
    assert!(error.message.contains("in the provider's place"), "{error}");
    assert!(!gate.seen().contains("amount"));
}

/// Once the way is open it is as without a proxy: what broke may have arrived.
#[tokio::test]
async fn world_20_what_breaks_behind_the_proxy_may_have_arrived() {
    let authority = Authority::new();
    let mut provider = Provider::serve(&authority, Answer::Nothing).await;
    let gate = Gate::open(Manner::Carry).await;
    let error = send(&options(&authority, Some(gate.proxy())), provider.port).await.unwrap_err();
    assert_eq!(error.reached, Reached::Maybe, "{error}");
    assert!(!provider.requests.recv().await.unwrap().is_empty());
}

const CHILD: &str = "world_20_the_environment_names_no_proxy";

/// This test starts itself once more, with a proxy in the environment that nobody can reach.
#[tokio::test]
async fn world_20_the_environment_names_no_proxy() {
    if std::env::var("HTTPS_PROXY").is_ok_and(|proxy| proxy == "http://127.0.0.1:1") {
        let authority = Authority::new();
        let provider = Provider::serve(&authority, Answer::Hello).await;
        let answer = send(&options(&authority, None), provider.port).await.unwrap();
        assert_eq!(answer.body(), "hello");
        return;
    }
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"] {
        child.env(name, "http://127.0.0.1:1");
    }
    assert!(child.args(["--exact", CHILD]).status().unwrap().success());
}
