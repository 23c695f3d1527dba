//! `payment` with configured accounts: webhooks come to `serve`, nothing else of the store is
//! touched, and a store keeps to its world.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use support::{Folder, Twin, http, payouts};

const SEGMENT: &str = "canary-segment_7Hq2";
const CREATE: &str = "payment create etpay --key c1 --amount 1500 --currency CLP --db c.db";

/// A configuration of all twins' credentials.
fn config(twin: &Twin) -> String {
    let credentials = twin.ask("credentials");
    let mut config = String::new();
    for (provider, fields) in credentials.as_object().unwrap() {
        let fields = fields.as_object().unwrap().iter();
        config += &format!(
            "[accounts.{provider}]\nnotify_url = \"http://127.0.0.1:1/webhooks/{provider}\"\n"
        );
        config += &fields.map(|(name, value)| format!("{name} = {value}\n")).collect::<String>();
        if provider == "etpay" {
            config += &format!("webhook_segment = \"{SEGMENT}\"\n");
        }
    }
    config
}

#[test]
fn a_server_hears_what_a_waiting_command_wants_to_know() {
    let folder = Folder::new("configured-served");
    let twin = Twin::start(&folder);
    folder.write("pagos.toml", config(&twin));
    let mut server = folder.start("serve --listen 127.0.0.1:0 --db c.db");
    let origin = server.ready()["listening"].as_str().unwrap().to_owned();
    let notify_url = format!("{origin}/webhooks/etpay/{SEGMENT}");
    let heard_at = [("PAGOS_ETPAY_NOTIFY_URL", notify_url.as_str())];
    let create = format!("{CREATE} --wait");
    let mut waiting = folder.start_with(create.split_whitespace(), &heard_at);
    let page = waiting.next_line();
    http("GET", &format!("{page}?auto=paid"), &[], "");
    // Queries are minutes apart here: only the notification can have told it.
    let run = waiting.end().exits(0).says("payment c1 is succeeded");
    assert!(!run.err.contains("canary"), "{}", run.err);
    let history = folder.run("payment history c1 --db c.db").exits(0).out;
    assert!(history.contains("verified_event: succeeded"), "{history}");
    let notice = server.next_line();
    assert!(notice.contains(r#""subject":"payment""#), "{notice}");
    server.signal("TERM");
    let run = server.end().exits(0);
    assert!(!run.out.contains("canary") && !run.err.contains("canary"), "{}{}", run.out, run.err);
}

#[test]
fn waiting_for_a_payer_sends_no_payout_and_a_store_keeps_to_its_world() {
    let folder = Folder::new("configured-alone");
    let twin = Twin::start(&folder);
    folder.write("pagos.toml", config(&twin));
    let keys = support::keys("p", 5);
    folder.write("payouts.csv", payouts(keys.iter().map(|key| (key.as_str(), "salary"))));
    // The first is refused with the whole account, so the others are stored, due and untouched.
    let wrong = [("PAGOS_CASHYPRO_API_KEY", "canary-key-of-nobody")];
    folder.run_with("pay payouts.csv --yes --db c.db --json --concurrency 1", &wrong).exits(3);

    let stored = || folder.run("list --db c.db --json").json();
    let before = stored();
    let untouched =
        support::field_by_key(&before, "attempts").iter().filter(|it| it.1 == 0).count();
    assert!(untouched >= 3, "{before}");

    let mut waiting = folder.start(&format!("{CREATE} --wait"));
    let page = waiting.next_line();
    waiting.waits_until_it_says("waiting for the payer");
    folder.run("payment status c1 --db c.db").exits(3);
    http("GET", &format!("{page}?auto=paid"), &[], "");
    // Somebody else asks, and the store tells the one that waits.
    folder.run("payment status c1 --db c.db --ask").exits(0);
    waiting.end().exits(0).says("payment c1 is succeeded");
    assert_eq!(stored(), before);
    assert!(twin.paid().is_empty());

    let simulated = format!("{CREATE} --sandbox-url {}", twin.origin).replace("c1", "c2");
    let run = folder.run(&simulated).exits(1);
    let run = run.says("account cashypro of this database is sandbox, and here it is simulated");
    assert_eq!(run.out, "");
    folder.run("payment status c2 --db c.db").exits(1).says("no payment has the key c2");
}
