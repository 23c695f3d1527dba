//! What becomes of transfers, how they are listed, and what a company is told.
//! Not what a transfer must hold.

use std::collections::BTreeSet;

use http::header::LINK;
use pagos_twin::{Ack, Fault, Registration};
use serde_json::{Value, json};

use crate::support::{
    answer,
    fintoc::{Company, HOOK, is_signed, told},
    whole,
};

#[test]
fn every_ending_has_its_words_and_its_money() {
    for (comment, statuses, movements) in [
        ("x", vec!["succeeded"], vec!["out"]),
        ("sim:fail", vec!["failed"], vec![]),
        ("sim:cancel", vec!["rejected"], vec![]),
        ("sim:success-then-fail", vec!["succeeded", "returned"], vec!["out", "back"]),
        ("sim:fail-then-success", vec!["failed", "succeeded"], vec!["out"]),
        ("sim:stuck", vec!["succeeded"], vec!["out"]),
    ] {
        let mut company = Company::listening();
        let id = company.paid_id("k", comment);
        assert_eq!(company.status(&id), "pending", "{comment}");
        let deliveries = company.settle();
        let told: Vec<Value> = deliveries.iter().map(told).collect();
        let words: Vec<&str> =
            told.iter().map(|it| it["data"]["status"].as_str().unwrap()).collect();
        assert_eq!(words, statuses, "{comment}");
        assert_eq!(company.movements("k"), movements, "{comment}");
        let last = statuses.last().unwrap();
        assert_eq!(company.status(&id), *last, "{comment}");
        let left = if company.net("k") > 0 { 50_000 } else { 0 };
        assert_eq!(company.available(), 10_000_000_000_000 - left, "{comment}");
        let reason = &company.get(&format!("v2/transfers/{id}"))["return_reason"];
        assert_eq!(reason.is_null(), *last != "returned", "{comment}");
    }
}

#[test]
fn an_event_is_signed_and_has_the_fields_of_the_official_test() {
    let mut company = Company::listening();
    let id = company.paid_id("k", "x");
    let deliveries = company.settle();
    let [delivery] = &deliveries[..] else { panic!("{deliveries:?}") };
    assert!(is_signed(delivery));
    assert_eq!(
        (delivery.url.as_str(), &delivery.headers["Content-Type"]),
        (HOOK, &"application/json".parse().unwrap())
    );
    let event = told(delivery);
    assert_eq!(event["type"], "transfer.outbound.succeeded");
    assert_eq!((&event["object"], &event["mode"]), (&json!("event"), &json!("test")));
    assert!(event["id"].as_str().unwrap().starts_with("evt_"));
    assert_eq!(event["data"], company.get(&format!("v2/transfers/{id}")));
    assert_eq!(event["data"]["metadata"], json!({"pagos_key": "k"}));
}

/// The waits of `docs: webhooks-creating-guide`: from three seconds, and seventeen times.
#[test]
fn what_is_not_heard_is_told_again_and_signed_anew() {
    for (ack, count) in [
        (Ack::Status(200), 1),
        (Ack::Status(204), 1),
        (Ack::Status(302), 18),
        (Ack::Status(500), 18),
        (Ack::NoAnswer, 18),
    ] {
        let mut company = Company::listening();
        company.pay("k", "x");
        let told_at = company.settle_with(ack);
        assert_eq!(told_at.len(), count, "{ack:?}");
        assert!(told_at.iter().all(|(_, delivery)| is_signed(delivery)), "{ack:?}");
        let signatures: BTreeSet<_> =
            told_at.iter().map(|(_, it)| it.headers["Fintoc-Signature"].as_bytes()).collect();
        assert_eq!(signatures.len(), count, "{ack:?}");
        let bodies: BTreeSet<_> = told_at.iter().map(|(_, it)| &it.body).collect();
        assert_eq!(bodies.len(), 1, "{ack:?}");
        for (nth, pair) in told_at.windows(2).enumerate() {
            assert_eq!(pair[1].0.since(pair[0].0).as_secs(), 3 << nth, "{ack:?}");
        }
    }
}

#[test]
fn notices_go_wrong_as_they_are_told_to() {
    for (comment, signed, statuses) in [
        ("sim:no-webhook", vec![], vec![]),
        ("sim:dup-webhook", vec![true, true], vec!["succeeded", "succeeded"]),
        ("sim:out-of-order", vec![true, true], vec!["succeeded", "pending"]),
        ("sim:bad-sign", vec![false], vec!["succeeded"]),
    ] {
        let mut company = Company::listening();
        company.pay("k", comment);
        let deliveries = company.settle();
        assert_eq!(deliveries.iter().map(is_signed).collect::<Vec<_>>(), signed, "{comment}");
        let told: Vec<Value> = deliveries.iter().map(told).collect();
        let words: Vec<&str> =
            told.iter().map(|it| it["data"]["status"].as_str().unwrap()).collect();
        assert_eq!(words, statuses, "{comment}");
        let ids: BTreeSet<_> = told.iter().map(|it| it["id"].to_string()).collect();
        assert_eq!(ids.len(), statuses.len().min(1), "{comment}: one event has one id");
    }
    let mut company = Company::listening();
    company.trigger("k", Fault::WebhookBadSign);
    company.pay("k", "x");
    let deliveries = company.settle_with(Ack::Status(401));
    let signed: Vec<bool> = deliveries.iter().map(|(_, it)| is_signed(it)).collect();
    assert_eq!(signed[..3], [false, true, true]);
}

