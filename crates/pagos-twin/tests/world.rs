//! A whole world under faults: control surface, repeatability, and one truth per order.
//! Not the single faults; those have tests of their own.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::Request;
use pagos_core::{Clock, Departure, Reached, Timestamp, Transport};
use pagos_twin::{Reply, TwinTransport, VirtualClock, World};
use serde_json::{Value, json};

use crate::support::{Merchant, answer, payout, signed, whole};

fn read(merchant: &mut Merchant, path: &str) -> Value {
    answer(merchant.send(&Request::get(path).body(Bytes::new()).unwrap()))
}

fn order(merchant: &mut Merchant, path: &str, body: &Value) -> http::Response<Bytes> {
    let body = Bytes::from(body.to_string());
    whole(merchant.send(&Request::post(path).body(body).unwrap()))
}

/// A day of a hostile world as text: every reply, webhook and movement.
fn day(seed: u64, orders: u32) -> (Vec<String>, Merchant) {
    let mut merchant = Merchant::hostile(seed);
    let mut events = Vec::new();
    for nth in 0..orders {
        let reply = merchant.pay(&format!("k{nth}"), "x");
        events.push(format!("{reply:?}"));
        let query = json!({"mchOrderNo": format!("k{}", nth / 2), "nonceStr": "n"});
        let reply = merchant.call("payOutQuery", &query);
        events.push(format!("{reply:?}"));
        merchant.wait(3);
    }
    for delivery in merchant.settle() {
        events.push(format!("{:?} {:?}", delivery.headers, delivery.body));
    }
    events.push(read(&mut merchant, "/_twin/ledger").to_string());
    (events, merchant)
}

#[test]
fn one_seed_gives_one_day() {
    let (first, _) = day(11, 300);
    let (again, _) = day(11, 300);
    let (other, _) = day(12, 300);
    assert_eq!(first, again, "seed 11");
    assert_ne!(first, other, "seeds 11 and 12");
}

#[test]
fn every_order_of_a_hostile_day_has_one_truth() {
    let seed = 3;
    let (_, mut merchant) = day(seed, 2_000);
    let orders = read(&mut merchant, "/_twin/orders");
    let mut endings = BTreeMap::new();
    for order in orders.as_array().unwrap() {
        assert_eq!(order["status"], order["true_final"], "seed {seed}: {order}");
        let key = order["key"].as_str().unwrap();
        let is_paid = order["status"] == "SUCCESS";
        let expected = if is_paid { 5_000_000 } else { 0 };
        assert_eq!(merchant.net(key), expected, "seed {seed}: {order}");
        let kind = (order["status"].to_string(), merchant.movements(key).join(" "));
        *endings.entry(kind).or_insert(0) += 1;
    }
    let reversed = |(status, moves): &(String, String)| status == "\"FAIL\"" && moves == "out back";
    assert!(endings.keys().any(reversed), "seed {seed}: {endings:?}");
    let (available, held) = merchant.balance_when_quiet();
    let paid: i64 = merchant.world.net_per_key().values().sum();
    assert_eq!(held, "0.0", "seed {seed}");
    let fees = paid * 3 / 100;
    let left = (1_000_000_000_000_000 - paid - fees) / 100;
    assert_eq!(available, format!("{left}.0"), "seed {seed}");
}

#[test]
fn a_client_that_repeats_until_an_answer_pays_once() {
    let seed = 5;
    let mut merchant = Merchant::hostile(seed);
    for nth in 0..1_000 {
        let key = format!("k{nth}");
        let is_clear = |reply: Reply| match reply {
            Reply::Answer(response) => {
                response.status() == 200 && !response.body().windows(7).any(|it| it == b"System_")
            }
            Reply::Later { .. } => true,
            Reply::Drop | Reply::Torn { .. } => false,
        };
        let tries = (0..20).find(|_| is_clear(merchant.pay(&key, "x")));
        assert!(tries.is_some(), "seed {seed}, {key}: 20 faults in a row");
    }
    merchant.settle();
    let outs: Vec<usize> = (0..1_000)
        .map(|nth| merchant.movements(&format!("k{nth}")).iter().filter(|it| *it == "out").count())
        .collect();
    assert!(outs.iter().all(|count| *count <= 1), "seed {seed}");
    let unpaid = outs.iter().filter(|count| **count == 0).count();
    assert!((10..120).contains(&unpaid), "seed {seed}: {unpaid} of 1000 unpaid");
}

