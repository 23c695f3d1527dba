//! What a business is told, how that is signed, and when it comes again.
//! Not what a transfer does.

use base64::{Engine, engine::general_purpose::STANDARD};
use pagos_core::Timestamp;
use pagos_twin::{Ack, Fault, Registration, conekta::Switches};
use serde_json::{Value, json};

use crate::support::{
    conekta::{Business, HOOK, is_signed, payouts, request, told, verify},
    vectors::{
        V1_BODY, V1_DIGEST, V1_OTHER_KEY, V2_BODY, V2_DIGEST, V3_BODY, V3_DIGEST, V4_BODY,
        V4_DIGEST, VECTOR_KEY,
    },
    whole,
};

/// The vectors of `conekta.md: 8.2`, made with OpenSSL by whoever wrote them: what checks the twin
/// in this file checks those rightly.
#[test]
fn the_oracle_knows_the_documented_vectors() {
    for (body, digest) in
        [(V1_BODY, V1_DIGEST), (V2_BODY, V2_DIGEST), (V3_BODY, V3_DIGEST), (V4_BODY, V4_DIGEST)]
    {
        assert!(verify(VECTOR_KEY, body.as_bytes(), digest), "{body}");
    }
    let pretty: Value = serde_json::from_str(V1_BODY).unwrap();
    let pretty = serde_json::to_string_pretty(&pretty).unwrap();
    let hash = "iPeMdXU87ZYtnvA5gxOUaZOs0gVgoHlWq3cp+LyvSbE=";
    for (body, digest) in [
        (&*pretty, V1_DIGEST),
        (V2_BODY, V1_DIGEST),
        (V1_BODY, V1_OTHER_KEY),
        (V1_BODY, hash),
        (V1_BODY, ""),
        (V1_BODY, "no base64"),
        (V1_BODY, &STANDARD.encode([1; 255])),
    ] {
        assert!(!verify(VECTOR_KEY, body.as_bytes(), digest), "{digest}");
    }
}

#[test]
fn every_step_is_told_and_signed() {
    let mut business = Business::listening();
    let id = business.paid_id("k", "José Núñez");
    let keys = business.public_keys();
    let deliveries = business.settle();
    let names: Vec<Value> = deliveries.iter().map(|it| told(it)["type"].clone()).collect();
    let expected = [
        "webhook_ping",
        "webhook.created",
        "payee.created",
        "payout.created",
        "payout.in_transit",
        "payout.paid_out",
    ];
    assert_eq!(names, expected);
    for delivery in &deliveries {
        assert_eq!(delivery.url, HOOK);
        assert_eq!(delivery.headers["Content-Type"], "application/json");
        assert!(is_signed(delivery, &keys));
        assert!(!is_signed(delivery, VECTOR_KEY));
    }
    let event = told(&deliveries[5]);
    assert_eq!(event["data"]["previous_attributes"], json!({"status": "in_transit"}));
    assert_eq!(event["data"]["object"]["status"], "paid_out");
    assert_eq!((&event["data"]["object"]["id"], &event["object"]), (&json!(id), &json!("event")));
    assert_eq!(told(&deliveries[3])["data"].get("previous_attributes"), None);
    let ping = told(&deliveries[0]);
    assert_eq!(ping["data"], json!({"livemode": false, "action": "ping"}));
    let listed = business.get("events");
    assert_eq!(listed["data"].as_array().unwrap().len(), 6);
    let shown = business.get(&format!("events/{}", event["id"].as_str().unwrap()));
    assert_eq!((&shown, &shown["webhook_status"]), (&listed["data"][0], &json!("successful")));
}

/// The fields of an event in the order of V1, but for `response_data`, which a capture has.
#[test]
fn an_event_has_the_fields_of_the_manual() {
    let mut business = Business::listening();
    business.paid_id("k", "Jon Doe");
    let deliveries = business.settle();
    let body = std::str::from_utf8(&deliveries[5].body).unwrap();
    let names = |body: &str| -> Vec<String> {
        let parts = body.split("\":").map(|it| it.rsplit('"').next().unwrap().to_owned());
        let count = body.matches("\":").count();
        parts.take(count).filter(|it| it != "response_data").collect()
    };
    assert_eq!(names(body), names(V1_BODY));
}

