//! Configured accounts: what `doctor` finds, what is refused before anything is sent, and that no
//! secret is ever printed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{io::ErrorKind, net::TcpListener};

use serde_json::Value;

use support::{Folder, Run, Twin, payouts};

/// A key that no account has; it must be seen nowhere.
const CANARY: &str = "canary-key-of-nobody-90210";
const NOTIFY_URL: &str = "http://127.0.0.1:1/webhooks/cashypro";

#[test]
fn doctor_says_what_is_missing() {
    let folder = Folder::new("doctor-none");
    let run = folder.run("doctor").exits(0);
    assert!(
        run.out.contains("note  configuration: no account; `pagos init` writes"),
        "{}",
        run.out
    );
    assert!(run.out.contains("note  database pagos.db: is not there yet"), "{}", run.out);
    assert!(!folder.has("pagos.db"), "doctor changes nothing");
    let findings = folder.run("doctor --json").exits(0).json();
    let verdicts: Vec<&Value> =
        findings.as_array().unwrap().iter().map(|finding| &finding["verdict"]).collect();
    assert_eq!(verdicts, ["good", "note", "note"]);
}

#[test]
fn doctor_names_file_and_field_of_what_is_broken() {
    let folder = Folder::new("doctor-broken");
    let cases = [
        ("[accounts.cashypro]\napi_key = 1.5\n", "pagos.toml:2: api_key"),
        ("[accounts.cashypro]\nmerchant_id = \"1\"\n", "pagos.toml:1: base_url"),
        ("[accounts.cashypro]\nenvironment = \"prod\"\n", "pagos.toml:2: environment"),
        ("[accounts.cashypro\n", "pagos.toml:1"),
    ];
    for (config, expected) in cases {
        folder.write("pagos.toml", config);
        let run = folder.run("doctor").exits(1);
        assert!(run.out.contains(&format!("BAD   configuration: {expected}")), "{}", run.out);
    }
    folder.write("other.toml", "[accounts.cashypro]\napi_kye = \"x\"\n");
    let run = folder.run("--config other.toml doctor").exits(1);
    assert!(run.out.contains("BAD   configuration: other.toml:"), "{}", run.out);
}

#[test]
fn doctor_tries_the_connection() {
    let folder = Folder::new("doctor-good");
    let twin = Twin::start(&folder);
    folder.write("pagos.toml", config(&twin));
    let run = folder.run("doctor").exits(0);
    let found = "good  account cashypro (sandbox): answers; available ";
    assert!(run.out.contains(found), "{}", run.out);

    let wrong = [("PAGOS_CASHYPRO_API_KEY", CANARY)];
    let run = without_canary(folder.run_with("doctor", &wrong)).exits(1);
    assert!(run.out.contains("BAD   account cashypro (sandbox): refuses us"), "{}", run.out);
    let nobody = [("PAGOS_CASHYPRO_BASE_URL", "http://127.0.0.1:1/stage-api")];
    let run = folder.run_with("doctor", &nobody).exits(1);
    assert!(run.out.contains("no usable answer"), "{}", run.out);
}

#[test]
fn an_account_that_is_refused_keeps_its_payouts() {
    let folder = Folder::new("accounts-refused");
    let twin = Twin::start(&folder);
    folder.write("pagos.toml", config(&twin));
    folder.write("payouts.csv", payouts([("x-1", "sim:success"), ("x-2", "sim:success")]));
    let wrong = [("PAGOS_CASHYPRO_API_KEY", CANARY)];
    let pay = "pay payouts.csv --yes --db x.db --json";
    let run = without_canary(folder.run_with(pay, &wrong)).exits(3);
    let run = run.says("account cashypro is out of service").says("`pagos doctor` helps");
    assert!(support::all_are(&run.json(), "status", "created"), "{}", run.out);
    assert!(twin.ask("orders").as_array().unwrap().is_empty());

    for command in [
        "plan payouts.csv",
        "plan payouts.csv --json",
        "list --db x.db",
        "list --db x.db --json",
        "status x-1 --db x.db",
        "history x-1 --db x.db",
        "history x-1 --db x.db --json",
        "balance cashypro",
        "banks cashypro --json",
        "doctor --db x.db --json",
        "pay payouts.csv --yes --db x.db",
        "resolve x-1 --as ask --note x --db x.db",
    ] {
        without_canary(folder.run_with(command, &wrong));
    }
}

#[test]
fn a_store_of_one_world_is_refused_by_another() {
    let folder = Folder::new("accounts-worlds");
    let twin = Twin::start(&folder);
    folder.write("pagos.toml", config(&twin));
    folder.write("payouts.csv", payouts([("w-1", "sim:success")]));
    let wrong = [("PAGOS_CASHYPRO_API_KEY", CANARY)];
    folder.run_with("pay payouts.csv --yes --db w.db --json", &wrong).exits(3);

    let run = folder.run("pay payouts.csv --sandbox --yes --db w.db").exits(1);
    run.says("account cashypro of this database is sandbox, and here it is simulated");
    let live = [
        ("PAGOS_CASHYPRO_ENVIRONMENT", "live"),
        ("PAGOS_CASHYPRO_BASE_URL", "https://127.0.0.1:1/prod-api"),
        ("PAGOS_CASHYPRO_NOTIFY_URL", "https://pay.example.com/webhooks/cashypro"),
    ];
    for command in ["pay payouts.csv --yes --db w.db", "serve --listen 127.0.0.1:0 --db w.db"] {
        let run = folder.run_with(command, &live).exits(1);
        run.says("account cashypro of this database is sandbox, and here it is live");
    }
    assert_eq!(folder.payout("w.db", "w-1")["status"], "created");
    assert!(twin.ledger().is_empty());
}

#[test]
fn a_live_account_is_reached_by_https_only() {
    let folder = Folder::new("accounts-live");
    let bank = TcpListener::bind("127.0.0.1:0").unwrap();
    bank.set_nonblocking(true).unwrap();
    let address = format!("http://{}/prod-api", bank.local_addr().unwrap());
    folder.write(
        "pagos.toml",
        format!(
            "[accounts.cashypro]\nenvironment = \"live\"\ncountry = \"COL\"\n\
             base_url = \"{address}\"\nmerchant_id = \"3002124\"\n\
             notify_url = \"https://pay.example.com/webhooks/cashypro\"\n"
        ),
    );
    folder.write("payouts.csv", payouts([("l-1", "salary")]));
    let key = [("PAGOS_CASHYPRO_API_KEY", CANARY)];
    for command in ["pay payouts.csv --yes", "serve --listen 127.0.0.1:0", "balance cashypro"] {
        let run = without_canary(folder.run_with(command, &key)).exits(1);
        run.says("pagos.toml:4: base_url").says("https");
        assert!(!folder.has("pagos.db"), "{command}");
    }
    without_canary(folder.run_with("doctor", &key)).exits(1);
    let nobody = bank.accept().map(|_| ()).unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::WouldBlock, "something was sent");
}

/// A configuration of the twin's credentials.
fn config(twin: &Twin) -> String {
    let credentials = twin.ask("credentials")["cashypro"].clone();
    let fields = credentials.as_object().unwrap().iter();
    fields
        .map(|(name, value)| format!("{name} = {value}\n"))
        .chain([format!("notify_url = \"{NOTIFY_URL}\"\n")])
        .fold("[accounts.cashypro]\n".to_owned(), |config, line| config + &line)
}

#[track_caller]
fn without_canary(run: Run) -> Run {
    assert!(!run.out.contains(CANARY), "{}", run.out);
    assert!(!run.err.contains(CANARY), "{}", run.err);
    run
}
