//! A merchant with a world of his own: signs, sends, turns the clock, reads webhooks.
//! Not a provider's client; it says exactly what a test tells it to.
#![allow(
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

pub mod conekta;
pub mod etpay;
pub mod fintoc;
pub mod vectors;
pub mod virtualpos;

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use md5::{Digest, Md5};
use pagos_core::Timestamp;
use pagos_twin::{
    Ack, DeliveryId, Fault, Movement, Profile, Reply, Trigger, Twin, WebhookDelivery, World,
    cashypro::{CashyproSettings, CashyproTwin, SANDBOX_API_KEY},
};
use serde_json::{Value, json};

pub const START_MS: i64 = 1_733_103_774_518;

/// A world, its time, and the twin that a test is about.
pub struct Bench {
    pub world: World,
    pub now: Timestamp,
    provider: &'static str,
}

impl Bench {
    pub fn new(provider: &'static str, world: World) -> Self {
        Self { world, now: Timestamp::from_millis(START_MS), provider }
    }

    pub fn of(twin: impl Twin + 'static) -> Self {
        Self::new(twin.provider(), World::new(vec![Box::new(twin)]))
    }

    pub fn twin(&mut self) -> &mut (dyn Twin + 'static) {
        self.world.twin_mut(self.provider).unwrap()
    }

    pub fn send(&mut self, request: &Request<Bytes>) -> Reply {
        self.world.handle(request, self.now)
    }

    pub fn get(&mut self, path: &str) -> Reply {
        self.send(&Request::get(path).body(Bytes::new()).unwrap())
    }

    pub fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.send(&Request::post(path).body(Bytes::from(body.to_string())).unwrap())
    }

    /// A control call of the twin.
    pub fn control(&mut self, name: &str, body: &Value) -> http::Response<Bytes> {
        let path = format!("/_twin/{}/{name}", self.provider);
        whole(self.post(&path, body))
    }

    pub fn wait(&mut self, seconds: u64) {
        self.now = self.now.plus(Duration::from_secs(seconds));
        let now = self.now;
        self.twin().advance(now);
    }

    pub fn due(&mut self) -> Vec<WebhookDelivery> {
        self.world.due(self.now)
    }

    pub fn delivered(&mut self, id: DeliveryId, ack: Ack) {
        self.world.delivered(id, ack, self.now);
    }

    /// Takes and acknowledges everything that comes by itself, until the world is at rest.
    pub fn settle(&mut self) -> Vec<WebhookDelivery> {
        self.settle_with(Ack::Status(200)).into_iter().map(|(_, delivery)| delivery).collect()
    }

    /// The same with another acknowledgement, and the times.
    pub fn settle_with(&mut self, ack: Ack) -> Vec<(Timestamp, WebhookDelivery)> {
        let mut told = Vec::new();
        for _ in 0..1_000_000 {
            let Some(due) = self.world.next_due() else {
                return told;
            };
            self.now = self.now.max(due);
            for delivery in self.world.due(self.now) {
                self.delivered(delivery.id, ack);
                told.push((self.now, delivery));
            }
        }
        panic!("the world never comes to rest");
    }

    pub fn trigger(&mut self, key: &str, fault: Fault) {
        let trigger = Trigger { key: key.to_owned(), fault, times: 1 };
        self.twin().faults_mut().trigger(trigger);
    }

    /// `out` and `back` of a key, in order.
    pub fn movements(&self, key: &str) -> Vec<String> {
        let of_key = |it: &&&Movement| &*it.key == key;
        let direction = |it: &Movement| format!("{:?}", it.direction).to_lowercase();
        self.world.movements().iter().filter(of_key).map(|it| direction(it)).collect()
    }

    /// What the beneficiary of a key holds.
    pub fn net(&self, key: &str) -> i64 {
        self.world.net_per_key().get(&(self.provider, key)).copied().unwrap_or(0)
    }
}

/// What a test of one provider has beside the bench.
macro_rules! on_a_bench {
    ($merchant:ty) => {
        impl std::ops::Deref for $merchant {
            type Target = $crate::support::Bench;

            fn deref(&self) -> &Self::Target {
                &self.bench
            }
        }

        impl std::ops::DerefMut for $merchant {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.bench
            }
        }
    };
}

pub(crate) use on_a_bench;

pub struct Merchant {
    bench: Bench,
}

on_a_bench!(Merchant);

impl Merchant {
    pub fn new() -> Self {
        Self::of(World::standard())
    }

