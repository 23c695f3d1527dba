//! Payees, webhooks, keys, events and transactions: what is sent and what is read, through the
//! public API. Payouts are in `conformance.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::sync::Arc;

use pagos_conekta::{
    Conekta, ConektaConfig, KeyState, NewDestination, NewPayee, PayeeUpdate, WebhookUpdate,
};
use pagos_conformance::suite;
use pagos_core::{Environment, Error, ErrorKind, Secret};

use crate::support::{Noon, Script, finish};

const PAYEE: &str = r#"{"id":"payee_1","object":"payee","name":"Jon Doe","email":"jon@example.com",
    "phone":"5555555555","created_at":1676655906,"default_destination_id":"payee_1","destinations":[
    {"id":"pytdst_1","object":"destination","last4":"6674","account_holder_name":"Jon Doe","bank":"banorte"}]}"#;

const DESTINATION: &str = r#"{"id":"pytdst_1","object":"destination","payee_id":"payee_1","last4":6674,
    "account_holder":"Jon Doe","bank":null}"#;

const WEBHOOK: &str = r#"{"id":"63fe3d2ddf70970001cfb41a","object":"webhook","url":"https://merchant.example/",
    "status":"listening","subscribed_events":["payout.created","payout.paid_out"],"active":true}"#;

const KEY: &str = r#"{"id":"63fe3d2ddf70970001cfb41b","object":"webhook_key","active":true,"livemode":false,
    "created_at":1677606189,"public_key":"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"}"#;

const EVENT: &str = r#"{"id":"5f7b5f5d0000000000000001","object":"event","type":"payout.paid_out",
    "created_at":1601910621,"webhook_status":"successful","webhook_logs":[],"data":{"object":{"object":"transfer",
    "id":"abcdefghijklmnopq1111111","status":"paid_out","method":{"payee_id":"payee_1"}}}}"#;

const PING: &str = r#"{"id":"63fe3d2ddf70970001cfb41c","object":"event","type":"webhook_ping",
    "created_at":152825,"data":{"livemode":false,"action":"ping"}}"#;

const RESENT: &str = r#"{"id":"webhl_1","failed_attempts":0,"last_attempted_at":1677606189,
    "last_http_response_status":-1,"response_data":null,"url":"https://merchant.example/"}"#;

const TRANSACTION: &str = r#"{"id":"tx_1","object":"transaction","amount":10000,"fee":14268,"net":-4268,
    "currency":"MXN","status":"paid_out","type":"payout","created_at":1677606189,"charge":null,"livemode":true}"#;

fn open(script: &Arc<Script>) -> Conekta {
    let key = Secret::new("key_DePruebaDeApi");
    let config = ConektaConfig::new(Environment::Sandbox, key);
    Conekta::new(config, script.clone(), Arc::new(Noon)).unwrap()
}

/// Runs a call over one answer; what came out, and the method, target and body that were sent.
fn call<T>(
    answer: &str,
    run: impl AsyncFnOnce(&Conekta) -> Result<T, Error>,
) -> (T, String, String) {
    let script = Script::always(200, answer);
    let out = finish(run(&open(&script))).unwrap();
    let sent = script.sent();
    assert_eq!(sent.len(), 1);
    let target = sent[0].uri().to_string();
    let target = target.strip_prefix("https://api.conekta.io").unwrap();
    let has_type = sent[0].headers().contains_key("content-type");
    assert_eq!(has_type, !sent[0].body().is_empty());
    let body = String::from_utf8(sent[0].body().to_vec()).unwrap();
    (out, format!("{} {target}", sent[0].method()), body)
}

fn page(item: &str, next: &str) -> String {
    format!(
        r#"{{"object":"list","has_more":{},"next_page_url":"https://elsewhere.example/x?next={next}","data":[{item}]}}"#,
        !next.is_empty()
    )
}

fn new_destination() -> NewDestination {
    NewDestination { account: "072225008217746674".parse().unwrap(), holder: "Jon Doe".to_owned() }
}

fn new_payee() -> NewPayee {
    NewPayee {
        name: "Jon Doe".to_owned(),
        email: Some("jon@example.com".to_owned()),
        phone: None,
        destination: Some(new_destination()),
    }
}

