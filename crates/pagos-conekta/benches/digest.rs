//! What it costs to verify a webhook, beside ring's verification alone, and to verify and read it,
//! beside ring and serde by hand, on the same bytes in one run. Not a test: figures move with the
//! machine; the ratios are what the budgets are about.
//!
//! `cargo bench -p pagos-conekta`. All take turns, and the best round of each counts.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::indexing_slicing
)]

use std::{hint::black_box, path::Path, sync::Arc, time::Instant};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Request, Response};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::Deserialize;

use pagos_conekta::{Conekta, ConektaConfig, verify};
use pagos_conformance::Case;
use pagos_core::{
    Clock, Decoded, Departure, Reached, Timestamp, Transport, TransportError, WebhookDecoder,
};

const ROUNDS: u32 = 25;
const CALLS_PER_ROUND: u32 = 2_000;
const BUDGET: f64 = 1.1;

/// The wrapping of a 2,048-bit key, which ring does not want.
const SPKI_HEAD: usize = 24;

fn main() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let case = Case::find(&fixtures, "conekta", "webhook", "v1-paid-out").unwrap();
    let delivery = case.delivery().unwrap().unwrap();
    let config = ConektaConfig::from_lookup(|name| case.setting(name)).unwrap();
    let decoder = Conekta::new(config, Arc::new(Nowhere), Arc::new(Nowhere)).unwrap();

    let pem = case.setting("WEBHOOK_KEYS").unwrap();
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    let der = STANDARD.decode(lines.collect::<String>()).unwrap();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &der[SPKI_HEAD..]);
    let signature = STANDARD.decode(delivery.headers["digest"].as_bytes()).unwrap();

    let by_ring = || key.verify(black_box(&delivery.body), &signature).unwrap();
    let digest = delivery.headers["digest"].to_str().unwrap();
    let verified = || verify(black_box(&delivery.body), digest, &pem).unwrap();
    let by_hand = || {
        let signature = STANDARD.decode(black_box(digest)).unwrap();
        key.verify(&delivery.body, &signature).unwrap();
        serde_json::from_slice::<EventByHand>(&delivery.body).unwrap()
    };
    let ours = || match decoder.verify(black_box(&delivery), None) {
        Ok(Decoded::Verified(event)) => event.into_value().observation.unwrap(),
        other => unreachable!("a genuine webhook: {other:?}"),
    };
    let [mut alone, mut proof, mut hand, mut whole] = [f64::INFINITY; 4];
    for _ in 0..ROUNDS {
        alone = alone.min(time(by_ring));
        proof = proof.min(time(verified));
        hand = hand.min(time(by_hand));
        whole = whole.min(time(ours));
    }
    println!("ring: verify                           {:>8.2} us", alone / 1000.0);
    judge("PEM, base64, verify, the proof", proof, "ring", alone);
    println!("by hand: base64, ring, serde           {:>8.2} us", hand / 1000.0);
    judge("webhook: verified and read", whole, "by hand", hand);
}

fn judge(what: &str, ns: f64, beside: &str, floor_ns: f64) {
    let ratio = ns / floor_ns;
    let verdict = if ratio <= BUDGET { "within" } else { "over" };
    let us = ns / 1000.0;
    println!("{what:<38} {us:>8.2} us  {ratio:.2}x {beside} (budget {BUDGET}x): {verdict}");
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct EventByHand {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created_at: i64,
    data: DataByHand,
}

#[derive(Deserialize)]
struct DataByHand {
    #[allow(dead_code)]
    object: TransferByHand,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct TransferByHand {
    id: String,
    status: String,
    amount: i64,
    currency: String,
    created_at: i64,
    statement_reference: String,
    method: MethodByHand,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct MethodByHand {
    id: String,
    payee_id: String,
    account_number: String,
}

/// Nanoseconds of one call, over a round of them.
fn time<T>(call: impl Fn() -> T) -> f64 {
    let begun = Instant::now();
    for _ in 0..CALLS_PER_ROUND {
        black_box(call());
    }
    begun.elapsed().as_nanos() as f64 / f64::from(CALLS_PER_ROUND)
}

/// A network and a clock that are not needed.
#[derive(Debug)]
struct Nowhere;

#[async_trait]
impl Transport for Nowhere {
    async fn send(
        &self,
        _: Request<Bytes>,
        _departure: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        Err(TransportError::new(Reached::No, "no network in this bench"))
    }
}

impl Clock for Nowhere {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }
}
