//! Webhooks over real HTTP on loopback: what is stored, what is answered, and in which order.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod site;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use pagos_core::Timestamp;
use pagos_engine::{InboxStore, Trust};
use pagos_store_sqlite::SqliteStore;
use pagos_webhook::{Endpoint, Receiver, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use site::{Answer, Gated, Invented, PATIENCE, Site, account, request, signed};

const ENDPOINT: &str = "/webhooks/invented";

#[tokio::test]
async fn a_delivery_is_stored_as_it_came_and_acknowledged_in_the_providers_way() {
    let store = Gated::open();
    let site = Site::open(store.clone(), Settings::default());
    let body = " {\"amount\" : 5150.0000 ,\n\"ñ\":1}";
    let headers = "sign: good\r\nX-Twice: one\r\nx-twice: two\r\n";
    let answer = site.send(&request("POST", ENDPOINT, headers, body)).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text.ends_with("{\"status\":\"SUCCESS\"}"), "{}", answer.text);
    let stored = store.stored().await;
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].account, account());
    assert_eq!(stored[0].delivery.body, body.as_bytes());
    assert_eq!(stored[0].delivery.received_at, Timestamp::from_millis(1_700_000_000_000));
    let headers: Vec<&str> =
        stored[0].delivery.headers.keys().map(http::HeaderName::as_str).collect();
    assert_eq!(headers, ["sign"], "of the head, what the provider reads or signs");
    assert_eq!(site.woken.load(Ordering::Relaxed), 1, "the engine was woken");
    let counters = site.receiver.counters();
    assert_eq!((counters.received, counters.stored, counters.duplicates), (1, 1, 0));
}

/// Strangers must not be able to fill the store, nor to find out keys: whatever a hint names, and
/// whatever comes with it, the answer is the same and at most one small row is kept for each order.
#[tokio::test]
async fn receiver_2_of_hints_one_small_row_is_kept_for_each_order_and_the_answer_tells_nothing() {
    let store = Gated::open();
    store.submit_payment("ours").await;
    let site = Site::open(store.clone(), Settings::default());
    let mut answers = Vec::new();
    for (number, key) in ["theirs", "ours", "", "ours", "theirs", "ours"].into_iter().enumerate() {
        let filler = format!("sign: good\r\nx-filler: {number}{}\r\n", "x".repeat(8_000));
        let answer = site.send(&request("POST", ENDPOINT, &filler, &format!("hint {key}"))).await;
        assert_eq!(answer.status, 200, "{key:?}");
        answers.push(answer.without_date());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(store.stored().await.is_empty(), "no hint counts as verified");
    let kept = store.kept.deliveries(None, 0, 9).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((&kept[0].item.delivery.body[..], kept[0].repeats), (&b"payment ours"[..], 2));
    assert!(kept[0].item.delivery.headers.is_empty());
    let counters = site.receiver.counters();
    assert_eq!((counters.received, counters.stored), (6, 0));
    assert_eq!((counters.hints, counters.foreign), (3, 3));
    let _ = site.stop().await;
}

/// A flood of hints costs the store nothing, and what is genuine is taken as ever.
#[tokio::test]
async fn receiver_3_hints_have_a_budget_and_what_is_genuine_has_none() {
    let store = Gated::open();
    store.submit_payment("ours").await;
    let settings = Settings { hints_per_second_max: 1, hints_burst_max: 2, ..Settings::default() };
    let site = Site::open(store.clone(), settings);
    // The clock stands still, so nothing comes after the burst.
    for (key, status) in [("ours", 200), ("theirs", 200), ("ours", 503), ("theirs", 503)] {
        assert_eq!(site.deliver(&format!("hint {key}")).await, status, "{key}");
        assert_eq!(site.deliver(&format!("genuine beside {status} {key}")).await, 200);
    }
    assert_eq!(site.receiver.counters().over_budget, 2);
    let refused = site.receiver.take_refused();
    let told = refused.iter().find(|one| one.reason.contains("more than")).unwrap();
    assert_eq!((told.account.as_ref(), told.count), (Some(&account()), 2));
}

/// A proxy gives every request a header of its own.
#[tokio::test]
async fn receiver_6_headers_that_nobody_signs_make_no_other_delivery() {
    let store = Gated::open();
    let site = Site::open(store.clone(), Settings::default());
    for number in 0..3 {
        let traced = format!(
            "sign: good\r\ntraceparent: {number}\r\nx-odd-{number}: 1\r\ncdn-ray: {number}\r\n"
        );
        assert_eq!(site.send(&request("POST", ENDPOINT, &traced, "{}")).await.status, 200);
    }
    assert_eq!(store.stored().await.len(), 1);
    assert_eq!(site.receiver.counters().duplicates, 2);
}

/// I6: a webhook that was acknowledged is durable. Every delivery that was answered with 200 is
/// read back from a copy of the files as they lay on the disk when the last answer arrived.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i6_an_acknowledged_webhook_is_durable() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path();
    let path = directory.join("pagos.db");
    let store = Arc::new(SqliteStore::open(&path).unwrap());
    let site = Site::open(store.clone(), Settings::default());
    for number in 0..20 {
        assert_eq!(site.deliver(&number.to_string()).await, 200);
        let copy = directory.join(format!("copy-{number}.db"));
        std::fs::copy(&path, &copy).unwrap();
        let log = directory.join(format!("copy-{number}.db-wal"));
        std::fs::copy(directory.join("pagos.db-wal"), log).unwrap();
    }
    for number in 0..20_usize {
        let copy = SqliteStore::open(directory.join(format!("copy-{number}.db"))).unwrap();
        let found = copy
            .inbox(Trust::Verified, &[account()], Timestamp::from_millis(i64::MAX), 100)
            .await
            .unwrap();
        assert_eq!(found.len(), number + 1);
        assert_eq!(found[number].delivery.body, number.to_string().as_bytes());
    }
    let _ = site.stop().await;
}

