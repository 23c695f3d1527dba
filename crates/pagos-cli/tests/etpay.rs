//! Accounts of ETpay through the commands that know no provider: `doctor`, `balance`, `banks`,
//! `pay`. And that live payouts need a word first.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use support::{Folder, Twin};

const HEADER: &str = "key,provider,amount,currency,name,document_type,document,bank,account_type,account,description";

/// A file of one payout for each key and description, of 10 001 pesos, 10 002 pesos and so on.
fn payouts(rows: &[(&str, &str)]) -> String {
    let row = |(n, (key, does)): (u32, &(&str, &str))| {
        let (name, document) = (support::NAME, support::DOCUMENT);
        let amount = 10_000 + n;
        format!(
            "{key},etpay,{amount},CLP,{name},rut,{document}-K,cl_estado,checking,12345678,{does}\n"
        )
    };
    (1..).zip(rows).map(row).fold(format!("{HEADER}\n"), |file, row| file + &row)
}

/// A configuration of the twin's credentials.
fn config(twin: &Twin) -> String {
    let credentials = twin.ask("credentials")["etpay"].clone();
    let fields = credentials.as_object().unwrap().iter();
    let notify_url = "notify_url = \"http://127.0.0.1:1/webhooks/etpay\"\n".to_owned();
    fields
        .map(|(name, value)| format!("{name} = {value}\n"))
        .chain([notify_url])
        .fold("[accounts.etpay]\n".to_owned(), |config, line| config + &line)
}

#[test]
fn doctor_tries_both_sides_of_an_account() {
    let folder = Folder::new("etpay-doctor");
    let twin = Twin::start(&folder);
    folder.write("pagos.toml", config(&twin));
    let run = folder.run("doctor").exits(0);
    for found in [
        "good  account etpay (sandbox): answers; available ",
        "good  account etpay (sandbox), payments: answers",
    ] {
        assert!(run.out.contains(found), "{}", run.out);
    }
    let wrong = [("PAGOS_ETPAY_MERCHANT_API_TOKEN", "canary-of-nobody")];
    let run = folder.run_with("doctor", &wrong).exits(1);
    assert!(run.out.contains("BAD   account etpay (sandbox): refuses us"), "{}", run.out);
    assert!(run.out.contains("BAD   account etpay (sandbox), payments: refuses us"), "{}", run.out);
    assert!(!run.out.contains("canary"), "{}", run.out);
    let nobody = [("PAGOS_ETPAY_API_URL", "http://127.0.0.1:1/api")];
    let run = folder.run_with("doctor", &nobody).exits(1);
    assert!(run.out.contains("(sandbox), payments: no usable answer"), "{}", run.out);
}

#[test]
fn the_account_can_be_asked() {
    let folder = Folder::new("etpay-asked");
    let twin = Twin::start(&folder);
    let at_twin = format!("--sandbox-url {}", twin.origin);
    let balance = folder.run(&format!("balance etpay {at_twin} --json")).exits(0).json();
    assert_eq!(balance[0]["currency"], "CLP");
    assert!(balance[0]["available_minor"].is_i64(), "{balance}");
    let banks = folder.run(&format!("banks etpay {at_twin} --json")).exits(0).json();
    let banks = banks.as_array().unwrap();
    assert!(banks.iter().any(|bank| bank["id"] == "cl_estado"), "{banks:?}");
    let table = folder.run(&format!("banks etpay {at_twin}")).exits(0).out;
    assert_eq!(table.lines().count(), banks.len());
}

#[test]
fn payouts_are_paid_in_the_sandbox() {
    let folder = Folder::new("etpay-pay");
    folder.write(
        "payouts.csv",
        payouts(&[("e1", "salary"), ("e2", "sim:fail"), ("e3", "sim:success-then-fail")]),
    );
    let pay = "pay payouts.csv --sandbox --yes --db e.db --json";
    let document = folder.run(pay).exits(2).json();
    let expected = [("e1", "succeeded"), ("e2", "failed"), ("e3", "failed")];
    let told = support::field_by_key(&document, "status");
    assert_eq!(told, expected.map(|(key, status)| (key.to_owned(), status.into())));
    // What was told of them came to this process, although no request names an address.
    let again = folder.run(pay).exits(2).says("3 of these payouts are known already").json();
    assert_eq!(again, document);
    let plan = folder.run("plan payouts.csv --json").exits(0).json();
    assert_eq!(plan["totals"][0]["amount_minor"], 30_006);
}

#[test]
fn live_payouts_wait_for_a_word_and_say_which() {
    let folder = Folder::new("etpay-live");
    let payouts_only = "[accounts.etpay]\nenvironment = \"live\"\nmerchant_code = \"cl_shop\"\n\
                        api_url = \"https://127.0.0.1:1/api\"\nusername = \"u\"\n";
    let secrets = [
        ("PAGOS_ETPAY_MERCHANT_API_TOKEN", "canary-token"),
        ("PAGOS_ETPAY_PASSWORD", "canary-word"),
    ];
    folder.write("payouts.csv", payouts(&[("e1", "salary")]));
    folder.write("pagos.toml", payouts_only);
    for command in
        ["pay payouts.csv --yes", "plan payouts.csv", "serve --listen 127.0.0.1:0", "balance etpay"]
    {
        let run = folder.run_with(command, &secrets).exits(1);
        let run = run.says("pagos.toml:1: contract_verified: the provider does not publish");
        let run = run.says("docs/providers").says("or as PAGOS_ETPAY_CONTRACT_VERIFIED");
        assert!(!run.err.contains("canary"), "{}", run.err);
        assert!(!folder.has("pagos.db"), "{command}");
    }
    let run = folder.run_with("doctor", &secrets).exits(1);
    assert!(
        run.out.contains("BAD   configuration: pagos.toml:1: contract_verified"),
        "{}",
        run.out
    );
    folder.write("pagos.toml", format!("{payouts_only}contract_verified = false\n"));
    let run = folder.run_with("balance etpay", &secrets).exits(1);
    run.says("pagos.toml:6: contract_verified");
    folder.write("pagos.toml", format!("{payouts_only}contract_verified = true\n"));
    folder.run("plan payouts.csv").exits(0);
}