#[test]
fn it_comes_again_until_it_is_heard_with_another_body() {
    let mut business = Business::listening();
    let id = business.paid_id("k", "Jon");
    business.settle();
    let event = business.get("events")["data"][0]["id"].as_str().unwrap().to_owned();
    let webhook = business.get("webhooks")["data"][0]["id"].clone();
    let path = format!("events/{event}/resend");
    let log = business.ask("POST", &path, &json!({"webhooks_ids": [webhook]}));
    assert_eq!((&log["url"], &log["failed_attempts"]), (&json!(HOOK), &json!(0)));
    let sent = business.settle_with(Ack::Status(500));
    let waits: Vec<u64> = sent.windows(2).map(|it| it[1].0.since(it[0].0).as_secs()).collect();
    let doubled: Vec<u64> = (0..13).map(|nth| 10 << nth).collect();
    assert_eq!(waits, doubled);
    let keys = business.public_keys();
    for (nth, (_, delivery)) in sent.iter().enumerate() {
        let body = told(delivery);
        assert_eq!(body["id"], json!(event));
        assert_eq!(body["webhook_logs"][0]["failed_attempts"], json!(nth));
        assert!(is_signed(delivery, &keys), "each body is signed anew");
    }
    assert_eq!(business.get("webhooks")["data"][0]["status"], "intermittent_errors");
    let shown = business.get(&format!("events/{event}"));
    let log = &shown["webhook_logs"][0];
    assert_eq!(
        (&log["failed_attempts"], &log["last_http_response_status"]),
        (&json!(14), &json!(500))
    );
    assert_eq!(business.status(&id), "paid_out");
    for bad in [json!({}), json!({"webhooks_ids": []}), json!({"webhooks_ids": ["nobody"]})] {
        assert_eq!(whole(business.call("POST", &path, &bad)).status(), 422, "{bad}");
    }
}

#[test]
fn a_first_sending_says_that_there_was_none() {
    let mut business = Business::listening();
    business.paid_id("k", "Jon");
    let first = business.due();
    let body = told(first.last().unwrap());
    assert_eq!(body["webhook_status"], "pending");
    let log = &body["webhook_logs"][0];
    let found =
        (&log["last_http_response_status"], &log["last_attempted_at"], &log["response_data"]);
    assert_eq!(found, (&json!(-1), &json!(0), &Value::Null));
    assert!(log["id"].as_str().unwrap().starts_with("webhl_"));
    assert_eq!(business.get("webhooks")["data"][0]["status"], "being_pinged");
    business.delivered(first[0].id, Ack::Status(201));
    assert_eq!(business.get("webhooks")["data"][0]["status"], "listening");
}

/// Scenario, what is told of the transfer.
#[test]
fn disorder_comes_as_ordered() {
    let (created, moving, paid) = ("payout.created", "payout.in_transit", "payout.paid_out");
    for (holder, expected) in [
        ("sim:success", &[created, moving, paid][..]),
        ("sim:no-webhook", &[]),
        ("sim:dup-webhook", &[created, created, moving, moving, paid, paid]),
        ("sim:out-of-order", &[created, moving, paid, moving]),
        (
            "sim:fail-then-success",
            &[created, moving, "payout.failed", "payout.retrying", moving, paid],
        ),
    ] {
        let mut business = Business::listening();
        business.paid_id("k", holder);
        assert_eq!(payouts(&business.settle()), expected, "{holder}");
    }
    let mut business = Business::listening();
    business.paid_id("k", "sim:bad-sign");
    let keys = business.public_keys();
    let is_payout = |it: &&pagos_twin::WebhookDelivery| {
        told(it)["type"].as_str().unwrap().starts_with("payout.")
    };
    let deliveries = business.settle();
    assert!(deliveries.iter().filter(is_payout).all(|it| !is_signed(it, &keys)));
    let mut business = Business::listening();
    business.trigger("k", Fault::WebhookBadSign);
    business.paid_id("k", "Jon");
    let mut refused = 0;
    while let Some(due) = business.world.next_due() {
        business.now = due;
        for delivery in business.due() {
            let is_right = is_signed(&delivery, &keys);
            refused += u32::from(!is_right);
            let ack = Ack::Status(if is_right { 200 } else { 401 });
            business.delivered(delivery.id, ack);
        }
    }
    assert_eq!(refused, 1, "its retry is right");
}