#[tokio::test]
async fn nothing_is_acknowledged_before_it_is_stored() {
    let store = Gated::shut();
    let site =
        Site::open(store.clone(), Settings { store_timeout: PATIENCE, ..Settings::default() });
    let mut stream = site.connect().await;
    stream.write_all(&signed("{}")).await.unwrap();
    store.until_waiting(1).await;
    let mut byte = [0];
    let early = tokio::time::timeout(Duration::from_millis(50), stream.read(&mut byte)).await;
    assert!(early.is_err(), "answered before the store had it");
    assert_eq!(site.receiver.counters().stored, 0);
    store.let_in(1);
    assert_eq!(Answer::read(&mut stream).await.status, 200);
    assert_eq!(store.stored().await.len(), 1);
}

#[tokio::test]
async fn a_store_that_fails_makes_the_provider_send_again() {
    let site = Site::open(Gated::broken(), Settings::default());
    let answer = site.send(&signed("{}")).await;
    assert_eq!(answer.status, 503);
    assert!(!answer.text.contains("disk"), "{}", answer.text);
    assert_eq!(site.woken.load(Ordering::Relaxed), 0);
    let counters = site.receiver.counters();
    assert_eq!((counters.received, counters.stored, counters.failed), (1, 0, 1));
}

#[tokio::test]
async fn a_store_that_is_too_slow_makes_the_provider_send_again() {
    let store = Gated::shut();
    let store_timeout = Duration::from_millis(20);
    let site = Site::open(store, Settings { store_timeout, ..Settings::default() });
    assert_eq!(site.deliver("{}").await, 503);
    assert_eq!(site.receiver.counters().failed, 1);
}

#[tokio::test]
async fn a_bad_signature_is_refused_and_nothing_of_it_kept() {
    let store = Gated::open();
    let site = Site::open(store.clone(), Settings::default());
    for headers in ["", "sign: bad\r\n", "sign: Good\r\n"] {
        let answer = site.send(&request("POST", ENDPOINT, headers, "{}")).await;
        assert_eq!(answer.status, 401, "{headers:?}");
    }
    assert!(store.stored().await.is_empty());
    let counters = site.receiver.counters();
    assert_eq!((counters.received, counters.stored, counters.refused), (3, 0, 3));
    let refused = site.receiver.take_refused();
    assert_eq!(refused.iter().map(|one| one.count).collect::<Vec<_>>(), [3]);
    assert!(refused[0].reason.contains("signature"), "{refused:?}");
    assert!(site.receiver.take_refused().is_empty(), "it is told once");
}

#[tokio::test]
async fn a_genuine_delivery_that_cannot_be_read_is_kept() {
    let store = Gated::open();
    let site = Site::open(store.clone(), Settings::default());
    assert_eq!(site.deliver("gibberish").await, 200);
    assert_eq!(store.stored().await.len(), 1);
    let counters = site.receiver.counters();
    assert_eq!((counters.stored, counters.unreadable), (1, 1));
}

