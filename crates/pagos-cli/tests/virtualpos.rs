//! Accounts of VirtualPOS through the built command: `sign` against worked vectors that three other
//! programs agreed on, `verify`, `plan`, `pay`, `doctor`, and that live use needs a word first.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::net::TcpListener;

use serde_json::{Value, json};

use support::{Folder, Run};

const API_KEY: &str = "a1b2c3-d4e5f6-0718a9-b2c3d4-e5f607";
const SECRET_KEY: &str = "00112233445566778899aabbccddeeff";
const KEYS: [(&str, &str); 2] =
    [("PAGOS_VIRTUALPOS_API_KEY", API_KEY), ("PAGOS_VIRTUALPOS_SECRET_KEY", SECRET_KEY)];
const SIGN: &str = "sign virtualpos --body-file tef.json";

/// An instruction, and the token that signs it.
struct Vector {
    keys: [(&'static str, &'static str); 2],
    tef: &'static str,
    token: &'static str,
}

/// V1, V2 and V6.
const VECTORS: [Vector; 3] = [
    Vector {
        keys: KEYS,
        tef: r#"{"merchant_id":"tef-00001-01","message":"Pago proveedor 4711","amount":12500,"recipient":{"rut":"11111111-1","name":"John Doe","email":"john.doe@example.com"},"bank":{"sbif_code":"012","account_number":"11111111"}}"#,
        token: "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJhcGlfa2V5IjoiYTFiMmMzLWQ0ZTVmNi0wNzE4YTktYjJjM2Q0LWU1ZjYwNyIsInRlZiI6eyJtZXJjaGFudF9pZCI6InRlZi0wMDAwMS0wMSIsIm1lc3NhZ2UiOiJQYWdvIHByb3ZlZWRvciA0NzExIiwiYW1vdW50IjoxMjUwMCwicmVjaXBpZW50Ijp7InJ1dCI6IjExMTExMTExLTEiLCJuYW1lIjoiSm9obiBEb2UiLCJlbWFpbCI6ImpvaG4uZG9lQGV4YW1wbGUuY29tIn0sImJhbmsiOnsic2JpZl9jb2RlIjoiMDEyIiwiYWNjb3VudF9udW1iZXIiOiIxMTExMTExMSJ9fX0.nchWlnHOiIpKFdwo9jZq7SGeE3E6aEN_5L0SNmmIXJo",
    },
    Vector {
        keys: KEYS,
        tef: r#"{"merchant_id":"tef-00002-01","message":"Devolución de compra OC 4711","amount":990,"recipient":{"rut":"12345678-5","name":"José Ñandú","email":"jose@example.com"},"bank":{"sbif_code":"001","account_number":"00123456789"}}"#,
        token: "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJhcGlfa2V5IjoiYTFiMmMzLWQ0ZTVmNi0wNzE4YTktYjJjM2Q0LWU1ZjYwNyIsInRlZiI6eyJtZXJjaGFudF9pZCI6InRlZi0wMDAwMi0wMSIsIm1lc3NhZ2UiOiJEZXZvbHVjacOzbiBkZSBjb21wcmEgT0MgNDcxMSIsImFtb3VudCI6OTkwLCJyZWNpcGllbnQiOnsicnV0IjoiMTIzNDU2NzgtNSIsIm5hbWUiOiJKb3PDqSDDkWFuZMO6IiwiZW1haWwiOiJqb3NlQGV4YW1wbGUuY29tIn0sImJhbmsiOnsic2JpZl9jb2RlIjoiMDAxIiwiYWNjb3VudF9udW1iZXIiOiIwMDEyMzQ1Njc4OSJ9fX0.PyvgSKWPhw9k_sXEJC1Ae90_3HvbG_yp5XusOYbseFA",
    },
    Vector {
        keys: [
            ("PAGOS_VIRTUALPOS_API_KEY", "yourApiKey"),
            ("PAGOS_VIRTUALPOS_SECRET_KEY", "yourSecretKey"),
        ],
        tef: r#"{"merchant_id":"tef-XXXXX-XX","message":"Devolución de compra OC XXX","amount":12500,"recipient":{"rut":"1111111-1","name":"John Doe","email":"john@example.com"},"bank":{"sbif_code":"111","account_number":"11111111"}}"#,
        token: "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJhcGlfa2V5IjoieW91ckFwaUtleSIsInRlZiI6eyJtZXJjaGFudF9pZCI6InRlZi1YWFhYWC1YWCIsIm1lc3NhZ2UiOiJEZXZvbHVjacOzbiBkZSBjb21wcmEgT0MgWFhYIiwiYW1vdW50IjoxMjUwMCwicmVjaXBpZW50Ijp7InJ1dCI6IjExMTExMTEtMSIsIm5hbWUiOiJKb2huIERvZSIsImVtYWlsIjoiam9obkBleGFtcGxlLmNvbSJ9LCJiYW5rIjp7InNiaWZfY29kZSI6IjExMSIsImFjY291bnRfbnVtYmVyIjoiMTExMTExMTEifX19.pXVZfAhdbz_2hucESeb6P8zCY5cBGsSho0US5NIZpGg",
    },
];

