//! Accounts of Fintoc: what `doctor` tries and suggests, the warning about Chile, and captured webhooks,
//! whose signature ages.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::path::Path;

use pagos_conformance::Case;

use support::{DOCUMENT, Folder, NAME};

fn case(operation: &str, name: &str) -> Case {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    Case::find(&fixtures, "fintoc", operation, name).unwrap()
}

/// A folder with an account that nobody answers.
fn folder(name: &str, country: &str, more: &str) -> Folder {
    let folder = Folder::new(name);
    let account = format!(
        "[accounts.fintoc]\ncountry = \"{country}\"\napi_key = \"sk_test_0123456789\"\n\
         account_id = \"acc_31yYL7h9LVPg121AgFtCyJPDsgM\"\njws_private_key = \"jws.pem\"\n\
         base_url = \"http://127.0.0.1:1\"\n{more}"
    );
    folder.write("pagos.toml", account);
    folder.write("jws.pem", case("sign", "openssl").setting("JWS_PRIVATE_KEY").unwrap());
    folder
}

#[test]
fn doctor_names_the_secret_that_is_missing() {
    let without = folder("fintoc-strangers", "MEX", "").run("doctor").out;
    assert!(without.contains("set webhook_secret, with which Pagos verifies them"), "{without}");
    let with = folder("fintoc-secret", "MEX", "webhook_secret = \"whsec_test_secret\"\n");
    let with = with.run("doctor").out;
    assert!(!with.contains("webhook_secret") && !with.contains("webhook_segment"), "{with}");
}

/// The balance is not signed, so the answer to that query says nothing about the key.
#[test]
fn doctor_tries_the_key_that_signs() {
    let told = folder("fintoc-key", "MEX", "").run("doctor").out;
    assert!(told.contains("good  account fintoc (sandbox), key that signs: signs; "), "{told}");
    assert!(told.contains("shows only with the first payout"), "{told}");
}

#[test]
fn chile_is_a_private_preview() {
    let caution = "sending from Chile is a private preview of Fintoc's";
    let row = |bank| {
        format!(
            "key,provider,amount,currency,name,document_type,document,bank,account_type,account\n\
             n-1,fintoc,{bank}"
        )
    };
    let chile =
        format!("15000,CLP,{NAME},rut,{DOCUMENT}3-3,cl_banco_estado,checking,00123456789\n");
    let mexico = format!("150.00,MXN,{NAME},,,,clabe,012969123456789019\n");
    for (country, file, is_told) in [("CHL", chile, true), ("MEX", mexico, false)] {
        let folder = folder(&format!("fintoc-{country}"), country, "");
        folder.write("payouts.csv", row(file));
        for command in ["plan payouts.csv", "plan payouts.csv --json", "doctor"] {
            let run = folder.run(command);
            let text = format!("{}{}", run.out, run.err);
            assert_eq!(text.contains(caution), is_told, "{country}, {command}: {text}");
        }
    }
}

#[test]
fn a_webhook_is_verified_as_of_the_moment_when_it_was_received() {
    let folder = folder("fintoc-verify", "MEX", "webhook_secret = \"whsec_test_secret\"\n");
    let delivery = case("webhook", "event-succeeded").delivery().unwrap().unwrap();
    let signature = delivery.headers["fintoc-signature"].to_str().unwrap();
    folder.write("headers.txt", format!("Fintoc-Signature: {signature}\n"));
    folder.write("body.json", &delivery.body);
    let verify = "verify fintoc --headers-file headers.txt --body-file body.json --json";
    let late = folder.run(verify).exits(1).json();
    assert!(late["reason"].as_str().unwrap().contains("five minutes ago"), "{late}");
    for (moment, code) in [("2025-09-15T10:51:04-03:00", 0), ("2025-09-15T14:51:04Z", 1)] {
        let run = folder.run(&format!("{verify} --received-at {moment}")).exits(code);
        assert_eq!(run.json()["verified"], code == 0, "{}", run.out);
    }
    folder.run(&format!("{verify} --received-at yesterday")).exits(1);
}