#[tokio::test]
async fn a_repeat_is_stored_once_and_acknowledged_again() {
    let store = Gated::open();
    let site = Site::open(store.clone(), Settings::default());
    for _ in 0..3 {
        assert_eq!(site.deliver("{}").await, 200);
    }
    assert_eq!(store.stored().await.len(), 1);
    let counters = site.receiver.counters();
    assert_eq!((counters.received, counters.stored, counters.duplicates), (3, 3, 2));
}

#[tokio::test]
async fn only_the_exact_path_leads_anywhere_and_nothing_redirects() {
    let store = Gated::open();
    let site = Site::open(store.clone(), Settings::default());
    let wrong = [
        "/",
        "/webhooks",
        "/webhooks/",
        "/webhooks/invented/",
        "//webhooks/invented",
        "/webhooks/../webhooks/invented",
        "/webhooks/Invented",
        "/webhooks/%69nvented",
        "/webhooks/other",
    ];
    for path in wrong {
        let answer = site.send(&request("POST", path, "sign: good\r\n", "{}")).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.text.to_lowercase().contains("location:"), "{path}");
    }
    assert!(store.stored().await.is_empty());
    assert_eq!(site.receiver.counters().misdirected, wrong.len() as u64);
    let with_query = format!("{ENDPOINT}?retry=1");
    let answer = site.send(&request("POST", &with_query, "sign: good\r\n", "{}")).await;
    assert_eq!(answer.status, 200, "what follows the path is the provider's");
}

#[tokio::test]
async fn only_post_is_taken() {
    let store = Gated::open();
    let site = Site::open(store.clone(), Settings::default());
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"] {
        let answer = site.send(&request(method, ENDPOINT, "sign: good\r\n", "{}")).await;
        assert_eq!(answer.status, 405, "{method}");
        assert!(answer.text.contains("allow: POST"), "{}", answer.text);
    }
    assert!(store.stored().await.is_empty());
    assert_eq!(site.receiver.counters().wrong_method, 6);
}

#[tokio::test]
async fn health_is_told() {
    let site = Site::open(Gated::broken(), Settings::default());
    assert_eq!(site.send(&request("GET", "/healthz", "", "")).await.status, 200);
    assert_eq!(site.send(&request("POST", "/healthz", "", "")).await.status, 405);
    assert_eq!(site.receiver.counters().received, 0);
}

#[tokio::test]
async fn world_18_head_is_answered_as_get_without_a_body() {
    let site = Site::open(Gated::open(), Settings::default());
    for path in ["/healthz", "/readyz"] {
        let [get, head] = ["GET", "HEAD"].map(|method| request(method, path, "", ""));
        let (get, head) = (site.send(&get).await, site.send(&head).await);
        assert_eq!((get.status, head.status), (200, 200), "{path}");
        let (told, body) = get.text.split_once("\r\n\r\n").unwrap();
        let length = format!("content-length: {}", body.len());
        assert!(told.to_lowercase().contains(&length), "{told}");
        assert!(head.text.to_lowercase().contains(&length), "{}", head.text);
        assert!(head.text.ends_with("\r\n\r\n"), "{}", head.text);
        let asked = http::Request::head(path).body(Bytes::new()).unwrap();
        let answer = site.receiver.answer(asked).await;
        assert_eq!((answer.status().as_u16(), answer.body().len()), (200, 0), "{path}");
    }
    assert_eq!(site.send(&request("HEAD", ENDPOINT, "", "")).await.status, 405);
}

/// What the table `[receiver]` calls `read_timeout_ms` is how long a connection may be idle.
#[tokio::test]
async fn world_18_a_connection_may_be_idle_for_as_long_as_is_set() {
    let settings = Settings { read_timeout: Duration::from_millis(50), ..Settings::default() };
    let site = Site::open(Gated::open(), settings);
    let mut stream = site.connect().await;
    let kept = format!(
        "POST {ENDPOINT} HTTP/1.1\r\nhost: a\r\nsign: good\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    stream.write_all(kept.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    // It ends because the receiver closes it: nothing else is asked of it.
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut text)).await;
    read.expect("an idle connection is closed").unwrap();
    assert!(String::from_utf8_lossy(&text).starts_with("HTTP/1.1 200"), "{text:?}");
}