#[test]
fn the_control_surface_shows_what_is() {
    let mut merchant = Merchant::new();
    merchant.pay("k", "sim:success-then-fail");
    merchant.now = merchant.now.plus(Duration::from_secs(60 * 60));
    let ledger = read(&mut merchant, "/_twin/ledger");
    assert_eq!(ledger.as_array().unwrap().len(), 2, "{ledger}");
    assert_eq!(ledger[0]["direction"], "out");
    assert_eq!(ledger[0]["account"], "12345678901");
    assert_eq!(read(&mut merchant, "/_twin/ledger?from=1"), json!([ledger[1]]));
    assert_eq!(read(&mut merchant, "/_twin/ledger?from=9"), json!([]));
    let orders = read(&mut merchant, "/_twin/orders");
    assert_eq!(
        orders,
        json!([{
            "provider": "cashypro", "kind": "payout", "key": "k",
            "reference": "PAYOUT8551000000000000000", "status": "FAIL", "true_final": "FAIL",
            "amount_minor": 5_000_000, "currency": "COP",
        }])
    );
    assert_eq!(merchant.settle().len(), 2, "reading takes no webhook away");
    let request = Request::get("/_twin/credentials").header("Host", "127.0.0.1:4010");
    let credentials = answer(merchant.send(&request.body(Bytes::new()).unwrap()));
    let expected = json!({
        "cashypro": {
            "api_key": "sandbox-key-0123456789abcdef", "merchant_id": "1002001",
            "base_url": "http://127.0.0.1:4010/cashypro/stage-api",
        },
        "conekta": {
            "api_key": "key_SimuladaDePagos5a17e57b",
            "webhook_keys": credentials["conekta"]["webhook_keys"],
            "base_url": "http://127.0.0.1:4010/conekta",
        },
        "etpay": {
            "merchant_code": "cl_sim_merchant",
            "merchant_api_token":
                "5a17e57b0c5a17e57b0c5a17e57b0c5a17e57b0c5a17e57b0c5a17e57b0c5a17",
            "username": "payouts@merchant.example", "password": "sandbox-password",
            "sandbox_clock_days": "7",
            "api_url": "http://127.0.0.1:4010/etpay/api",
            "pmt_url": "http://127.0.0.1:4010/etpay/pmt",
            "payouts_url": "http://127.0.0.1:4010/etpay/platform",
        },
        "fintoc": {
            "api_key": "sk_test_SimulatedFintoc5a17e57b0c",
            "account_id": "acc_5a17e57b0c5a17e57b0c5a17e57", "country": "MEX",
            "jws_private_key": credentials["fintoc"]["jws_private_key"],
            "webhook_secret": "whsec_simulated_fintoc_5a17e57b0c",
            "base_url": "http://127.0.0.1:4010/fintoc",
        },
        "virtualpos": {
            "api_key": "5a17e5-7b0c5a-17e57b-0c5a17-e57b0c",
            "secret_key": "5a17e57b0c5a17e57b0c5a17e57b0c5a",
            "base_url": "http://127.0.0.1:4010/virtualpos/payout",
            "payments_api_key": "7e570a-3e47d1-9c0b7e-570a3e-47d19c",
            "payments_secret_key": "7e570a3e47d19c0b7e570a3e47d19c0b",
            "payments_url": "http://127.0.0.1:4010/virtualpos/payments",
        },
    });
    for (provider, fields) in expected.as_object().unwrap() {
        assert_eq!(credentials[provider], *fields, "{provider}");
    }
}

