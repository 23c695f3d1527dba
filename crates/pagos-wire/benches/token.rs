//! What it costs to verify and decode a compact token, beside `jsonwebtoken` and beside the bare
//! arithmetic, on the same token in one run. Not a test: figures move with the machine; the ratio
//! is what the budget is about.
//!
//! `cargo bench -p pagos-wire`. The three take turns, and the best round of each counts.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::cast_precision_loss
)]

use std::{hint::black_box, time::Instant};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use sha2::Sha256;

use pagos_wire::Hs256;

const ROUNDS: u32 = 15;
const CALLS_PER_ROUND: u32 = 20_000;
const BUDGET: f64 = 0.5;

const KEY: &[u8] = b"an invented key of thirty-two by";

const PAYLOAD: &[u8] = br#"{"payment_token":"0d6f3c1e-93b8-4b0f-8a3d-5c1f3f1a2b4c","payment_status":"COMPLETED","merchant_order_id":"order00000001","amount":150000,"currency":"CLP","customer_email":"ana@merchant.example","exp":4102444800}"#;

fn main() {
    let key = Hs256::new(KEY).unwrap();
    let token = key.sign(PAYLOAD);
    let bare = Hmac::<Sha256>::new_from_slice(KEY).unwrap();
    let theirs = DecodingKey::from_secret(KEY).unwrap();
    let mut validation = Validation::new(Algorithm::HS256);
    // Claims are the caller's business on our side, so they are not checked on theirs.
    validation.validate_exp = false;
    validation.required_spec_claims.clear();

    let ours = || -> Claims {
        let payload = key.verify(black_box(&token)).unwrap();
        serde_json::from_slice(payload.value()).unwrap()
    };
    let by_jsonwebtoken =
        || jsonwebtoken::decode::<Claims>(black_box(&token), &theirs, &validation).unwrap().claims;
    let by_hand = || verify_by_hand(&bare, black_box(&token)).unwrap();
    assert_eq!(ours(), by_jsonwebtoken());
    assert_eq!(ours(), by_hand());

    let [mut hand, mut whole, mut oracle] = [f64::INFINITY; 3];
    for _ in 0..ROUNDS {
        hand = hand.min(time(by_hand));
        whole = whole.min(time(ours));
        oracle = oracle.min(time(by_jsonwebtoken));
    }
    println!("by hand: tag, base64, serde            {:>8.2} us", hand / 1000.0);
    println!("jsonwebtoken: decode                   {:>8.2} us", oracle / 1000.0);
    let ratio = whole / oracle;
    let verdict = if ratio <= BUDGET { "within" } else { "over" };
    println!(
        "Hs256: verify, then serde              {:>8.2} us  {:.2}x by hand, {ratio:.2}x jsonwebtoken \
         (budget {BUDGET}x): {verdict}",
        whole / 1000.0,
        whole / hand,
    );
}

#[derive(Debug, PartialEq, Deserialize)]
struct Claims {
    payment_token: String,
    payment_status: String,
    merchant_order_id: String,
    amount: i64,
    currency: String,
    customer_email: String,
    exp: u64,
}

/// Nothing but the work: the header is not even looked at.
fn verify_by_hand(key: &Hmac<Sha256>, token: &str) -> Option<Claims> {
    let (signed, tag) = token.rsplit_once('.')?;
    let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
    key.clone().chain_update(signed).verify_slice(&tag).ok()?;
    let payload = URL_SAFE_NO_PAD.decode(signed.split_once('.')?.1).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// Nanoseconds of one call, over a round of them.
fn time<T>(call: impl Fn() -> T) -> f64 {
    let begun = Instant::now();
    for _ in 0..CALLS_PER_ROUND {
        black_box(call());
    }
    begun.elapsed().as_nanos() as f64 / f64::from(CALLS_PER_ROUND)
}
