//! Our signatures are those of the official package of Standard Webhooks. The file was written with it, and
//! `cargo xtask compat events` compares it with the packages for Python and for Node.js.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use pagos_core::Secret;
use pagos_events::{SigningSecret, string_to_sign};
use serde_json::Value;

#[test]
fn signatures_are_those_of_the_official_package() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("signatures.json")).unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let text = |name: &str| case[name].as_str().unwrap();
        let secret = SigningSecret::parse(Secret::new(text("secret"))).unwrap();
        let signed = string_to_sign(text("id"), case["timestamp"].as_i64().unwrap(), text("body"));
        assert_eq!(secret.signature(&signed), text("signature"), "{}", text("id"));
    }
}