#[test]
fn faults_can_be_ordered() {
    let mut merchant = Merchant::new();
    let asked = json!({
        "profile": "mild", "seed": 9, "rates": {"lose_request": 0, "torn": 7},
        "triggers": [{"key": "k", "fault": "lose_reply"}, {"key": "k", "fault": "query_html", "times": 2}],
    });
    let shown = order(&mut merchant, "/_twin/faults", &asked);
    let shown: Value = serde_json::from_slice(shown.body()).unwrap();
    assert_eq!(shown["cashypro"]["seed"], 9);
    assert_eq!(shown["cashypro"]["rates"]["torn"], 7);
    assert_eq!(shown["cashypro"]["rates"]["lose_request"], Value::Null);
    assert!(matches!(merchant.pay("k", "x"), Reply::Drop));
    let query = json!({"mchOrderNo": "k", "nonceStr": "n"});
    for _ in 0..2 {
        assert_eq!(whole(merchant.call("payOutQuery", &query)).status(), 502);
    }
    assert_eq!(read(&mut merchant, "/_twin/faults")["cashypro"]["met"]["query_html"], 2);
    merchant.wait(60);
    let late = merchant.due();
    order(&mut merchant, "/_twin/reset", &json!({}));
    merchant.pay("l", "sim:success");
    merchant.wait(60);
    merchant.due();
    merchant.delivered(late[0].id, pagos_twin::Ack::Status(200));
    assert_eq!(merchant.world.in_flight().len(), 1, "an acknowledgement of an earlier life");
    order(&mut merchant, "/_twin/reset", &json!({}));
    assert_eq!(merchant.status("k"), "Order_not_exist");
    assert_eq!(read(&mut merchant, "/_twin/faults")["cashypro"]["rates"], json!({}));
    assert_eq!(merchant.world.next_due(), None);
}

#[test]
fn bad_control_calls_are_told_so_and_change_nothing() {
    let mut merchant = Merchant::new();
    for asked in [
        json!({"profile": "nasty"}),
        json!({"rates": {"lose_everything": 1}}),
        json!({"rates": {"torn": 1001}}),
        json!({"rates": {"torn": -1}}),
        json!({"triggers": [{"key": "k"}]}),
        json!({"provider": "bancomundo", "profile": "mild"}),
        json!({"colour": "red"}),
        json!("x"),
    ] {
        let refused = order(&mut merchant, "/_twin/faults", &asked);
        assert_eq!(refused.status(), 400, "{asked}");
        let refused: Value = serde_json::from_slice(refused.body()).unwrap();
        assert!(!refused["error"].as_str().unwrap().is_empty(), "{asked}");
    }
    assert_eq!(read(&mut merchant, "/_twin/faults")["cashypro"]["rates"], json!({}));
    assert_eq!(order(&mut merchant, "/_twin/ledger", &json!({})).status(), 405);
    assert_eq!(order(&mut merchant, "/_twin/other", &json!({})).status(), 404);
}

#[tokio::test]
async fn a_world_is_a_transport() {
    let world = Arc::new(Mutex::new(World::standard()));
    let clock =
        Arc::new(VirtualClock::starting_at(Timestamp::from_millis(crate::support::START_MS)));
    let transport = TwinTransport::new(Arc::clone(&world), clock.clone());
    let mut sent = Vec::new();
    for remark in ["x", "sim:torn", "sim:timeout-created", "sim:slow"] {
        sent.push(
            transport
                .send(signed("payOut", &payout(remark, remark).to_string()), Departure::Anytime)
                .await,
        );
    }
    assert!(sent[0].is_ok() && sent[3].is_ok());
    for lost in &sent[1..3] {
        assert_eq!(lost.as_ref().unwrap_err().reached, Reached::Maybe);
    }
    let turn = |body: &'static str| {
        Request::post("http://twin.local/_twin/clock")
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap()
    };
    let before = clock.now();
    assert_eq!(
        transport.send(turn(r#"{"advance_ms":60000}"#), Departure::Anytime).await.unwrap().status(),
        200
    );
    assert_eq!(clock.now(), before.plus(Duration::from_secs(60)));
    for body in
        [r#"{"speed":2}"#, r#"{"advance_ms":-1}"#, r#"{"advance_ms":1,"speed":1}"#, "{}", "x"]
    {
        assert_eq!(
            transport.send(turn(body), Departure::Anytime).await.unwrap().status(),
            400,
            "{body}"
        );
    }
    assert_eq!(world.lock().unwrap().due(clock.now()).len(), 4);
}