#[test]
fn keys_are_rotated() {
    let mut business = Business::listening();
    let old = business.public_keys();
    business.settle();
    let first = business.get("webhook_keys")["data"][0].clone();
    assert_eq!((&first["active"], &first["public_key"]), (&json!(true), &Value::Null));
    let made = business.ask("POST", "webhook_keys", &json!({"active": true}));
    let new = made["public_key"].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    assert_eq!(business.public_keys(), format!("{old}{new}"));
    business.paid_id("k", "Jon");
    let both = business.due();
    assert!(both.iter().all(|it| is_signed(it, &new) && !is_signed(it, &old)), "the newest signs");
    business.now = Timestamp::from_millis(crate::support::START_MS + 5_000);
    let old_path = format!("webhook_keys/{}", first["id"].as_str().unwrap());
    let off = business.ask("PUT", &old_path, &json!({"active": false}));
    assert_eq!((&off["active"], &off["deactivated_at"]), (&json!(false), &json!(1_733_103_779)));
    assert_eq!(business.public_keys(), new);
    let new_path = format!("webhook_keys/{}", made["id"].as_str().unwrap());
    assert_eq!(business.ask("DELETE", &new_path, &json!({}))["deleted"], true);
    assert_eq!(whole(business.send(&request("GET", &new_path, ""))).status(), 404);
    business.paid_id("l", "Jon");
    let unsigned = business.settle();
    assert!(unsigned.iter().all(|it| !it.headers.contains_key("digest")), "no key, no digest");
    business.control("settings", &json!({"public_keys_once": false}));
    assert_eq!(business.get(&old_path)["public_key"], json!(old));
    assert_eq!(
        business.ask("PUT", &old_path, &json!({"active": true}))["deactivated_at"],
        Value::Null
    );
    let third = business.ask("POST", "webhook_keys", &json!({}));
    assert_eq!(third["public_key"], json!(old), "there are two pairs");
}

