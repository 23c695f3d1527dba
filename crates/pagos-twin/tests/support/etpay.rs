//! A shop in Chile with a world of its own: opens sessions, pays out, reads what it is told.
//! Not a provider's client; it says exactly what a test tells it to.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{Method, Request};
use pagos_twin::{
    Ack, Profile, Reply, WebhookDelivery,
    etpay::{
        EtpaySettings, EtpayTwin, SANDBOX_API_TOKEN, SANDBOX_MERCHANT_CODE, SANDBOX_PASSWORD,
        SANDBOX_USERNAME, Switches,
    },
};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Bench, answer, on_a_bench, whole};

pub const HOOK: &str = "http://127.0.0.1:9/payouts";

pub struct Shop {
    bench: Bench,
    pub token: String,
}

on_a_bench!(Shop);

impl Shop {
    pub fn new() -> Self {
        Self::with(switches())
    }

    pub fn with(switches: Switches) -> Self {
        Self::of(EtpaySettings { switches, ..EtpaySettings::default() })
    }

    pub fn of(settings: EtpaySettings) -> Self {
        let mut shop = Self { bench: Bench::of(EtpayTwin::new(settings)), token: String::new() };
        shop.log_in();
        shop
    }

    pub fn hostile(seed: u64) -> Self {
        let mut shop = Self::new();
        *shop.twin().faults_mut() = pagos_twin::Faults::new(Profile::Hostile, seed);
        shop
    }

    pub fn log_in(&mut self) {
        let logged_in = answer(self.post("/etpay/platform/v1/auth/login", &login()));
        logged_in["auth"]["Authorization"].as_str().unwrap().clone_into(&mut self.token);
    }

    /// A call of the platform with the present token.
    pub fn platform(&mut self, method: Method, path: &str, body: &str) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(format!("/etpay/platform/v1/{path}"))
            .header("Authorization", &self.token)
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .unwrap();
        self.send(&request)
    }

    pub fn create(&mut self, order: &Value) -> Reply {
        self.platform(Method::POST, "payouts", &order.to_string())
    }

    pub fn pay(&mut self, key: &str, description: &str) -> Reply {
        self.create(&payout(key, description))
    }

    /// Pays and gives the id, which must come.
    pub fn paid_id(&mut self, key: &str, description: &str) -> String {
        answer(self.pay(key, description))["payout"]["id"].as_str().unwrap().to_owned()
    }

    pub fn payout(&mut self, id: &str) -> Value {
        answer(self.platform(Method::GET, &format!("payouts/{id}"), ""))["payout"].clone()
    }

    pub fn list(&mut self, query: &str) -> Value {
        answer(self.platform(Method::GET, &format!("payouts?{query}"), ""))
    }

    /// Keys of today's payouts.
    pub fn listed(&mut self) -> Vec<String> {
        keys(&self.list(""))
    }

    pub fn balance(&mut self) -> i64 {
        let balance = answer(self.platform(Method::GET, "payouts/balance", ""));
        assert_eq!((&balance["msg"], &balance["currency"]), (&json!("ok"), &json!("CLP")));
        balance["balance"].as_i64().unwrap()
    }

    /// Opens a session and gives its token and signature token.
    pub fn open(&mut self, order: &Value) -> (String, String) {
        let opened = answer(self.post("/etpay/api/session/initialize", order));
        let text = |name: &str| opened[name].as_str().unwrap().to_owned();
        (text("token"), text("signature_token"))
    }

    pub fn visit(&mut self, token: &str, query: &str) -> http::Response<Bytes> {
        whole(self.get(&format!("/etpay/pmt/session/{token}{query}")))
    }

    pub fn check(&mut self, query: &Value) -> Value {
        let mut query = query.clone();
        query["merchant_api_token"] = json!(SANDBOX_API_TOKEN);
        answer(self.post("/etpay/api/merchant/check_payment_status", &query))
    }

    /// Takes and acknowledges everything that comes by itself, until the world is at rest.
    pub fn settle(&mut self) -> Vec<WebhookDelivery> {
        self.settle_with(Ack::Status(204)).into_iter().map(|(_, delivery)| delivery).collect()
    }
}

/// The usual ones, with an address for payouts.
pub fn switches() -> Switches {
    Switches { payout_webhook_url: Some(HOOK.to_owned()), ..Switches::default() }
}

pub fn login() -> Value {
    json!({
        "username": SANDBOX_USERNAME, "password": SANDBOX_PASSWORD,
        "merchant": {"code": SANDBOX_MERCHANT_CODE, "api_token": SANDBOX_API_TOKEN},
    })
}

/// A valid payout of 15,000 pesos.
pub fn payout(key: &str, description: &str) -> Value {
    json!({
        "merchant_order_id": key, "amount": 15_000, "rut": "123456785", "name": "Ana Pérez",
        "email": "ana@merchant.example", "bank_code": "cl_estado", "account_type": "cuenta_vista",
        "account_number": "0012345678", "description": description,
    })
}

/// A valid session over 1,500 pesos.
pub fn order(key: &str) -> Value {
    json!({
        "merchant_code": SANDBOX_MERCHANT_CODE, "merchant_api_token": SANDBOX_API_TOKEN,
        "merchant_order_id": key, "order_amount": 1_500,
        "payment_completed_url": "https://shop.test/ok",
        "payment_cancellation_url": "https://shop.test/ko?a=1", "concat": "&",
        "payment_webhook_url": "http://127.0.0.1:9/payments",
    })
}

pub fn keys(page: &Value) -> Vec<String> {
    let text = |it: &Value| it["merchant_order_id"].as_str().unwrap().to_owned();
    page["payouts"].as_array().unwrap().iter().map(text).collect()
}

/// The claims of a token, whoever signed it.
pub fn claims(jwt: &str) -> Value {
    let part = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Whether this is an HS256 token of that key.
pub fn is_signed_with(jwt: &str, key: &str) -> bool {
    let (signed, tag) = jwt.rsplit_once('.').unwrap();
    let header = URL_SAFE_NO_PAD.decode(signed.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    let right = mac.chain_update(signed).finalize().into_bytes();
    header["alg"] == "HS256" && URL_SAFE_NO_PAD.encode(right) == tag
}

pub fn told(delivery: &WebhookDelivery) -> Value {
    serde_json::from_slice(&delivery.body).unwrap()
}

pub fn statuses(deliveries: &[WebhookDelivery]) -> Vec<String> {
    deliveries.iter().map(|it| told(it)["status"].as_str().unwrap().to_owned()).collect()
}

pub fn jwt(delivery: &WebhookDelivery) -> String {
    told(delivery)["jwt"].as_str().unwrap().to_owned()
}

pub fn location(response: &http::Response<Bytes>) -> String {
    assert_eq!(response.status(), 302, "{response:?}");
    response.headers()["location"].to_str().unwrap().to_owned()
}
