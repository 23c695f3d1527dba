//! A business in Mexico with a world of its own: makes payees, pays them, reads what it is told.
//! Not a provider's client; it says exactly what a test tells it to.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::Request;
use pagos_twin::{
    Faults, Reply, WebhookDelivery,
    conekta::{ConektaSettings, ConektaTwin, SANDBOX_API_KEY, Switches},
};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};

use super::{Bench, answer, on_a_bench, whole};

pub const HOOK: &str = "http://127.0.0.1:9/conekta";
pub const CLABE: &str = "072225008217746674";

pub struct Business {
    bench: Bench,
}

on_a_bench!(Business);

impl Business {
    /// Without webhooks.
    pub fn new() -> Self {
        Self::with(Switches::default())
    }

    /// With the subscription that is made by hand.
    pub fn listening() -> Self {
        Self::with(Switches { webhook_url: Some(HOOK.to_owned()), ..Switches::default() })
    }

    pub fn with(switches: Switches) -> Self {
        Self::of(ConektaSettings { switches, ..ConektaSettings::default() })
    }

    pub fn of(settings: ConektaSettings) -> Self {
        Self::faulty(settings, Faults::default())
    }

    pub fn faulty(settings: ConektaSettings, faults: Faults) -> Self {
        Self { bench: Bench::of(ConektaTwin::new(settings).with_faults(faults)) }
    }

    pub fn call(&mut self, method: &str, path: &str, body: &Value) -> Reply {
        self.send(&request(method, path, &body.to_string()))
    }

    pub fn get(&mut self, path: &str) -> Value {
        answer(self.send(&request("GET", path, "")))
    }

    /// A call that has to be answered with 200.
    pub fn ask(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let response = whole(self.call(method, path, body));
        assert_eq!(response.status(), 200, "{response:?}");
        answer(Reply::Answer(response))
    }

    /// The id of a fresh payee.
    pub fn payee(&mut self, payee: &Value) -> String {
        self.ask("POST", "payees", payee)["id"].as_str().unwrap().to_owned()
    }

    pub fn transfer(&mut self, payee_id: &str, amount: i64) -> Reply {
        self.call("POST", "transfers", &transfer(payee_id, amount))
    }

    /// Pays 500 pesos to a fresh payee of this key.
    pub fn pay(&mut self, key: &str, holder: &str) -> Reply {
        let payee = self.payee(&payee(key, holder));
        self.transfer(&payee, 50_000)
    }

    /// Pays and gives the id, which must come.
    pub fn paid_id(&mut self, key: &str, holder: &str) -> String {
        answer(self.pay(key, holder))["id"].as_str().unwrap().to_owned()
    }

    pub fn status(&mut self, id: &str) -> String {
        self.get(&format!("transfers/{id}"))["status"].as_str().unwrap().to_owned()
    }

    pub fn available(&mut self) -> i64 {
        self.get("balance")["available"][0]["amount"].as_i64().unwrap()
    }

    pub fn advance_to(&mut self, id: &str, to: &str) -> u16 {
        self.control("advance", &json!({"transfer": id, "to": to})).status().as_u16()
    }

    /// The public keys among the credentials.
    pub fn public_keys(&mut self) -> String {
        let credentials = self.twin().credentials();
        credentials["webhook_keys"].clone()
    }
}

/// As the manual's first call, with the sandbox's key.
pub fn request(method: &str, path: &str, body: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(format!("/conekta/{path}"))
        .header("Host", "127.0.0.1:4010")
        .header("Authorization", format!("Bearer {SANDBOX_API_KEY}"))
        .header("Accept", "application/vnd.conekta-v2.0.0+json")
        .header("Accept-Language", "en")
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

/// A valid payee, whose transfers are booked under this key.
pub fn payee(key: &str, holder: &str) -> Value {
    payee_of(&format!("{key}@key.invalid"), CLABE, holder)
}

pub fn payee_of(email: &str, clabe: &str, holder: &str) -> Value {
    json!({
        "name": "Jon Doe", "email": email, "phone": "5555555555",
        "destinations": [{
            "type": "bank_account", "account_number": clabe, "account_holder_name": holder,
        }],
    })
}

pub fn transfer(payee_id: &str, amount: i64) -> Value {
    json!({"payee_id": payee_id, "amount": amount, "currency": "MXN"})
}

pub fn told(delivery: &WebhookDelivery) -> Value {
    serde_json::from_slice(&delivery.body).unwrap()
}

/// The names of events, without those about webhooks and payees.
pub fn payouts(deliveries: &[WebhookDelivery]) -> Vec<String> {
    let name = |it: &WebhookDelivery| told(it)["type"].as_str().unwrap().to_owned();
    deliveries.iter().map(name).filter(|it| it.starts_with("payout.")).collect()
}

/// Whether the header is right for the body, by any key of that text.
pub fn is_signed(delivery: &WebhookDelivery, public_keys: &str) -> bool {
    let digest = delivery.headers.get("digest").map(|it| it.to_str().unwrap().to_owned());
    digest.is_some_and(|digest| verify(public_keys, &delivery.body, &digest))
}

/// Whether the digest is right for the body, by any key of that text.
pub fn verify(public_keys: &str, body: &[u8], digest: &str) -> bool {
    let Ok(signature) = STANDARD.decode(digest) else {
        return false;
    };
    public_keys.split("-----BEGIN PUBLIC KEY-----").skip(1).any(|pem| {
        let pem = pem.split("-----END").next().unwrap().replace('\n', "");
        let spki = STANDARD.decode(pem).unwrap();
        // What `ring` wants is the PKCS#1 key within the key of X.509.
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &spki[24..]);
        key.verify(body, &signature).is_ok()
    })
}
