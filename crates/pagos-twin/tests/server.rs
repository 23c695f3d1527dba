//! A world over real loopback HTTP: answers, lost and torn connections, webhooks, and a restart.
//! Not what is answered; that is tested without sockets.

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use pagos_core::Timestamp;
use pagos_twin::{ServeOptions, ServerHandle, World, serve};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::mpsc,
};

use crate::support::{payout, sign};

async fn start(options: ServeOptions) -> ServerHandle {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    serve(listener, World::standard(), options).await.unwrap()
}

fn fast() -> ServeOptions {
    let start = Some(Timestamp::from_millis(crate::support::START_MS));
    ServeOptions { speed: 1_000, start, ..ServeOptions::default() }
}

/// Everything the server sends on a connection of one request.
async fn raw(address: SocketAddr, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{head}\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset after the last byte is one of the ways in which a torn connection ends.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

async fn call(address: SocketAddr, route: &str, body: &Value) -> String {
    let body = body.to_string();
    let head = format!(
        "POST /cashypro/stage-api/api/{route} HTTP/1.1\r\nContent-Type: application/json\r\n\
         MerchantId: 1002001\r\nSign: {}",
        sign(body.as_bytes())
    );
    raw(address, &head, &body).await
}

async fn read(address: SocketAddr, path: &str) -> Value {
    let answer = raw(address, &format!("GET {path} HTTP/1.1"), "").await;
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"))
}

/// Answers webhooks with these statuses, then 200, over kept connections; tells each body.
async fn receiver(
    statuses: &'static [u16],
) -> (SocketAddr, mpsc::UnboundedReceiver<(String, bool)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = mpsc::unbounded_channel();
    let nth = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (tell, nth) = (tell.clone(), nth.clone());
            tokio::spawn(async move {
                while let Some((head, body)) = read_request(&mut stream).await {
                    let is_signed = head.contains(&format!("sign: {}", sign(body.as_bytes())));
                    let nth = nth.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    let status = statuses.get(nth).copied().unwrap_or(200);
                    let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\nok");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    tell.send((body, is_signed)).unwrap();
                }
            });
        }
    });
    (address, told)
}

async fn read_request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split_once("content-length: ")?.1.lines().next()?;
            if body.len() >= length.parse().ok()? {
                let start = head.len() + 4;
                return Some((head.to_owned(), String::from_utf8(read[start..].to_vec()).ok()?));
            }
        }
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
}

fn payout_to(receiver: SocketAddr, key: &str, remark: &str) -> Value {
    let mut order = payout(key, remark);
    order["notifyUrl"] = json!(format!("http://{receiver}/hook?x=1"));
    order
}

