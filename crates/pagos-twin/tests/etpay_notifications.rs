//! How a merchant hears of a payment: forms, retries, forgeries and disorder.
//! Not what the payer sees.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pagos_twin::{
    Ack, Fault,
    etpay::{NotificationForm, Switches},
};
use serde_json::{Value, json};

use crate::support::etpay::{Shop, claims, is_signed_with, jwt, location, order, switches};

#[test]
fn a_token_travels_in_each_form() {
    for (form, content_type, before, after) in [
        (NotificationForm::Json, "application/json", "{\"jwt\":\"", "\"}"),
        (NotificationForm::Form, "application/x-www-form-urlencoded", "jwt=", ""),
        (NotificationForm::Raw, "text/plain", "", ""),
        (NotificationForm::JsonString, "application/json", "\"", "\""),
    ] {
        let mut shop = Shop::with(Switches { notification_form: form, ..switches() });
        let (token, _) = shop.open(&order("k"));
        let led = location(&shop.visit(&token, "?auto=paid"));
        let (_, jwt) = led.split_once("jwt=").unwrap();
        let told = shop.due();
        assert_eq!(told[0].url, "http://127.0.0.1:9/payments");
        assert_eq!(told[0].headers["Content-Type"], content_type);
        assert_eq!(told[0].body, format!("{before}{jwt}{after}"), "{form:?}");
    }
}

#[test]
fn it_is_sent_three_times_again_until_it_is_heard() {
    let mut shop = Shop::with(Switches { notify_on_expiry: false, ..switches() });
    let (token, _) = shop.open(&order("k"));
    shop.visit(&token, "?auto=failed");
    let told = shop.settle_with(Ack::Status(500));
    let seconds: Vec<u64> = told.windows(2).map(|it| it[1].0.since(it[0].0).as_secs()).collect();
    assert_eq!(seconds, [1, 5, 30]);
    assert!(told.iter().all(|it| it.1.body == told[0].1.body));
    assert!(claims(&jwt(&told[0].1))["payment_status"] == false);
}

#[test]
fn a_session_without_an_address_is_told_to_the_registered_one() {
    let mut body = order("k");
    body["payment_webhook_url"] = Value::Null;
    let mut shop = Shop::new();
    let (token, _) = shop.open(&body);
    shop.visit(&token, "?auto=paid");
    assert!(shop.settle().is_empty());
    let url = "http://127.0.0.1:9/registered";
    let mut shop = Shop::with(Switches { payment_webhook_url: Some(url.into()), ..switches() });
    let (token, _) = shop.open(&body);
    shop.visit(&token, "?auto=paid");
    assert_eq!(shop.due()[0].url, url);
}

/// Word, whether the signature is good, the claim that is odd and what it says.
#[test]
fn each_forgery_is_as_ordered() {
    let future = crate::support::START_MS / 1_000 + 3_600;
    for (word, is_signed, name, value) in [
        ("wrong-key", false, "merchant_amount", json!(1_500)),
        ("tampered-amount", false, "merchant_amount", json!(150_000)),
        ("wrong-amount", true, "merchant_amount", json!(150_000)),
        ("wrong-order", true, "merchant_order_id", json!("anotherOrder")),
        ("alg-none", false, "merchant_amount", json!(1_500)),
        ("hs512", false, "merchant_amount", json!(1_500)),
        ("future-iat", true, "iat", json!(future)),
        ("once", true, "merchant_amount", json!(1_500)),
    ] {
        let mut shop = Shop::new();
        let (token, signature_token) = shop.open(&order("k"));
        let led = location(&shop.visit(&token, &format!("?auto=paid&notice={word}")));
        assert!(is_signed_with(led.split_once("jwt=").unwrap().1, &signature_token), "{word}");
        let told = shop.due();
        assert_eq!(told.len(), 1, "{word}");
        let forged = jwt(&told[0]);
        assert_eq!(is_signed_with(&forged, &signature_token), is_signed, "{word}");
        assert_eq!(claims(&forged)[name], value, "{word}");
        let header = URL_SAFE_NO_PAD.decode(forged.split('.').next().unwrap()).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        let algorithm = match word {
            "alg-none" => "none",
            "hs512" => "HS512",
            _ => "HS256",
        };
        assert_eq!(header["alg"], algorithm, "{word}");
        assert_eq!(forged.ends_with('.'), word == "alg-none", "{word}");
    }
}

/// Word, and what the statuses told are, in order.
#[test]
fn each_disorder_is_as_ordered() {
    for (word, expected) in [
        ("lost", &[][..]),
        ("twice", &[true, true]),
        ("out-of-order", &[true, false]),
        ("late", &[true]),
    ] {
        let mut shop = Shop::new();
        let (token, signature_token) = shop.open(&order("k"));
        let started = shop.now;
        shop.visit(&token, &format!("?auto=paid&notice={word}"));
        assert_eq!(shop.due().is_empty(), matches!(word, "lost" | "late"), "{word}");
        let mut shop = Shop::new();
        let (token, _) = shop.open(&order("k"));
        shop.visit(&token, &format!("?auto=paid&notice={word}"));
        let told = shop.settle_with(Ack::Status(200));
        let paid: Vec<Value> =
            told.iter().map(|it| claims(&jwt(&it.1))["payment_status"].clone()).collect();
        assert_eq!(paid, expected, "{word}");
        assert!(told.iter().all(|it| is_signed_with(&jwt(&it.1), &signature_token)), "{word}");
        if word == "late" {
            assert!(told[0].0.since(started).as_secs() >= 30);
        }
        if word == "out-of-order" {
            let payment_token = |nth: usize| claims(&jwt(&told[nth].1))["payment_token"].clone();
            assert_ne!(payment_token(0), payment_token(1), "another attempt");
        }
    }
}

#[test]
fn faults_reach_notifications_and_retries_are_right() {
    let mut shop = Shop::with(Switches { notify_on_expiry: false, ..switches() });
    let mut forged = std::collections::BTreeSet::new();
    for nth in 0..40 {
        let key = format!("k{nth}");
        let (token, signature_token) = shop.open(&order(&key));
        shop.trigger(&key, Fault::WebhookBadSign);
        shop.visit(&token, "?auto=paid");
        let first = shop.due();
        assert!(!is_signed_with(&jwt(&first[0]), &signature_token), "{key}");
        forged.insert(jwt(&first[0]).split('.').next().unwrap().to_owned());
        shop.delivered(first[0].id, Ack::Status(401));
        shop.wait(1);
        let second = shop.due();
        assert!(is_signed_with(&jwt(&second[0]), &signature_token), "{key}");
        shop.delivered(second[0].id, Ack::Status(200));
    }
    assert_eq!(forged.len(), 3, "HS256, HS512 and none come up: {forged:?}");
    for (fault, expected) in [(Fault::WebhookLost, 0), (Fault::WebhookDuplicated, 2)] {
        let mut shop = Shop::new();
        let (token, _) = shop.open(&order("k"));
        shop.trigger("k", fault);
        shop.visit(&token, "?auto=paid");
        assert_eq!(shop.settle().len(), expected, "{fault:?}");
    }
}
