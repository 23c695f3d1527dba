//! `verify` and `sign` where each session has a secret of its own (ETpay): worked vectors that
//! another program computed, and what a store knows of the order.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};

use support::{Folder, Run, Twin};

const SECRET: &str = "simSignatureTokenAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA0001";
const SESSION: &str = "simSessionTokenBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB0001";
const VARIABLE: (&str, &str) = ("PAGOS_ETPAY_SIGNATURE_TOKEN", SECRET);

const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
/// Order `oc1234566` of 1500 CLP, paid.
const CLAIMS: &str = "eyJzZXNzaW9uX3Rva2VuIjoic2ltU2Vzc2lvblRva2VuQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCMDAwMSIsIm1lcmNoYW50X2FjY291bnRfYmFuayI6ImNsX2VzdGFkbyIsIm1lcmNoYW50X2FjY291bnRfdHlwZSI6ImN1ZW50YV92aXN0YSIsIm1lcmNoYW50X2FjY291bnQiOiIxOTY4NzUyNiIsIm1lcmNoYW50X25hbWUiOiJTYW5kYm94IERldmVsb3BlciBNZXJjaGFudCIsIm1lcmNoYW50X2N1cnJlbmN5IjoiQ0xQIiwibWVyY2hhbnRfb3JkZXJfaWQiOiJvYzEyMzQ1NjYiLCJtZXJjaGFudF9hbW91bnQiOjE1MDAsInVzZXJfYmFuayI6IkJhbmNvIGRlIHBydWViYSIsInVzZXJfcnV0IjoiMTExMTExMTExIiwidXNlcl9hY2NvdW50IjoiQ3VlbnRhIENvcnJpZW50ZSAxMjM0NTY3OCIsInBheW1lbnRfdG9rZW4iOiJzaW1QYXltZW50VG9rZW5DQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0MwMDAxIiwicGF5bWVudF9zdGF0dXMiOnRydWUsInBheW1lbnRfcHJvY2VzcyI6ImF1dG8iLCJpYXQiOjE2NDM2NjMzMzJ9";
/// V1: under the secret of the session.
const GENUINE: &str = "C6_OPW3aJz2_i36TNB62tB_4wnRVh7sTAMdKDfsx0mw";
/// V4: under the session's public token, which every payer knows.
const FORGED: &str = "5fKou80H466gowaymm8__JwkHOBNWlNvJyGo9QQyOvA";
/// V3: under the public token, and saying only that something went wrong.
const SYSTEM_ERROR: &str = "eyJzZXNzaW9uX3Rva2VuIjoic2ltU2Vzc2lvblRva2VuQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCMDAwMSIsInN5c3RlbV9lcnJvciI6dHJ1ZSwiaWF0IjoxNjQzNjYzMzMyfQ.8QerE3mq8QMDausdeL2CQ3-IUFYRwb6axecVa7GinMs";

const VERIFY: &str = "verify etpay --body-file body.txt --json";

fn token(claims_and_signature: &str) -> String {
    format!("{HEADER}.{claims_and_signature}")
}

fn genuine() -> String {
    token(&format!("{CLAIMS}.{GENUINE}"))
}

/// Verifies with the secret in the environment; it must be seen nowhere.
fn verify(folder: &Folder, arguments: &str) -> Run {
    let run = folder.run_with(arguments, &[VARIABLE]);
    assert!(!run.out.contains(SECRET), "{}", run.out);
    assert!(!run.err.contains(SECRET), "{}", run.err);
    run
}

#[test]
fn a_genuine_notification_is_verified_in_every_form() {
    let folder = Folder::new("session-genuine");
    let token = genuine();
    let bodies = [
        json!({ "jwt": token }).to_string(),
        json!({ "token": token }).to_string(),
        json!(token).to_string(),
        format!("jwt={token}"),
        token,
    ];
    for body in bodies {
        folder.write("body.txt", &body);
        let document = verify(&folder, VERIFY).exits(0).json();
        assert_eq!((&document["verified"], &document["hint"]), (&true.into(), &false.into()));
        assert_eq!((&document["event"], &document["subject"]), (&"paid".into(), &"payment".into()));
        assert_eq!(
            (&document["key"], &document["reference"]),
            (&"oc1234566".into(), &SESSION.into())
        );
        assert_eq!(document["observation"]["status"], "succeeded");
        assert_eq!(
            document["observation"]["echo"]["amount"],
            json!({"minor": 1500, "currency": "CLP"})
        );
        assert_eq!((&document["contradiction"], &document["reason"]), (&Value::Null, &Value::Null));
    }
    // For people, the same document; the payer is no part of it.
    let text = verify(&folder, "verify etpay --body-file body.txt").exits(0);
    assert_eq!(text.json()["event"], "paid");
    assert!(!text.out.contains("111111111") && !text.out.contains("12345678"), "{}", text.out);
}