/// Neither key is in what was printed.
#[track_caller]
fn without_keys(run: Run) -> Run {
    for key in [API_KEY, SECRET_KEY] {
        assert!(!run.out.contains(key), "{}", run.out);
        assert!(!run.err.contains(key), "{}", run.err);
    }
    run
}

/// A file that configures one account of payouts.
fn config(lines: &str) -> String {
    format!("[accounts.virtualpos]\nbase_url = \"https://127.0.0.1:1/payouts\"\n{lines}")
}

#[test]
fn an_instruction_is_signed_as_others_sign_it() {
    let folder = Folder::new("virtualpos-sign");
    for (vector, end) in VECTORS.iter().zip(["\n", "\r\n", ""]) {
        folder.write("tef.json", format!("{}{end}", vector.tef));
        let run = folder.run_with(&format!("{SIGN} --json"), &vector.keys).exits(0);
        let (string_to_sign, _) = vector.token.rsplit_once('.').unwrap();
        let expected = json!({
            "string_to_sign": string_to_sign,
            "signature": vector.token,
            "headers": {"Authorization": vector.keys[0].1, "Signature": vector.token},
            "token": vector.token,
        });
        assert_eq!(run.json(), expected);
        // The API key goes out bare; the secret key never does.
        assert!(!run.out.contains(vector.keys[1].1) && run.err.is_empty(), "{}", run.err);

        let text = folder.run_with(SIGN, &vector.keys).exits(0);
        let size_bytes = string_to_sign.len();
        let (token, key) = (vector.token, vector.keys[0].1);
        let expected = format!(
            "string to sign ({size_bytes} bytes):\n{string_to_sign}\n\nsignature:\n{token}\n\n\
             headers:\nAuthorization: {key}\nSignature: {token}\n"
        );
        assert_eq!(text.out, expected);
    }
    // Blanks inside are bytes of the instruction.
    let vector = &VECTORS[1];
    for (tef, is_same) in [
        (vector.tef.replace(",\"amount\"", ", \"amount\""), false),
        (vector.tef.replace("990", "991"), false),
        (format!(" {}\n", vector.tef), true),
    ] {
        folder.write("tef.json", tef);
        let signed = folder.run_with(&format!("{SIGN} --json"), &vector.keys).exits(0).json();
        assert_eq!(signed["signature"] == vector.token, is_same);
    }
}

#[test]
fn what_cannot_be_signed_is_refused_without_a_word_of_the_keys() {
    let folder = Folder::new("virtualpos-unsigned");
    folder.write("tef.json", VECTORS[0].tef);
    let run = without_keys(folder.run_with(SIGN, &KEYS[..1]).exits(1));
    let run = run.says("PAGOS_VIRTUALPOS_SECRET_KEY").says("secret_key: SECRET_KEY is not set");
    assert_eq!(run.out, "");
    folder.run(SIGN).exits(1).says("account \"virtualpos\" is not configured");
    let missing = "sign virtualpos --body-file none.json";
    without_keys(folder.run_with(missing, &KEYS).exits(1)).says("none.json: ");
    let misspelt = [KEYS[0], KEYS[1], ("PAGOS_VIRTUALPOS_QUERY_METHDO", "GET")];
    without_keys(folder.run_with(SIGN, &misspelt).exits(1)).says("did you mean query_method?");
    for (body, expected) in [
        (format!("{{\"tef\":{}}}", VECTORS[0].tef), "the body file holds \"tef\""),
        (format!("{{\"api_key\":\"{API_KEY}\"}}"), "the body file holds \"api_key\""),
        (API_KEY.to_owned(), "the body file holds no JSON object"),
    ] {
        folder.write("tef.json", body);
        let run = without_keys(folder.run_with(SIGN, &KEYS).exits(1)).says(expected);
        assert_eq!(run.out, "");
    }
}

