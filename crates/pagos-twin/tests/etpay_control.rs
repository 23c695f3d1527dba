//! The control calls that only the ETpay twin has.
//! Not those of all twins; see `world`.

use http::Method;
use pagos_twin::etpay::{EtpaySettings, EtpayTwin, Switches};
use serde_json::{Value, json};

use crate::support::{
    answer,
    etpay::{Shop, claims, is_signed_with, jwt, order},
    whole,
};

fn shown(shop: &mut Shop, name: &str) -> Value {
    answer(shop.get(&format!("/_twin/etpay/{name}")))
}

fn ordered(shop: &mut Shop, name: &str, body: &Value) -> Value {
    serde_json::from_slice(shop.control(name, body).body()).unwrap()
}

#[test]
fn sessions_are_shown_with_their_secrets() {
    let mut shop = Shop::new();
    let (token, signature_token) = shop.open(&order("k"));
    shop.visit(&token, "?auto=failed");
    let sessions = shown(&mut shop, "sessions");
    let attempt = &sessions[0]["attempts"][0];
    assert_eq!(
        sessions,
        json!([{
            "session_token": token, "signature_token": signature_token, "merchant_order_id": "k",
            "order_amount": 1_500, "state": "failed", "expires_at": "2024-12-02T02:12:54.518Z",
            "attempts": [{
                "payment_token": attempt["payment_token"], "payment_status": false,
                "at": "2024-12-02T01:42:54.518Z",
            }],
        }])
    );
}

/// At 200 times real time half an hour of the twin is over in nine seconds: nobody pays that fast.
#[test]
fn a_merchant_registers_his_webhook_and_his_pace() {
    let mut shop = Shop::with(Switches::default());
    let hook = "http://127.0.0.1:9/here";
    let asked = json!({"webhooks": {"etpay": hook}, "speed": 200});
    assert_eq!(whole(shop.post("/_twin/merchant", &asked)).status(), 200);
    assert_eq!(shown(&mut shop, "settings")["payout_webhook_url"], hook);
    let (token, _) = shop.open(&order("k"));
    shop.wait(99 * 60 * 60);
    assert_eq!(shop.visit(&token, "").status(), 200);
    shop.wait(2 * 60 * 60);
    assert_eq!(shop.visit(&token, "").status(), 410);
    for bad in [json!({"webhooks": {"nobody": hook}}), json!({"speed": 0}), json!({"hook": 1})] {
        assert_eq!(whole(shop.post("/_twin/merchant", &bad)).status(), 400, "{bad}");
    }
}

#[test]
fn an_outcome_is_forced() {
    let mut shop = Shop::new();
    let (token, signature_token) = shop.open(&order("k"));
    let asked = json!({"session_token": token, "outcome": "paid", "notice": "twice"});
    let led = ordered(&mut shop, "outcome", &asked);
    let jwt = led["jwt"].as_str().unwrap();
    assert!(is_signed_with(jwt, &signature_token));
    assert_eq!(led["location"], format!("https://shop.test/ok&jwt={jwt}"));
    assert_eq!(shop.due().len(), 2);
    assert_eq!(shop.control("outcome", &asked).status(), 400, "it is paid already");
    let (token, _) = shop.open(&order("l"));
    let walked =
        ordered(&mut shop, "outcome", &json!({"session_token": token, "outcome": "abandon"}));
    assert_eq!(walked, json!({"location": null, "jwt": null}));
}

#[test]
fn a_notice_is_emitted_and_its_token_given() {
    let mut shop = Shop::new();
    let (token, signature_token) = shop.open(&order("k"));
    let emitted = ordered(&mut shop, "notice", &json!({"session_token": token}));
    assert_eq!(
        (&emitted["is_queued"], &emitted["signature_token"]),
        (&json!(true), &json!(signature_token))
    );
    let sent = shop.due();
    assert_eq!(jwt(&sent[0]), emitted["jwt"]);
    assert_eq!(claims(&jwt(&sent[0]))["payment_status"], true);
    let again = json!({"session_token": token, "payment_status": false, "notice": "wrong-key"});
    let forged = ordered(&mut shop, "notice", &again);
    let sent = shop.due();
    assert_eq!(jwt(&sent[0]), forged["jwt"]);
    assert!(!is_signed_with(&jwt(&sent[0]), &signature_token));
    assert_eq!(claims(&jwt(&sent[0]))["payment_status"], true, "the attempt that there is");
    assert_eq!(shop.check(&json!({"session_token": token})).as_array().unwrap().len(), 1);
    let (token, _) = shop.open(&order("l"));
    let failed = json!({"session_token": token, "payment_status": false});
    let jwt = ordered(&mut shop, "notice", &failed)["jwt"].as_str().unwrap().to_owned();
    assert_eq!(claims(&jwt)["payment_status"], false);
}