#[test]
fn what_is_signed_with_what_the_payer_knows_proves_nothing() {
    let folder = Folder::new("session-forged");
    folder.write("body.txt", token(&format!("{CLAIMS}.{FORGED}")));
    let document = verify(&folder, VERIFY).exits(1).json();
    assert_eq!((&document["verified"], &document["hint"]), (&false.into(), &false.into()));
    assert_eq!((&document["event"], &document["observation"]), (&Value::Null, &Value::Null));
    assert!(document["reason"].is_string());

    folder.write("body.txt", json!({ "jwt": token(SYSTEM_ERROR) }).to_string());
    let document = verify(&folder, VERIFY).exits(1).json();
    assert_eq!((&document["verified"], &document["hint"]), (&false.into(), &true.into()));
    assert_eq!((&document["event"], &document["reference"]), (&"query".into(), &SESSION.into()));
    assert_eq!(document["observation"], Value::Null);

    let flipped = genuine().replace("C6_", "C7_");
    let unsigned = token(&format!("{CLAIMS}."));
    for body in [flipped.as_str(), &unsigned, "", "{}", "jwt=", "not a token"] {
        folder.write("body.txt", body);
        let document = verify(&folder, VERIFY).exits(1).json();
        assert_eq!((&document["verified"], &document["event"]), (&false.into(), &Value::Null));
    }
}

#[test]
fn a_genuine_word_about_something_else_is_a_contradiction() {
    let folder = Folder::new("session-agreed");
    folder.write("body.txt", genuine());
    let good = format!("{VERIFY} --expect-order oc1234566 --expect-amount 1500");
    assert_eq!(verify(&folder, &good).exits(0).json()["contradiction"], Value::Null);
    // V8 is the first of these.
    let cases = [
        ("--expect-amount 2000", "the provider speaks of 1500 CLP, expected is 2000 CLP"),
        (
            "--expect-order oc1234567",
            "the provider speaks of key \"oc1234566\", expected is oc1234567",
        ),
    ];
    for (expected, contradiction) in cases {
        let document = verify(&folder, &format!("{VERIFY} {expected}")).exits(1).json();
        assert_eq!((&document["verified"], &document["event"]), (&true.into(), &"paid".into()));
        let told = document["contradiction"].as_str().unwrap();
        assert!(told.contains(contradiction), "{told}");
    }
    let text = verify(&folder, "verify etpay --body-file body.txt --expect-amount 2000").exits(1);
    text.says("genuine, and not what was agreed").says("do not act on it");
    // No amount of the account's is like that, whatever the delivery says.
    let wrong = verify(&folder, &format!("{VERIFY} --expect-amount 1500.5")).exits(1);
    assert_eq!(wrong.out, "");
    wrong.says("--expect-amount \"1500.5\" cannot be read").says("CLP has 0");
}

