//! The receiver in the open: strangers and slow clients take no place, memory or time that others
//! need, and never cost a delivery that is being stored.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod site;

use std::{sync::Arc, time::Duration};

use pagos_webhook::Settings;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use site::{Answer, Gated, PATIENCE, Site, request, signed};

const ENDPOINT: &str = "/webhooks/invented";

/// Limits that no test reaches, so that whatever happens has another cause.
fn patient() -> Settings {
    Settings {
        read_timeout: LONG,
        write_timeout: LONG,
        life_max: LONG,
        store_timeout: LONG,
        ..Settings::default()
    }
}

const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(50);

fn kept_alive(request: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(request.to_vec()).unwrap();
    text.replace("connection: close\r\n", "").into_bytes()
}

/// Whether one more delivery is acknowledged on this connection, which stays open.
async fn delivers(stream: &mut TcpStream, body: &str) -> bool {
    if stream.write_all(&kept_alive(&signed(body))).await.is_err() {
        return false;
    }
    let mut answer = vec![0; 4096];
    let reading = tokio::time::timeout(PATIENCE, stream.read(&mut answer));
    match reading.await.expect("an answer or an end") {
        Ok(count) => {
            let text = String::from_utf8_lossy(&answer[..count]);
            text.starts_with("HTTP/1.1 200") && !text.contains("connection: close")
        }
        Err(_) => false,
    }
}

async fn connect(site: &Site, count: usize) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..count {
        streams.push(site.connect().await);
    }
    streams
}

/// One after the other: which ones still deliver.
async fn alive(streams: &mut [TcpStream]) -> Vec<bool> {
    let mut alive = Vec::new();
    for (number, stream) in streams.iter_mut().enumerate() {
        alive.push(delivers(stream, &format!("alive {number}")).await);
    }
    alive
}

#[tokio::test]
async fn idle_connections_make_room_for_a_newcomer() {
    let site = Site::open(Gated::open(), Settings { connections_max: 3, ..patient() });
    let mut idle = connect(&site, 3).await;
    assert_eq!(site.deliver("{}").await, 200);
    assert_eq!(alive(&mut idle).await, [false, true, true], "the oldest went");
    assert_eq!(site.receiver.counters().evicted, 1);
}

#[tokio::test]
async fn clients_that_send_a_byte_now_and_then_make_room_too() {
    let site = Site::open(Gated::open(), Settings { connections_max: 3, ..patient() });
    let mut slow = connect(&site, 3).await;
    let whole = kept_alive(&signed("{}"));
    // The oldest sends the last byte, half of them is within the body.
    for (stream, sent) in slow.iter_mut().rev().zip([20, whole.len() - 1, whole.len() - 1]) {
        stream.write_all(&whole[..sent]).await.unwrap();
    }
    assert_eq!(site.deliver("1").await, 200);
    assert_eq!(Answer::read(&mut slow[0]).await.status, 0, "the oldest went");
    slow[1].write_all(&whole[whole.len() - 1..]).await.unwrap();
    let mut answer = [0; 12];
    slow[1].read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200", "the others stay");
}

/// As it was measured: many clients that ask for `/healthz` again and again, and do not go.
#[tokio::test]
async fn a_crowd_is_not_in_the_way_of_deliveries() {
    let site = Site::open(Gated::open(), patient());
    let mut crowd = connect(&site, 300).await;
    for stream in &mut crowd {
        let _ = stream.write_all(&kept_alive(&request("GET", "/healthz", "", ""))).await;
    }
    let _idle = connect(&site, 300).await;
    for number in 0..100 {
        assert_eq!(site.deliver(&number.to_string()).await, 200);
    }
}

#[tokio::test]
async fn a_verified_delivery_makes_a_connection_new_again() {
    let site = Site::open(Gated::open(), Settings { connections_max: 2, ..patient() });
    let mut both = connect(&site, 2).await;
    assert!(delivers(&mut both[0], "first").await);
    assert_eq!(site.deliver("{}").await, 200);
    assert_eq!(alive(&mut both).await, [true, false]);
}

#[tokio::test]
async fn a_delivery_that_is_being_stored_is_never_evicted() {
    let store = Gated::shut();
    let site = Site::open(store.clone(), Settings { connections_max: 2, ..patient() });
    let mut storing = site.connect().await;
    storing.write_all(&signed("old")).await.unwrap();
    store.until_waiting(1).await;
    let mut newcomers = Vec::new();
    for number in 0..4 {
        let mut newcomer = site.connect().await;
        newcomer.write_all(&signed(&number.to_string())).await.unwrap();
        newcomers.push(newcomer);
    }
    store.until_waiting(2).await;
    store.let_in(5);
    assert_eq!(Answer::read(&mut storing).await.status, 200);
    for newcomer in &mut newcomers {
        let status = Answer::read(newcomer).await.status;
        // Those in between may have had to make room before their requests were taken.
        assert!(matches!(status, 0 | 200 | 503), "{status}");
    }
    let counters = site.receiver.counters();
    assert_eq!(counters.received, counters.stored, "none was cut off while it was stored");
    assert_eq!(counters.stored + counters.evicted, 5, "{counters:?}");
}