#[test]
fn tokens_expire_at_once_and_logins_are_counted() {
    let mut shop = Shop::new();
    shop.log_in();
    let counted = json!({"granted": 2, "refused": 0, "live": 2});
    assert_eq!(shown(&mut shop, "logins"), counted);
    assert_eq!(ordered(&mut shop, "expire_tokens", &json!({})), json!({"expired": 2}));
    assert_eq!(whole(shop.platform(Method::GET, "payouts/balance", "")).status(), 401);
    shop.log_in();
    shop.balance();
    shop.wait(3_600);
    assert_eq!(shown(&mut shop, "logins"), json!({"granted": 3, "refused": 0, "live": 0}));
    let mut twin = EtpayTwin::new(EtpaySettings::default());
    twin.expire_tokens();
    assert_eq!((twin.logins(), twin.balance_minor()), (0, 10_000_000_000_000));
}

#[test]
fn switches_are_changed_one_by_one() {
    let mut shop = Shop::new();
    let before = shown(&mut shop, "settings");
    assert_eq!(before["notification_form"], "json");
    let asked = json!({"notification_form": "json_string", "duplicates": "refuse", "page_base": 0});
    let after = ordered(&mut shop, "settings", &asked);
    assert_eq!(after, shown(&mut shop, "settings"));
    let mut expected = before;
    for (name, value) in asked.as_object().unwrap() {
        expected[name] = value.clone();
    }
    assert_eq!(after, expected, "and nothing else");
    shop.paid_id("k", "x");
    assert_eq!(whole(shop.pay("k", "x")).status(), 409);
    whole(shop.post("/_twin/reset", &json!({})));
    assert_eq!(shown(&mut shop, "settings"), expected, "a reset keeps settings");
}

#[test]
fn a_reset_forgets_everything_else() {
    let mut shop = Shop::new();
    shop.pay("k", "x");
    let (token, _) = shop.open(&order("k"));
    shop.control("balance", &json!({"balance": 7}));
    whole(shop.post("/_twin/reset", &json!({})));
    assert_eq!(shown(&mut shop, "sessions"), json!([]));
    assert_eq!(shown(&mut shop, "logins"), json!({"granted": 0, "refused": 0, "live": 0}));
    assert_eq!(shown(&mut shop, "balance"), json!({"balance": 10_000_000_000_000_i64}));
    assert_eq!(shop.visit(&token, "").status(), 404);
    assert_eq!(whole(shop.pay("k", "x")).status(), 401);
    assert_eq!(shop.world.next_due(), None);
}

#[test]
fn bad_control_calls_are_told_so_and_change_nothing() {
    let mut shop = Shop::new();
    let (token, _) = shop.open(&order("k"));
    let before = shown(&mut shop, "settings");
    for (name, asked) in [
        ("settings", json!({"colour": "red"})),
        ("settings", json!({"page_base": 0, "duplicates": "sometimes"})),
        ("settings", json!({"payout_webhook_url": "javascript:x"})),
        ("settings", json!([])),
        ("balance", json!({"balance": "7"})),
        ("balance", json!({})),
        ("outcome", json!({"session_token": "nobody", "outcome": "paid"})),
        ("outcome", json!({"session_token": token, "outcome": "won"})),
        ("outcome", json!({"session_token": token, "outcome": "paid", "notice": "x"})),
        ("notice", json!({"session_token": "nobody"})),
        ("notice", json!({"session_token": token, "notice": "x"})),
        ("notice", json!({"session_token": token, "colour": "red"})),
    ] {
        let refused = shop.control(name, &asked);
        assert_eq!(refused.status(), 400, "{name} {asked}");
        let refused: Value = serde_json::from_slice(refused.body()).unwrap();
        assert!(!refused["error"].as_str().unwrap().is_empty(), "{asked}");
    }
    assert_eq!(shown(&mut shop, "settings"), before);
    assert_eq!(shop.check(&json!({"session_token": token})), json!([]));
    for (name, status) in [("sessions", 405), ("logins", 405), ("other", 404)] {
        assert_eq!(shop.control(name, &json!({})).status(), status, "{name}");
    }
    assert_eq!(whole(shop.get("/_twin/etpay/outcome")).status(), 405);
    assert_eq!(whole(shop.get("/_twin/cashypro/sessions")).status(), 404);
    assert_eq!(whole(shop.get("/_twin/nobody/sessions")).status(), 404);
    shop.wait(1_800);
    for name in ["outcome", "notice"] {
        let asked = match name {
            "outcome" => json!({"session_token": token, "outcome": "paid"}),
            _ => json!({"session_token": token}),
        };
        assert_eq!(shop.control(name, &asked).status(), 400, "an expired session");
    }
}
