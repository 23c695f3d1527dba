//! A merchant of VirtualPOS with a world of his own: signs, pays out, asks, collects.
//! Not a provider's client; it says exactly what a test tells it to.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{Method, Request};
use pagos_twin::{
    Ack, Faults, Reply, WebhookDelivery,
    virtualpos::{
        SANDBOX_API_KEY, SANDBOX_PAYMENTS_API_KEY, SANDBOX_PAYMENTS_SECRET_KEY, SANDBOX_SECRET_KEY,
        Switches, VirtualPosSettings, VirtualPosTwin,
    },
};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Bench, answer, on_a_bench, whole};

pub const HOOK: &str = "http://127.0.0.1:9/virtualpos";
pub const CREATE: &str = "/virtualpos/payout/v3/payout";
pub const PAYMENTS: &str = "/virtualpos/payments/v3/payment";

pub struct Pos {
    bench: Bench,
}

on_a_bench!(Pos);

impl Pos {
    pub fn new() -> Self {
        Self::with(switches())
    }

    pub fn with(switches: Switches) -> Self {
        Self::of(VirtualPosSettings { switches, ..VirtualPosSettings::default() })
    }

    pub fn of(settings: VirtualPosSettings) -> Self {
        Self::faulty(settings, Faults::default())
    }

    pub fn faulty(settings: VirtualPosSettings, faults: Faults) -> Self {
        Self { bench: Bench::of(VirtualPosTwin::new(settings).with_faults(faults)) }
    }

    pub fn create(&mut self, tef: &Value) -> Reply {
        self.send(&created(tef))
    }

    pub fn pay(&mut self, key: &str, message: &str) -> Reply {
        self.create(&tef(key, message))
    }

    /// Pays and gives the id, which must come.
    pub fn paid_id(&mut self, key: &str, message: &str) -> String {
        answer(self.pay(key, message))["payout"]["id"].as_str().unwrap().to_owned()
    }

    /// Asks by whatever follows `/v3/payout/`.
    pub fn ask(&mut self, name: &str, tef: &Value) -> Reply {
        let token = signature(&json!({"api_key": SANDBOX_API_KEY, "tef": tef}));
        let path = format!("{CREATE}/{name}");
        self.send(&signed(Method::GET, &path, SANDBOX_API_KEY, &token, ""))
    }

    pub fn payout(&mut self, id: &str, tef: &Value) -> Value {
        answer(self.ask(id, tef))["payout"].clone()
    }

    pub fn balance(&mut self) -> i64 {
        answer(self.get("/_twin/virtualpos/balance"))["balance"].as_i64().unwrap()
    }

    /// Opens a payment and gives its number.
    pub fn open(&mut self, order: &Value) -> String {
        let opened = answer(self.send(&collected("/", order)));
        opened["payment"]["order"]["uuid"].as_str().unwrap().to_owned()
    }

    /// The state of a payment.
    pub fn payment(&mut self, uuid: &str) -> Value {
        let token = payments_signature(&json!({"api_key": SANDBOX_PAYMENTS_API_KEY}));
        let path = format!("{PAYMENTS}/{uuid}");
        answer(self.send(&signed(Method::GET, &path, SANDBOX_PAYMENTS_API_KEY, &token, "")))
    }

    pub fn visit(&mut self, uuid: &str, query: &str) -> http::Response<Bytes> {
        whole(self.get(&format!("/virtualpos/pay/{uuid}{query}")))
    }

    /// Takes and acknowledges everything that comes by itself, until the world is at rest.
    pub fn settle(&mut self) -> Vec<String> {
        let told = self.settle_with(Ack::Status(200));
        told.into_iter().map(|(_, delivery)| form(&delivery)).collect()
    }

    /// How many payouts there are.
    pub fn count(&self) -> usize {
        let mut count = 0;
        self.world.visit_orders(&mut |_| count += 1);
        count
    }
}

/// The usual ones, with an address for callbacks.
pub fn switches() -> Switches {
    Switches { callback_url: Some(HOOK.to_owned()), ..Switches::default() }
}

/// A valid instruction over 12,500 pesos.
pub fn tef(key: &str, message: &str) -> Value {
    json!({
        "merchant_id": key, "message": message, "amount": 12_500,
        "recipient": {"rut": "12345678-5", "name": "José Ñandú", "email": "jose@example.com"},
        "bank": {"sbif_code": "012", "account_number": "00123456789"},
    })
}

/// A valid payment over 1,500 pesos.
pub fn order(key: &str) -> Value {
    json!({
        "amount": 1_500, "email": "ana@example.com", "social_id": "12345678-5",
        "first_name": "Ana", "last_name": "Pérez", "phone": "56912345678",
        "description": "Orden 4711", "merchant_internal_code": key,
        "return_url": STANDARD.encode("https://shop.test/back"),
        "callback_url": STANDARD.encode("http://127.0.0.1:9/payments"),
    })
}

/// A compact token over these claims, with the usual header.
pub fn signature(claims: &Value) -> String {
    token(r#"{"typ":"JWT","alg":"HS256"}"#, &claims.to_string(), SANDBOX_SECRET_KEY)
}

pub fn payments_signature(claims: &Value) -> String {
    token(r#"{"typ":"JWT","alg":"HS256"}"#, &claims.to_string(), SANDBOX_PAYMENTS_SECRET_KEY)
}

pub fn token(header: &str, payload: &str, key: impl AsRef<[u8]>) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let mac = Hmac::<Sha256>::new_from_slice(key.as_ref()).unwrap();
    let tag = mac.chain_update(&signed).finalize().into_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

pub fn signed(
    method: Method,
    path: &str,
    api_key: &str,
    signature: &str,
    body: &str,
) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("Authorization", api_key)
        .header("Signature", signature)
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

/// A rightly signed create.
pub fn created(tef: &Value) -> Request<Bytes> {
    let claims = json!({"api_key": SANDBOX_API_KEY, "tef": tef});
    let body = json!({"tef": tef}).to_string();
    signed(Method::POST, CREATE, SANDBOX_API_KEY, &signature(&claims), &body)
}

/// A rightly signed POST of payments.
pub fn collected(path: &str, body: &Value) -> Request<Bytes> {
    let mut claims = json!({"api_key": SANDBOX_PAYMENTS_API_KEY});
    if let (Some(claims), Some(body)) = (claims.as_object_mut(), body.as_object()) {
        claims.extend(body.clone());
    }
    let token = payments_signature(&claims);
    let path = format!("{PAYMENTS}{path}");
    signed(Method::POST, &path, SANDBOX_PAYMENTS_API_KEY, &token, &body.to_string())
}

/// Status and code of a refusal, which has the envelope of one.
pub fn refusal(reply: Reply) -> (u16, String) {
    let response = whole(reply);
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(body["status"], "NOK", "{body}");
    assert!(body["error"]["message"].is_string() && body["error"]["doc_url"].is_string());
    (response.status().as_u16(), body["error"]["error_code"].as_str().unwrap().to_owned())
}

pub fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

pub fn form(delivery: &WebhookDelivery) -> String {
    assert_eq!(delivery.headers["Content-Type"], "application/x-www-form-urlencoded");
    String::from_utf8(delivery.body.to_vec()).unwrap()
}

pub fn location(response: &http::Response<Bytes>) -> String {
    assert_eq!(response.status(), 302, "{response:?}");
    response.headers()["location"].to_str().unwrap().to_owned()
}