#[test]
fn payees_are_made_and_read() {
    let (payee, sent, body) = call(PAYEE, async |it| it.create_payee(&new_payee()).await);
    assert_eq!(sent, "POST /payees");
    assert_eq!(
        body,
        concat!(
            r#"{"name":"Jon Doe","email":"jon@example.com","destinations":[{"type":"bank_account","#,
            r#""account_number":"072225008217746674","account_holder_name":"Jon Doe"}]}"#
        )
    );
    assert_eq!((payee.id.as_str(), payee.name.as_deref()), ("payee_1", Some("Jon Doe")));
    assert_eq!(payee.destinations[0].last4.as_deref(), Some("6674"));
    assert_eq!(payee.created_at.unwrap().as_millis(), 1_676_655_906_000);
    assert!(!payee.is_deleted);

    let bare = NewPayee { destination: None, email: None, ..new_payee() };
    let (_, _, body) = call(PAYEE, async |it| it.create_payee(&bare).await);
    assert_eq!(body, r#"{"name":"Jon Doe"}"#);

    let (read, sent, _) = call(PAYEE, async |it| it.payee("payee_1").await);
    assert_eq!((read == payee, sent.as_str()), (true, "GET /payees/payee_1"));
    let (listed, sent, _) = call(&page(PAYEE, "payee_1"), async |it| it.payees(None).await);
    assert_eq!(sent, "GET /payees?limit=250");
    assert_eq!((listed.items.len(), listed.next.as_deref()), (1, Some("payee_1")));
    let (listed, sent, _) = call(&page(PAYEE, ""), async |it| it.payees(Some("payee_1")).await);
    assert_eq!(sent, "GET /payees?limit=250&next=payee_1");
    assert_eq!(listed.next, None);
}

#[test]
fn payees_are_changed_and_deleted() {
    let update = PayeeUpdate { name: Some("Jane Doe".to_owned()), ..PayeeUpdate::default() };
    let (_, sent, body) = call(PAYEE, async |it| it.update_payee("payee_1", &update).await);
    assert_eq!((sent.as_str(), body.as_str()), ("PUT /payees/payee_1", r#"{"name":"Jane Doe"}"#));
    let gone = PAYEE.replacen('{', r#"{"deleted":true,"#, 1);
    let (gone, sent, body) = call(&gone, async |it| it.delete_payee("payee_1").await);
    assert_eq!((sent.as_str(), body.as_str()), ("DELETE /payees/payee_1", ""));
    assert!(gone.is_deleted);
}

#[test]
fn accounts_are_added_changed_and_deleted() {
    let new = new_destination();
    let (made, sent, body) =
        call(DESTINATION, async |it| it.add_destination("payee_1", &new).await);
    assert_eq!(sent, "POST /payees/payee_1/destinations");
    assert_eq!(
        body,
        concat!(
            r#"{"type":"bank_account","account_number":"072225008217746674","#,
            r#""account_holder_name":"Jon Doe"}"#
        )
    );
    assert_eq!((made.last4.as_deref(), made.holder.as_deref()), (Some("6674"), Some("Jon Doe")));
    assert_eq!(made.bank, None);
    let (_, sent, changed) =
        call(DESTINATION, async |it| it.update_destination("payee_1", "pytdst_1", &new).await);
    assert_eq!((sent.as_str(), changed), ("PUT /payees/payee_1/destinations/pytdst_1", body));
    let (_, sent, _) =
        call(DESTINATION, async |it| it.delete_destination("payee_1", "pytdst_1").await);
    assert_eq!(sent, "DELETE /payees/payee_1/destinations/pytdst_1");
}

#[test]
fn webhooks_are_looked_after() {
    let url = "https://merchant.example/";
    let events = ["payout.created", "payout.paid_out"];
    let (made, sent, body) = call(WEBHOOK, async |it| it.create_webhook(url, &events).await);
    assert_eq!(sent, "POST /webhooks");
    assert_eq!(
        body,
        r#"{"url":"https://merchant.example/","subscribed_events":["payout.created","payout.paid_out"]}"#
    );
    assert_eq!((made.events, made.is_active), (events.map(str::to_owned).to_vec(), Some(true)));
    let (_, _, body) = call(WEBHOOK, async |it| it.create_webhook(url, &[]).await);
    assert_eq!(body, r#"{"url":"https://merchant.example/"}"#);

    let off = WebhookUpdate { is_active: Some(false), ..WebhookUpdate::default() };
    let (_, sent, body) = call(WEBHOOK, async |it| it.update_webhook("w1", &off).await);
    assert_eq!((sent.as_str(), body.as_str()), ("PUT /webhooks/w1", r#"{"active":false}"#));
    let (_, sent, _) = call(WEBHOOK, async |it| it.webhook("w1").await);
    assert_eq!(sent, "GET /webhooks/w1");
    let (_, sent, _) = call(&page(WEBHOOK, ""), async |it| it.webhook_list(None).await);
    assert_eq!(sent, "GET /webhooks?limit=250");
    let (_, sent, _) = call(WEBHOOK, async |it| it.test_webhook("w1").await);
    assert_eq!(sent, "POST /webhooks/w1/test");
    let (_, sent, _) = call(WEBHOOK, async |it| it.delete_webhook("w1").await);
    assert_eq!(sent, "DELETE /webhooks/w1");
}

#[test]
fn keys_are_looked_after() {
    let (made, sent, body) = call(KEY, async |it| it.create_webhook_key().await);
    assert_eq!((sent.as_str(), body.as_str()), ("POST /webhook_keys", r#"{"active":true}"#));
    assert!(made.public_key.unwrap().starts_with("-----BEGIN PUBLIC KEY-----\n"));
    let without = KEY.replace(r#""public_key""#, r#""deactivated_at":1677606190,"other""#);
    let (read, sent, _) = call(&without, async |it| it.webhook_key("k1").await);
    assert_eq!((sent.as_str(), read.public_key), ("GET /webhook_keys/k1", None));
    assert_eq!(read.deactivated_at.unwrap().as_millis(), 1_677_606_190_000);
    let states = [(KeyState::Active, "true"), (KeyState::Inactive, "false")];
    for (state, word) in states {
        let (_, sent, body) = call(KEY, async |it| it.update_webhook_key("k1", state).await);
        assert_eq!(sent, "PUT /webhook_keys/k1");
        assert_eq!(body, format!(r#"{{"active":{word}}}"#));
    }
    let (_, sent, _) = call(&page(KEY, ""), async |it| it.webhook_keys(Some("k1")).await);
    assert_eq!(sent, "GET /webhook_keys?limit=250&next=k1");
    let gone = KEY.replacen('{', r#"{"deleted":true,"#, 1);
    let (gone, sent, _) = call(&gone, async |it| it.delete_webhook_key("k1").await);
    assert_eq!((sent.as_str(), gone.is_deleted), ("DELETE /webhook_keys/k1", true));
}

#[test]
fn events_name_their_transfer() {
    let (listed, sent, _) =
        call(&page(&format!("{EVENT},{PING}"), ""), async |it| it.events(None).await);
    assert_eq!(sent, "GET /events?limit=250");
    let [paid, ping] = listed.items.as_slice() else { panic!("{listed:?}") };
    assert_eq!(paid.name.as_deref(), Some("payout.paid_out"));
    assert_eq!(paid.transfer.as_ref().unwrap().as_str(), "abcdefghijklmnopq1111111");
    assert_eq!(paid.payee.as_deref(), Some("payee_1"));
    assert_eq!(paid.delivery.as_deref(), Some("successful"));
    assert_eq!((&ping.transfer, ping.created_at), (&None, None));
    let (_, sent, _) = call(EVENT, async |it| it.event("e1").await);
    assert_eq!(sent, "GET /events/e1");
    let (resent, sent, body) = call(RESENT, async |it| it.resend_event("e1", &["w1", "w2"]).await);
    assert_eq!(
        (sent.as_str(), body.as_str()),
        ("POST /events/e1/resend", r#"{"webhooks_ids":["w1","w2"]}"#)
    );
    assert_eq!(resent.answer.as_deref(), Some("-1"));
    assert_eq!(resent.failed_attempts.as_deref(), Some("0"));
}

#[test]
fn transactions_can_be_below_zero() {
    let (listed, sent, _) =
        call(&page(TRANSACTION, ""), async |it| it.transactions(Some("payout"), None).await);
    assert_eq!(sent, "GET /transactions?limit=250&type=payout");
    let row = &listed.items[0];
    assert_eq!(row.net.unwrap().to_string(), "-42.68 MXN");
    assert_eq!(row.fee.unwrap().to_string(), "142.68 MXN");
    assert_eq!((row.kind.as_deref(), row.charge.as_deref()), (Some("payout"), None));
    let (_, sent, _) = call(TRANSACTION, async |it| it.transaction("tx_1").await);
    assert_eq!(sent, "GET /transactions/tx_1");
}

#[test]
fn what_is_no_id_is_not_sent() {
    let script = Script::always(200, "{}");
    let conekta = open(&script);
    for bad in ["", ".", "..", "a/b", "a?b", "a b", "a%2Fb", "ñ"] {
        let refused = [
            finish(conekta.payee(bad)).map(drop),
            finish(conekta.delete_payee(bad)).map(drop),
            finish(conekta.delete_destination("payee_1", bad)).map(drop),
            finish(conekta.webhook(bad)).map(drop),
            finish(conekta.webhook_key(bad)).map(drop),
            finish(conekta.event(bad)).map(drop),
            finish(conekta.transaction(bad)).map(drop),
            finish(conekta.payees(Some(bad))).map(drop),
            finish(conekta.transactions(Some(bad), None)).map(drop),
        ];
        for refused in refused {
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::Invalid, "{bad}");
        }
    }
    assert_eq!(finish(conekta.resend_event("e1", &[])).unwrap_err().kind(), ErrorKind::Invalid);
    let nameless = NewPayee { name: " ".to_owned(), ..new_payee() };
    assert_eq!(finish(conekta.create_payee(&nameless)).unwrap_err().field(), Some("name"));
    let long = NewDestination { holder: "x".repeat(250), ..new_destination() };
    assert_eq!(finish(conekta.add_destination("p", &long)).unwrap_err().field(), Some("name"));
    assert!(script.sent().is_empty());
}

#[test]
fn errors_name_the_next_step() {
    let refusal = r#"{"object":"error","type":"resource_not_found_error","details":[]}"#;
    let cases = [
        (401, refusal, ErrorKind::Unauthorized),
        (403, "<html></html>", ErrorKind::Unauthorized),
        (404, refusal, ErrorKind::Rejected),
        (404, "<html></html>", ErrorKind::Undelivered),
        (409, refusal, ErrorKind::Rejected),
        (422, refusal, ErrorKind::Rejected),
        (429, refusal, ErrorKind::Throttled),
        (429, "", ErrorKind::Throttled),
        (500, refusal, ErrorKind::Undelivered),
        (502, "<html></html>", ErrorKind::Undelivered),
        (200, "<html></html>", ErrorKind::Undelivered),
        (200, "{}", ErrorKind::Unknown),
        (200, r#"{"id":null}"#, ErrorKind::Unknown),
        (200, "[]", ErrorKind::Unknown),
    ];
    for (status, body, expected) in cases {
        let conekta = open(&Script::always(status, body));
        let errors = [
            finish(conekta.payee("p")).map(drop).unwrap_err(),
            finish(conekta.webhook("w")).map(drop).unwrap_err(),
            finish(conekta.webhook_key("k")).map(drop).unwrap_err(),
            finish(conekta.event("e")).map(drop).unwrap_err(),
            finish(conekta.resend_event("e", &["w"])).map(drop).unwrap_err(),
            finish(conekta.transaction("t")).map(drop).unwrap_err(),
            finish(conekta.payees(None)).map(drop).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), expected, "{status} {body}: {error}");
        }
    }
    let lost = open(&Script::of([]));
    assert_eq!(finish(lost.payee("p")).unwrap_err().kind(), ErrorKind::Undelivered);
}

#[test]
fn lists_that_cannot_be_followed_are_refused() {
    let bodies = [
        r#"{"object":"list","has_more":true,"next_page_url":null,"data":[]}"#.to_owned(),
        page(r#"{"id":null}"#, ""),
        r#"{"object":"list","has_more":false}"#.to_owned(),
    ];
    for body in bodies {
        let refused = finish(open(&Script::always(200, &body)).payees(None)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unknown, "{body}");
    }
}

#[test]
fn nobody_is_shown() {
    const CANARIES: [&str; 3] = ["Jon Doe", "jon@example.com", "072225008217746674"];
    let (payee, ..) = call(PAYEE, async |it| it.payee("payee_1").await);
    let update = PayeeUpdate { name: Some("Jon Doe".to_owned()), ..PayeeUpdate::default() };
    let told = CANARIES.join(" ");
    let refusal = format!(
        r#"{{"object":"error","type":"x_error","details":[{{"debug_message":"{told}","code":"{told}"}}]}}"#
    );
    let conekta = open(&Script::always(422, &refusal));
    let shown = [
        format!("{payee:?} {:?} {:?} {update:?}", new_payee(), new_destination()),
        format!("{:?}", finish(conekta.create_payee(&new_payee()))),
        format!("{:?}", finish(conekta.add_destination("p", &new_destination()))),
    ];
    // An account's call knows its holder and no mail address.
    suite::no_canary_is_shown(&shown[..2], &CANARIES).unwrap();
    suite::no_canary_is_shown(&shown[2..], &[CANARIES[0], CANARIES[2]]).unwrap();
}
