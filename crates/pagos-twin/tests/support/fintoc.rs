//! A company in Mexico with a world of its own: signs transfers, repeats them, reads what it is told.
//! Not a provider's client; it says exactly what a test tells it to.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, request::Builder};
use pagos_core::Timestamp;
use pagos_twin::{
    Faults, Reply, WebhookDelivery,
    fintoc::{
        FintocSettings, FintocTwin, SANDBOX_ACCOUNT_ID, SANDBOX_API_KEY, SANDBOX_JWS_PRIVATE_KEY,
        SANDBOX_WEBHOOK_SECRET, Switches,
    },
};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Bench, answer, on_a_bench};

pub const HOOK: &str = "http://127.0.0.1:9/fintoc";
pub const CLABE: &str = "072225008217746674";

pub struct Company {
    bench: Bench,
    nonces: u32,
}

on_a_bench!(Company);

impl Company {
    /// Without webhooks.
    pub fn new() -> Self {
        Self::with(Switches::default())
    }

    pub fn listening() -> Self {
        Self::with(Switches { webhook_url: Some(HOOK.to_owned()), ..Switches::default() })
    }

    pub fn with(switches: Switches) -> Self {
        Self::faulty(FintocSettings { switches, ..FintocSettings::default() }, Faults::default())
    }

    pub fn faulty(settings: FintocSettings, faults: Faults) -> Self {
        Self { bench: Bench::of(FintocTwin::new(settings).with_faults(faults)), nonces: 0 }
    }

    /// Sends a transfer with a fresh signature under this key.
    pub fn transfer(&mut self, key: &str, body: &Value) -> Reply {
        self.nonces += 1;
        let protected = protected(&format!("n{}", self.nonces), self.now);
        let jws = jws(&protected, &body.to_string());
        self.send(&signed(key, &jws, &body.to_string()))
    }

    pub fn pay(&mut self, key: &str, comment: &str) -> Reply {
        self.transfer(key, &body(comment))
    }

    /// Pays and gives the id, which must come.
    pub fn paid_id(&mut self, key: &str, comment: &str) -> String {
        answer(self.pay(key, comment))["id"].as_str().unwrap().to_owned()
    }

    pub fn get(&mut self, path: &str) -> Value {
        answer(self.fetch(path))
    }

    pub fn fetch(&mut self, path: &str) -> Reply {
        self.send(&request("GET", path).body(Bytes::new()).unwrap())
    }

    pub fn status(&mut self, id: &str) -> String {
        self.get(&format!("v2/transfers/{id}"))["status"].as_str().unwrap().to_owned()
    }

    pub fn available(&mut self) -> i64 {
        self.get("v2/accounts")[0]["available_balance"].as_i64().unwrap()
    }
}

/// With the sandbox's key, bare.
pub fn request(method: &str, path: &str) -> Builder {
    Request::builder()
        .method(method)
        .uri(format!("/fintoc/{path}"))
        .header("Host", "127.0.0.1:4010")
        .header("Authorization", SANDBOX_API_KEY)
}

pub fn signed(key: &str, jws: &str, body: &str) -> Request<Bytes> {
    request("POST", "v2/transfers")
        .header("Fintoc-JWS-Signature", jws)
        .header("Idempotency-Key", key)
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

/// What a signature says of itself, in the order of the official packages.
pub fn protected(nonce: &str, now: Timestamp) -> String {
    let ts = now.as_millis() / 1_000;
    format!(r#"{{"alg":"RS256","nonce":"{nonce}","ts":{ts},"crit":["ts","nonce"]}}"#)
}

/// `Fintoc-JWS-Signature`, by the sandbox's key.
pub fn jws(protected: &str, body: &str) -> String {
    let pem: String = SANDBOX_JWS_PRIVATE_KEY.lines().filter(|it| !it.starts_with('-')).collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(pem).unwrap()).unwrap();
    let protected = URL_SAFE_NO_PAD.encode(protected);
    let input = format!("{protected}.{}", URL_SAFE_NO_PAD.encode(body));
    let mut signature = vec![0; pair.public().modulus_len()];
    let random = SystemRandom::new();
    pair.sign(&RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature).unwrap();
    format!("{protected}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A valid transfer of 500 pesos.
pub fn body(comment: &str) -> Value {
    json!({
        "amount": 50_000, "currency": "MXN", "account_id": SANDBOX_ACCOUNT_ID, "comment": comment,
        "counterparty": {
            "account_number": CLABE, "holder_name": "José Núñez", "holder_id": "XAXX010101000",
        },
        "metadata": {"pagos_key": "k"},
    })
}

pub fn told(delivery: &WebhookDelivery) -> Value {
    serde_json::from_slice(&delivery.body).unwrap()
}

/// Is it signed with the sandbox's secret, at the second that it names?
pub fn is_signed(delivery: &WebhookDelivery) -> bool {
    let header = delivery.headers["Fintoc-Signature"].to_str().unwrap();
    let (time, mac) = header.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let mut own = Hmac::<Sha256>::new_from_slice(SANDBOX_WEBHOOK_SECRET.as_bytes()).unwrap();
    own.update(format!("{time}.").as_bytes());
    own.update(&delivery.body);
    let own: String = own.finalize().into_bytes().iter().map(|it| format!("{it:02x}")).collect();
    own == mac
}