#[test]
fn a_delivery_is_a_reason_to_ask_and_no_more() {
    let folder = Folder::new("virtualpos-verify");
    let verify = "verify virtualpos --body-file body.txt --json";
    // Nothing is signed, so no key is needed.
    let address = [("PAGOS_VIRTUALPOS_BASE_URL", "https://payouts.example")];
    let cases = [
        ("uuid=0b5e-7c1d", Value::Null, json!("0b5e-7c1d")),
        (r#"{"uuid":"0b5e-7c1d","status":"pagado"}"#, Value::Null, json!("0b5e-7c1d")),
        (r#"{"merchant_id":"k-1","id":"po_1","status":"pagado"}"#, json!("k-1"), json!("po_1")),
    ];
    for (body, key, reference) in cases {
        folder.write("body.txt", body);
        for variables in [&address[..], &KEYS] {
            let run = without_keys(folder.run_with(verify, variables).exits(1));
            let document = run.json();
            assert_eq!(
                (&document["event"], &document["hint"], &document["verified"]),
                (&json!("query"), &json!(true), &json!(false))
            );
            assert_eq!((&document["key"], &document["reference"]), (&key, &reference));
            assert_eq!(document["observation"], Value::Null, "{body}");
        }
    }
    for body in ["", "{}", "nothing", "uuid=a&uuid=b"] {
        folder.write("body.txt", body);
        let document = folder.run_with(verify, &address).exits(1).json();
        assert_eq!((&document["event"], &document["hint"]), (&Value::Null, &json!(false)));
        assert!(document["reason"].is_string());
    }
}

#[test]
fn live_use_waits_for_a_word_and_says_which() {
    let folder = Folder::new("virtualpos-live");
    let live = config("environment = \"live\"\n");
    folder.write("pagos.toml", &live);
    folder.write("tef.json", VECTORS[0].tef);
    folder.write("payouts.csv", payouts(["l1,virtualpos,990"]));
    for command in [
        "pay payouts.csv --yes",
        "plan payouts.csv",
        "serve --listen 127.0.0.1:0",
        "banks virtualpos",
        SIGN,
    ] {
        let run = without_keys(folder.run_with(command, &KEYS).exits(1));
        let run = run.says("pagos.toml:1: contract_verified: the provider does not publish");
        run.says("docs/providers").says("or as PAGOS_VIRTUALPOS_CONTRACT_VERIFIED");
        assert!(!folder.has("pagos.db"), "{command}");
    }
    let run = without_keys(folder.run_with("doctor", &KEYS).exits(1));
    let found = "BAD   configuration: pagos.toml:1: contract_verified";
    assert!(run.out.contains(found), "{}", run.out);
    folder.write("pagos.toml", format!("{live}contract_verified = false\n"));
    let run = folder.run_with("banks virtualpos", &KEYS).exits(1);
    run.says("pagos.toml:4: contract_verified");
    folder.write("pagos.toml", format!("{live}contract_verified = true\n"));
    folder.run("plan payouts.csv").exits(0);
    folder.run_with("banks virtualpos", &KEYS).exits(0);
}

#[test]
fn rows_are_checked_by_the_providers_rules() {
    let folder = Folder::new("virtualpos-plan");
    folder.write("payouts.csv", payouts(["p1,virtualpos,990", "p2,virtualpos,7000000"]));
    let plan = folder.run("plan payouts.csv --json").exits(0).json();
    assert_eq!(plan["totals"][0]["amount_minor"], 7_000_990);
    folder.write("payouts.csv", payouts(["p1,virtualpos,7000001"]).replace("z@example.com", ""));
    let plan = folder.run("plan payouts.csv --json").exits(1).json();
    let columns: Vec<&Value> =
        plan["problems"].as_array().unwrap().iter().map(|it| &it["column"]).collect();
    assert_eq!(columns, ["amount", "email"], "{plan}");
}

#[test]
fn payouts_are_paid_in_the_sandbox() {
    let folder = Folder::new("virtualpos-pay");
    folder.write("payouts.csv", payouts(["s1,virtualpos,990", "s2,virtualpos,991"]));
    let pay = "pay payouts.csv --sandbox --yes --db s.db --json";
    let document = folder.run(pay).exits(0).json();
    let told = support::field_by_key(&document, "status");
    assert_eq!(told, ["s1", "s2"].map(|key| (key.to_owned(), json!("succeeded"))));
    let again = folder.run(pay).exits(0).says("2 of these payouts are known already").json();
    assert_eq!(again, document);
}

#[test]
fn doctor_says_what_it_cannot_try_and_sends_nothing() {
    let folder = Folder::new("virtualpos-doctor");
    let provider = TcpListener::bind("127.0.0.1:0").unwrap();
    provider.set_nonblocking(true).unwrap();
    let address = format!("http://{}/v3", provider.local_addr().unwrap());
    folder.write("pagos.toml", format!("[accounts.virtualpos]\nbase_url = \"{address}\"\n"));
    let note = "note  account virtualpos (sandbox): is configured; the provider has no call to try";
    let run = without_keys(folder.run_with("doctor", &KEYS).exits(0));
    assert!(run.out.contains(note) && !run.out.contains("payments"), "{}", run.out);
    let collecting = [
        KEYS[0],
        KEYS[1],
        ("PAGOS_VIRTUALPOS_PAYMENTS_URL", address.as_str()),
        ("PAGOS_VIRTUALPOS_PAYMENTS_API_KEY", API_KEY),
        ("PAGOS_VIRTUALPOS_PAYMENTS_SECRET_KEY", SECRET_KEY),
    ];
    let run = without_keys(folder.run_with("doctor", &collecting).exits(0));
    let payments = "note  account virtualpos (sandbox), payments: are configured; whether they";
    assert!(run.out.contains(note) && run.out.contains(payments), "{}", run.out);
    // An address alone collects nothing, and a notice needs payments.
    without_keys(folder.run_with("doctor", &collecting[..4]).exits(1));
    let lost = [KEYS[0], KEYS[1], ("PAGOS_VIRTUALPOS_NOTIFY_URL", "https://pay.example.com/cb")];
    let run = without_keys(folder.run_with("doctor", &lost).exits(1));
    let found = "PAGOS_VIRTUALPOS_NOTIFY_URL: notify_url is about payments, and payments_url,";
    assert!(run.out.contains(found), "{}", run.out);
    assert!(provider.accept().is_err(), "something was sent");
}

#[test]
fn certificates_are_read_before_anything_is_sent() {
    let folder = Folder::new("virtualpos-certificates");
    let made = rcgen::generate_simple_self_signed(["merchant.example".to_owned()]).unwrap();
    folder.write("client.pem", made.cert.pem());
    folder.write("client-key.pem", made.signing_key.serialize_pem());
    folder.write("canary.pem", "canary of no PEM text");
    let with_key = |file: &str| {
        let client = format!("client_certificate = \"client.pem\"\nclient_key = \"{file}\"\n");
        folder.write("pagos.toml", config(&client));
    };
    with_key("client-key.pem");
    let run = without_keys(folder.run_with("banks virtualpos", &KEYS).exits(0));
    #[cfg(unix)]
    let run = run.says("warning: pagos.toml:4: client_key is a file that can be read by other");
    assert!(!run.err.contains("PRIVATE"), "{}", run.err);
    // Signing sends nothing and shows nothing to anybody.
    folder.write("tef.json", VECTORS[0].tef);
    with_key("none.pem");
    folder.run_with(SIGN, &KEYS).exits(0);
    for (file, expected) in [
        ("none.pem", "pagos.toml:4: client_key is the path of a file that cannot be read"),
        ("canary.pem", "pagos.toml:4: client_key: there is no plain private key in the PEM text"),
        ("client.pem", "pagos.toml:4: client_key: there is no plain private key in the PEM text"),
    ] {
        with_key(file);
        for command in ["banks virtualpos", "serve --listen 127.0.0.1:0"] {
            let run = without_keys(folder.run_with(command, &KEYS).exits(1)).says(expected);
            assert!(!run.err.contains("canary"), "{}", run.err);
        }
    }
    // A file of one line has no PEM text; the message says how it is meant.
    let file = [KEYS[0], KEYS[1], ("PAGOS_VIRTUALPOS_CLIENT_KEY_FILE", "client-key.pem")];
    let run = folder.run_with("banks virtualpos", &file).exits(1);
    run.says("client_key_file names client-key.pem, which holds a PEM text, whose path is written");
}

const HEADER: &str =
    "key,provider,amount,currency,name,document_type,document,bank,account_type,account,email";

/// A file with rows of key, provider and amount.
fn payouts<'a>(rows: impl IntoIterator<Item = &'a str>) -> String {
    let payee = format!(
        "CLP,{},rut,{}-K,012,sight,12345678,z@example.com",
        support::NAME,
        support::DOCUMENT
    );
    rows.into_iter().fold(format!("{HEADER}\n"), |file, row| format!("{file}{row},{payee}\n"))
}