#[tokio::test]
async fn a_body_has_a_limit() {
    let store = Gated::open();
    let site = Site::open(store.clone(), Settings::default());
    let fits = "x".repeat(64 * 1024);
    assert_eq!(site.deliver(&fits).await, 200);
    // Announced as too long: refused before a byte of it is read.
    let head = format!(
        "POST {ENDPOINT} HTTP/1.1\r\nhost: a\r\nsign: good\r\ncontent-length: 65537\r\n\r\n"
    );
    assert_eq!(site.send(head.as_bytes()).await.status, 413);
    // Not announced.
    let chunk = format!("8000\r\n{}\r\n", "x".repeat(0x8000));
    let chunks = format!(
        "POST {ENDPOINT} HTTP/1.1\r\nhost: a\r\nsign: good\r\ntransfer-encoding: chunked\r\n\r\n\
         {chunk}{chunk}1\r\nx\r\n"
    );
    assert_eq!(site.send(chunks.as_bytes()).await.status, 413);
    assert_eq!(store.stored().await.len(), 1);
    assert_eq!(site.receiver.counters().too_large, 2);
}

#[tokio::test]
async fn a_head_has_a_limit() {
    let store = Gated::open();
    let site = Site::open(store.clone(), Settings::default());
    let long = format!("sign: good\r\nx-long: {}\r\n", "x".repeat(20 * 1024));
    assert_eq!(site.send(&request("POST", ENDPOINT, &long, "{}")).await.status, 431);
    assert!(store.stored().await.is_empty());
}

#[tokio::test]
async fn who_sends_too_slowly_is_cut_off() {
    let store = Gated::open();
    let read_timeout = Duration::from_millis(50);
    let site = Site::open(store.clone(), Settings { read_timeout, ..Settings::default() });
    let whole = signed("{\"amount\":1}");
    let half_a_body = &whole[..whole.len() - 4];
    assert_eq!(site.send(half_a_body).await.status, 408);
    assert_eq!(site.receiver.counters().unfinished, 1);
    // Half a head, and nothing at all: closed, with or without an answer.
    for half in [&b"POST /webhooks/invented HTTP/1.1\r\nhost:"[..], &b""[..]] {
        let answer = site.send(half).await;
        assert!(matches!(answer.status, 0 | 408), "{answer:?}");
    }
    assert!(store.stored().await.is_empty());
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_a_delivery() {
    let store = Gated::open();
    let site = Site::open(store.clone(), Settings::default());
    let whole = signed("{\"amount\":1}");
    let mut stream = site.connect().await;
    stream.write_all(&whole[..whole.len() - 4]).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_ne!(Answer::read(&mut stream).await.status, 200);
    assert!(store.stored().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_at_once_none_is_lost() {
    let store = Gated::open();
    let site = Arc::new(Site::open(store.clone(), Settings::default()));
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..64 {
        let site = Arc::clone(&site);
        senders.spawn(async move {
            for number in 0..10 {
                assert_eq!(site.deliver(&format!("{sender}-{number}")).await, 200);
            }
        });
    }
    while let Some(sender) = senders.join_next().await {
        sender.unwrap();
    }
    let mut bodies: Vec<Bytes> =
        store.stored().await.into_iter().map(|item| item.delivery.body).collect();
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), 640);
    assert_eq!(site.receiver.counters().stored, 640);
}

#[tokio::test]
async fn connections_have_a_limit_and_the_next_one_waits() {
    let store = Gated::shut();
    let settings = Settings { connections_max: 2, store_timeout: PATIENCE, ..Settings::default() };
    let site = Site::open(store.clone(), settings);
    let mut streams = Vec::new();
    for number in 0..3 {
        let mut stream = site.connect().await;
        stream.write_all(&signed(&number.to_string())).await.unwrap();
        streams.push(stream);
    }
    store.until_waiting(2).await;
    store.let_in(3);
    for stream in &mut streams {
        assert_eq!(Answer::read(stream).await.status, 200);
    }
    assert_eq!(store.stored().await.len(), 3);
}

#[tokio::test]
async fn one_connection_serves_many_deliveries() {
    let store = Gated::open();
    let site = Site::open(store.clone(), Settings::default());
    let mut stream = site.connect().await;
    let kept_alive = |body: &str| {
        let text = String::from_utf8(signed(body)).unwrap();
        text.replace("connection: close", "connection: keep-alive")
    };
    stream.write_all(kept_alive("1").as_bytes()).await.unwrap();
    stream.write_all(kept_alive("2").as_bytes()).await.unwrap();
    stream.write_all(&signed("3")).await.unwrap();
    let answer = Answer::read(&mut stream).await;
    assert_eq!(answer.text.matches("HTTP/1.1 200 OK").count(), 3, "{}", answer.text);
    assert_eq!(store.stored().await.len(), 3);
}

#[tokio::test]
async fn stopping_lets_a_delivery_under_way_finish() {
    let store = Gated::shut();
    let site =
        Site::open(store.clone(), Settings { store_timeout: PATIENCE, ..Settings::default() });
    let address = site.address;
    let _idle = site.connect().await;
    let mut stream = site.connect().await;
    stream.write_all(&signed("{}")).await.unwrap();
    store.until_waiting(1).await;
    let stopping = tokio::spawn(site.stop());
    // New connections are refused once the listener is gone.
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    store.let_in(1);
    assert_eq!(Answer::read(&mut stream).await.status, 200);
    let served = tokio::time::timeout(PATIENCE, stopping).await.unwrap().unwrap();
    assert_eq!(served.cut, 0);
    assert_eq!(store.stored().await.len(), 1);
}

#[tokio::test]
async fn stopping_does_not_wait_for_ever() {
    let store = Gated::shut();
    let drain_timeout = Duration::from_millis(50);
    let settings = Settings { drain_timeout, store_timeout: PATIENCE, ..Settings::default() };
    let site = Site::open(store.clone(), settings);
    let mut stream = site.connect().await;
    stream.write_all(&signed("{}")).await.unwrap();
    store.until_waiting(1).await;
    assert_eq!(site.stop().await.cut, 1);
    assert_eq!(Answer::read(&mut stream).await.status, 0, "cut without an acknowledgement");
}

#[tokio::test]
async fn a_program_with_a_server_of_its_own_gets_the_same_answers() {
    let store = Gated::open();
    let site = Site::open(store.clone(), Settings::default());
    let ask = async |path: &str, body: &'static str| {
        let request = http::Request::post(path).header("sign", "good");
        let body = Bytes::from_static(body.as_bytes());
        site.receiver.answer(request.body(body).unwrap()).await.status().as_u16()
    };
    assert_eq!(ask(ENDPOINT, "{}").await, 200);
    assert_eq!(ask("/other", "{}").await, 404);
    let long: &'static str = "x".repeat(64 * 1024 + 1).leak();
    assert_eq!(ask(ENDPOINT, long).await, 413);
    assert_eq!(store.stored().await.len(), 1);
}