#[test]
fn an_address_can_be_registered_and_switched() {
    let mut company = Company::new();
    company.pay("a", "x");
    assert!(company.settle().is_empty());
    company.twin().register(Registration { webhook_url: Some(HOOK.to_owned()), speed: None });
    company.pay("b", "x");
    assert_eq!(company.settle().len(), 1);
    assert_eq!(company.control("settings", &json!({"webhook_url": null})).status(), 200);
    company.pay("c", "x");
    assert!(company.settle().is_empty());
    for bad in [json!({"webhook_url": "nowhere"}), json!({"nothing": 1})] {
        assert_eq!(company.control("settings", &bad).status(), 400, "{bad}");
    }
}

/// The ids of a list, and the address of the page behind it.
fn page(company: &mut Company, path: &str) -> (Vec<String>, Option<String>) {
    let response = whole(company.fetch(path));
    assert_eq!(response.status(), 200, "{response:?}");
    let link = response.headers()[LINK].to_str().unwrap().to_owned();
    let next = link.strip_suffix(">; rel=\"next\"").map(|it| {
        it.strip_prefix("<http://127.0.0.1:4010/fintoc/").expect("on the same host").to_owned()
    });
    assert!(next.is_some() || link.is_empty(), "{link}");
    let rows: Value = serde_json::from_slice(response.body()).unwrap();
    let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
    (rows.as_array().unwrap().iter().map(id).collect(), next)
}

#[test]
fn lists_are_newest_first_and_lead_from_page_to_page() {
    let mut company = Company::new();
    let mut ids: Vec<String> = Vec::new();
    for nth in 0..7 {
        ids.insert(0, company.paid_id(&format!("k{nth}"), "x"));
        company.wait(10);
    }
    assert_eq!(page(&mut company, "v2/transfers"), (ids.clone(), None));
    let mut path = "v2/transfers?direction=outbound&per_page=3&since=2024-12-01".to_owned();
    let mut pages = Vec::new();
    loop {
        let (found, next) = page(&mut company, &path);
        pages.push(found);
        match next {
            Some(next) => path = next,
            None => break,
        }
    }
    assert_eq!(pages, [&ids[..3], &ids[3..6], &ids[6..]]);
}

#[test]
fn lists_are_filtered() {
    let mut company = Company::new();
    let first = company.paid_id("a", "sim:fail");
    company.wait(100);
    let second = company.paid_id("b", "x");
    let both = vec![second.clone(), first.clone()];
    for (query, expected) in [
        ("", both.clone()),
        ("direction=outbound", both.clone()),
        ("direction=inbound", vec![]),
        ("account_id=acc_nobody", vec![]),
        ("status=failed", vec![first.clone()]),
        ("status=pending", vec![second.clone()]),
        ("status=succeeded", vec![]),
        ("since=2024-12-02T01:44:00Z", vec![second.clone()]),
        ("since=2024-12-02T01:42:54Z", both.clone()),
        ("until=2024-12-02T01:42:54Z", vec![first.clone()]),
        ("until=2024-12-02T01%3A44%3A00Z", vec![first.clone()]),
        ("since=2024-12-02&until=2024-12-02", both.clone()),
        ("until=2024-12-01", vec![]),
    ] {
        let (found, _) = page(&mut company, &format!("v2/transfers?{query}"));
        assert_eq!(found, expected, "{query}");
    }
    for bad in
        ["per_page=0", "per_page=301", "since=x", "status=odd", "direction=up", "cursor=tr_x"]
    {
        let response = whole(company.fetch(&format!("v2/transfers?{bad}")));
        assert_eq!(response.status(), 400, "{bad}");
    }
}

#[test]
fn a_list_can_lag_and_queries_can_go_wrong() {
    let mut company = Company::new();
    company.trigger("k", Fault::ListingLags);
    let id = company.paid_id("k", "x");
    assert_eq!(page(&mut company, "v2/transfers"), (vec![], None));
    assert_eq!(company.status(&id), "pending", "by its id it is there");
    company.wait(600);
    assert_eq!(page(&mut company, "v2/transfers"), (vec![id.clone()], None));
    company.trigger("k", Fault::OddWord);
    let shown = company.get(&format!("v2/transfers/{id}"));
    assert_eq!(shown["status"], "EN_REVISION");
    assert_eq!(shown["account_number"]["status"], "enabled");
    company.trigger("transfers", Fault::QueryError);
    assert_eq!(whole(company.fetch("v2/transfers")).status(), 500);
    let echo = answer(company.pay("l", "sim:amount-echo"));
    assert_eq!(echo["amount"], 60_000);
}