#[test]
fn the_secret_is_needed_and_is_no_argument() {
    let folder = Folder::new("session-secret");
    folder.write("body.txt", genuine());
    let merchant = [("PAGOS_ETPAY_MERCHANT_CODE", "cl_shop")];
    let run = folder.run_with(VERIFY, &merchant).exits(1);
    let run = run.says("etpay signs with a secret of each session: name the store");
    assert_eq!(run.says("or set PAGOS_ETPAY_SIGNATURE_TOKEN").out, "");
    folder.run(VERIFY).exits(1).says("account \"etpay\" is not configured");
    // What names no session needs no secret of one; a notice of a payout proves nothing anyway.
    folder.write("body.txt", "nothing");
    assert_eq!(folder.run_with(VERIFY, &merchant).exits(1).json()["verified"], false);
    folder.write("body.txt", r#"{"id":"p1","status":"completed","merchant_order_id":"k1"}"#);
    let document = folder.run_with(VERIFY, &merchant).exits(1).json();
    assert_eq!((&document["hint"], &document["event"]), (&true.into(), &"query".into()));
    assert_eq!((&document["key"], &document["reference"]), (&"k1".into(), &"p1".into()));

    folder.write("body.txt", genuine());
    let wrong = [("PAGOS_ETPAY_SIGNATURE_TOKEN", SESSION)];
    let document = folder.run_with(VERIFY, &wrong).exits(1).json();
    assert_eq!(document["verified"], false);
}

#[test]
fn a_store_knows_the_secret_and_what_was_agreed() {
    let folder = Folder::new("session-store");
    let twin = Twin::start(&folder);
    let create = format!(
        "payment create etpay --key oc1 --amount 1500 --currency CLP --db v.db --json \
         --sandbox-url {}",
        twin.origin
    );
    let reference = folder.run(&create).exits(0).json()["payment"]["reference"].clone();
    let emit = |notice: &str| {
        let body = json!({"session_token": reference, "payment_status": true, "notice": notice});
        twin.order("etpay/notice", &body)["jwt"].as_str().unwrap().to_owned()
    };
    let verify = "verify etpay --body-file body.txt --db v.db --json";
    folder.write("body.txt", emit(""));
    let document = folder.run(verify).exits(0).json();
    assert_eq!((&document["event"], &document["key"]), (&"paid".into(), &"oc1".into()));
    for (notice, contradiction) in
        [("wrong-amount", "the order is 1500 CLP"), ("wrong-order", "the order is oc1")]
    {
        folder.write("body.txt", emit(notice));
        let document = folder.run(verify).exits(1).json();
        assert_eq!(document["verified"], true);
        let told = document["contradiction"].as_str().unwrap();
        assert!(told.contains(contradiction), "{notice}: {told}");
    }
    for notice in ["wrong-key", "tampered-amount", "alg-none", "hs512", "future-iat"] {
        folder.write("body.txt", emit(notice));
        let document = folder.run(verify).exits(1).json();
        assert_eq!(
            (&document["verified"], &document["event"]),
            (&false.into(), &Value::Null),
            "{notice}"
        );
    }
    // A session of another store.
    folder.write("body.txt", genuine());
    let document = folder.run(verify).exits(1).json();
    let reason = document["reason"].as_str().unwrap();
    assert!(reason.starts_with("v.db: no session of account etpay"), "{reason}");
    folder
        .run("verify etpay --body-file body.txt --db none.db")
        .exits(1)
        .says("none.db: does not exist");
    assert_eq!(folder.run("payment status oc1 --db v.db --json").json()["status"], "pending");
}

#[test]
fn claims_are_signed_as_in_a_notification() {
    let folder = Folder::new("session-sign");
    let claims = json!({
        "session_token": SESSION, "merchant_order_id": "oc7", "merchant_amount": 1500,
        "merchant_currency": "CLP", "payment_token": "p7", "payment_status": false,
        "iat": 1_643_663_332,
    });
    folder.write("claims.json", claims.to_string());
    let sign = "sign etpay --body-file claims.json";
    let run = verify(&folder, &format!("{sign} --json")).exits(0);
    let signed = run.json();
    let token = signed["token"].as_str().unwrap();
    let (string_to_sign, signature) = token.rsplit_once('.').unwrap();
    assert_eq!(signed["string_to_sign"], string_to_sign);
    assert_eq!((&signed["signature"], &signed["headers"]), (&signature.into(), &json!({})));
    let text = verify(&folder, sign).exits(0).out;
    assert!(text.ends_with(&format!("\ntoken:\n{token}\n")), "{text}");

    folder.write("body.txt", token);
    let document = verify(&folder, VERIFY).exits(0).json();
    assert_eq!((&document["event"], &document["key"]), (&"failed".into(), &"oc7".into()));
    let merchant = [("PAGOS_ETPAY_MERCHANT_CODE", "cl_shop")];
    folder.run_with(sign, &merchant).exits(1).says("etpay has nothing to sign");
}