#[tokio::test]
async fn a_stranger_at_his_share_evicts_only_his_own() {
    let settings = Settings { connections_max: 4, connections_per_peer_max: 2, ..patient() };
    let site = Site::open(Gated::open(), settings);
    let mut provider = [site.connect_as(2).await, site.connect_as(2).await];
    let mut stranger = Vec::new();
    for _ in 0..10 {
        stranger.push(site.connect_as(3).await);
    }
    // The last one is served, so all of them were accepted.
    assert!(delivers(&mut stranger[9], "last").await);
    assert_eq!(site.receiver.counters().evicted, 8);
    assert_eq!(alive(&mut provider).await, [true, true]);
    assert_eq!(alive(&mut stranger[7..]).await, [false, true, true]);
}

#[tokio::test]
async fn a_peer_whose_share_is_being_stored_does_not_keep_others_waiting() {
    let store = Gated::shut();
    let settings = Settings { connections_max: 4, connections_per_peer_max: 1, ..patient() };
    let site = Site::open(store.clone(), settings);
    let mut storing = site.connect_as(2).await;
    storing.write_all(&signed("1")).await.unwrap();
    store.until_waiting(1).await;
    let mut refused = site.connect_as(2).await;
    assert_eq!(Answer::read(&mut refused).await.status, 0);
    let mut other = site.connect_as(3).await;
    other.write_all(&signed("2")).await.unwrap();
    store.until_waiting(2).await;
    store.let_in(2);
    assert_eq!(Answer::read(&mut storing).await.status, 200);
    assert_eq!(Answer::read(&mut other).await.status, 200);
    assert_eq!(site.receiver.counters().unaccepted, 1);
}

#[tokio::test]
async fn who_never_reads_the_answers_is_cut() {
    let settings = Settings { write_timeout: SHORT, ..patient() };
    let site = Site::open_narrow(Gated::open(), settings);
    let mut stream = site.connect_as(2).await;
    let pipelined = kept_alive(&signed("{}")).repeat(100);
    let writing = async { while stream.write_all(&pipelined).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, writing).await.expect("the connection is cut");
    assert_eq!(site.receiver.counters().slow, 1);
    assert_eq!(site.deliver("{}").await, 200);
}

#[tokio::test]
async fn a_head_that_does_not_come_is_counted() {
    let site = Site::open(Gated::open(), Settings { read_timeout: SHORT, ..patient() });
    let _ = site.send(b"POST /webhooks/invented HTTP/1.1\r\nhost:").await;
    assert_eq!(site.receiver.counters().slow, 1);
}

#[tokio::test]
async fn a_connection_is_closed_when_its_life_is_over() {
    let site = Site::open(Gated::open(), Settings { life_max: SHORT, ..patient() });
    let mut stream = site.connect().await;
    assert!(delivers(&mut stream, "{}").await);
    assert_eq!(Answer::read(&mut stream).await.status, 0, "closed");
}

#[tokio::test]
async fn a_connection_finishes_its_delivery_before_its_life_ends() {
    let store = Gated::shut();
    let life_max = Duration::from_millis(1);
    // All that it may take to finish is over before the store answers.
    let settings = Settings { life_max, read_timeout: SHORT, write_timeout: SHORT, ..patient() };
    let site = Site::open(store.clone(), settings);
    let mut stream = site.connect().await;
    stream.write_all(&kept_alive(&signed("{}"))).await.unwrap();
    store.until_waiting(1).await;
    let mut byte = [0];
    let early = tokio::time::timeout(6 * SHORT, stream.read(&mut byte)).await;
    assert!(early.is_err(), "the delivery is under way");
    store.let_in(1);
    assert_eq!(Answer::read(&mut stream).await.status, 200, "answered, and then closed");
    assert_eq!(site.receiver.counters().stored, 1);
}

#[tokio::test]
async fn only_what_proves_its_sender_keeps_a_connection_open() {
    let store = Gated::open();
    let site = Site::open(store.clone(), patient());
    let broken = Site::open(Gated::broken(), patient());
    let too_long = "x".repeat(64 * 1024 + 1);
    let cases = [
        (&site, request("GET", "/healthz", "", ""), 200),
        (&site, request("POST", "/healthz", "", ""), 405),
        (&site, request("GET", ENDPOINT, "", ""), 405),
        (&site, request("POST", "/other", "sign: good\r\n", "{}"), 404),
        (&site, request("POST", ENDPOINT, "sign: bad\r\n", "{}"), 401),
        (&site, request("POST", ENDPOINT, "sign: good\r\n", "hint nobody"), 200),
        (&site, request("GET", "/readyz", "", ""), 200),
        (&site, request("POST", ENDPOINT, "sign: good\r\n", &too_long), 413),
        (&broken, signed("{}"), 503),
    ];
    for (site, request, status) in cases {
        let answer = site.send(&kept_alive(&request)).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(answer.text.contains("connection: close"), "{answer:?}");
    }
    let mut stream = site.connect().await;
    for body in ["{}", "gibberish", "{}"] {
        assert!(delivers(&mut stream, body).await, "{body}");
    }
}