#[test]
fn webhooks_are_made_changed_and_ended() {
    let mut business = Business::new();
    business.paid_id("unheard", "Jon");
    assert!(business.due().is_empty());
    let body = json!({"url": HOOK, "subscribed_events": ["payout.paid_out"]});
    let made = business.ask("POST", "webhooks", &body);
    assert_eq!(
        (&made["status"], &made["production_enabled"]),
        (&json!("being_pinged"), &json!(false))
    );
    let path = format!("webhooks/{}", made["id"].as_str().unwrap());
    let mut newer = request("GET", &path, "");
    newer.headers_mut().insert("Accept", "application/vnd.conekta-v2.3.0+json".parse().unwrap());
    let newer = crate::support::answer(business.send(&newer));
    assert_eq!((&newer["active"], newer.get("synchronous")), (&json!(true), None));
    business.paid_id("k", "Jon");
    let names = payouts(&business.settle());
    assert_eq!(names, ["payout.paid_out", "payout.paid_out"], "the unheard one too");
    business.ask("POST", &format!("{path}/test"), &json!({}));
    assert_eq!(told(&business.settle()[0])["type"], "webhook_ping");
    let change =
        json!({"url": "http://127.0.0.1:9/other", "subscribed_events": ["payout.created"]});
    assert_eq!(business.ask("PUT", &path, &change)["url"], change["url"]);
    business.paid_id("l", "Jon");
    let heard = business.settle();
    assert_eq!(
        (payouts(&heard), &*heard[0].url),
        (vec!["payout.created".into()], "http://127.0.0.1:9/other")
    );
    business.ask("PUT", &path, &json!({"active": false}));
    business.paid_id("m", "Jon");
    assert!(business.settle().is_empty());
    assert_eq!(
        business.get("webhooks?url=http%3A%2F%2F127.0.0.1%3A9%2Fother")["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(business.get("webhooks?url=x")["data"], json!([]));
    assert_eq!(business.ask("DELETE", &path, &json!({}))["deleted"], true);
    assert_eq!(business.get("webhooks")["data"], json!([]));
    for nth in 0..10 {
        business.ask("POST", "webhooks", &json!({"url": format!("http://127.0.0.1:9/{nth}")}));
    }
    for bad in [
        json!({"url": HOOK}),
        json!({"url": "nowhere"}),
        json!({}),
        json!({"url": HOOK, "subscribed_events": "all"}),
    ] {
        assert_eq!(whole(business.call("POST", "webhooks", &bad)).status(), 422, "{bad}");
    }
    let mut business = Business::with(Switches { local_webhooks: false, ..Switches::default() });
    assert_eq!(whole(business.call("POST", "webhooks", &json!({"url": HOOK}))).status(), 422);
    business.ask("POST", "webhooks", &json!({"url": "https://shop.test/hook"}));
}

#[test]
fn a_registered_address_becomes_a_subscription() {
    let mut business = Business::new();
    let register = |business: &mut Business, url: Option<&str>| {
        let webhook_url = url.map(str::to_owned);
        business.twin().register(Registration { webhook_url, speed: Some(60) });
    };
    register(&mut business, Some(HOOK));
    register(&mut business, None);
    register(&mut business, Some(HOOK));
    business.paid_id("k", "Jon");
    assert_eq!(business.get("webhooks")["data"].as_array().unwrap().len(), 1);
    assert_eq!(business.settle().len(), 6);
    let moved = "http://127.0.0.1:9/moved";
    register(&mut business, Some(moved));
    business.paid_id("l", "Jon");
    let heard = business.settle();
    assert!(heard.len() == 4 && heard.iter().all(|it| it.url == moved));
    business.twin().reset();
    business.paid_id("m", "Jon");
    assert_eq!(business.settle().len(), 6, "it outlives a reset");
    business.control("settings", &json!({"webhook_url": null}));
    assert_eq!(business.get("webhooks")["data"], json!([]));
}

#[test]
fn the_manuals_contradictions_can_be_switched_on() {
    let last = |switch: Value| {
        let mut business = Business::listening();
        assert_eq!(business.control("settings", &switch).status(), 200, "{switch}");
        let id = business.paid_id("k", "Jon");
        let keys = business.public_keys();
        let deliveries = business.settle();
        assert!(deliveries.iter().all(|it| is_signed(it, &keys)), "{switch}");
        (id, told(deliveries.last().unwrap()))
    };
    let (id, bare) = last(json!({"bare_webhooks": true}));
    assert_eq!((&bare["object"], &bare["id"]), (&json!("transfer"), &json!(id)));
    assert_eq!((&bare["status"], bare.get("type")), (&json!("paid_out"), None));
    let (_, stale) = last(json!({"stale_paid_out": true}));
    assert_eq!(stale["type"], "payout.paid_out");
    assert_eq!(stale["data"]["object"]["status"], "in_transit");
    let (_, cut) = last(json!({"truncated_times": true}));
    assert!(cut["created_at"].as_i64().unwrap() < 100_000_000, "{cut}");
    let (_, mixed) = last(json!({"mixed_livemode": true}));
    let found = (&mixed["livemode"], &mixed["data"]["object"]["livemode"]);
    assert_eq!(found, (&json!(false), &json!(true)));
    let (id, same) = last(json!({"event_id_of_transfer": true}));
    assert_eq!(same["id"], json!(id));
}

#[test]
fn the_header_of_the_signature_can_have_another_name() {
    let mut business = Business::listening();
    let switch = json!({"digest_header": "X-Conekta-Digest"});
    assert_eq!(business.control("settings", &switch).status(), 200);
    business.paid_id("k", "Jon");
    let keys = business.public_keys();
    for delivery in business.settle() {
        let digest = delivery.headers["x-conekta-digest"].to_str().unwrap();
        assert!(verify(&keys, &delivery.body, digest));
        assert_eq!(delivery.headers.get("digest"), None);
    }
}

#[test]
fn control_calls_that_make_no_sense_change_nothing() {
    let mut business = Business::new();
    let before = whole(business.send(&control("GET", "settings"))).into_body();
    for bad in [
        json!({"holidays": ["25/12/2024"]}),
        json!({"webhook_url": "nowhere"}),
        json!({"digest_header": "two words"}),
        json!({"colour": "red"}),
        json!({"fee_minor": "1"}),
        json!(1),
    ] {
        assert_eq!(business.control("settings", &bad).status(), 400, "{bad}");
    }
    assert_eq!(whole(business.send(&control("GET", "settings"))).into_body(), before);
    assert_eq!(business.control("balance", &json!({"balance": 5})).status(), 200);
    assert_eq!(business.available(), 5);
    for (method, name, status) in
        [("POST", "transfers", 405), ("GET", "advance", 405), ("GET", "nothing", 404)]
    {
        assert_eq!(whole(business.send(&control(method, name))).status(), status, "{name}");
    }
}

fn control(method: &str, name: &str) -> http::Request<bytes::Bytes> {
    let request = http::Request::builder().method(method).uri(format!("/_twin/conekta/{name}"));
    request.body(bytes::Bytes::new()).unwrap()
}