#[test]
fn an_account_has_one_endpoint() {
    let endpoint = Endpoint::new(account(), Arc::new(Invented)).unwrap();
    assert_eq!(endpoint.path(), ENDPOINT);
    let twice = vec![endpoint.clone(), endpoint];
    let clock = Arc::new(site::Stopped);
    let refused = Receiver::new(Gated::open(), twice, clock, Settings::default(), || {});
    assert!(refused.unwrap_err().to_string().contains("two endpoints"));
}

/// What anybody may ask must not tell which keys there are, nor how many webhooks.
#[tokio::test]
async fn receiver_2_the_numbers_for_strangers_tell_no_keys() {
    let store = Gated::open();
    store.submit_payment("ours").await;
    let site = Site::open(store.clone(), Settings::default());
    let ask = async || site.send(&request("GET", "/readyz", "", "")).await.text;
    let mut told = Vec::new();
    for key in ["ours", "theirs"] {
        let before = ask().await;
        assert_eq!(site.deliver(&format!("hint {key}")).await, 200);
        assert_eq!(site.deliver(&format!("genuine {key}")).await, 200);
        let after = ask().await;
        let number = |text: &str, name: &str| {
            let (_, rest) = text.split_once(&format!("\"{name}\":")).expect(name);
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u64>().unwrap()
        };
        for word in ["stored", "hints", "foreign", "received", "duplicates", "unreadable"] {
            assert!(!after.contains(word), "{after}");
        }
        let names = ["unsigned", "refused", "over_budget", "failed", "evicted", "slow"];
        told.push(names.map(|name| number(&after, name) - number(&before, name)));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0][0], 1, "it is counted");
}