/// A client that is not verified has one answer, however many requests it sends at once.
#[tokio::test]
async fn of_pipelined_requests_that_prove_nothing_one_is_answered() {
    let site = Site::open(Gated::open(), patient());
    let pipelined = kept_alive(&request("GET", "/healthz", "", "")).repeat(50);
    let answer = site.send(&pipelined).await;
    assert_eq!(answer.text.matches("HTTP/1.1").count(), 1, "{}", answer.text);
}

#[cfg(target_os = "linux")]
fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// How much larger the process, which is client and server, becomes while the receiver stores one
/// delivery on each of so many connections, and has read what it reads of nine that follow. Before
/// that each connection has brought some deliveries, so that buffers have grown.
#[cfg(target_os = "linux")]
async fn cost(connections: u64, before: u64, delivery: Vec<u8>) -> usize {
    let store = Gated::shut();
    let settings = Settings { connections_per_peer_max: 256, ..patient() };
    let site = Site::open(store.clone(), settings);
    let mut streams = Vec::new();
    let resident_before = resident_bytes();
    store.let_in(usize::try_from(connections * before).unwrap());
    for _ in 0..connections {
        let mut stream = site.connect_as(2).await;
        for _ in 0..before {
            stream.write_all(&delivery).await.unwrap();
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        }
        streams.push(stream);
    }
    let pipelined: Arc<[u8]> = delivery.repeat(10).into();
    let mut sending = tokio::task::JoinSet::new();
    for mut stream in streams {
        let pipelined = Arc::clone(&pipelined);
        sending.spawn(async move {
            let _ = stream.write_all(&pipelined).await;
            stream
        });
    }
    store.until_waiting(connections * (before + 1)).await;
    // Until all is written, or the system's buffers are full.
    let all_sent = async { while sending.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(4 * SHORT, all_sent).await;
    resident_bytes().saturating_sub(resident_before)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn pipelined_large_requests_cost_little_memory() {
    let headers = format!("sign: good\r\nx-long: {}\r\n", "x".repeat(15 * 1024));
    let body = "x".repeat(60 * 1024);
    let delivery = kept_alive(&request("POST", ENDPOINT, &headers, &body));
    let cost = cost(256, 3, delivery).await;
    assert!(cost < 32 << 20, "{cost}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_body_in_pieces_of_one_byte_costs_little_memory() {
    let head = format!(
        "POST {ENDPOINT} HTTP/1.1\r\nhost: a\r\nsign: good\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    let body = "1\r\nx\r\n".repeat(16 * 1024);
    let cost = cost(16, 0, format!("{head}{body}0\r\n\r\n").into_bytes()).await;
    assert!(cost < 4 << 20, "{cost}");
}

#[tokio::test]
async fn limits_of_zero_do_not_panic_or_hang() {
    let (all, zero) = (Settings::default, Duration::ZERO);
    let cases = [
        Settings { connections_max: 0, ..all() },
        Settings { connections_per_peer_max: 0, ..all() },
        Settings { body_bytes_max: 0, ..all() },
        Settings { head_bytes_max: 0, ..all() },
        Settings { read_timeout: zero, ..all() },
        Settings { write_timeout: zero, ..all() },
        Settings { life_max: zero, ..all() },
        Settings { store_timeout: zero, ..all() },
        Settings { drain_timeout: zero, ..all() },
        Settings { read_timeout: Duration::MAX, life_max: Duration::MAX, ..all() },
        Settings { write_timeout: Duration::MAX, drain_timeout: Duration::MAX, ..all() },
        Settings { store_timeout: Duration::MAX, head_bytes_max: usize::MAX, ..all() },
    ];
    for settings in cases {
        let site = Site::open(Gated::open(), settings.clone());
        let answer = site.send(&signed("{}")).await;
        let may_refuse = settings.body_bytes_max == 0
            || settings.head_bytes_max == 0
            || settings.read_timeout == zero
            || settings.store_timeout == zero
            || settings.life_max == zero;
        assert!(answer.status == 200 || may_refuse, "{settings:?}: {answer:?}");
        let _ = site.stop().await;
    }
}

/// A provider that keeps its connection and has nothing more to say is no reason to call anybody.
#[tokio::test]
async fn receiver_7_an_idle_provider_is_not_told_as_a_stranger() {
    let settings = Settings { read_timeout: SHORT, ..patient() };
    let site = Site::open(Gated::open(), settings);
    let mut provider = site.connect().await;
    assert!(delivers(&mut provider, "{}").await);
    let mut stranger = site.connect().await;
    for stream in [&mut provider, &mut stranger] {
        Answer::read(stream).await;
    }
    assert_eq!(site.receiver.counters().slow, 1);
}
