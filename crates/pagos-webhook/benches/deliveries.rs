//! How fast deliveries are durable and acknowledged over 64 connections, beside the store alone, in
//! one run. Not a test: figures move with the machine; the ratio is what the budget is about.
//!
//! `cargo bench -p pagos-webhook`. The senders share the processors with the receiver.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::cast_precision_loss
)]

#[path = "../tests/site/mod.rs"]
mod site;

use std::{path::Path, sync::Arc, time::Instant};

use bytes::Bytes;
use pagos_core::{Delivery, Hint, Timestamp};
use pagos_engine::{InboxStore, Trust, Verdict};
use pagos_store_sqlite::SqliteStore;
use pagos_webhook::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use site::Site;

const SENDERS: u32 = 64;
const DELIVERIES_EACH: u32 = 400;
const ROUNDS: u32 = 3;
const BUDGET: f64 = 0.5;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (mut alone, mut received) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        alone.push(runtime.block_on(store_alone(&directory.join(format!("alone-{round}.db")))));
        received.push(runtime.block_on(receiver(&directory.join(format!("http-{round}.db")))));
    }
    let (alone, received) = (median(alone), median(received));
    println!("the store alone, {SENDERS} callers         {alone:>10.0} /s");
    let ratio = received / alone;
    let verdict = if ratio >= BUDGET { "within" } else { "over" };
    println!(
        "the receiver, {SENDERS} connections       {received:>10.0} /s  {ratio:.2}x the store alone \
         (budget {BUDGET}x): {verdict}"
    );
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

fn body(sender: u32, number: u32) -> String {
    format!(
        "{{\"amount\":10000.0,\"completionTime\":\"2024-07-31 12:54:26\",\"fee\":300.0,\
         \"mchOrderNo\":\"order-{sender}-{number}\",\"merchantId\":\"3006075\",\
         \"orderNo\":\"PAYOUT8506865414587559936\",\"orderStatus\":\"SUCCESS\"}}"
    )
}

async fn store_alone(path: &Path) -> f64 {
    let store = Arc::new(SqliteStore::open(path).unwrap());
    let begun = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for sender in 0..SENDERS {
        let store = Arc::clone(&store);
        callers.spawn(async move {
            for number in 0..DELIVERIES_EACH {
                let headers = http::HeaderMap::new();
                let because = String::new();
                let verdict = Verdict::Unreadable { hint: Hint::default(), because };
                let body = Bytes::from(body(sender, number));
                let delivery = Delivery { headers, body, received_at: Timestamp::from_millis(0) };
                store.receive(&site::account(), &delivery, &verdict).await.unwrap();
            }
        });
    }
    callers.join_all().await;
    rate(begun)
}

async fn receiver(path: &Path) -> f64 {
    let store = Arc::new(SqliteStore::open(path).unwrap());
    let site = Arc::new(Site::open(store.clone(), Settings::default()));
    let begun = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..SENDERS {
        let site = Arc::clone(&site);
        senders.spawn(async move {
            let mut stream = site.connect().await;
            let mut answer = vec![0; 4096];
            for number in 0..DELIVERIES_EACH {
                let body = body(sender, number);
                let request = format!(
                    "POST /webhooks/invented HTTP/1.1\r\nhost: pagos.example\r\nsign: good\r\n\
                     content-length: {}\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(request.as_bytes()).await.unwrap();
                // The answer is small and comes in one piece.
                let count = stream.read(&mut answer).await.unwrap();
                let answer = answer.get(..count).unwrap();
                assert!(answer.starts_with(b"HTTP/1.1 200") && answer.ends_with(b"}"));
            }
        });
    }
    senders.join_all().await;
    let rate = rate(begun);
    let stored = store
        .inbox(Trust::Verified, &[site::account()], Timestamp::from_millis(i64::MAX), usize::MAX)
        .await;
    let stored = stored.unwrap().len();
    assert_eq!(stored, (SENDERS * DELIVERIES_EACH) as usize, "nothing is lost");
    rate
}

fn rate(begun: Instant) -> f64 {
    f64::from(SENDERS * DELIVERIES_EACH) / begun.elapsed().as_secs_f64()
}