#[tokio::test]
async fn a_payout_is_answered_paid_and_told() {
    let server = start(fast()).await;
    let (merchant, mut told) = receiver(&[500]).await;
    let answer = call(server.address(), "payOut", &payout_to(merchant, "k", "sim:success")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains(r#""orderStatus":"PROCESSING""#), "{answer}");
    for _ in 0..2 {
        let (body, is_signed) = told.recv().await.unwrap();
        assert!(is_signed && body.contains("SUCCESS"), "{body}");
    }
    let ledger = read(server.address(), "/_twin/ledger").await;
    assert_eq!(ledger.as_array().unwrap().len(), 1);
    let credentials = read(server.address(), "/_twin/credentials").await;
    let base_url = format!("{}/cashypro/stage-api", server.origin());
    assert_eq!(credentials["cashypro"]["base_url"], base_url);
    server.shut_down().await;
}

#[tokio::test]
async fn connections_are_lost_and_torn_as_ordered() {
    let server = start(fast()).await;
    let address = server.address();
    assert_eq!(call(address, "payOut", &payout("a", "sim:timeout-created")).await, "");
    assert_eq!(call(address, "payOut", &payout("b", "sim:timeout-not-created")).await, "");
    let torn = call(address, "payOut", &payout("c", "sim:torn")).await;
    let (head, body) = torn.split_once("\r\n\r\n").unwrap();
    let promised = head.to_lowercase();
    let promised = promised.split_once("content-length: ").unwrap().1.lines().next().unwrap();
    let promised: usize = promised.parse().unwrap();
    assert!(body.len() < promised && body.starts_with("{\"msg\":\"SUCCESS\""), "{torn}");
    let page = call(address, "payOut", &payout("d", "sim:html-502")).await;
    assert!(page.starts_with("HTTP/1.1 502 ") && page.contains("<html>"), "{page}");
    let slow = call(address, "payOut", &payout("e", "sim:slow")).await;
    assert!(slow.contains("PROCESSING"), "{slow}");
    let orders = read(address, "/_twin/orders").await;
    let keys: Vec<&str> =
        orders.as_array().unwrap().iter().map(|it| it["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["a", "c", "d", "e"]);
    let large = "x".repeat(5 * 1024 * 1024);
    let refused = raw(address, "POST /_twin/faults HTTP/1.1", &large).await;
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 413 "), "{refused}");
    server.shut_down().await;
}

#[tokio::test]
async fn the_clock_can_be_turned_from_outside() {
    let server = start(ServeOptions { speed: 1, ..fast() }).await;
    let (merchant, mut told) = receiver(&[]).await;
    call(server.address(), "payOut", &payout_to(merchant, "k", "sim:stuck")).await;
    for by_ms in [10_000, 604_800_000_u32] {
        let turn = json!({"advance_ms": by_ms}).to_string();
        let answer = raw(server.address(), "POST /_twin/clock HTTP/1.1", &turn).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert!(told.recv().await.unwrap().0.contains("SUCCESS"));
    assert_eq!(read(server.address(), "/_twin/clock").await["speed"], 1);
    let faster = raw(server.address(), "POST /_twin/clock HTTP/1.1", r#"{"speed":60}"#).await;
    assert!(faster.starts_with("HTTP/1.1 200"), "{faster}");
    let told = read(server.address(), "/_twin/clock").await;
    assert_eq!(told["speed"], 60);
    assert_eq!(told["now"].as_str().map(|now| now.ends_with('Z')), Some(true), "{told}");
    server.shut_down().await;
}

/// The three surfaces of ETpay over HTTP: a login, a payout that is told, a payer who is sent back.
#[tokio::test]
async fn etpay_pays_out_and_collects() {
    let server = start(fast()).await;
    let (address, (merchant, mut told)) = (server.address(), receiver(&[]).await);
    let hook = json!({"payout_webhook_url": format!("http://{merchant}/payouts")}).to_string();
    raw(address, "POST /_twin/etpay/settings HTTP/1.1", &hook).await;
    let login = crate::support::etpay::login().to_string();
    let answer = raw(address, "POST /etpay/platform/v1/auth/login HTTP/1.1", &login).await;
    let answer: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let token = answer["auth"]["Authorization"].as_str().unwrap();
    let create = format!("POST /etpay/platform/v1/payouts HTTP/1.1\r\nAuthorization: {token}");
    let payout = crate::support::etpay::payout("k", "sim:success").to_string();
    let accepted = raw(address, &create, &payout).await;
    assert!(accepted.contains("\"status\":\"pending\""), "{accepted}");
    let (notice, _) = told.recv().await.unwrap();
    assert!(notice.contains("\"status\":\"completed\""), "{notice}");
    let mut order = crate::support::etpay::order("p");
    order["payment_webhook_url"] = json!(format!("http://{merchant}/payments"));
    let head = "POST /etpay/api/session/initialize HTTP/1.1";
    let opened = raw(address, head, &order.to_string()).await;
    let opened: Value = serde_json::from_str(opened.split_once("\r\n\r\n").unwrap().1).unwrap();
    let visit = format!(
        "GET /etpay/pmt/session/{}?auto=paid&notice=once HTTP/1.1",
        opened["token"].as_str().unwrap()
    );
    let led = raw(address, &visit, "").await;
    assert!(led.starts_with("HTTP/1.1 302 ") && led.contains("https://shop.test/ok&jwt=eyJ"));
    let (notice, _) = told.recv().await.unwrap();
    let notice: Value = serde_json::from_str(&notice).unwrap();
    let signature_token = opened["signature_token"].as_str().unwrap();
    assert!(crate::support::etpay::is_signed_with(
        notice["jwt"].as_str().unwrap(),
        signature_token
    ));
    server.shut_down().await;
}

#[tokio::test]
async fn conekta_pays_and_signs_what_it_tells() {
    let server = start(fast()).await;
    let (address, (merchant, mut told)) = (server.address(), receiver(&[]).await);
    let settings = json!({"execution_delay_seconds": 1, "transit_seconds": 1}).to_string();
    raw(address, "POST /_twin/conekta/settings HTTP/1.1", &settings).await;
    let hook = format!("http://{merchant}/conekta");
    let hook = json!({"webhooks": {"conekta": hook}}).to_string();
    raw(address, "POST /_twin/merchant HTTP/1.1", &hook).await;
    let key = pagos_twin::conekta::SANDBOX_API_KEY;
    let post = |path: &str| format!("POST /conekta/{path} HTTP/1.1\r\nAuthorization: Bearer {key}");
    let json_of = |answer: &str| -> Value {
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    };
    let payee = crate::support::conekta::payee("k", "Jon").to_string();
    let payee = json_of(&raw(address, &post("payees"), &payee).await);
    let transfer =
        crate::support::conekta::transfer(payee["id"].as_str().unwrap(), 50_000).to_string();
    let accepted = raw(address, &post("transfers"), &transfer).await;
    assert!(accepted.contains("\"status\":\"pending\""), "{accepted}");
    let mut names = BTreeSet::new();
    while !names.contains("payout.paid_out") {
        let (notice, _) = told.recv().await.unwrap();
        let notice: Value = serde_json::from_str(&notice).unwrap();
        names.insert(notice["type"].as_str().unwrap().to_owned());
    }
    assert!(names.contains("webhook_ping"), "{names:?}");
    server.shut_down().await;
}

/// The first server is cut off with its runtime, wherever its tasks are.
#[test]
fn a_server_comes_back_with_its_memory() {
    let path = std::env::temp_dir().join(format!("pagos-twin-{}-server.jsonl", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let options = ServeOptions { journal: Some(path.clone()), ..fast() };
    let mine = Runtime::new().unwrap();
    let doomed = Runtime::new().unwrap();
    let (merchant, mut told) = mine.block_on(receiver(&[]));
    let server = doomed.block_on(start(options.clone()));
    let (address, mut keys) = (server.address(), BTreeSet::new());
    mine.block_on(async {
        for nth in 0..20 {
            let order = payout_to(merchant, &format!("k{nth}"), "sim:success");
            call(address, "payOut", &order).await;
        }
        keys.insert(key_of(&told.recv().await.unwrap().0));
    });
    drop(doomed);
    drop(server);
    let settled = Timestamp::from_millis(crate::support::START_MS).plus(Duration::from_secs(2));
    mine.block_on(async {
        let server = start(options).await;
        assert!(server.now() > settled, "time goes on from the last input");
        let again = call(server.address(), "payOut", &payout_to(merchant, "k3", "x")).await;
        assert!(again.contains("Params_mchOrderNo_error"), "{again}");
        server.advance(Duration::from_secs(3_600));
        while keys.len() < 20 {
            keys.insert(key_of(&told.recv().await.unwrap().0));
        }
        let ledger = read(server.address(), "/_twin/ledger").await;
        assert_eq!(ledger.as_array().unwrap().len(), 20, "each paid once");
        assert_eq!(server.inspect(|world| world.movements().len()), 20);
        server.shut_down().await;
    });
    let _ = std::fs::remove_file(&path);
}

fn key_of(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap();
    body["mchOrderNo"].as_str().unwrap().to_owned()
}