    pub fn with(settings: CashyproSettings) -> Self {
        Self::of(World::new(vec![Box::new(CashyproTwin::new(settings))]))
    }

    pub fn hostile(seed: u64) -> Self {
        Self::of(World::standard().with_profile(Profile::Hostile, seed))
    }

    pub fn of(world: World) -> Self {
        Self { bench: Bench::new("cashypro", world) }
    }

    pub fn call(&mut self, route: &str, body: &Value) -> Reply {
        self.send(&signed(route, &body.to_string()))
    }

    /// A call that must be answered with JSON.
    pub fn ask(&mut self, route: &str, body: &Value) -> Value {
        answer(self.call(route, body))
    }

    pub fn pay(&mut self, key: &str, remark: &str) -> Reply {
        self.call("payOut", &payout(key, remark))
    }

    pub fn query(&mut self, key: &str) -> Value {
        self.ask("payOutQuery", &json!({"mchOrderNo": key, "nonceStr": "n"}))
    }

    pub fn status(&mut self, key: &str) -> String {
        let answer = self.query(key);
        match answer["data"]["orderStatus"].as_str() {
            Some(status) => status.to_owned(),
            None => answer["msg"].as_str().unwrap().to_owned(),
        }
    }

    pub fn balance(&mut self) -> (String, String) {
        let reply = self.call("getBalance", &json!({"nonceStr": "n"}));
        let text = String::from_utf8(whole(reply).body().to_vec()).unwrap();
        let number = |name: &str| {
            let rest = text.split_once(&format!("\"{name}\":")).unwrap().1;
            rest.split([',', '}']).next().unwrap().to_owned()
        };
        (number("balance"), number("unBalance"))
    }

    /// The balance, asked after all faults are gone.
    pub fn balance_when_quiet(&mut self) -> (String, String) {
        *self.world.twin_mut("cashypro").unwrap().faults_mut() = pagos_twin::Faults::default();
        self.balance()
    }
}

/// A valid payout of 50,000 pesos.
pub fn payout(key: &str, remark: &str) -> Value {
    json!({
        "accountName": "Ana Perez", "accountNo": "12345678901", "accountType": "1",
        "currency": "COP", "amount": 50000, "bankId": 20, "mchOrderNo": key,
        "notifyUrl": "http://127.0.0.1:9/hook", "nonceStr": "n0001", "idType": "1",
        "idCard": "1012345678", "remark": remark,
    })
}

/// A valid payment of 30,000 pesos.
pub fn payment(key: &str, remark: &str) -> Value {
    json!({
        "currency": "COP", "payType": 154, "amount": 30000, "reusableStatus": false,
        "mchOrderNo": key, "expireTime": 3600, "notifyUrl": "http://127.0.0.1:9/hook",
        "nonceStr": "n", "remark": remark, "realName": "Ana", "phone": "573016612345",
        "email": "a@b.co", "idType": "1", "idCard": "1012345678",
    })
}

pub fn sign(body: &[u8]) -> String {
    let digest = Md5::new().chain_update(body).chain_update(SANDBOX_API_KEY).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn signed(route: &str, body: &str) -> Request<Bytes> {
    Request::post(format!("/cashypro/stage-api/api/{route}"))
        .header("Content-Type", "application/json")
        .header("MerchantId", "1002001")
        .header("Sign", sign(body.as_bytes()))
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

pub fn whole(reply: Reply) -> http::Response<Bytes> {
    match reply {
        Reply::Answer(response) => response,
        other => panic!("no whole answer: {other:?}"),
    }
}

pub fn answer(reply: Reply) -> Value {
    let response = whole(reply);
    serde_json::from_slice(response.body()).unwrap_or_else(|_| panic!("not JSON: {response:?}"))
}

pub fn msg(reply: Reply) -> String {
    answer(reply)["msg"].as_str().unwrap().to_owned()
}

pub fn body(delivery: &WebhookDelivery) -> Value {
    serde_json::from_slice(&delivery.body).unwrap()
}

pub fn statuses(deliveries: &[WebhookDelivery]) -> Vec<String> {
    deliveries.iter().map(|it| body(it)["orderStatus"].as_str().unwrap().to_owned()).collect()
}

pub fn is_rightly_signed(delivery: &WebhookDelivery) -> bool {
    delivery.headers["Sign"].as_bytes() == sign(&delivery.body).as_bytes()
}
