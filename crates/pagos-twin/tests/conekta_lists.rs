//! Lists: pages that lead to each other, what lags, and where the next page is said to be.
//! Not what is in one row.

use pagos_twin::Fault;
use serde_json::{Value, json};

use crate::support::{
    conekta::{Business, payee, request},
    whole,
};

fn ids(page: &Value) -> Vec<String> {
    let id = |it: &Value| it["id"].as_str().unwrap().to_owned();
    page["data"].as_array().unwrap().iter().map(id).collect()
}

/// The path of a page's address, below the provider.
fn path(url: &Value) -> String {
    let below = url.as_str().unwrap().strip_prefix("http://127.0.0.1:4010/conekta/");
    below.unwrap().to_owned()
}

#[test]
fn a_list_is_walked_in_both_directions() {
    let mut business = Business::new();
    let mut made: Vec<String> =
        (0..7).map(|nth| business.paid_id(&format!("k{nth}"), "J")).collect();
    made.reverse();
    let first = business.get("transfers?limit=3");
    assert_eq!((&first["object"], &first["has_more"]), (&json!("list"), &json!(true)));
    assert_eq!((ids(&first), &first["previous_page_url"]), (made[..3].to_vec(), &Value::Null));
    let address = path(&first["next_page_url"]);
    assert_eq!(address, format!("transfers?limit=3&next={}", made[2]));
    let newer = business.paid_id("late", "J");
    let second = business.get(&address);
    assert_eq!(ids(&second), made[3..6], "what came meanwhile moves nothing");
    let third = business.get(&path(&second["next_page_url"]));
    assert_eq!((ids(&third), &third["has_more"]), (made[6..].to_vec(), &json!(false)));
    assert_eq!(third["next_page_url"], Value::Null);
    let back = business.get(&path(&third["previous_page_url"]));
    assert_eq!(ids(&back), made[3..6]);
    let back = business.get(&path(&back["previous_page_url"]));
    assert_eq!(ids(&back), made[..3]);
    let front = business.get(&path(&back["previous_page_url"]));
    assert_eq!((ids(&front), &front["previous_page_url"]), (vec![newer], &Value::Null));
    assert_eq!(ids(&business.get("transfers")).len(), 8, "twenty if nothing is said");
    for bad in ["limit=0", "limit=251", "limit=all", "next=nobody"] {
        let refused = whole(business.send(&request("GET", &format!("transfers?{bad}"), "")));
        assert_eq!(refused.status(), 422, "{bad}");
    }
}

#[test]
fn other_lists_have_pages_too() {
    let mut business = Business::new();
    for nth in 0..3 {
        business.paid_id(&format!("k{nth}"), "J");
        business.ask("POST", "webhooks", &json!({"url": format!("http://127.0.0.1:9/{nth}")}));
        business.ask("POST", "webhook_keys", &json!({"active": true}));
    }
    for name in ["payees", "transfers", "transactions", "events", "webhooks", "webhook_keys"] {
        let whole_list = ids(&business.get(&format!("{name}?limit=250")));
        let (mut walked, mut address) = (Vec::new(), format!("{name}?limit=2"));
        for _ in 0..20 {
            let page = business.get(&address);
            walked.extend(ids(&page));
            if page["has_more"] == false {
                break;
            }
            address = path(&page["next_page_url"]);
        }
        assert_eq!(walked, whole_list, "{name}");
        assert!(walked.len() >= 3, "{name}");
    }
}

#[test]
fn a_list_that_lags_shows_it_minutes_later() {
    let mut business = Business::new();
    business.trigger("late", Fault::ListingLags);
    let late = business.paid_id("late", "J");
    let prompt = business.paid_id("prompt", "J");
    assert_eq!(ids(&business.get("transfers")), std::slice::from_ref(&prompt));
    assert_eq!(business.status(&late), "pending", "by its id it is found at once");
    business.wait(601);
    assert_eq!(ids(&business.get("transfers")), [prompt, late], "in its place");
}

#[test]
fn the_next_page_can_be_on_a_foreign_host() {
    let mut business = Business::new();
    business.control("settings", &json!({"foreign_next_page": true}));
    let ids: Vec<String> = (0..2).map(|nth| business.paid_id(&format!("k{nth}"), "J")).collect();
    let page = business.get("transfers?limit=1");
    let expected =
        format!("https://api-core.conekta.invalid/conekta/transfers?limit=1&next={}", ids[1]);
    assert_eq!(page["next_page_url"], expected);
}

#[test]
fn queries_go_wrong_as_ordered() {
    for (fault, status) in [
        (Fault::QueryLost, None),
        (Fault::QueryError, Some(500)),
        (Fault::QueryTorn, None),
        (Fault::QueryHtml, Some(502)),
        (Fault::QueryThrottle, Some(429)),
    ] {
        let mut business = Business::new();
        let id = business.paid_id("k", "J");
        for (key, path) in [("k", format!("transfers/{id}")), ("transfers", "transfers".into())] {
            business.trigger(key, fault);
            let found = match business.send(&request("GET", &path, "")) {
                pagos_twin::Reply::Answer(response) => Some(response.status().as_u16()),
                _ => None,
            };
            assert_eq!(found, status, "{fault:?} {path}");
        }
    }
    let mut business = Business::new();
    business.trigger("k/payee", Fault::QueryLost);
    business.call("POST", "payees", &payee("k", "J"));
    assert_eq!(ids(&business.get("payees")).len(), 0);
    assert!(!business.payee(&payee("k", "J")).is_empty());
}
